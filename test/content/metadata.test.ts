import { describe, expect, test } from "bun:test";
import { toIsoDate } from "../../src/content/dates.ts";
import { parseHtml } from "../../src/content/dom.ts";
import { type Metadata, normalizeLanguage, readMetadata } from "../../src/content/metadata.ts";
import { parseRobotsTag } from "../../src/content/robots-directives.ts";
import { surveyPage } from "../../src/content/survey.ts";
import { chooseTitle } from "../../src/content/title.ts";

function read(html: string, robotsTag: string | null = null): Metadata {
  return readMetadata(surveyPage(parseHtml(html).root), "https://a.example/docs/page", robotsTag);
}

const jsonLd = (value: unknown) => `<script type="application/ld+json">${JSON.stringify(value)}</script>`;

test("an article's head is read", () => {
  const found = read(`
    <html lang="en_us"><head>
    <title>How it works - The Site</title>
    <meta name="description" content=" About &amp;  more ">
    <meta property="og:site_name" content="The Site">
    <meta property="og:image" content="/cover.png">
    <meta property="article:published_time" content="2024-05-01T10:00:00+02:00">
    <meta property="article:modified_time" content="2024-05-02">
    <meta property="article:tag" content="One"><meta property="article:tag" content="Two">
    <meta name="keywords" content="two, Three, ">
    <meta name="author" content="By Ada Lovelace">
    <link rel="canonical" href="/docs/how">
    <link rel="alternate" type="application/rss+xml" href="/feed.xml">
    <body><h1 id="top">How it works</h1>`);

  expect(found).toEqual({
    title: "How it works",
    description: "About & more",
    language: "en-US",
    canonicalUrl: "https://a.example/docs/how",
    siteName: "The Site",
    authors: ["Ada Lovelace"],
    publishedAt: "2024-05-01T08:00:00.000Z",
    modifiedAt: "2024-05-02",
    robots: { noindex: false, nofollow: false },
    metadata: {
      openGraph: {
        "og:site_name": "The Site",
        "og:image": "/cover.png",
        "article:published_time": "2024-05-01T10:00:00+02:00",
        "article:modified_time": "2024-05-02",
        "article:tag": "One",
      },
      jsonLd: [],
      images: ["https://a.example/cover.png"],
      tags: ["One", "Two", "two", "Three"],
      feeds: ["https://a.example/feed.xml"],
    },
  });
});

test("a page that says nothing has no metadata", () => {
  expect(read("<p>text")).toMatchObject({
    title: null,
    description: null,
    language: null,
    canonicalUrl: null,
    authors: [],
  });
});

describe("JSON-LD", () => {
  test("names authors, dates and the publisher", () => {
    const found = read(
      jsonLd({
        "@graph": [
          { "@type": "WebSite", name: "The Site" },
          {
            "@type": ["NewsArticle"],
            headline: "News",
            author: [{ name: "A" }, "B", { name: "A" }],
            datePublished: "2024-01-02",
            image: { url: "/i.png" },
            keywords: "x,y",
          },
        ],
      }),
    );

    expect(found).toMatchObject({
      title: "News",
      siteName: "The Site",
      authors: ["A", "B"],
      publishedAt: "2024-01-02",
    });
    expect(found.metadata).toMatchObject({ images: ["https://a.example/i.png"], tags: ["x", "y"] });
  });

  test("with trailing commas, line breaks in strings, comments and CDATA is still read", () => {
    const script = (text: string) => `<script type="application/ld+json">${text}</script>`;
    const found = read(script('<!-- {"a": "x\ny",} -->') + script("//<![CDATA[\n[1,2,]\n//]]>") + script("{nonsense"));

    expect(found.metadata.jsonLd).toEqual([{ a: "x y" }, [1, 2]]);
  });

  test("too deep, too long or too many blocks are left out", () => {
    const deep = "[".repeat(100_000);
    const long = JSON.stringify({ a: "x".repeat(300_000) });
    const script = (text: string) => `<script type="application/ld+json">${text}</script>`;

    expect(read(script(deep) + script(long)).metadata.jsonLd).toEqual([]);
    expect(read(script("{}").repeat(100)).metadata.jsonLd).toHaveLength(20);
  });

  test("holds nothing that a database refuses", () => {
    const found = read(String.raw`<script type="application/ld+json">{"a\u0000":"\ud800 \u0000"}</script>`);

    expect(found.metadata.jsonLd).toEqual([{ "a\ufffd": "\ufffd \ufffd" }]);
  });
});

test.each([
  [
    "the heading is a part of it",
    { tag: "asyncio — Async I/O — Python docs", heading: "asyncio — Async I/O" },
    "asyncio — Async I/O",
  ],
  ["the site comes first", { tag: "Site | Page", siteName: "Site" }, "Page"],
  ["the site comes last", { tag: "Page :: Site", siteName: "site" }, "Page"],
  ["nothing tells the parts apart", { tag: "Left - Right" }, "Left - Right"],
  ["the title is the site's name", { tag: "Site", siteName: "Site", heading: "Site" }, "Site"],
  ["the heading is the site's name", { tag: "Page - Site", siteName: "Site", heading: "Site" }, "Page"],
  [
    "the only heading is the site's logo",
    { tag: "A page about webs | The Post", heading: "The Post" },
    "A page about webs | The Post",
  ],
  [
    "the site comes first in front of a long heading",
    { tag: "Post: All about webs", heading: "All about webs" },
    "Post: All about webs",
  ],
  ["the heading only begins alike", { tag: "Pages of history", heading: "Page" }, "Pages of history"],
  ["there is no title", { openGraph: "Shared", heading: "Heading" }, "Shared"],
  ["there is only a heading", { heading: "Heading" }, "Heading"],
  ["there is nothing", {}, null],
])("the title is right when %s", (_, sources, expected) => {
  const none = { tag: null, openGraph: null, headline: null, heading: undefined, siteName: null };

  expect(chooseTitle({ ...none, ...sources })).toBe(expected);
});

test.each([
  ["2024-05-01", "2024-05-01"],
  ["2024-5-1", "2024-05-01"],
  ["2024-05-01T10:20:30Z", "2024-05-01T10:20:30.000Z"],
  ["2024-05-01 10:20", "2024-05-01T10:20:00.000Z"],
  ["2024-05-01T10:20:30.123456+0530", "2024-05-01T04:50:30.000Z"],
  ["20240501", "2024-05-01"],
  ["2024/05/01", "2024-05-01"],
  ["May 1, 2024", "2024-05-01"],
  ["Wednesday, 1st May 2024", "2024-05-01"],
  ["Wed, 01 May 2024 10:00:00 GMT", "2024-05-01T10:00:00.000Z"],
  ["1714557600", "2024-05-01T10:00:00.000Z"],
  ["2024-02-30", null],
  ["2024-13-01", null],
  ["01/02/2024", null],
  ["0001-01-01", null],
  ["yesterday", null],
  ["", null],
  [undefined, null],
])("the date %p is %p", (value, expected) => {
  expect(toIsoDate(value)).toBe(expected);
});

test.each([
  ["en", "en"],
  ["pt_br", "pt-BR"],
  ["zh-hans-cn", "zh-Hans-CN"],
  ["en, de", "en"],
  ["de-DE@euro", "de"],
  ["english please", null],
  ["", null],
  ["x-default", null],
])("the language %p is %p", (value, expected) => {
  expect(normalizeLanguage(value)).toBe(expected);
});

test.each([
  ["noindex", { noindex: true, nofollow: false }],
  ["NOINDEX, NoFollow", { noindex: true, nofollow: true }],
  ["none", { noindex: true, nofollow: true }],
  ["otherbot: noindex", { noindex: false, nofollow: false }],
  ["otherbot: noindex, orbweaver: nofollow", { noindex: false, nofollow: true }],
  ["nofollow, otherbot: noindex", { noindex: false, nofollow: true }],
  ["unavailable_after: Wed, 03 Dec 2025 13:09:53 GMT, noindex", { noindex: true, nofollow: false }],
  ["max-snippet: 20, noindex", { noindex: true, nofollow: false }],
  ["index, follow, all", { noindex: false, nofollow: false }],
  ["", { noindex: false, nofollow: false }],
])("the X-Robots-Tag %p means %p", (header, expected) => {
  expect(parseRobotsTag(header)).toEqual(expected);
});

test("robots directives of the page and the header add up", () => {
  const page = '<meta name="ROBOTS" content="noindex"><meta name="googlebot" content="nofollow">';

  expect(read(page).robots).toEqual({ noindex: true, nofollow: false });
  expect(read(page, "nofollow").robots).toEqual({ noindex: true, nofollow: true });
  expect(read('<meta name="orbweaver" content="none">').robots).toEqual({ noindex: true, nofollow: true });
});

test("one date on a page is its date, several are not", () => {
  expect(read('<time datetime="2024-05-01">May</time>').publishedAt).toBe("2024-05-01");
  expect(read('<time datetime="2024-05-01"></time><time datetime="2024-05-02"></time>').publishedAt).toBeNull();
});

test("microdata and rel=author name the author", () => {
  expect(read('<span itemprop="author">Ada</span>').authors).toEqual(["Ada"]);
  expect(read('<a rel="author nofollow" href="/ada">Ada</a>').authors).toEqual(["Ada"]);
});
