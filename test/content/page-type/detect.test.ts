import { describe, expect, test } from "bun:test";
import { PAGE_TYPES } from "../../../src/content/document.ts";
import { parseHtml } from "../../../src/content/dom.ts";
import { readJsonLd } from "../../../src/content/metadata/json-ld.ts";
import { readModels } from "../../../src/content/models.ts";
import { detectPageType } from "../../../src/content/page-type/detect.ts";
import { surveyPage } from "../../../src/content/survey.ts";

function detect(html: string, url = "https://example.com/") {
  const survey = surveyPage(parseHtml(html).root);
  return detectPageType({ survey, url, jsonLd: readJsonLd(survey.scripts) }, readModels().types);
}

const prose =
  "<p>The ferry left at dawn, as it had for forty years, and the harbour was quiet but for the gulls and the bell. Nobody on the pier remembered a winter this mild, or a crew this small.</p>";

describe("an engine that names itself tells the type of its pages", () => {
  const cases: [string, string, string, string][] = [
    [
      "discourse-topic",
      "forum",
      '<meta name="generator" content="Discourse 3.4.0">',
      "https://talk.example/t/knots/12",
    ],
    ["discourse-index", "listing", '<meta name="generator" content="Discourse 3.4.0">', "https://talk.example/latest"],
    [
      "phpbb-topic",
      "forum",
      '<body id="phpbb" class="nojs section-viewtopic ltr">',
      "https://f.example/viewtopic.php?t=1",
    ],
    ["xenforo-thread", "forum", '<html id="XF" class="template-thread_view">', "https://f.example/threads/knots.12/"],
    [
      "stack-exchange-question",
      "forum",
      '<body class="question-page unified-theme">',
      "https://q.example/questions/1/x",
    ],
    ["sphinx", "documentation", '<script src="_static/doctools.js"></script>', "https://docs.example/usage.html"],
    [
      "docusaurus",
      "documentation",
      '<html class="docs-wrapper plugin-docs docs-doc-page">',
      "https://d.example/docs/a",
    ],
    ["docusaurus-post", "article", '<html class="blog-wrapper blog-post-page">', "https://d.example/blog/a"],
    [
      "mkdocs",
      "documentation",
      '<meta name="generator" content="mkdocs-1.6.1, mkdocs-material-9.5">',
      "https://d.example/a/",
    ],
    ["rustdoc", "documentation", '<meta name="generator" content="rustdoc">', "https://d.example/std/"],
    ["man-page", "documentation", "<title>tar(1) - archives</title>", "https://man.example/tar.1.html"],
    ["mediawiki", "wiki", '<meta name="generator" content="MediaWiki 1.43.0">', "https://w.example/wiki/Knot"],
    [
      "mediawiki-index",
      "listing",
      '<body class="mediawiki ns-14 page-Category_Knots">',
      "https://w.example/wiki/Category:Knots",
    ],
    [
      "github-repository",
      "repository",
      '<meta name="route-pattern" content="/:user_id/:repository">',
      "https://github.com/a/b",
    ],
    [
      "github-discussion",
      "forum",
      '<meta name="route-pattern" content="/:user_id/:repository/issues/:id(.:format)">',
      "https://github.com/a/b/issues/1",
    ],
    [
      "woocommerce-product",
      "product",
      '<body class="single single-product woocommerce">',
      "https://s.example/product/rope",
    ],
    ["magento-category", "collection", '<body class="catalog-category-view page-products">', "https://s.example/ropes"],
    [
      "wordpress-post",
      "article",
      '<body class="post-template-default single single-post">',
      "https://b.example/ropes/",
    ],
  ];

  for (const [rule, type, marks, url] of cases)
    test(`${rule} is ${type}`, () => {
      const detected = detect(`<!doctype html>${marks}<main><h1>Knots</h1>${prose}${prose}</main>`, url);

      expect(detected).toMatchObject({ rule, type });
      expect(detected.confidence).toBeGreaterThan(0.6);
    });
});

describe("where no engine is known, the page's shape tells", () => {
  test("paragraphs under a heading are an article", () => {
    const detected = detect(
      `<title>A mild winter</title><article><h1>A mild winter</h1><time datetime="2024-02-01">1 February</time>${prose.repeat(12)}</article>`,
      "https://paper.example/2024/02/01/a-mild-winter-on-the-coast",
    );

    expect(detected).toMatchObject({ type: "article", rule: null });
  });

  test("cards with pictures and prices are a collection", () => {
    const card = (at: number) =>
      `<li class="product-card"><a href="/products/rope-${at}"><img src="/r${at}.jpg" alt="Rope ${at}"><h3>Rope ${at}</h3></a><span class="price">€${at}9.00</span><button class="add-to-cart">Add</button></li>`;
    const detected = detect(
      `<nav><a href="/cart">Cart</a></nav><h1>Ropes</h1><div class="filters">Sort</div><ul class="product-grid">${Array.from({ length: 24 }, (_, at) => card(at + 1)).join("")}</ul><nav class="pagination"><a href="?page=2">2</a></nav>`,
      "https://shop.example/collections/ropes",
    );

    expect(detected.type).toBe("collection");
  });

  test("dated headings that lead elsewhere are a listing", () => {
    const item = (at: number) =>
      `<article class="post-teaser"><h2><a href="/news/what-the-harbour-did-${at}">What the harbour did on day ${at}</a></h2><time datetime="2024-03-0${at}">March ${at}</time><p>In short, not much.</p></article>`;
    const detected = detect(
      `<h1>News</h1>${Array.from({ length: 9 }, (_, at) => item(at + 1)).join("")}<nav class="pagination"><a href="/news?page=2">Older</a></nav>`,
      "https://harbour.example/news/",
    );

    expect(detected.type).toBe("listing");
  });
});

test("shares are probabilities of all types, and the confidence is the highest of them", () => {
  const { shares, confidence, type } = detect("<p>Hello.</p>");

  expect(shares).toHaveLength(PAGE_TYPES.length);
  expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 9);
  expect(confidence).toBe(Math.max(...shares));
  expect(PAGE_TYPES.indexOf(type)).toBe(shares.indexOf(confidence));
});

test("pages without anything, without a good URL, or with absurd attributes have a type too", () => {
  const hostile = [
    detect("", "no url"),
    detect(
      `<body class="${"a ".repeat(5_000)}"><a href="${"/".repeat(10_000)}">x</a>`,
      `https://e.example/${"a-".repeat(9_000)}`,
    ),
    detect("<div class=x>".repeat(5_000)),
    detect('<script type="application/ld+json">{"@type":[null,1,{}],"@graph":[[[]]]}</script>'),
  ];

  for (const { type, shares } of hostile) {
    expect(PAGE_TYPES).toContain(type);
    expect(shares.every((share) => share >= 0 && share <= 1)).toBe(true);
  }
});
