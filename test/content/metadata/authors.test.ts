import { describe, expect, test } from "bun:test";
import { jsonLd, prose, readPage } from "./read-page.ts";

const below = (line: string) => readPage(`<main><h1>Webs at night</h1>${line}<p>${prose}</p></main>`).authors;

test.each([
  ["By Ada Lovelace and Grace Hopper, PhD", ["Ada Lovelace", "Grace Hopper"]],
  ["Ada Lovelace, Grace Hopper & Mary Shelley", ["Ada Lovelace", "Grace Hopper", "Mary Shelley"]],
  ["Ada Lovelace, Senior Editor", ["Ada Lovelace"]],
  ["Written by Ada Lovelace | Medically reviewed by Grace Hopper", ["Ada Lovelace"]],
  ["von Ada Lovelace", ["Ada Lovelace"]],
  ["Home and Garden Team", ["Home and Garden Team"]],
  ["https://social.example/ada", []],
  ["ada@a.example", []],
  ["admin", []],
  ["The Post", []],
  ["{{ author }}", []],
])("the declared author %p is %p", (content, expected) => {
  const head = `<meta property="og:site_name" content="The Post"><meta name="author" content="${content}">`;

  expect(readPage(head).authors).toEqual(expected);
});

describe("around the title", () => {
  test.each([
    ["<p>By Ada Lovelace</p>"],
    ["<p>By Ada Lovelace on May 1, 2024</p>"],
    ["<div>Written by</div><div>Ada Lovelace</div>"],
    ['<p><a href="/authors/ada-lovelace">Ada Lovelace</a> in <a href="/webs">Webs</a></p>'],
    ['<span class="post-author__name">Ada Lovelace</span>'],
    ['<div class="byline"><span>By </span><strong>Ada Lovelace</strong><span>Editor, 3 posts</span></div>'],
    ["<p>文：Ada Lovelace</p>"],
  ])("%s names the author", (line) => {
    expect(below(line)).toEqual(["Ada Lovelace"]);
  });

  test.each([
    ["<p>Sort by Price</p>"],
    ["<p>By continuing you agree</p>"],
    ['<p class="authorized">Silk Dealer</p>'],
    ['<p><a href="/authors/all">See all posts</a></p>'],
  ])("%s names nobody", (line) => {
    expect(below(line)).toEqual([]);
  });

  test("two authors are two", () => {
    expect(below('<p class="byline">By <a href="/a">Ada Lovelace</a> and <a href="/g">Grace Hopper</a></p>')).toEqual([
      "Ada Lovelace",
      "Grace Hopper",
    ]);
  });
});

test("microdata names the author, without a reviewer and without badges", () => {
  expect(readPage('<span itemprop="author">Ada</span>').authors).toEqual(["Ada"]);
  expect(
    readPage(`<div itemprop="review" itemscope><i itemprop="author">Mary Shelley</i></div>
      <div itemscope><div itemprop="author"><a href="/u/ada">ada</a><span>123</span><b>7 silver badges</b></div></div>`)
      .authors,
  ).toEqual(["ada"]);
});

test("rel=author names the author, unless it is on many teasers", () => {
  const link = (name: string) => `<a rel="author nofollow" href="/x">${name}</a>`;

  expect(readPage(link("Ada Lovelace")).authors).toEqual(["Ada Lovelace"]);
  expect(readPage(["Ada L", "Bob M", "Cid N", "Dan O"].map(link).join("")).authors).toEqual([]);
});

test("an author's box below the article is enough", () => {
  expect(readPage(`<h1>Webs</h1><p>${prose}</p><h3>Written by Ada Lovelace</h3>`).authors).toEqual(["Ada Lovelace"]);
});

test("scholars' names are put into reading order", () => {
  const meta = (name: string) => `<meta name="citation_author" content="${name}">`;

  expect(readPage(meta("Lovelace, Ada") + meta("Hopper, Grace")).authors).toEqual(["Ada Lovelace", "Grace Hopper"]);
});

test("a person whose site bears the person's name is the author, an organisation is not", () => {
  const page = (type: string) =>
    readPage(
      `<meta property="og:site_name" content="Ada Lovelace">${jsonLd({ "@type": "Article", author: { "@type": type, name: "Ada Lovelace" } })}`,
    );

  expect(page("Person").authors).toEqual(["Ada Lovelace"]);
  expect(page("Organization").authors).toEqual([]);
});
