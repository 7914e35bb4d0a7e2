import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { attribute, type Element, parseHtml, textOf, walk } from "../../../src/content/dom.ts";
import { toMarkdown } from "../../../src/content/markdown/markdown.ts";
import { randomPage, seeded } from "./random-page.ts";

const baseUrl = "https://a.example/dir/page";

test("random pages full of Markdown's own marks keep their text and links when rendered back", () => {
  for (let seed = 1; seed <= 1500; seed++) {
    const { root } = parseHtml(randomPage(seeded(seed)));

    const back = parseHtml(Bun.markdown.html(toMarkdown(root, { baseUrl }))).root;

    expect({ seed, text: lettersOf(back), links: linksOf(back) }).toEqual({
      seed,
      text: lettersOf(root),
      links: linksOf(root),
    });
  }
});

test("the same page gives the same Markdown however often it is converted", () => {
  const { root } = parseHtml(randomPage(seeded(7)));

  const markdown = toMarkdown(root, { baseUrl });

  expect(toMarkdown(root, { baseUrl })).toBe(markdown);
  expect(toMarkdown(parseHtml(randomPage(seeded(7))).root, { baseUrl })).toBe(markdown);
});

test("output has no trailing blank lines and never two blank lines outside of code", () => {
  for (let seed = 1; seed <= 300; seed++) {
    const markdown = toMarkdown(parseHtml(randomPage(seeded(seed))).root, { baseUrl });

    const withoutCode = markdown.replace(/(`{3,})js\n[\s\S]*?\n[ >]*\1/g, "code");
    expect(withoutCode).not.toMatch(/\n[ >]*\n[ >]*\n/);
    expect(markdown).toMatch(/[^\n]\n$/);
  }
});

const structures = ["escapes", "lists-loose", "lists-in-a-row", "quotes", "rules", "emphasis", "inline-code"];

test.each(structures)("%s keeps its structure when rendered back", (name) => {
  const { root } = parseHtml(readFileSync(join(import.meta.dir, `../../corpus/${name}.html`), "utf8"));
  const markdown = toMarkdown(root, { baseUrl });

  const again = toMarkdown(parseHtml(Bun.markdown.html(markdown)).root, { baseUrl });

  expect(again).toBe(markdown);
});

function lettersOf(root: Element): string {
  return textOf(root).replace(/\s+/g, "");
}

/** Links to a heading's own page lose their target in headings: they are permalinks there. */
function linksOf(root: Element): string[] {
  const links: string[] = [];
  walk(root, (element) => {
    const href = attribute(element, "href") ?? "";
    if (element.name !== "a" || lettersOf(element) === "") return undefined;
    if (!isInHeading(element)) links.push(new URL(href, baseUrl).href);
    return undefined;
  });
  return links;
}

function isInHeading(element: Element): boolean {
  for (let above = element.parent; above; above = above.parent) if (/^h[1-6]$/.test(above.name)) return true;
  return false;
}
