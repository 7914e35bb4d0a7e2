/**
 * Trains the forests that find a page's main content, on the development split of WCXB and on the articles set.
 *
 *   bun test/training/page-types.ts --shares FILE          first: what is to be thought of each page's type
 *   bun test/training/main-content.ts --shares FILE        prints out-of-fold figures of choosing blocks
 *   … --write                                              also writes the forests that the program ships
 *   … --folds FOLDER                                       also writes the forests of each fold, for bench:extract
 *
 * Needs the public sets (see corpora.ts) and Python with xgboost 1.7. Takes about a quarter of an hour on two cores.
 */
import { mkdir, mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { decodeText } from "../../src/content/charset.ts";
import { type Node, parseHtml } from "../../src/content/dom.ts";
import { baseUrlOf } from "../../src/content/links.ts";
import { chooseThreshold } from "../../src/content/main/choice.ts";
import { FEATURE_NAMES } from "../../src/content/main/features/features.ts";
import { writeForest } from "../../src/content/main/forest.ts";
import { joinLooks } from "../../src/content/main/looks.ts";
import { joinRows, type PageBlocks, readPageBlocks, SECOND_WIDTH } from "../../src/content/main/page-blocks.ts";
import { readJsonLd } from "../../src/content/metadata/json-ld.ts";
import { readMetadata } from "../../src/content/metadata/metadata.ts";
import { readModels } from "../../src/content/models.ts";
import { detectPageType } from "../../src/content/page-type/detect.ts";
import { surveyPage } from "../../src/content/survey.ts";
import { type Boosted, boost } from "./boosting.ts";
import { type CorpusPage, describeMissing, openCorpora } from "./corpora.ts";
import { FOLDS, foldOf } from "./folds.ts";
import { countMatches, scoreCounts } from "./scoring.ts";
import { coverBlocks, tokensOf } from "./targets.ts";

const MODELS = join(import.meta.dir, "../../src/content/main");
const SEED = 7;
/** Settings of xgboost, chosen out of fold among few. */
const SETTINGS = {
  objective: "reg:logistic",
  tree_method: "hist",
  grow_policy: "lossguide",
  max_depth: 0,
  max_bin: 64,
  subsample: 0.6,
  nthread: 2,
};
const FIRST = { rounds: 180, eta: 0.09, max_leaves: 31, colsample_bytree: 0.3 };
/** It leans on few numbers that say much, and learns their noise if it is let. */
const SECOND = { rounds: 80, eta: 0.08, max_leaves: 15, colsample_bytree: 0.5 };
/** Blocks of one page to learn from; what more it has is drawn by lot. */
const MAX_LEARNT = 400;
/** No block counts for more than this share of its page, and none for nothing. */
const MAX_WEIGHT = 0.5;
const MIN_WEIGHT = 0.002;
/** Half of the pages are articles; the other types are harder, and as dear to those who need them. */
const OTHER_TYPES = 2;

const unread = new Set(
  "script style svg select option textarea iframe object embed audio video canvas datalist".split(" "),
);

type Known = {
  id: string;
  set: string;
  type: string;
  fold: number;
  truth: string[];
  tokens: string[][];
  covered: Float64Array;
};

const { values } = parseArgs({
  options: {
    write: { type: "boolean" },
    shares: { type: "string" },
    folds: { type: "string" },
  },
});
const shares: Record<string, number[]> = values.shares ? (await Bun.file(values.shares).json()).shares : {};
const corpora = (await openCorpora()).filter(({ name }) => name === "wcxb dev" || name === "articles");
if (corpora.length === 0) throw new Error(describeMissing());
const folder = await mkdtemp(join(tmpdir(), "main-content-"));
try {
  const known = await describeAll();
  const first = await look("first", known, FEATURE_NAMES.length, FIRST);
  report("First look", known, first.predictions);
  await joinAll(known, first.predictions);
  const second = await look("second", known, SECOND_WIDTH, SECOND);
  report("Second look", known, second.predictions);
  report(
    "Both",
    known,
    first.predictions.map((one, at) => joinLooks(scoreOf(one), scoreOf(second.predictions[at] ?? 0), 0.5)),
  );
  if (values.write) {
    await Bun.write(join(MODELS, "first-look.bin"), writeForest(first.whole));
    await Bun.write(join(MODELS, "second-look.bin"), writeForest(second.whole));
  }
  for (let fold = 0; values.folds && fold < FOLDS; fold++) {
    const [one, two] = [first.byFold[fold], second.byFold[fold]];
    if (one) await Bun.write(join(values.folds, `first-look.${fold}.bin`), writeForest(one));
    if (two) await Bun.write(join(values.folds, `second-look.${fold}.bin`), writeForest(two));
  }
} finally {
  await rm(folder, { recursive: true });
}

function readBlocks(page: CorpusPage): PageBlocks {
  const { root } = parseHtml(decodeText(page.html, undefined).text);
  const survey = surveyPage(root);
  const url = page.url || "https://example.com/";
  const { title, description } = readMetadata(survey, { url, baseUrl: baseUrlOf(survey, url), robotsTag: null });
  const detected = detectPageType({ survey, url, jsonLd: readJsonLd(survey.scripts) }, readModels().types);
  const outOfFold = shares[page.id];
  if (outOfFold) detected.shares = Float64Array.from(outOfFold);
  return readPageBlocks({ survey, url, title, description, detected });
}

async function describeAll(): Promise<Known[]> {
  await mkdir(join(folder, "first"));
  const rows = await open(join(folder, "first/rows"), "w");
  const known: Known[] = [];
  for (const corpus of corpora) {
    for await (const page of corpus.pages()) {
      const blocks = readBlocks(page);
      await rows.write(bytesOf(blocks.rows));
      const tokens = blocks.cut.blocks.map(({ nodes }) => tokensOf(nodes.map(visibleText).join("")));
      const truth = tokensOf(page.truth);
      const { id, type } = page;
      known.push({
        id,
        type,
        set: corpus.name,
        fold: foldOf(page),
        truth,
        tokens,
        covered: coverBlocks(tokens, truth),
      });
    }
  }
  await rows.close();
  return known;
}

function visibleText(node: Node): string {
  if (node.type === "text") return node.text;
  if (unread.has(node.name)) return " ";
  const text = node.children.map(visibleText).join("");
  return /^(?:td|th|p|div|br|tr|li)$/.test(node.name) ? `${text} ` : text;
}

async function look(name: string, known: readonly Known[], width: number, own: typeof FIRST): Promise<Boosted> {
  const place = join(folder, name);
  const labels: number[] = [];
  const weights: number[] = [];
  const folds: number[] = [];
  const learnt: number[] = [];
  let state = SEED;
  const random = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
  for (const { tokens, covered, truth, fold, type } of known) {
    const factor = type === "article" ? 1 : OTHER_TYPES;
    const share = Math.min(1, MAX_LEARNT / tokens.length);
    for (let at = 0; at < tokens.length; at++) {
      const part = (tokens[at]?.length ?? 0) / Math.max(truth.length, 60);
      labels.push(covered[at] ?? 0);
      weights.push((factor * (Math.min(part, MAX_WEIGHT) + MIN_WEIGHT)) / share);
      folds.push(fold);
      learnt.push(Number(random() < share));
    }
  }
  await Bun.write(join(place, "labels"), Float32Array.from(labels));
  await Bun.write(join(place, "weights"), Float32Array.from(weights));
  await Bun.write(join(place, "folds"), Int32Array.from(folds));
  await Bun.write(join(place, "learnt"), Uint8Array.from(learnt));
  console.log(`${name} look: ${labels.length} blocks, ${width} features`);
  const { rounds, ...more } = own;
  const settings = { ...SETTINGS, ...more };
  return boost({ folder: place, folds: Array.from({ length: FOLDS }, (_, at) => at), rounds, seed: SEED, settings });
}

/** The rows of the second look, which reads every page again rather than hold all of them. */
async function joinAll(known: readonly Known[], predictions: Float32Array): Promise<void> {
  await mkdir(join(folder, "second"));
  const rows = await open(join(folder, "second/rows"), "w");
  let at = 0;
  let index = 0;
  for (const corpus of corpora) {
    for await (const page of corpus.pages()) {
      const count = known[index++]?.tokens.length ?? 0;
      const joined = joinRows(readBlocks(page), Float64Array.from(predictions.subarray(at, at + count)));
      await rows.write(bytesOf(joined));
      at += count;
    }
  }
  await rows.close();
}

function bytesOf(rows: Float32Array): Uint8Array {
  return new Uint8Array(rows.buffer, rows.byteOffset, rows.byteLength);
}

/** What a forest summed up before the logistic function. */
function scoreOf(probability: number): number {
  return Math.log(probability / (1 - probability));
}

function report(title: string, known: readonly Known[], predictions: Float32Array): void {
  const scores = new Map<string, number[]>();
  let at = 0;
  for (const { set, type, tokens, truth } of known) {
    const own = Float64Array.from(predictions.subarray(at, at + tokens.length));
    at += tokens.length;
    const { threshold } = chooseThreshold(
      own,
      Float64Array.from(tokens, ({ length }) => length),
    );
    const text = tokens.filter((_, block) => (own[block] ?? 0) >= threshold).flat();
    const { f1 } = scoreCounts(countMatches("words", text.join(" "), truth.join(" ")));
    for (const name of set === "articles" ? [set] : [set, type]) scores.set(name, [...(scores.get(name) ?? []), f1]);
  }
  const means = [...scores].map(([name, all]) => [name, all.reduce((sum, one) => sum + one, 0) / all.length] as const);
  const types = means.filter(([name]) => !corpora.some((corpus) => corpus.name === name));
  const macro = types.reduce((sum, [, mean]) => sum + mean, 0) / types.length;
  console.log(
    `${title}: ${[...means, ["macro", macro] as const].map(([name, mean]) => `${name} ${mean.toFixed(4)}`).join(", ")}`,
  );
}
