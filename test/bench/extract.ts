import { Command, InvalidArgumentError } from "commander";
import { type Corpus, type CorpusPage, describeMissing, openCorpora } from "../training/corpora.ts";
import { readFoldModels } from "../training/fold-models.ts";
import { type ContenderName, contenders, textOfMarksRemoved } from "./extract-contenders.ts";
import { Contestant } from "./extract-contestant.ts";
import { judgePage, type PageResult, type SetFigures, summarise } from "./extract-figures.ts";
import { formatAims, formatSet, formatWorst, type SetReport } from "./extract-report.ts";

type Options = {
  sets?: string;
  only?: ContenderName;
  limit?: number;
  seed: number;
  warmUp: number;
  timeout: number;
  worst: number;
  json?: string;
  outOfFold?: string;
};

const options = new Command("bench:extract")
  .description(
    "Scores the main content of public pages, ours and that of the best npm libraries, by turns in one run: F1 as each set defines it, and the CPU time of a page. Ours includes decoding, links, metadata and Markdown.",
  )
  .option("--sets <folder>", "where the sets lie, in archives or unpacked (CORPORA_DIR; ../shared/corpora)")
  .option("--only <name>", `one of us, ${Object.keys(contenders).slice(1).join(", ")}`, parseContender)
  .option("--limit <n>", "pages of each set, spread evenly over it", parseCount)
  .option("--seed <n>", "another choice of these pages", parseCount, 0)
  .option("--warm-up <n>", "pages of each set before any counts", parseCount, 1_000)
  .option("--timeout <seconds>", "after which a page has failed", parseCount, 20)
  .option("--worst <n>", "list our pages with the lowest F1", parseCount, 0)
  .option("--out-of-fold <folder>", "judge each page by models that have not seen its domain (main-content.ts --folds)")
  .option("--json <file>", "write all figures, and those of each page, to a file")
  .parse()
  .opts<Options>();

const corpora = await openCorpora(options.sets);
if (corpora.length === 0) {
  console.error(describeMissing(options.sets));
  process.exit(2);
}

type Results = Record<string, PageResult[]>;

const names = options.only ? [options.only] : (Object.keys(contenders) as ContenderName[]);
const contestants = names.map(
  (name) => [name, new Contestant(name, options.timeout * 1_000, options.outOfFold)] as const,
);
await warnOfSeenPages();
const reports: SetReport[] = [];
const pages: Record<string, Results> = {};
for (const corpus of corpora) {
  for await (const page of corpus.pages(spread(corpus.ids, options.warmUp)))
    for (const [, contestant] of contestants) await contestant.extract(page);
}
for (const corpus of corpora) {
  const results = await scoreSet(corpus);
  const report = reportOn(corpus, results);
  reports.push(report);
  pages[corpus.name] = results;
  console.log(`${formatSet(report)}\n`);
  if (options.worst > 0) console.log(`${formatWorst(corpus.name, results.orbweaver ?? [], options.worst)}\n`);
}
for (const [, contestant] of contestants) contestant[Symbol.dispose]();
if (names.includes("orbweaver")) console.log(formatAims(reports));
if (options.json) await Bun.write(options.json, `${JSON.stringify({ sets: reports, pages }, null, 1)}\n`);

/** The development pages are what our models were made from. */
async function warnOfSeenPages(): Promise<void> {
  if (!names.includes("orbweaver")) return;
  const missing = options.outOfFold ? (await readFoldModels(options.outOfFold)).missing : ["all"];
  if (missing.length === 0) return;
  console.error(
    `Our models (${missing.join(", ")}) have seen the articles and the development pages, so that our figures there say little; --out-of-fold judges each page by models that have not.\n`,
  );
}

/** A page goes round all contestants before the next one, so that what else the machine does falls on all alike. */
async function scoreSet(corpus: Corpus): Promise<Results> {
  const results: Results = {};
  const add = (name: string, result: PageResult) => {
    results[name] ??= [];
    results[name].push(result);
  };
  for await (const page of corpus.pages(choosePages(corpus))) {
    for (const [name, contestant] of contestants) {
      const extraction = await contestant.extract(page);
      add(name, judgePage(corpus.scoring, page, extraction));
      if (name === "orbweaver") add("naive", judgeNaively(corpus, page, extraction.markdown));
    }
  }
  return results;
}

function judgeNaively({ scoring }: Corpus, page: CorpusPage, markdown = ""): PageResult {
  return judgePage(scoring, page, { text: textOfMarksRemoved(markdown), cpuMs: 0 });
}

function reportOn({ name, scoring }: Corpus, { naive, ...results }: Results): SetReport {
  const figures: Record<string, SetFigures> = {};
  for (const [contender, of] of Object.entries(results)) figures[contender] = summarise(scoring, of);
  return { name, contenders: figures, ...(naive ? { naive: summarise(scoring, naive) } : {}) };
}

function choosePages({ ids }: Corpus): string[] {
  return options.limit === undefined ? [...ids] : spread(ids, options.limit, options.seed);
}

/** So many of them at even steps; another seed starts at another one. */
function spread(ids: readonly string[], count: number, seed = 0): string[] {
  if (count >= ids.length) return [...ids];
  const step = ids.length / Math.max(1, count);
  // The golden ratio spreads the starts of successive seeds over the first step.
  const start = ((seed * 0.618_034) % 1) * step;
  return Array.from({ length: count }, (_, at) => ids[Math.floor(start + at * step)] ?? "");
}

function parseContender(name: string): ContenderName {
  const contender = name === "us" ? "orbweaver" : name;
  if (!Object.hasOwn(contenders, contender)) throw new InvalidArgumentError("There is no such contender.");
  return contender as ContenderName;
}

function parseCount(text: string): number {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 0) throw new InvalidArgumentError("It takes a whole number.");
  return count;
}
