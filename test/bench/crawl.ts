import { mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command, InvalidArgumentError } from "commander";
import { type Measured, measure } from "./measure.ts";
import { createBenchDatabase } from "./postgres.ts";
import { formatTable, type Row } from "./report.ts";

type Options = {
  pages: number;
  bytes: { min: number; max: number };
  concurrency: number;
  binary?: string;
  only?: string[];
  compareSizes?: number[];
  recrawl: boolean;
  repeat: number;
  json: boolean;
};

const program = new Command("bench")
  .description("Crawls a local website of our own making and compares Orbweaver with the least that fetching it costs.")
  .option("--pages <n>", "pages of the website", whole, 10_000)
  .option("--bytes <min-max>", "size of a page", sizes, { min: 10_000, max: 60_000 })
  .option("--concurrency <n>", "requests at a time, for every contender", whole, 16)
  .option("--binary <file>", "measure this executable rather than the source")
  .option("--only <names>", "contenders: fetch, links, embedded, postgres", (text) => text.split(","))
  .option("--compare-sizes <n,n>", "measure the embedded crawl's memory at these numbers of pages", (text) =>
    text.split(",").map(whole),
  )
  .option("--recrawl", "crawl the website a second time, unchanged, and measure that too", false)
  .option("--repeat <n>", "runs of each contender; the one with the median time counts", whole, 1)
  .option("--json", "print one JSON object", false)
  .parse();

const options = program.opts<Options>();
const log = (line: string) => process.stderr.write(`${line}\n`);
const rows = options.compareSizes ? await compareSizes(options.compareSizes) : await compareContenders(options.pages);
console.log(options.json ? JSON.stringify({ options, rows }) : formatTable(rows));

async function compareContenders(pages: number): Promise<Row[]> {
  const rows: Row[] = [];
  await withSite(pages, async (origin) => {
    const wants = (name: string) => !options.only || options.only.includes(name);
    const shape = [pages, options.bytes.min, options.bytes.max].map(String);
    const simple = (file: string, args: string[]) => [process.execPath, join(import.meta.dir, file), origin, ...args];
    const add = async (contender: string, run: () => Promise<Row[]>) => {
      if (!wants(contender)) return;
      const runs: Row[][] = [];
      for (let n = 0; n < options.repeat; n++) runs.push(await run());
      rows.push(...(runs.sort(([a], [b]) => (a?.seconds ?? 0) - (b?.seconds ?? 0))[Math.floor(runs.length / 2)] ?? []));
    };
    const bare = async (name: string, command: string[]) => [
      await measure({ name, command, timeoutMs: timeoutMs(pages) }, (line) => JSON.parse(line).pages),
    ];

    await add("fetch", () => bare("a  fetch alone", simple("fetch-loop.ts", [...shape, `${options.concurrency}`])));
    await add("links", () => bare("b  fetch, links", simple("fetch-links.ts", [`${options.concurrency}`])));
    await add("embedded", () => runOrbweaver("c  Orbweaver, embedded", origin, pages));
    await add("postgres", () => runOnPostgres(origin, pages));
  });
  const short = rows.filter((row) => row.pages !== pages);
  for (const row of short) log(`${row.name} got ${row.pages} pages of ${pages}: its figures do not compare.`);
  if (short.length > 0) process.exitCode = 1;
  return rows;
}

async function compareSizes(sizes: number[]): Promise<Row[]> {
  const rows: Row[] = [];
  for (const pages of sizes)
    await withSite(pages, async (origin) => {
      rows.push(...(await runOrbweaver(`embedded, ${pages} pages`, origin, pages)));
    });
  return rows;
}

async function runOnPostgres(origin: string, pages: number): Promise<Row[]> {
  const name = "d  Orbweaver, Postgres";
  const database = await createBenchDatabase();
  if (!database) {
    log("No Postgres answers on localhost:5432 and TEST_DATABASE_URL is not set: (d) is left out.");
    return [{ name, pages, seconds: 0, cpuSeconds: 0, peakBytes: 0, writtenBytes: 0, isLeftOut: true }];
  }
  try {
    let before = database.serverCpuSeconds();
    return await runOrbweaver(name, origin, pages, database.url, async (row) => {
      const after = database.serverCpuSeconds();
      row.storedBytes = (row.storedBytes ?? 0) + (await database.bytes());
      if (before !== undefined && after !== undefined) row.serverCpuSeconds = after - before;
      before = after;
    });
  } finally {
    await database.drop();
  }
}

/** @param onRow has the row completed before the next run begins */
async function runOrbweaver(
  name: string,
  origin: string,
  pages: number,
  databaseUrl?: string,
  onRow = async (_: Row) => {},
): Promise<Row[]> {
  const folder = await mkdtemp(join(tmpdir(), "orbweaver-bench-"));
  const data = join(folder, "data");
  const orbweaver = options.binary ? [options.binary] : [process.execPath, join(import.meta.dir, "../../src/main.ts")];
  const settings = ["--max-pages", `${pages * 2}`, "--concurrency", `${options.concurrency}`, "--delay", "0"];
  // A folder that is named goes before the environment's database.
  const store = databaseUrl ? [] : ["--data", data];
  const command = [...orbweaver, "crawl", `${origin}/`, "--no-files", ...store, ...settings, "--quiet", "--json"];
  const env = { NODE_ENV: "production", DATABASE_URL: databaseUrl, REDIS_URL: undefined };
  const run = async (title: string, counter: "created" | "unchanged") => {
    const measured: Measured = await measure(
      { name: title, command, env, timeoutMs: timeoutMs(pages) },
      (line) => (JSON.parse(line) as { pages: Record<typeof counter, number> }).pages[counter],
    );
    const row: Row = { ...measured, storedBytes: await weigh(data) };
    await onRow(row);
    return row;
  };
  try {
    const first = await run(name, "created");
    return options.recrawl ? [first, await run(`${name}, again`, "unchanged")] : [first];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function weigh(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const sizes = entries.filter((entry) => entry.isFile()).map((entry) => stat(join(entry.parentPath, entry.name)));
  return (await Promise.all(sizes)).reduce((sum, { size }) => sum + size, 0);
}

async function withSite(pages: number, run: (origin: string) => Promise<void>): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const script = join(import.meta.dir, "site-server.ts");
  const server = Bun.spawn([process.execPath, script, ...[pages, options.bytes.min, options.bytes.max].map(String)], {
    stdio: ["ignore", "ignore", "inherit"],
    ipc: ({ origin }: { origin: string }) => resolve(origin),
    onExit: (_child, code) => reject(new Error(`The website's process ended with ${code}.`)),
  });
  try {
    await run(await promise);
  } finally {
    server.kill();
    await server.exited;
  }
}

/** Far more than any sound run takes: a fixed start, and 20 ms a page. */
function timeoutMs(pages: number): number {
  return 60_000 + pages * 20;
}

function whole(text: string): number {
  if (!/^[1-9]\d*$/.test(text)) throw new InvalidArgumentError("It must be a whole number above 0.");
  return Number(text);
}

function sizes(text: string): { min: number; max: number } {
  const [, min, max] = /^(\d+)-(\d+)$/.exec(text) ?? [];
  if (!min || !max || Number(min) > Number(max)) throw new InvalidArgumentError("It must look like 10000-60000.");
  return { min: Number(min), max: Number(max) };
}
