import { describe, expect, test } from "bun:test";
import { attribute, type Element, parseHtml, walk } from "../../../src/content/dom.ts";
import { rewriteLinks } from "../../../src/content/markdown/links.ts";
import { toMarkdown } from "../../../src/content/markdown/markdown.ts";
import { randomPage, seeded } from "./random-page.ts";

const mark = (markdown: string) => rewriteLinks(markdown, (url) => `R-${url}`);

describe("destinations", () => {
  test.each([
    ["[a](x)", "[a](R-x)"],
    ["![a](x.png)", "![a](R-x.png)"],
    ['[a](x "title")', '[a](R-x "title")'],
    ["[a]( x  'title' )", "[a]( R-x  'title' )"],
    ["[a](x (title))", "[a](R-x (title))"],
    ["[a](<x y>)", "[a](<R-x y>)"],
    ["[a](f(b))", "[a](R-f\\(b\\))"],
    ["[a](f\\)b)", "[a](R-f\\)b)"],
    ["[![i](s)](t)", "[![i](R-s)](R-t)"],
    ["[a\\]](x)", "[a\\]](R-x)"],
    ["[ref]: /x 'T'", "[ref]: R-/x 'T'"],
    ["> [ref]: <x y>", "> [ref]: <R-x y>"],
    ["- [a](x)\n  - [b](y)", "- [a](R-x)\n  - [b](R-y)"],
    ["- a\n\n  [b](y)", "- a\n\n  [b](R-y)"],
    ["| [a](x) | [b](y) |", "| [a](R-x) | [b](R-y) |"],
    ["a [b](x\n'title')", "a [b](R-x\n'title')"],
    ["paragraph\n    [a](x)", "paragraph\n    [a](R-x)"],
  ])("%j becomes %j", (markdown, rewritten) => {
    expect(mark(markdown)).toBe(rewritten);
  });

  test.each([
    "plain [text] (x) and [a] and (b)",
    "`[a](x)` and ``[a](x) ` ``",
    "`[a\n](x)`",
    "\\[a](x\n\n)",
    "```\n[a](x)\n```",
    "~~~md\n[a](x)\n```\n[b](y)\n~~~",
    "> ```\n> [a](x)\n> ```",
    "- ```\n  [a](x)\n  ```",
    "    [a](x)",
    "a\n\n    [a](x)",
    "[a](x y)",
    "[a](<x\ny>)",
    "[a]()",
    "[^1]: word",
    "<b>",
    "",
  ])("%j stays as it is", (markdown) => {
    expect(mark(markdown)).toBe(markdown);
  });
});

test("an autolink keeps its form for an absolute URL and takes the long one for a relative one", () => {
  const markdown = "<https://a.example/x> <https://b.example/>";

  const rewritten = rewriteLinks(markdown, (url) => (url.includes("a.example") ? "../x.md" : `${url}y`));

  expect(rewritten).toBe("[../x.md](../x.md) <https://b.example/y>");
});

test("the function sees URLs without escapes, and what it gives is escaped again", () => {
  const seen: string[] = [];

  const rewritten = rewriteLinks("[a](x\\(y&amp;z) [b](q)", (url) => {
    seen.push(url);
    return "a b)c<d";
  });

  expect(seen).toEqual(["x(y&z", "q"]);
  expect(rewritten).toBe("[a](<a b)c\\<d>) [b](<a b)c\\<d>)");
});

test("every byte but the destinations stays, line ends included", () => {
  const markdown = "a\r\n[b](c)\t \r\n\r\n```\r\n[d](e)\r\n```\r\n\0[f](g) ";

  expect(mark(markdown)).toBe("a\r\n[b](R-c)\t \r\n\r\n```\r\n[d](e)\r\n```\r\n\0[f](R-g) ");
});

test("links of random converted pages are all found, and nothing else is", () => {
  for (let seed = 1; seed <= 600; seed++) {
    const { root } = parseHtml(randomPage(seeded(seed)));
    const markdown = toMarkdown(root, { baseUrl: "https://a.example/dir/page" });
    const seen: string[] = [];

    const same = rewriteLinks(markdown, (url) => {
      seen.push(new URL(url).href);
      return url;
    });

    expect(same).toBe(markdown);
    expect({ seed, seen }).toEqual({ seed, seen: hrefsOf(parseHtml(Bun.markdown.html(markdown)).root) });
  }
});

test.each([
  "](",
  "[",
  "`",
  "` `` ``` ",
  "[a](<",
  '[a](b "',
  "[a](b (",
  "[]: ",
  "[a](\\",
  "> ",
  "- ",
  "](((((",
  "<a:",
  "\n    x",
])("a megabyte of %j takes linear time", (piece) => {
  const markdown = piece.repeat(Math.ceil(1_000_000 / piece.length));

  expect(rewriteLinks(markdown, (url) => url)).toBe(markdown);
});

function hrefsOf(root: Element): string[] {
  const hrefs: string[] = [];
  walk(root, (element) => {
    if (element.name === "a") hrefs.push(new URL(attribute(element, "href") ?? "").href);
    return undefined;
  });
  return hrefs;
}
