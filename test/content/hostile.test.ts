import { expect, test } from "bun:test";
import type { DocumentInput } from "../../src/content/document.ts";
import { toDocument } from "../../src/content/to-document.ts";

const page = (body: string): DocumentInput => ({
  url: "https://a.example/",
  body: new TextEncoder().encode(body),
  contentType: "text/html",
  content: "main",
});

const many = (count: number, one: (at: number) => string) => Array.from({ length: count }, (_, at) => one(at)).join("");

/** Far above what these take, and far below what anything quadratic would. */
const boundMs = 10_000;

test.each<[string, () => string]>([
  ["100,000 nested tags", () => `${"<div>".repeat(100_000)}x${"</div>".repeat(100_000)}`],
  ["20,000 nested lists", () => "<ul><li>x".repeat(20_000)],
  ["15,000 nested tables", () => "<table><tr><td>x".repeat(15_000)],
  ["30,000 nested quotes", () => "<blockquote>x".repeat(30_000)],
  ["unmatched end tags in deep nesting", () => `${"<div>".repeat(50_000)}${"</p></b>".repeat(50_000)}`],
  ["end tags held back by a cell", () => `<div><table><td>${"<b>".repeat(20_000)}x${"</div>".repeat(20_000)}`],
  ["a million attributes", () => `<div ${many(1_000_000, (at) => `a${at}=x `)}>x</div>`],
  ["an attribute of 10 MB", () => `<div title="${"x".repeat(10_000_000)}">x</div>`],
  ["200,000 paragraphs", () => many(200_000, (at) => `<p>Paragraph ${at}, with a comma.`)],
  ["misnested formatting", () => `${"<b><i><p>text ".repeat(10_000)}${"</b></i>".repeat(10_000)}`],
  ["links in links", () => "<a href=/x><div>y".repeat(15_000)],
  ["30,000 links", () => many(30_000, (at) => `<a href="/${at}">link ${at}</a> `)],
  ["a line of 20 MB", () => "x".repeat(20_000_000)],
  ["5 MB of spaces", () => `a${" ".repeat(5_000_000)}b`],
  ["a title of 5 MB", () => `<title>${"a - ".repeat(1_250_000)}</title>x`],
  ["a class of 5 MB", () => `<p class="${"nav ".repeat(3000)}" id="${"a-".repeat(7000)}">x`.repeat(200)],
  ["less-than signs", () => "<".repeat(1_000_000)],
  ["unclosed comments", () => "<!--".repeat(1_000_000)],
  ["unclosed CDATA sections", () => "<![CDATA[".repeat(500_000)],
  ["ampersands", () => "&".repeat(1_000_000)],
  ["entities", () => "&amp;&#x41;".repeat(100_000)],
  ["a deep JSON-LD", () => `<script type="application/ld+json">${"[".repeat(200_000)}</script>`],
  ["a crowd of metas", () => many(30_000, (at) => `<meta name="n${at}" content="c">`)],
  ["a crowd of headings", () => many(20_000, (at) => `<h2 id=h${at}>Heading ${at}</h2>`)],
  ["a crowd of classes", () => many(20_000, (at) => `<div class="c${at} nav-x${at}">x</div>`)],
  ["headings in headings", () => `${"<h1><div>".repeat(150)}${"x ".repeat(500_000)}`],
  ["links in links around a long text", () => `${"<a href=/x><div>".repeat(150)}${"x ".repeat(500_000)}`],
  ["authors in authors", () => `${"<div itemprop=author>".repeat(300)}${"x ".repeat(500_000)}`],
  ["back-ticks and stars", () => `<p>${"`*_[".repeat(200_000)}`],
  ["open brackets in text", () => "[".repeat(1_000_000)],
])(
  "%s are parsed in bounded time",
  (_, make) => {
    const input = page(make());
    const start = performance.now();

    const document = toDocument(input);

    expect(performance.now() - start).toBeLessThan(boundMs);
    expect(document.kind).toBe("html");
    expect(document.markdown.isWellFormed()).toBe(true);
  },
  2 * boundMs,
);

test.each<[string, string, () => string]>([
  ["Markdown of brackets", "text/markdown", () => "[".repeat(1_000_000)],
  ["Markdown of fences", "text/markdown", () => "```\n".repeat(300_000)],
  ["Markdown of links", "text/markdown", () => "[a](b ".repeat(200_000)],
  ["Markdown in one line of hashes", "text/markdown", () => `# ${"#".repeat(1_000_000)}`],
  ["text of one URL", "text/plain", () => `http://${"a".repeat(5_000_000)}`],
  ["text of back-ticks as JSON", "application/json", () => "`".repeat(1_000_000)],
  ["deep JSON", "application/json", () => "[".repeat(200_000) + "]".repeat(200_000)],
  ["XML of angle brackets", "text/xml", () => "<".repeat(2_000_000)],
])(
  "%s is passed on in bounded time",
  (_, contentType, make) => {
    const input = { ...page(make()), contentType };
    const start = performance.now();

    toDocument(input);

    expect(performance.now() - start).toBeLessThan(boundMs);
  },
  2 * boundMs,
);
