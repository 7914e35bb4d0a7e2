import { describe, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseHtml, walk } from "../../../src/content/dom.ts";
import { toHtml } from "../../../src/content/markdown/render.ts";

const document = { title: "T", language: "en", url: "https://a.example/" };
const body = (markdown: string) =>
  toHtml(markdown, document)
    .replace(/^[\s\S]*<body>\n/, "")
    .replace(/<\/body>\n<\/html>\n$/, "");

test("a document becomes a page of its own", () => {
  expect(toHtml("# Hi\n\n*you*\n", { title: "A & B", language: "de-AT", url: "https://a.example/?x=1&y=2" })).toBe(
    "<!doctype html>\n" +
      '<html lang="de-AT">\n<head>\n<meta charset="utf-8">\n' +
      '<meta name="viewport" content="width=device-width, initial-scale=1">\n' +
      '<title>A &#38; B</title>\n<link rel="canonical" href="https://a.example/?x=1&#38;y=2">\n' +
      "</head>\n<body>\n<h1>Hi</h1>\n<p><em>you</em></p>\n</body>\n</html>\n",
  );
});

test("title, language and URL can't break out of their places", () => {
  const html = toHtml("", { title: "</title><script>x</script>", language: 'en"><script>', url: 'javascript:"x' });

  expect(html).not.toContain("<script");
  expect(html).not.toContain("lang=");
  expect(html).not.toContain("canonical");
});

test("a document without a title is called by its URL", () => {
  expect(toHtml("", { title: null, language: null, url: "https://a.example/x" })).toContain(
    "<title>https://a.example/x</title>",
  );
});

describe("what the Markdown we write needs is kept", () => {
  test.each([
    ["H<sub>2</sub>O <kbd>K</kbd>", "<p>H<sub>2</sub>O <kbd>K</kbd></p>\n"],
    [
      "<https://a.example/?x=1&y=2>",
      '<p><a href="https://a.example/?x=1&amp;y=2">https://a.example/?x=1&amp;y=2</a></p>\n',
    ],
    ["`<sub>`", "<p><code>&lt;sub&gt;</code></p>\n"],
    ["```\n<sub>x</sub>\n```", "<pre><code>&lt;sub&gt;x&lt;/sub&gt;\n</code></pre>\n"],
    ["x[^1]\n\n[^1]: word", "<p>x[^1]</p>\n<p>[^1]: word</p>\n"],
    ["~~a~~", "<p><del>a</del></p>\n"],
    [
      "[a](rel/x.md) [b](#c) [d](//e.example) [f](mailto:g@h.example)",
      '<p><a href="rel/x.md">a</a> <a href="#c">b</a> <a href="//e.example">d</a> <a href="mailto:g@h.example">f</a></p>\n',
    ],
    [
      "| a |\n| --- |\n| b<br>c |",
      "<table>\n<thead>\n<tr><th>a</th></tr>\n</thead>\n<tbody>\n<tr><td>b<br>c</td></tr>\n</tbody>\n</table>\n",
    ],
  ])("%j", (markdown, html) => {
    expect(body(markdown)).toBe(html);
  });
});

const urls = [
  "javascript:alert(1)",
  "JaVaScRiPt:alert(1)",
  "java&#x73;cript:alert(1)",
  "&#106;avascript&#58;alert(1)",
  "&#0000106avascript:alert(1)",
  "javascript&colon;alert(1)",
  "java&Tab;script:alert(1)",
  "java&NewLine;script:alert(1)",
  "&#1;javascript:alert(1)",
  "&#x20;javascript:alert(1)",
  "java%0ascript:alert(1)",
  "\\javascript:alert(1)",
  "&amp;#106;avascript:alert(1)",
  "vbscript:msgbox(1)",
  "data:text/html,<script>alert(1)</script>",
  "data:text/html;base64,PHNjcmlwdD4=",
  "file:///etc/passwd",
  "blob:https://a.example/x",
  "view-source:x",
];

describe("URLs that run or carry data are no links", () => {
  test.each(urls)("%j", (url) => {
    for (const markdown of [`[a](${url})`, `[a](<${url}>)`, `![a](${url})`, `<${url}>`, `[a]\n\n[a]: ${url}`]) {
      expect(unsafeOf(body(markdown))).toEqual([]);
    }
  });
});

describe("raw HTML is text", () => {
  test.each([
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "a <b onclick=x>b</b>",
    "<div>\n\n<iframe src=x>\n\n</div>",
    "<sub onclick=x>a</sub>",
    "<sub/onclick=x>a",
    "<!-- <script> -->",
    "<?php x ?>",
    "<![CDATA[<script>]]>",
    '```x"onclick="y\ncode\n```',
    '[a](https://x.example "t\\"onmouseover=x")',
    '![a"onerror=x](https://x.example/")',
    '<https://x.example/"onclick=x>',
    "</body></html><script>",
    "<svg><style><img src=x onerror=alert(1)>",
    "[<script>](x)",
    "| <script> |\n| --- |\n| <style> |",
    "# <script>",
  ])("%j", (markdown) => {
    expect(unsafeOf(body(markdown))).toEqual([]);
  });
});

test("an end tag without its start stays text, so it can't end the page's own elements", () => {
  expect(body("</strong> <sub>a </sup> b</sub>")).toBe("<p>&lt;/strong&gt; <sub>a &lt;/sup&gt; b</sub></p>\n");
});

test("the corpus renders without anything unsafe", () => {
  const folder = join(import.meta.dir, "../../corpus");
  for (const name of readdirSync(folder).filter((file) => file.endsWith(".md"))) {
    expect(unsafeOf(body(readFileSync(join(folder, name), "utf8")))).toEqual([]);
  }
});

test.each(["<sub>", "[a](", "`", "&lt;", "<https://a.example/", "[^"])(
  "a megabyte of %j takes linear time",
  (piece) => {
    expect(body(piece.repeat(1_000_000 / piece.length)).length).toBeGreaterThan(0);
  },
);

const allowedNames = new Set(
  (
    "p h1 h2 h3 h4 h5 h6 em strong del code pre a img ul ol li blockquote hr br table thead tbody tr th td input sub sup " +
    "kbd mark ins"
  ).split(" "),
);
const allowedAttributes = new Set([
  "href",
  "src",
  "alt",
  "title",
  "class",
  "align",
  "type",
  "disabled",
  "checked",
  "start",
]);

/** Everything in a page that is not on the lists above, as a browser would see it. */
function unsafeOf(html: string): string[] {
  const unsafe: string[] = [];
  walk(parseHtml(html).root, ({ name, attributes }) => {
    if (!allowedNames.has(name)) unsafe.push(name);
    for (let at = 0; at < attributes.length; at += 2) {
      const key = attributes[at] ?? "";
      if (!allowedAttributes.has(key)) unsafe.push(`${name} ${key}`);
      const isUrl = key === "href" || key === "src";
      const scheme = URL.parse(attributes[at + 1] ?? "", "https://base.example/")?.protocol ?? "none";
      if (isUrl && !["https:", "http:", "mailto:"].includes(scheme)) unsafe.push(`${name} ${attributes[at + 1]}`);
    }
    return undefined;
  });
  return unsafe;
}
