import { expect, test } from "bun:test";
import { parseHtml } from "../../src/content/dom.ts";
import { baseUrlOf, collectLinks, resolveUrl } from "../../src/content/links.ts";
import { surveyPage } from "../../src/content/survey.ts";

function linksOf(html: string) {
  const survey = surveyPage(parseHtml(html).root);
  return collectLinks(survey, baseUrlOf(survey, "https://a.example/docs/page?x=1"));
}

test("links are absolute, in order, each URL once, with text and rel", () => {
  const { links, isTruncated } = linksOf(`
    <a href="next">  Next <b>page</b> </a>
    <a href="/top#part" rel="NoFollow  external">Top</a>
    <a href="?q=a&amp;b=1">Query</a>
    <a href="//b.example/x y">Other</a>
    <a href="next#again">Again</a>
    <a href="https://a.example:443/docs/next">Same</a>`);

  expect(links).toEqual([
    { url: "https://a.example/docs/next", text: "Next page" },
    { url: "https://a.example/top", text: "Top", rel: "nofollow external" },
    { url: "https://a.example/docs/page?q=a&b=1", text: "Query" },
    { url: "https://b.example/x%20y", text: "Other" },
  ]);
  expect(isTruncated).toBe(false);
});

test("every link leads where URL parsing says, whatever it is made of", () => {
  const starts = [
    "",
    "/",
    "//",
    "./",
    "../",
    "?",
    "a",
    "a:",
    "http:",
    "https://b.example",
    "https://A.example:443/",
    " /",
  ];
  const middles = [
    "",
    "b",
    "/b",
    "//b",
    "/.",
    "/..",
    "/.b",
    "/../b",
    "?q=/..",
    "?a?b",
    ":8",
    "@b",
    "\\b",
    "%2e%2e/",
    "é",
    "~$(x)!*",
  ];
  const ends = ["", "/", ".html", "'|^", "#f", "?x#y/../z", "#", "\t"];
  const bases = ["https://a.example", "https://u:p@a.example:8/docs/page?x=/1#y", "http://[::1]/d//e/"];
  const hrefs = starts.flatMap((start) => middles.flatMap((middle) => ends.map((end) => start + middle + end)));

  for (const base of bases) {
    const html = hrefs.map((href) => `<a href="${href}">x</a>`).join("");
    const found = collectLinks(surveyPage(parseHtml(html).root), base).links.map(({ url }) => url);

    expect(found).toEqual([...new Set(hrefs.flatMap((href) => resolveUrl(href, base) ?? []))]);
  }
});

test("what is no web page is left out", () => {
  const html = [
    "#top",
    "",
    "mailto:a@b.c",
    "javascript:void(0)",
    "JAVASCRIPT:x",
    "data:text/html,x",
    "tel:1",
    "ftp://a/b",
    "http://",
    "about:blank",
  ]
    .map((href) => `<a href="${href}">x</a>`)
    .join("");

  expect(linksOf(`<a>x</a><a name=y>z</a>${html}`).links).toEqual([]);
});

test("a base element moves relative links, and a bad one does not", () => {
  expect(linksOf('<base href="/other/"><a href="x">x</a>').links[0]?.url).toBe("https://a.example/other/x");
  expect(linksOf('<base href="javascript:1"><a href="x">x</a>').links[0]?.url).toBe("https://a.example/docs/x");
});

test("areas, frames and the head's page links are links too", () => {
  const { links } = linksOf(`
    <link rel="next" href="/2"><link rel="alternate" hreflang="de" href="/de" title="Deutsch">
    <link rel="stylesheet" href="/s.css"><link rel="alternate" type="application/rss+xml" href="/feed">
    <map><area href="/area" alt="An area"></map><iframe src="/frame" title="A frame"></iframe><frame src="/f">`);

  expect(links).toEqual([
    { url: "https://a.example/2", text: "", rel: "next" },
    { url: "https://a.example/de", text: "Deutsch", rel: "alternate" },
    { url: "https://a.example/area", text: "An area" },
    { url: "https://a.example/frame", text: "A frame" },
    { url: "https://a.example/f", text: "" },
  ]);
});

test("a link without text takes its label, its picture's, or that of a later link", () => {
  const { links } = linksOf(`
    <a href="/a" aria-label="Label"><svg></svg></a><a href="/b"><img alt="Picture" src=x></a>
    <a href="/c"><img src=x></a><a href="/c">Late</a>`);

  expect(links.map(({ text }) => text)).toEqual(["Label", "Picture", "Late"]);
});

test("one link that may be followed outweighs another that may not", () => {
  const { links } = linksOf('<a href="/a" rel="nofollow">x</a><a href="/b" rel="nofollow">x</a><a href="/a">y</a>');

  expect(links.map(({ rel }) => rel)).toEqual([undefined, "nofollow"]);
});

test("links beyond the limit are cut, and that is said", () => {
  const html = Array.from({ length: 10_001 }, (_, number) => `<a href=/${number}>x</a>`).join("");

  const { links, isTruncated } = linksOf(html);

  expect(links).toHaveLength(10_000);
  expect(isTruncated).toBe(true);
});

test.each([
  ["\n/a\t", "https://a.example/a"],
  ["http://[::1", undefined],
  [`/${"x".repeat(9000)}`, undefined],
])("%p resolves to %p", (href, expected) => {
  expect(resolveUrl(href, "https://a.example/")).toBe(expected);
});
