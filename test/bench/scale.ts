import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { Command } from "commander";
import { createCpuShare } from "./cpu-share.ts";
import { median } from "./figures.ts";
import { startRedis } from "./redis.ts";
import { runCrawls, type ScaleRun, startSite } from "./scale-run.ts";
import { alignColumns } from "./table.ts";

type Options = {
  hosts: number;
  pages: number;
  bytes: string;
  workers: number[];
  share: number;
  only?: string[];
  threads?: number;
  rounds: number;
  binary?: string;
  json: boolean;
};

const options = new Command("bench:scale")
  .description("Crawls several hosts by one and by more worker processes on Postgres and Redis, in one run.")
  .option("--hosts <n>", "hosts, a website each", Number, 8)
  .option("--pages <n>", "pages of each", Number, 300)
  .option("--bytes <min-max>", "size of a page", "10000-60000")
  .option("--workers <n,n>", "numbers of worker processes", (text) => text.split(",").map(Number), [1, 2, 4])
  .option("--share <n>", "what each worker may have of a core where that is limited", Number, 0.25)
  .option("--only <names>", "of: limited, unlimited", (text) => text.split(","))
  .option("--threads <n>", "parser threads of each worker; the machine's default when absent", Number)
  .option("--rounds <n>", "runs of each number of workers, by turns; the median counts", Number, 3)
  .option("--binary <file>", "measure this executable rather than one built now")
  .option("--json", "print one JSON object", false)
  .parse()
  .opts<Options>();

/** Of one number of workers, against the first one. */
type Row = ScaleRun & { workers: number; isLimited: boolean };

const folder = await mkdtemp(join(tmpdir(), "orbweaver-bench-"));
await using redis = await startRedis();
try {
  const rows = await compare();
  console.log(options.json ? JSON.stringify({ options, rows }) : format(rows));
} finally {
  await rm(folder, { recursive: true, force: true });
}

async function compare(): Promise<Row[]> {
  const binary = options.binary ? resolve(options.binary) : await build();
  await using site = await startSite(options.hosts, options.pages, options.bytes);
  const runs = new Map<string, Row[]>();
  for (let round = 0; round < options.rounds; round++)
    for (const isLimited of [true, false])
      for (const workers of options.workers) {
        if (options.only && !options.only.includes(isLimited ? "limited" : "unlimited")) continue;
        using share = isLimited ? createCpuShare(options.share) : undefined;
        if (isLimited && !share) continue;
        const settings: Record<string, string> = options.threads ? { PARSER_THREADS: `${options.threads}` } : {};
        const shared = {
          program: [binary],
          folder,
          site,
          ...(redis && { redisUrl: redis.url }),
          ...(share && { share }),
        };
        const run = await runCrawls({ ...shared, workers, settings });
        const key = `${isLimited} ${workers}`;
        runs.set(key, [...(runs.get(key) ?? []), { ...run, workers, isLimited }]);
      }
  return [...runs.values()].map(middle);
}

function middle(rows: Row[]): Row {
  const seconds = median(rows.map((row) => row.seconds));
  return rows.find((row) => row.seconds === seconds) as Row;
}

function format(rows: readonly Row[]): string {
  const header = ["", "pages/s", "× the first", "CPU s/1000", "Postgres", "site", "cores at work", "least busy worker"];
  const lines = rows.map((row) => {
    const { workers, isLimited, pages, seconds, workerCpuSeconds, serverCpuSeconds, siteCpuSeconds } = row;
    const first = rows.find((other) => other.isLimited === isLimited) ?? row;
    const ofWorkers = workerCpuSeconds.reduce((sum, used) => sum + used, 0);
    const cost = (cpuSeconds: number) => ((cpuSeconds / pages) * 1_000).toFixed(2);
    return [
      `${workers} ${workers === 1 ? "worker" : "workers"}, ${isLimited ? `${options.share} of a core each` : "all cores"}`,
      (pages / seconds).toFixed(0),
      (first.seconds / seconds).toFixed(2),
      cost(ofWorkers),
      cost(serverCpuSeconds),
      cost(siteCpuSeconds),
      ((ofWorkers + serverCpuSeconds + siteCpuSeconds) / seconds).toFixed(2),
      `${((Math.min(...workerCpuSeconds) / (ofWorkers / workers)) * 100).toFixed(0)} % of the mean`,
    ];
  });
  return alignColumns(header, lines);
}

async function build(): Promise<string> {
  const outfile = join(folder, "orbweaver");
  await Bun.$`${process.execPath} ${join(import.meta.dir, "../../src/build.ts")} --outfile ${outfile}`.quiet();
  return outfile;
}
