import { expect, test } from "bun:test";
import { jsonLd, readPage } from "./read-page.ts";

const home = { text: "Home", url: "https://a.example/" };
const guide = { text: "Guide", url: "https://a.example/guide" };
const page = { text: "Webs" };
const inOrder = [home, guide, page];

test.each([
  [
    "JSON-LD, in its positions",
    jsonLd({
      "@type": "BreadcrumbList",
      itemListElement: [
        { "@type": "ListItem", position: 3, name: "Webs" },
        { "@type": "ListItem", position: 1, name: "Home", item: "/" },
        { "@type": "ListItem", position: 2, item: { "@id": "https://a.example/guide", name: "Guide" } },
      ],
    }),
  ],
  [
    "a labelled list",
    `<nav aria-label="Breadcrumb"><ol><li><a href="/">Home</a><li><a href="/guide">Guide</a><li aria-current="page">Webs</ol></nav>`,
  ],
  [
    "microdata",
    `<ol itemscope itemtype="https://schema.org/BreadcrumbList"><li itemprop="itemListElement" itemscope>
     <a itemprop="item" href="/"><span itemprop="name">Home</span></a><meta itemprop="position" content="1">
     <li><a href="/guide"><span itemprop="name">Guide</span></a><li><span itemprop="name">Webs</span></ol>`,
  ],
  [
    "inline links",
    `<div class="bread-crumbs">You are here: <a href="/">Home</a> » <a href="/guide">Guide</a> » Webs</div>`,
  ],
  [
    "Docusaurus",
    `<nav class="theme-doc-breadcrumbs breadcrumbsContainer_x" aria-label="Breadcrumbs"><ul class="breadcrumbs">
     <li class="breadcrumbs__item"><a aria-label="Home" class="breadcrumbs__link" href="/"><svg></svg></a></li>
     <li class="breadcrumbs__item"><a class="breadcrumbs__link" href="/guide"><span>Guide</span></a></li>
     <li class="breadcrumbs__item breadcrumbs__item--active"><span class="breadcrumbs__link">Webs</span></li></ul></nav>`,
  ],
  [
    "Sphinx on Read the Docs",
    `<ul class="wy-breadcrumbs"><li><a href="/" class="icon icon-home" aria-label="Home"></a></li>
     <li class="breadcrumb-item"><a href="/guide">Guide</a></li><li class="breadcrumb-item active">Webs</li>
     <li class="wy-breadcrumbs-aside"><a href="/_sources/x">View page source</a></li></ul>`,
  ],
  [
    "Sphinx's own theme",
    `<div class="related" role="navigation" aria-label="Related"><h3>Navigation</h3><ul>
     <li class="right" style="margin-right: 10px"><a href="/genindex">index</a></li><li><img src="/l.svg" alt="Logo"></li>
     <li class="nav-item nav-item-0"><a href="/">Home</a> &#187;</li>
     <li class="nav-item nav-item-1"><a href="/guide">Guide</a> &#187;</li>
     <li class="nav-item nav-item-this">Webs</li></ul></div>`,
  ],
  [
    "Material for MkDocs",
    `<nav class="md-path" aria-label="Navigation"><ol class="md-path__list"><li class="md-path__item">
     <a href="/" class="md-path__link"><span class="md-ellipsis">Home</span></a></li><li class="md-path__item">
     <a href="/guide" class="md-path__link">Guide</a></li><li>Webs</li></ol></nav>`,
  ],
  ["MediaWiki", `<span class="subpages">&lt; <a href="/">Home</a> | <a href="/guide">Guide</a> | Webs</span>`],
])("breadcrumbs are read from %s", (_, html) => {
  expect(readPage(html).metadata.breadcrumbs).toEqual(inOrder);
});

test("a menu by that name is none, and neither is a page alone", () => {
  const menu = `<ul class="breadcrumb">${'<li><a href="/x">Some page or other of the site</a>'.repeat(60)}</ul>`;

  expect(readPage(menu).metadata.breadcrumbs).toEqual([]);
  expect(readPage('<div class="breadcrumb">Webs</div>').metadata.breadcrumbs).toEqual([]);
  expect(
    readPage('<div class="crumble"><a href="/">Apples</a> and <a href="/x">pears</a></div>').metadata.breadcrumbs,
  ).toEqual([]);
});
