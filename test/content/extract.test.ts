import { describe, expect, test } from "bun:test";
import type { ExtractOptions } from "../../src/content/document.ts";
import { toPlainText } from "../../src/content/plain-text.ts";
import { toDocument } from "../../src/content/to-document.ts";
import { article, documentation, forum, listing, paragraph } from "./pages.ts";

function read(html: string, options: Partial<ExtractOptions> = {}): string {
  const body = new TextEncoder().encode(html);
  const { markdown } = toDocument({ url: "https://a.example/page", body, contentType: "text/html", ...options });
  return toPlainText(markdown).replace(/\s+/g, " ").trim();
}

const main = (html: string) => read(html);
const page = (html: string) => read(html, { content: "page" });

describe("an article", () => {
  const text = main(article);

  test("keeps all its paragraphs and headings", () => {
    for (const topic of ["Article 1", "Article 6", "More 2"]) expect(text).toContain(paragraph(topic));
    expect(text).toContain("A second part");
  });

  test.each([
    ["section link"],
    ["privacy"],
    ["Tweet"],
    ["related link"],
    ["Reader one"],
    ["popular link"],
    ["Copyright"],
  ])("leaves out %s", (boilerplate) => {
    expect(text).not.toContain(boilerplate);
  });
});

test("a page of documentation keeps code, notes, tables and short lists, and loses its sidebar", () => {
  const text = main(documentation);

  for (const part of ["Install", "pip install silk", "Version 3 needs", "quiet", "The guide", "The API"]) {
    expect(text).toContain(part);
  }
  expect(text).not.toContain("chapter link");
  expect(text).not.toContain("Built with");
});

test("a forum keeps the comments that it consists of", () => {
  const text = main(forum);

  for (const name of ["ann", "bob", "cid", "dan", "eve"]) expect(text).toContain(paragraph(name));
  expect(text).not.toContain("board link");
});

test("a listing keeps all its items", () => {
  const text = main(listing);

  for (let at = 0; at < 12; at++) expect(text).toContain(`Web number ${at}`);
  expect(text).not.toContain("category link");
  expect(text).not.toContain("legal link");
});

test.each([
  ["text alone", "Just a line of text.", "Just a line of text."],
  ["nothing but links", '<ul><li><a href="/a">First</a><li><a href="/b">Second</a></ul>', "First - Second"],
  ["nothing but a navigation", '<nav><a href="/a">First</a></nav>', "First"],
  ["nothing but a footer with text", "<footer><p>All there is, is here, in the end.</p></footer>", "All there is"],
  ["all in a modal", `<div class="modal"><p>${paragraph("Modal")}</p></div>`, paragraph("Modal")],
  ["all in one form", `<form id="aspnetForm"><p>${paragraph("Form")}</p></form>`, paragraph("Form")],
  ["a body with a sidebar's class", `<body class="has-sidebar"><p>${paragraph("Body")}</p>`, paragraph("Body")],
  ["late rendered parts", `<div hidden id="S:0"><p>${paragraph("Late")}</p></div>`, paragraph("Late")],
  ["only noscript", `<noscript><p>${paragraph("Plain")}</p></noscript>`, paragraph("Plain")],
])("a page of %s keeps it", (_, html, expected) => {
  expect(main(html)).toContain(expected);
});

test("hidden text is left out of the content and of the whole page", () => {
  const html = `<p>${paragraph("Shown")}</p><p hidden>secret one</p><p style="display: none">secret two</p>`;

  for (const text of [main(html), page(html)]) {
    expect(text).toContain("Shown");
    expect(text).not.toContain("secret");
  }
});

test("the whole page keeps its navigation", () => {
  expect(page(article)).toContain("section link 1");
});

test("a section about menus or cookies is content, although its id says so", () => {
  const html = `<main><section id="intro"><h1>Intro</h1><p>${paragraph("Intro")}</p></section>
    <section id="menus"><h2>Menus</h2><p>${paragraph("Menus")}</p></section>
    <div class="section" id="cookies"><h2>Cookies</h2><p>${paragraph("Cookies")}</p></div></main>`;

  for (const topic of ["Intro", "Menus", "Cookies"]) expect(main(html)).toContain(paragraph(topic));
});

test("what little a page says in its main element is what it says", () => {
  const links = '<li><a href="/x">A link in a long list, of links</a></li>'.repeat(100);
  const html = `<nav><ul>${links}</ul></nav><main><p>Moved.</p></main><footer><p>${paragraph("Fine print")}</p></footer>`;

  expect(main(html)).toContain("Moved.");
  expect(main(html)).not.toContain("A link in a long list");
});

test("an empty page has no content", () => {
  expect(main("")).toBe("");
  expect(main("<!doctype html><html><head></head><body></body></html>")).toBe("");
});
