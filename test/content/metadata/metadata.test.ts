import { describe, expect, test } from "bun:test";
import { jsonLd, readPage } from "./read-page.ts";

test("an article's head is read", () => {
  const found = readPage(`
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
    publishedAt: "2024-05-01T10:00:00+02:00",
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
      licence: null,
      breadcrumbs: [],
    },
  });
});

test("a page that says nothing has no metadata", () => {
  expect(readPage("<p>text")).toMatchObject({
    title: null,
    description: null,
    language: null,
    canonicalUrl: null,
    siteName: null,
    authors: [],
    publishedAt: null,
    modifiedAt: null,
  });
});

describe("the licence is", () => {
  test.each([
    ["what rel=license names", '<a rel="license nofollow" href="/legal/cc">CC</a>', "https://a.example/legal/cc"],
    ["what the head links", '<link rel="license" href="https://mit.example/">', "https://mit.example/"],
    ["what JSON-LD says", jsonLd({ "@type": "Article", license: "https://l.example/1" }), "https://l.example/1"],
    ["a name, where there is no URL", '<meta name="dcterms.license" content="Public domain">', "Public domain"],
    [
      "the deed in the footer, before one in the text",
      `<p><a href="https://creativecommons.org/licenses/by/2.0/">photo</a>
       <footer><a href="https://creativecommons.org/licenses/by-sa/4.0/">CC</a></footer>`,
      "https://creativecommons.org/licenses/by-sa/4.0/",
    ],
    ["the deed's name in the footer", "<footer>Texts are CC BY-SA 4.0 unless noted</footer>", "CC BY-SA 4.0"],
    [
      "none, where pictures have several",
      `<p><a href="https://creativecommons.org/licenses/by/2.0/">1</a>
       <p><a href="https://creativecommons.org/licenses/by/3.0/">2</a>`,
      null,
    ],
  ])("%s", (_, html, expected) => {
    expect(readPage(html).metadata.licence).toBe(expected);
  });
});

describe("the site's name is", () => {
  const named = (head: string, url: string) => readPage(head, { url }).siteName;

  test("declared, or that of the whole site in JSON-LD", () => {
    expect(named('<meta property="og:site_name" content="The Post |">', "https://a.example/")).toBe("The Post");
    expect(named(jsonLd({ "@type": "WebSite", name: "The Post" }), "https://a.example/")).toBe("The Post");
    expect(named('<meta property="og:site_name" content="Home">', "https://a.example/")).toBeNull();
  });

  test.each([
    ["Webs at night | Silk Weekly", "https://www.silkweekly.com/1", "Silk Weekly"],
    ["Webs at night - Silk University", "https://silk.edu/1", "Silk University"],
    ["SW: Webs at night", "https://www.sw.org/1", "SW"],
    ["Webs at night | Garden | Silk", "https://silk.co.uk/1", "Silk"],
    ["Webs at night | Garden", "https://silk.co.uk/1", null],
    ["Silk", "https://silk.co.uk/", null],
  ])("what the host spells in %p at %s: %p", (title, url, expected) => {
    expect(named(`<title>${title}</title>`, url)).toBe(expected);
  });
});

test("authors within authors and trails within trails are looked into as far as is sensible", () => {
  const authors = '<div class="byline" itemscope><span itemprop="author">x'.repeat(30_000);
  const trails = '<ol class="breadcrumb"><li><a href="/">x</a>'.repeat(10_000);
  const start = process.cpuUsage();

  readPage(`<h1>Deep</h1>${trails}`);
  readPage(`<h1>Deep</h1>${authors}`);

  expect(process.cpuUsage(start).user / 1e6).toBeLessThan(3);
});

test("thousands of metas and links cost no more than the first of them say", () => {
  const metas = '<meta name="author" content="Ada Lovelace"><meta property="article:tag" content="x">'.repeat(10_000);
  const links = '<a rel="tag author license" href="/x">Some Body</a>'.repeat(5_000);
  const start = process.cpuUsage();

  const found = readPage(`<h1>Much</h1>${metas}${links}`);

  expect(found.authors).toEqual(["Ada Lovelace"]);
  expect(process.cpuUsage(start).user / 1e6).toBeLessThan(4);
});
