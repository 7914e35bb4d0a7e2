import { describe, expect, test } from "bun:test";
import type { DocumentInput } from "../../src/content/document.ts";
import { toDocument } from "../../src/content/to-document.ts";
import { encodedTexts } from "./encoded-texts.ts";
import { article, documentation, forum, listing } from "./pages.ts";

function input(text: string | Uint8Array, over: Partial<DocumentInput> = {}): DocumentInput {
  const body = typeof text === "string" ? new TextEncoder().encode(text) : new Uint8Array(text);
  return {
    url: "https://a.example/docs/page",
    body,
    contentType: "text/html; charset=utf-8",
    content: "main",
    ...over,
  };
}

describe("a page", () => {
  const document = toDocument(input(article));

  test("has its type, title, language and links", () => {
    expect(document).toMatchObject({ kind: "html", contentType: "text/html", charset: "utf-8", language: "en" });
    expect(document.title).toBe("Webs at night");
    expect(document.links).toHaveLength(25);
    expect(document.links[0]).toEqual({ url: "https://a.example/", text: "The Spider Post" });
    expect(document.isTruncated).toBe(false);
  });

  test("has its main content as Markdown, with a hash and a count", () => {
    expect(document.markdown).toStartWith("Article 1: Orb weavers");
    expect(document.markdown).toContain("## A second part");
    expect(document.markdown).not.toContain("By Ada");
    expect(document.markdown).not.toContain("popular link");
    expect(document.contentHash).toMatch(/^[0-9a-f]{64}$/);
    expect(document.wordCount).toBeGreaterThan(250);
  });

  test("has the headings of its content, and as a whole those beside it", () => {
    expect(document.headings.map(({ text }) => text)).toEqual(["A second part"]);
    expect(toDocument(input(article, { content: "page" })).headings.map(({ text }) => text)).toEqual([
      "Webs at night",
      "A second part",
      "You may also like",
      "Comments",
      "Popular",
    ]);
  });

  test("as a whole has its navigation too", () => {
    const whole = toDocument(input(article, { content: "page" }));

    expect(whole.markdown).toContain("[popular link 1](https://a.example/popular/1)");
    expect(whole.contentHash).not.toBe(document.contentHash);
  });
});

test.each([
  ["article", article],
  ["documentation", documentation],
  ["forum", forum],
  ["listing", listing],
])("the same %s makes the same document", (_, html) => {
  expect(toDocument(input(html))).toEqual(toDocument(input(html)));
});

test("another encoding makes the same Markdown", () => {
  const { text = "", base64 = "" } = encodedTexts.shift_jis ?? {};
  const encoded = toDocument(input(Buffer.from(base64, "base64"), { contentType: "text/html; charset=Shift_JIS" }));

  expect(encoded).toMatchObject({ charset: "shift_jis" });
  expect(encoded.contentHash).toBe(toDocument(input(text)).contentHash);
});

test("robots directives come from the page and the header", () => {
  const html = '<meta name="robots" content="noindex"><p>x';

  expect(toDocument(input(html, { robotsTag: "nofollow" })).robots).toEqual({ noindex: true, nofollow: true });
  expect(toDocument(input("x", { contentType: "text/plain", robotsTag: "none" })).robots).toEqual({
    noindex: true,
    nofollow: true,
  });
});

test("a frameset has its frames as links and the text for browsers without them", () => {
  const html =
    '<frameset><frame src="menu.html"><frame src="start.html"><noframes><body><p>Please see the start page.</noframes></frameset>';

  const document = toDocument(input(html));

  expect(document.links.map(({ url }) => url)).toEqual([
    "https://a.example/docs/menu.html",
    "https://a.example/docs/start.html",
  ]);
  expect(document.markdown.trim()).toBe("Please see the start page.");
});

test("an empty page is a document without text", () => {
  expect(toDocument(input(""))).toMatchObject({
    kind: "html",
    title: null,
    markdown: "",
    wordCount: 0,
    simhash: 0n,
    links: [],
  });
});

describe("what is no HTML", () => {
  test("Markdown passes as it is, with front matter, headings and links read", () => {
    const text =
      '---\ntitle: "Silk"\ndescription: A guide\n---\n\n# Start {#start}\r\n\n```\n# no heading [x](y)\n```\n\nSee [the guide](guide.md) or <https://b.example/x>.\n';

    const document = toDocument(input(text, { contentType: "text/markdown" }));

    expect(document).toMatchObject({ kind: "markdown", title: "Silk", description: "A guide" });
    expect(document.markdown).toBe(text.replaceAll("\r", "").slice(text.indexOf("# Start")));
    expect(document.headings).toEqual([{ level: 1, text: "Start", anchor: "start" }]);
    expect(document.links).toEqual([
      { url: "https://a.example/docs/guide.md", text: "the guide" },
      { url: "https://b.example/x", text: "" },
    ]);
  });

  test("plain text at a Markdown file's URL is Markdown", () => {
    const document = toDocument(input("# Title\n", { contentType: "text/plain", url: "https://a.example/README.md" }));

    expect(document).toMatchObject({ kind: "markdown", contentType: "text/plain", title: "Title" });
  });

  test("plain text passes as it is, and NUL does not", () => {
    const document = toDocument(input("a\r\n# b\0\n", { contentType: "text/x-log" }));

    expect(document).toMatchObject({ contentType: "application/octet-stream", kind: "other" });
    expect(toDocument(input("a\r\n# b\n", { contentType: "text/x-log" }))).toMatchObject({
      kind: "text",
      markdown: "a\n# b\n",
      title: null,
      headings: [],
    });
  });

  test("JSON is a code block, indented, and as sent when it is broken", () => {
    const json = (text: string) => toDocument(input(text, { contentType: "application/json" })).markdown;

    expect(json('{"a":[1]}')).toBe('```json\n{\n  "a": [\n    1\n  ]\n}\n```\n');
    expect(json("{broken")).toBe("```json\n{broken\n```\n");
    expect(json('"```"')).toBe('````json\n"```"\n````\n');
    expect(json("")).toBe("");
  });

  test("JSON with half surrogates or NUL holds nothing that a database refuses", () => {
    const { markdown } = toDocument(input(String.raw`["\ud800"]`, { contentType: "application/json" }));

    expect(markdown.isWellFormed()).toBe(true);
  });

  test("XML is a code block, and so is what is called a feed and is none", () => {
    const document = toDocument(input("<?xml version='1.0'?><a>b</a>", { contentType: "application/rss+xml" }));

    expect(document).toMatchObject({ kind: "xml", markdown: "```xml\n<?xml version='1.0'?><a>b</a>\n```\n" });
  });

  test.each([
    ["\x89PNG\r\n\x1a\n", null, "image/png"],
    ["\0\x01\x02", null, "application/octet-stream"],
    ["body{}", "text/css", "text/css"],
  ])("%p sent as %p is recorded with its type alone", (text, contentType, expected) => {
    const document = toDocument(input(Buffer.from(text, "latin1"), { contentType }));

    expect(document).toMatchObject({
      kind: "other",
      contentType: expected,
      charset: null,
      markdown: "",
      wordCount: 0,
      links: [],
    });
  });
});
