import { describe, expect, test } from "bun:test";
import { attribute, lineOf, parseHtml } from "../../../src/content/dom.ts";
import { cutBlocks } from "../../../src/content/main/blocks.ts";
import { markItems, settleItems } from "../../../src/content/page-type/items.ts";
import { findItems } from "../../../src/content/page-type/listing.ts";
import { surveyPage } from "../../../src/content/survey.ts";

function read(html: string) {
  const { root } = parseHtml(html);
  return findItems(root, surveyPage(root));
}

const links = (count: number, name: string) =>
  Array.from({ length: count }, (_, at) => `<li><a href="/${name}/${at}">${name} number ${at}</a></li>`).join("");
const menu = `<header><nav><ul>${links(30, "menu")}</ul></nav></header>`;
const foot = `<footer><ul>${links(20, "legal")}</ul></footer>`;
const each = (count: number, make: (at: number) => string) =>
  Array.from({ length: count }, (_, at) => make(at)).join("");

describe("the items of a listing are what is repeated and holds the page", () => {
  const cases: [string, string, number][] = [
    [
      "cards of goods in rows",
      each(
        4,
        (row) =>
          `<div class="row">${each(3, (at) => `<div class="card"><a href="/p/${row}-${at}"><img src="/x.png" alt=""><h3>Rope ${row}-${at}</h3></a><span class="price">$${at}9</span></div>`)}</div>`,
      ),
      12,
    ],
    [
      "teasers of news",
      each(
        8,
        (at) =>
          `<article class="teaser post-${at}"><h2><a href="/news/${at}">What the harbour did on day ${at}</a></h2><time datetime="2024-03-0${at}">March ${at}</time><p>In short, not much, but more than the day before.</p><a href="/tag/sea">sea</a></article>`,
      ),
      8,
    ],
    [
      "rows of a table",
      `<table>${each(15, (at) => `<tr><td>${at}</td><td><a href="/film/${at}">The long voyage, part ${at}</a></td><td>19${at + 40}</td></tr>`)}</table>`,
      15,
    ],
    ["plain links", `<ul class="index">${links(60, "entry in the index of knots and ropes")}</ul>`, 60],
  ];

  for (const [name, html, count] of cases)
    test(name, () => {
      const list = read(`${menu}<main><h1>All of it</h1><p>An introduction.</p>${html}</main>${foot}`);

      expect(list?.items).toHaveLength(count);
      expect(list?.items.every(({ link }) => link && !/menu|legal|tag/.test(attribute(link, "href") ?? ""))).toBe(true);
    });
});

test("an item's link is that of its heading, and its title the link's text", () => {
  const list = read(
    each(
      5,
      (at) =>
        `<div class="hit"><a href="/by/ada">Written by a person with a very long name</a><h3><a href="/hit/${at}">Hit ${at}</a></h3><p>Some words.</p></div>`,
    ),
  );

  expect(list?.items.map(({ title }) => title)).toEqual(["Hit 0", "Hit 1", "Hit 2", "Hit 3", "Hit 4"]);
});

test("the container is the smallest element around all items, whose elements are marked", () => {
  const html = `<div id="page">${menu}<section id="list">${each(6, (at) => `<div class="hit"><h3><a href="/hit/${at}">Hit number ${at}</a></h3></div>`)}</section></div>`;
  const list = read(html);
  const marks = list && markItems(list, 500);

  expect(list && attribute(list.container, "id")).toBe("list");
  expect(list?.items.map(({ element }) => marks?.[element.order])).toEqual([1, 1, 1, 1, 1, 1]);
  expect(list && marks?.[list.container.order]).toBe(0);
});

test("blocks of items are kept in doubt, and blocks beside them are not", () => {
  const items = each(
    6,
    (at) => `<div class="hit"><h3><a href="/hit/${at}">Hit ${at}</a></h3><p>€${at}9</p><button>Buy</button></div>`,
  );
  const { root } = parseHtml(
    `<main><p>Advice on ropes, in a box beside the list.</p><section>${items}</section></main>`,
  );
  const survey = surveyPage(root);
  const list = findItems(root, survey);
  const none = new Set<number>();
  const { blocks } = cutBlocks(survey.body ?? root, survey.elements, { title: none, description: none });
  const isKept = new Uint8Array(blocks.length);
  const probabilities = Float64Array.from(blocks, ({ element }) => (element.name === "button" ? 0.05 : 0.3));

  if (list) settleItems("collection", blocks, markItems(list, survey.elements), probabilities, isKept);
  const kept = blocks.filter((_, at) => isKept[at]).map(({ element }) => element.name);

  expect(kept).toHaveLength(12);
  expect(kept).not.toContain("button");
});

test("prose has no items, nor has an empty page", () => {
  expect(read("<h1>About</h1><p>One paragraph.</p><p>And another one.</p>")).toBeUndefined();
  expect(read("")).toBeUndefined();
});

test("huge and deep pages take time in proportion", () => {
  const wide = read(`<ul>${links(20_000, "entry of a very long index")}</ul>`);
  const deep = read(`${'<div class="card"><a href="/x">Something to read</a>'.repeat(5_000)}`);

  expect(wide?.items.length).toBe(3_000);
  expect(deep === undefined || deep.items.every(({ element }) => lineOf(element) !== "")).toBe(true);
});
