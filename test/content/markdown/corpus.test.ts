import { expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseHtml } from "../../../src/content/dom.ts";
import { toMarkdown } from "../../../src/content/markdown/markdown.ts";

const folder = join(import.meta.dir, "../../corpus");
const names = readdirSync(folder)
  .filter((name) => name.endsWith(".html"))
  .map((name) => name.slice(0, -".html".length));

test("the corpus holds a page for every construct", () => {
  expect(names.length).toBeGreaterThanOrEqual(120);
});

test.each(names)("%s becomes the Markdown beside it", (name) => {
  const { root } = parseHtml(readFileSync(join(folder, `${name}.html`), "utf8"));

  const markdown = toMarkdown(root, { baseUrl: "https://docs.example/guide/page.html" });

  expect(markdown).toBe(readFileSync(join(folder, `${name}.md`), "utf8"));
});
