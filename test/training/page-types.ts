/**
 * Trains the model of page types on WCXB's development split and says how well it tells them apart:
 *
 *   bun test/training/page-types.ts                    prints out-of-fold figures
 *   bun test/training/page-types.ts --write            also writes src/content/page-type/model.bin
 *   bun test/training/page-types.ts --shares FILE      also writes each page's out-of-fold shares as JSON
 *   bun test/training/page-types.ts --folds FOLDER     also writes the forests of each fold, for bench:extract
 */
import { join } from "node:path";
import { parseArgs } from "node:util";
import { decodeText } from "../../src/content/charset.ts";
import { PAGE_TYPES, type PageType } from "../../src/content/document.ts";
import { parseHtml } from "../../src/content/dom.ts";
import { type Forest, writeForest } from "../../src/content/main/forest.ts";
import { readJsonLd } from "../../src/content/metadata/json-ld.ts";
import { combine, type DetectedType, findRule, MODEL_TYPES, weighTypes } from "../../src/content/page-type/detect.ts";
import { describePage, nameFeatures, readTraits } from "../../src/content/page-type/features.ts";
import type { Rule } from "../../src/content/page-type/rule.ts";
import { surveyPage } from "../../src/content/survey.ts";
import { describeMissing, openCorpora } from "./corpora.ts";
import { foldOf } from "./folds.ts";
import { cool, trainForests } from "./page-type-forest.ts";
import { describeConfusion, type Judgement, logLoss } from "./page-type-report.ts";

const MODEL = join(import.meta.dir, "../../src/content/page-type/model.bin");

type Page = { id: string; url: string; truth: PageType; row: Float32Array; rule: Rule | undefined; fold: number };

const { values } = parseArgs({
  options: { write: { type: "boolean" }, shares: { type: "string" }, folds: { type: "string" } },
});
const corpus = (await openCorpora()).find(({ name }) => name === "wcxb dev");
if (!corpus) throw new Error(describeMissing());

const pages: Page[] = [];
let names: string[] = [];
for await (const page of corpus.pages()) {
  const { root } = parseHtml(decodeText(page.html, undefined).text);
  const survey = surveyPage(root);
  // A few pages of the set have none.
  const url = page.url || "https://example.com/";
  const traits = readTraits({ survey, url, jsonLd: readJsonLd(survey.scripts) });
  if (names.length === 0) names = nameFeatures(traits);
  const truth = page.type === "service" ? "landing" : (page.type as PageType);
  const fold = foldOf(page);
  pages.push({ id: page.id, url, truth, row: describePage(traits), rule: findRule(traits), fold });
}

const { byFold, whole } = await trainForests({
  rows: pages.map(({ row }) => row),
  labels: pages.map(({ truth }) => MODEL_TYPES.indexOf(truth)),
  folds: pages.map(({ fold }) => fold),
});
const temperature = bestTemperature();
const judged = judge(temperature, true);
console.log(`${pages.length} pages, ${names.length} features, temperature ${temperature}`);
console.log(describeConfusion("Rules alone, else article", judge(temperature, true, true)));
console.log(describeConfusion("Model alone", judge(temperature, false)));
console.log(describeConfusion("Rules and model", judged));

if (values.write) {
  const file = writeForest(cool(whole, temperature));
  await Bun.write(MODEL, file);
  console.log(`Wrote ${MODEL}: ${file.length} bytes`);
}
for (const [fold, forest] of values.folds ? byFold.entries() : []) {
  await Bun.write(join(values.folds ?? "", `types.${fold}.bin`), writeForest(cool(forest, temperature)));
}
if (values.shares) {
  const shares = Object.fromEntries(
    judged.map(({ shares }, at) => [pages[at]?.id, [...shares].map((share) => Math.fround(share))]),
  );
  await Bun.write(values.shares, JSON.stringify({ types: PAGE_TYPES, shares }));
}

/** What is said of each page by the forest that has not seen its domain. */
function judge(temperature: number, withRules: boolean, withoutModel = false): Judgement[] {
  const forests = byFold.map((forest) => cool(forest, temperature));
  return pages.map(({ id, url, truth, row, rule, fold }) => {
    const weights = withoutModel ? articles() : weighTypes(forests[fold] as Forest, row);
    const detected: DetectedType = combine(withRules ? rule : undefined, weights);
    return { id, url, truth, ...detected };
  });
}

function articles(): Float64Array {
  return Float64Array.from(MODEL_TYPES, (_, at) => (at === 0 ? 0.3 : 0.7 / (MODEL_TYPES.length - 1)));
}

function bestTemperature(): number {
  const candidates = [0.7, 0.8, 0.9, 1, 1.1, 1.2, 1.3, 1.5];
  const losses = candidates.map((one) => logLoss(judge(one, true)));
  return candidates[losses.indexOf(Math.min(...losses))] ?? 1;
}
