import { expect, test } from "bun:test";
import type { Candidate } from "../../src/search/candidates.ts";
import { fuseRanks } from "../../src/search/fusion.ts";
import { rankPages } from "../../src/search/ranking.ts";

const candidate = (pageId: string, more: Partial<Candidate> = {}): Candidate => ({
  ...{ id: `${pageId}-${more.place ?? 0}`, pageId, websiteId: "w", place: 0, depth: 1, changedAt: 0 },
  ...{
    title: null,
    headings: [],
    ranks: [0.3],
    cover: 0,
    inTitle: 0,
    inHeadings: 0,
    titleLength: 4,
    headingsLength: 2,
    length: 100,
  },
  ...more,
});

const one = { terms: [{ rarity: 5, isOptional: false }], name: "lock" };
const two = { terms: [...one.terms, { rarity: 1, isOptional: false }], name: "lock file" };
const none = { terms: [], name: "" };
const order = (...args: Parameters<typeof rankPages>) => rankPages(...args).map(({ pageId }) => pageId);

test("a page stands once, with its passages best first", () => {
  const found = [candidate("a", { ranks: [0.1] }), candidate("a", { place: 1, ranks: [0.5] }), candidate("b")];

  const pages = rankPages(found, one);

  expect(pages.map(({ pageId, passages }) => [pageId, passages.map(({ place }) => place)])).toEqual([
    ["a", [1, 0]],
    ["b", [0]],
  ]);
});

test("a title that is the query goes before one that has it among others, and that before a text", () => {
  const found = [
    candidate("text"),
    candidate("long", { inTitle: 1, title: "What there is to say of lock and key" }),
    candidate("exact", { inTitle: 1, title: "Lock" }),
  ];

  expect(order(found, one)).toEqual(["exact", "long", "text"]);
});

test("what is called as the query says goes before what has its words in a longer name", () => {
  const all = { inTitle: 1, inHeadings: 1 };
  const found = [
    candidate("longer", { ...all, title: "secrets — Make a lock" }),
    candidate("heading", { ...all, title: "Many things", headings: ["2.1 Lock"] }),
    candidate("called", { ...all, title: "lock — What keeps others out — Manual" }),
    candidate("part", { ...all, title: "Guide | Lock" }),
  ];

  expect(order(found, one)).toEqual(["called", "heading", "part", "longer"]);
});

test("a rare word weighs more than a common one, and both together more than either", () => {
  const found = [
    candidate("common", { ranks: [0, 0.3] }),
    candidate("rare", { ranks: [0.3, 0] }),
    candidate("both", { ranks: [0.3, 0.3], cover: 0.1 }),
  ];

  expect(order(found, two)).toEqual(["both", "rare", "common"]);
});

test("words that stand together go before words that stand apart", () => {
  const ranks = [0.3, 0.3];

  expect(
    order([candidate("apart", { ranks, cover: 0.01 }), candidate("together", { ranks, cover: 0.5 })], two),
  ).toEqual(["together", "apart"]);
});

test("a page that has all words in different passages goes before one that lacks one", () => {
  const found = [
    candidate("lacking", { ranks: [0.35, 0] }),
    candidate("spread", { ranks: [0.3, 0] }),
    candidate("spread", { place: 1, ranks: [0, 0.3] }),
  ];

  expect(order(found, two)).toEqual(["spread", "lacking"]);
});

test("what is the same goes by nearness to the start, then by id, whatever order it came in", () => {
  const found = [candidate("c"), candidate("b"), candidate("a", { depth: 5 })];

  expect(order(found, one)).toEqual(["b", "c", "a"]);
  expect(order(found.toReversed(), one)).toEqual(["b", "c", "a"]);
});

test("without words, what changed last comes first", () => {
  const found = [candidate("old", { ranks: [], changedAt: 10 }), candidate("new", { ranks: [], changedAt: 20 })];

  expect(order(found, none)).toEqual(["new", "old"]);
});

test("what stands high in both orders goes before what leads one alone", () => {
  const fused = fuseRanks([
    ["words", "both", "x"],
    ["meaning", "both", "y"],
  ]).map(({ id }) => id);

  expect(fused.slice(0, 3)).toEqual(["both", "meaning", "words"]);
});
