import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command, InvalidArgumentError, Option } from "commander";
import { LOCAL_VIEWER } from "../../src/access/viewer.ts";
import { type App, openApp } from "../../src/app.ts";
import { systemClock } from "../../src/clock.ts";
import { readConfig } from "../../src/config/config.ts";
import { search } from "../../src/search/search.ts";
import { createLog } from "../../src/telemetry/log.ts";
import { seededRandom } from "./chance.ts";
import { createBenchDatabase } from "./postgres.ts";
import { multiplyPages, readIndexTerms, readManuals } from "./search-corpus.ts";
import { judge, type KnownItem, makeQueries, QUERY_KINDS } from "./search-queries.ts";
import { indexManuals, makePlainIndex, measureSizes, searchPlainly, storeManuals } from "./search-store.ts";
import { alignColumns } from "./table.ts";

type Options = { sizes: number[]; store: "postgres" | "embedded"; queries: number; worst: number };

const options = new Command("bench:search")
  .description(
    "Searches manuals as Debian packages them, beside the plain way over the same documents in the same database: to_tsvector('english', …) ranked by ts_rank. Queries are known items: titles, headings and terms of the manuals' own indexes, and misspelt ones.",
  )
  .option("--sizes <numbers>", "documents, comma-separated", readSizes, [1_000, 10_000])
  .addOption(new Option("--store <kind>", "where they lie").choices(["postgres", "embedded"]).default("postgres"))
  .option("--queries <number>", "queries of each kind", Number, 250)
  .option("--worst <number>", "show so many that were not answered at once", Number, 0)
  .parse()
  .opts<Options>();

/** Words that many pages have, by which a search must not become slow. */
const COMMON = [
  ..."function,value,file,class method,return value,the file name,option,default value,error message".split(","),
  ..."type of the argument,string,set,list of all,example,new version,data type,how to use,use,table,index".split(","),
  ...'"return value",file OR directory,string -python,class object type name,install,configuration file'.split(","),
];

for (const size of options.sizes) await run(size);
process.exit(0);

async function run(size: number): Promise<void> {
  console.log(`\n${size.toLocaleString("en")} documents, ${options.store}`);
  const real = await readManuals(size, (line) => console.log(line));
  const pages = multiplyPages(real, size);
  const terms = await readIndexTerms(new Set(real.map(({ manual }) => manual)));
  const items = makeQueries(real, terms, options.queries, seededRandom(11));
  const { app, close } = await open();
  try {
    await storeManuals(app.db, pages, systemClock.now());
    const { cpuSeconds, seconds } = await indexManuals(app);
    const perPage = (value: number) => `${((1_000 * value) / pages.length).toFixed(2)} ms`;
    console.log(
      `indexed in ${seconds.toFixed(0)} s: ${perPage(seconds)} a page, ${perPage(cpuSeconds)} of this process's CPU`,
    );
    await makePlainIndex(app.db, pages);
    const sizes = await measureSizes(app.db);
    const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(0)} MB`;
    console.log(
      `documents ${megabytes(sizes.documents)}, passages ${megabytes(sizes.passages)}, plain ${megabytes(sizes.plain)}`,
    );
    await compare(app, items);
  } finally {
    await close();
  }
}

async function compare(app: App, items: readonly KnownItem[]): Promise<void> {
  const ways = {
    Orbweaver: async (query: string) =>
      (await search(app, LOCAL_VIEWER, { query, mode: "text", limit: 10 })).results.map(({ url }) => url),
    plain: (query: string) => searchPlainly(app.db, query),
  };
  const lines: string[][] = [];
  const speeds: string[][] = [];
  for (const [name, ask] of Object.entries(ways)) {
    for (const { query } of items.slice(0, 50)) await ask(query);
    const answers = [];
    const times: number[] = [];
    for (const item of items) {
      const startedAt = performance.now();
      answers.push({ item, urls: await ask(item.query) });
      times.push(performance.now() - startedAt);
    }
    for (const kind of QUERY_KINDS) {
      const { queries, mrr, recall } = judge(answers.filter(({ item }) => item.kind === kind));
      lines.push([kind, name, String(queries), mrr.toFixed(3), recall.toFixed(3)]);
    }
    const right = judge(answers.filter(({ item }) => item.kind !== "misspelt"));
    lines.push(["all but misspelt", name, String(right.queries), right.mrr.toFixed(3), right.recall.toFixed(3)]);
    speeds.push(["known items", name, ...toSpeeds(times)]);
    const common: number[] = [];
    for (const query of [...COMMON, ...COMMON]) {
      const startedAt = performance.now();
      await ask(query);
      common.push(performance.now() - startedAt);
    }
    speeds.push(["common words", name, ...toSpeeds(common.slice(COMMON.length))]);
    if (name === "Orbweaver") showWorst(answers);
  }
  const sorted = lines.sort(([a = ""], [b = ""]) => kindOrder(a) - kindOrder(b));
  console.log(alignColumns(["queries", "", "asked", "MRR@10", "recall@10"], sorted, { texts: 2 }));
  console.log(alignColumns(["queries", "", "p50 ms", "p95 ms", "most ms"], speeds, { texts: 2 }));
}

function kindOrder(kind: string): number {
  return (QUERY_KINDS as readonly string[]).indexOf(kind) + 1 || 99;
}

function toSpeeds(times: readonly number[]): string[] {
  const sorted = [...times].sort((a, b) => a - b);
  const at = (share: number) =>
    (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0).toFixed(1);
  return [at(0.5), at(0.95), at(1)];
}

function showWorst(answers: readonly { item: KnownItem; urls: readonly string[] }[]): void {
  const missed = answers.filter(({ item, urls }) => !item.urls.has(urls[0] ?? ""));
  for (const { item, urls } of missed.slice(0, options.worst)) {
    console.log(
      `${item.kind}: ${item.query}\n  wanted ${[...item.urls].join(" ")}\n  found  ${urls.slice(0, 3).join(" ")}`,
    );
  }
}

async function open(): Promise<{ app: App; close(): Promise<void> }> {
  const folder = mkdtempSync(join(tmpdir(), "orbweaver-bench-"));
  const database = options.store === "postgres" ? await createBenchDatabase() : undefined;
  if (options.store === "postgres" && !database) throw new Error("There is no PostgreSQL here: --store embedded");
  const where = database ? { DATABASE_URL: database.url } : { DATA_DIR: folder };
  const log = createLog("error", systemClock, (line) => process.stderr.write(line));
  const app = await openApp(readConfig(where, { PARSER_THREADS: 1 }), { log });
  const close = async () => {
    await app.close();
    await database?.drop();
    rmSync(folder, { recursive: true, force: true });
  };
  return { app, close };
}

function readSizes(text: string): number[] {
  const sizes = text.split(",").map(Number);
  if (sizes.every((size) => Number.isInteger(size) && size > 0)) return sizes;
  throw new InvalidArgumentError("Numbers of documents, comma-separated, as in 1000,10000.");
}
