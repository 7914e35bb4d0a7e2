import { describe, expect, test } from "bun:test";
import { jsonLd, readPage } from "./read-page.ts";

test("names authors, dates and the publisher", () => {
  const found = readPage(
    jsonLd({
      "@graph": [
        { "@type": "WebSite", name: "The Site" },
        {
          "@type": ["NewsArticle"],
          headline: "News",
          author: [{ name: "Ada L" }, "Bob M", { name: "Ada L" }],
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
    authors: ["Ada L", "Bob M"],
    publishedAt: "2024-01-02",
  });
  expect(found.metadata).toMatchObject({ images: ["https://a.example/i.png"], tags: ["x", "y"] });
});

test("references within a graph are followed, in a circle too", () => {
  const found = readPage(
    jsonLd({
      "@graph": [
        {
          "@type": "http://schema.org/BlogPosting",
          author: { "@id": "#ada" },
          datePublished: { "@value": "2024-01-02" },
        },
        { "@type": "Person", "@id": "#ada", name: "Ada Lovelace", knows: { "@id": "#ada" } },
        { "@type": "Person", "@id": "#loop", name: { "@id": "#loop" } },
      ],
    }),
  );

  expect(found).toMatchObject({ authors: ["Ada Lovelace"], publishedAt: "2024-01-02" });
});

test("of several articles only the page's own counts", () => {
  const article = (name: string) => ({
    "@type": "Article",
    headline: name,
    author: `${name} Writer`,
    datePublished: "2024-01-02",
  });
  const teasers = jsonLd(["One", "Two", "Three"].map(article));

  expect(readPage(`<title>All</title>${teasers}`)).toMatchObject({ authors: [], publishedAt: null });
  expect(readPage(`<title>Two | Site</title>${teasers}`)).toMatchObject({ authors: ["Two Writer"] });
});

test("a product's reviewers and dates are not the page's", () => {
  const found = readPage(
    jsonLd({
      "@type": "Product",
      name: "Web",
      releaseDate: "2024-01-02",
      review: { "@type": "Review", author: "Mary Shelley" },
    }),
  );

  expect(found).toMatchObject({ authors: [], publishedAt: null });
});

describe("what is wrong with it", () => {
  test.each([
    ["trailing commas, a comment and a line break in a string", '<!-- {"a": "x\ny", \n } -->', { a: "x y" }],
    ["a CDATA section", "//<![CDATA[\n[1,2,]\n//]]>", [1, 2]],
    ["a CDATA section between comments of scripts", '/*<![CDATA[*/{"a":1}/*]]>*/', { a: 1 }],
    ["control characters", '{"a":"x\u0001\ty"};', { a: "x y" }],
    ["escaping as if it were text", "{&quot;a&quot;:&quot;b &amp; c&quot;}", { a: "b & c" }],
    ["what a database refuses", String.raw`{"a\u0000":"\ud800 \u0000"}`, { "a\ufffd": "\ufffd \ufffd" }],
  ])("%s is mended", (_, text, expected) => {
    expect(readPage(jsonLd(text)).metadata.jsonLd).toEqual([expected]);
  });

  test("nonsense is left out", () => {
    expect(readPage(jsonLd("{nonsense") + jsonLd("null") + jsonLd("")).metadata.jsonLd).toEqual([]);
  });

  test("too deep, too long or too many blocks are left out", () => {
    const long = { a: "x".repeat(300_000) };

    expect(readPage(jsonLd("[".repeat(100_000)) + jsonLd(long)).metadata.jsonLd).toEqual([]);
    expect(readPage(jsonLd("{}").repeat(100)).metadata.jsonLd).toHaveLength(20);
    expect(readPage(jsonLd({ a: "x".repeat(200_000) }).repeat(20)).metadata.jsonLd).toHaveLength(5);
  });

  test("the largest that is read takes little time", () => {
    const crowd = jsonLd({
      "@graph": Array.from({ length: 1500 }, (_, at) => ({
        "@type": "Article",
        "@id": `#${at}`,
        author: Array.from({ length: 8 }, () => ({ "@id": "#0" })),
      })),
    });
    const start = process.cpuUsage();

    readPage(crowd.repeat(4) + jsonLd(`${"{".repeat(60)}${", ".repeat(100_000)}`));

    expect(process.cpuUsage(start).user / 1e6).toBeLessThan(2);
  });
});
