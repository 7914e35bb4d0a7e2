import { afterAll, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describeMissing, openCorpora } from "../training/corpora.ts";
import { countMatches, countSnippets, scoreCounts, scorePages, wordsOf } from "../training/scoring.ts";
import { Contestant } from "./extract-contestant.ts";
import { judgePage, summarise } from "./extract-figures.ts";
import { formatAims, formatSet } from "./extract-report.ts";

const folder = await mkdtemp(join(tmpdir(), "orbweaver-sets-"));
afterAll(() => rm(folder, { recursive: true }));

const html = (text: string) => Bun.gzipSync(`<!doctype html><title>t</title><main><p>${text}</main>`);
const truth = (type: string, text: string) =>
  JSON.stringify({
    url: `https://a.example/${type}`,
    _internal: { page_type: { primary: type } },
    ground_truth: { main_content: text, with: [text.slice(0, 4)], without: ["nowhere"] },
  });

const wcxb = {
  "html/0002.html.gz": html("Forum words"),
  "html/0001.html.gz": html("Article words"),
  "ground-truth/0001.json": truth("article", "Article words"),
  "ground-truth/0002.json": truth("forum", "Forum words"),
  "ground-truth/0003.json": truth("forum", "no page of that number is there"),
};
const articles = {
  "html/b.html.gz": html("One two three four five"),
  "ground-truth.json": JSON.stringify({ b: { articleBody: "One two three four five", url: "https://b.example/" } }),
};

async function writeAll(files: Record<string, string | Uint8Array>, place: string): Promise<void> {
  for (const [name, content] of Object.entries(files)) await Bun.write(join(folder, place, name), content);
}

async function writeArchive(files: Record<string, string | Uint8Array>, place: string, prefix: string): Promise<void> {
  const entries = Object.entries(files).map(([name, content]) => [prefix + name, content]);
  const tar = await new Bun.Archive(Object.fromEntries(entries)).bytes();
  await Bun.write(join(folder, place), Bun.zstdCompressSync(tar));
}

test("sets are read alike from archives and from folders, whatever split they are", async () => {
  await writeAll(wcxb, "unpacked/wcxb/test");
  await writeAll(articles, "unpacked/articles");
  await writeArchive(wcxb, "packed/wcxb-dev.tar.zst", "dev/");
  await writeArchive(articles, "packed/articles.tar.zst", "./");

  const unpacked = await openCorpora(join(folder, "unpacked"));
  const packed = await openCorpora(join(folder, "packed"));
  const direct = await openCorpora(join(folder, "unpacked/wcxb/test"));

  expect(unpacked.map(({ name, ids }) => [name, ids])).toEqual([
    ["articles", ["b"]],
    ["wcxb test", ["0001", "0002"]],
  ]);
  expect(packed.map(({ name }) => name)).toEqual(["articles", "wcxb dev"]);
  expect(direct.map(({ name }) => name)).toEqual(["wcxb"]);
  for (const at of [0, 1]) {
    const [one, other] = await Promise.all([unpacked, packed].map((sets) => Array.fromAsync(sets[at]?.pages() ?? [])));
    expect(one).toEqual(other ?? []);
  }
  const [forum] = await Array.fromAsync(packed[1]?.pages(["0002"]) ?? []);
  expect(forum).toMatchObject({
    id: "0002",
    type: "forum",
    truth: "Forum words",
    with: ["Foru"],
    without: ["nowhere"],
  });
});

test("where there are no sets, the benchmark says in one sentence where to find them", async () => {
  const missing = join(folder, "missing");

  const run = Bun.spawnSync([process.execPath, join(import.meta.dir, "extract.ts"), "--sets", missing]);

  expect(run.exitCode).toBe(2);
  expect(run.stderr.toString().trim()).toBe(describeMissing(missing));
});

test("words are letters, numerals and underscores, as Python has them", () => {
  expect(wordsOf("Éa_1-b’c ½ ナ\u0301 €")).toEqual(["Éa_1", "b", "c", "½", "ナ"]);
});

test("words are compared as multisets, whatever their case and order", () => {
  const counts = countMatches("words", "b A a x", "a b b c");

  expect(counts).toEqual({ tp: 2, fp: 2, fn: 2 });
  expect(scoreCounts(counts)).toEqual({ f1: 0.5, precision: 0.5, recall: 0.5 });
});

test("shingles are compared in their order and case, and pages weigh the same", () => {
  const good = countMatches("shingles", "a b c d e", "a b c d e");
  const halfOfLong = countMatches("shingles", "a b c d e f g", "a b c d X Y Z".repeat(3));

  expect(good).toEqual({ tp: 2, fp: 0, fn: 0 });
  expect(countMatches("shingles", "a b", "a b")).toEqual({ tp: 1, fp: 0, fn: 0 });
  expect(countMatches("shingles", "a b c d", "A b c d").tp).toBe(0);
  const { tp, fp, fn } = halfOfLong;
  expect(scorePages("shingles", [good, halfOfLong]).recall).toBeCloseTo(
    (1 + tp / (tp + fp + fn)) / (1 + (tp + fn) / (tp + fp + fn)),
    10,
  );
});

test("nothing found is nothing gained, unless there was nothing to find", () => {
  expect(scoreCounts(countMatches("words", "", "a")).f1).toBe(0);
  expect(scoreCounts(countMatches("words", "a", "")).f1).toBe(0);
  expect(scoreCounts(countMatches("words", "", "")).f1).toBe(1);
});

test("snippets are looked for whatever their case and white space", () => {
  expect(countSnippets("One  two\nthree", ["TWO three", "one three"])).toBe(1);
});

test("a contender answers in a process of its own, and failures are figures", async () => {
  const [corpus] = await openCorpora(join(folder, "unpacked/wcxb"));
  const pages = await Array.fromAsync(corpus?.pages() ?? []);
  using contestant = new Contestant("orbweaver", 30_000);
  using hasty = new Contestant("orbweaver", 1);

  const results = [];
  for (const page of pages) results.push(judgePage("words", page, await contestant.extract(page)));
  const late = await Promise.all(pages.slice(0, 1).map((page) => hasty.extract(page)));

  expect(results.map(({ f1, failure }) => [f1, failure])).toEqual([
    [1, undefined],
    [1, undefined],
  ]);
  expect(late).toMatchObject([{ text: "", failure: "took longer than 0.001 s" }]);
  const figures = summarise("words", results);
  expect(figures).toMatchObject({ f1: 1, macro: 1, withFound: 1, withoutAbsent: 1, failures: 0, slowPages: 0 });
  expect(formatSet({ name: "wcxb", contenders: { orbweaver: figures } })).toContain("wcxb: 2 pages");
  expect(formatAims([{ name: "wcxb", contenders: { orbweaver: figures } }])).toContain("reached");
});
