import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { prepareDataFolder } from "../testing/stores.ts";
import { type Figure, formatFigures, median } from "./figures.ts";
import {
  type Contender,
  type Latency,
  measurePickUp,
  measureSize,
  measureTakeOver,
  measureThroughput,
  type Throughput,
} from "./job-measures.ts";
import { type BenchDatabase, createBenchDatabase } from "./postgres.ts";
import { startRedis } from "./redis.ts";

type Options = {
  jobs: number;
  singles: number;
  batch: number;
  limit: number;
  rounds: number;
  pickUps: number;
  load: number;
  deaths: number;
  only?: string[];
  json: boolean;
};

const options = new Command("bench:jobs")
  .description(
    "Compares jobs through our seam with pg-boss as it is, on the same database, in one run on this machine.",
  )
  .option("--jobs <n>", "jobs of each flow", Number, 20_000)
  .option("--singles <n>", "jobs that are made one by one", Number, 2_000)
  .option("--batch <n>", "jobs made by one statement", Number, 500)
  .option("--limit <n>", "jobs that a process runs at a time", Number, 200)
  .option("--rounds <n>", "rounds of each contender, by turns; the median counts", Number, 3)
  .option("--pick-ups <n>", "jobs whose way to their run is timed, for each kind of messages", Number, 300)
  .option("--load <n>", "jobs a second at which a process is loaded", Number, 300)
  .option("--deaths <n>", "processes that are killed with a job running", Number, 5)
  .option("--only <names>", "of: throughput, embedded, pick-up, death, size", (text) => text.split(","))
  .option("--json", "print one JSON object", false)
  .parse()
  .opts<Options>();

const KIB = 1024;
const QUEUED = 10_000;
const IDLE_PER_SECOND = 20;
const LOADED_SECONDS = 5;

const folder = await mkdtemp(join(tmpdir(), "orbweaver-bench-"));
const databases: BenchDatabase[] = [];
await using redis = await startRedis();
try {
  const figures = await compare();
  console.log(options.json ? JSON.stringify({ options, figures }) : formatFigures(figures));
} finally {
  for (const database of databases) await database.drop();
  await rm(folder, { recursive: true, force: true });
}

async function compare(): Promise<Figure[]> {
  const parts = {
    throughput: compareOnServer,
    embedded: compareEmbedded,
    "pick-up": comparePickUps,
    death: measureDeaths,
    size: compareSizes,
  };
  const figures: Figure[] = [];
  for (const [name, part] of Object.entries(parts))
    if (!options.only || options.only.includes(name)) figures.push(...(await part()));
  return figures;
}

async function compareOnServer(): Promise<Figure[]> {
  const seam = await onServer("seam", "_flow_seam");
  const raw = await onServer("raw", "_flow_raw");
  return toFigures("Postgres", await byTurns(seam, raw));
}

async function compareEmbedded(): Promise<Figure[]> {
  const seam = { spec: { kind: "seam", folder: await prepareDataFolder(join(folder, "seam")) } } as const;
  const raw = { spec: { kind: "raw", folder: await prepareDataFolder(join(folder, "raw")) } } as const;
  return toFigures("embedded", await byTurns(seam, raw));
}

/** One of each, then again one of each, so that what else the machine does falls on both alike. */
async function byTurns(seam: Contender, raw: Contender): Promise<{ ours: Throughput[]; bare: Throughput[] }> {
  const outcomes = { ours: [] as Throughput[], bare: [] as Throughput[] };
  for (let round = 0; round < options.rounds; round++) {
    outcomes.ours.push(await measureThroughput(seam, options));
    outcomes.bare.push(await measureThroughput(raw, options));
  }
  return outcomes;
}

function toFigures(where: string, { ours, bare }: { ours: Throughput[]; bare: Throughput[] }): Figure[] {
  const line = (name: string, of: keyof Throughput, unit: Figure["unit"] = "1/s", aim?: Figure["aim"]): Figure[] => {
    const [value, other] = [median(ours.map((one) => one[of])), median(bare.map((one) => one[of]))];
    // What only a server has.
    if (Number.isNaN(value)) return [];
    return [{ name: `${where}, ${name}`, unit, value, bare: other, ...(aim && { aim }) }];
  };
  const aim = { of: "ratio", atLeast: 0.8 } as const;
  return [
    ...line(`made ${options.batch} at a time`, "batched", "1/s", aim),
    ...line("made one by one", "oneByOne", "1/s", aim),
    ...line("taken and completed, 1 process", "worked", "1/s", aim),
    ...line("end to end, 1 process", "endToEnd", "1/s", aim),
    ...line("end to end, 4 processes", "endToEndOf4", "1/s", aim),
    ...line("commits a job", "commits", ""),
    ...line("WAL a job", "walBytes", "B"),
    ...line("CPU of the server a job", "serverCpuMs", "ms"),
  ];
}

async function comparePickUps(): Promise<Figure[]> {
  const seam = await onServer("seam", "_pick_seam");
  const raw = await onServer("raw", "_pick_raw");
  const { redisUrl: _, ...withoutRedis } = seam.spec;
  const embedded = { spec: { kind: "seam", folder: await prepareDataFolder(join(folder, "pick-up")) } } as const;
  const figures: Figure[] = [];
  for (const perSecond of [undefined, options.load]) {
    const bare = await pickUp(raw, perSecond);
    const add = async (name: string, contender: Contender, rate = perSecond) => {
      const ours = await pickUp(contender, rate);
      const about = `pick-up, ${name}, ${rate === undefined ? "idle" : `at ${rate} jobs/s`}`;
      const line = (of: "p50Ms" | "p99Ms", atMost: number): Figure => ({
        ...{ name: `${about}, ${of.slice(0, 3)}`, unit: "ms", value: ours[of] },
        ...(rate === perSecond && { bare: bare[of] }),
        ...(rate === undefined && { aim: { of: "value", atMost } }),
      });
      figures.push(line("p50Ms", 10), line("p99Ms", 50));
    };
    if (redis) await add("Postgres and Redis", seam);
    await add("Postgres alone", { ...seam, spec: withoutRedis });
    // Whatever is asked of it stands in one line.
    await add("embedded", embedded, perSecond && Math.ceil(perSecond / 3));
  }
  return figures;
}

function pickUp(contender: Contender, perSecond: number | undefined): Promise<Latency> {
  if (perSecond === undefined)
    return measurePickUp(contender, { jobs: options.pickUps, perSecond: IDLE_PER_SECOND, limit: 4, jobMs: 0 });
  return measurePickUp(contender, { jobs: LOADED_SECONDS * perSecond, perSecond, limit: 64, jobMs: 5 });
}

async function measureDeaths(): Promise<Figure[]> {
  const seam = await onServer("seam", "_death");
  const seconds = await measureTakeOver(seam, options);
  const aim = { of: "value", atMost: 15 } as const;
  return [
    { name: "running again after kill -9, median", unit: "s", value: median(seconds), aim },
    { name: "running again after kill -9, longest", unit: "s", value: Math.max(...seconds), aim },
  ];
}

async function compareSizes(): Promise<Figure[]> {
  const seam = await onServer("seam", "_size_seam");
  const raw = await onServer("raw", "_size_raw");
  const before = await redis?.usedBytes();
  const value = (await measureSize(seam, QUEUED)) / KIB ** 2;
  const after = await redis?.usedBytes();
  const bare = (await measureSize(raw, QUEUED)) / KIB ** 2;
  const name = `${QUEUED} waiting jobs`;
  const inRedis = before === undefined || after === undefined ? undefined : (after - before) / KIB ** 2;
  return [
    { name: `${name}, in Postgres`, unit: "MiB", value, bare },
    ...(inRedis === undefined
      ? []
      : [{ name: `${name}, in Redis`, unit: "MiB", value: inRedis, aim: { of: "value", atMost: 1 } } satisfies Figure]),
  ];
}

async function onServer(kind: "seam" | "raw", suffix: string): Promise<Contender & { database: BenchDatabase }> {
  const database = await createBenchDatabase(suffix);
  if (!database) throw new Error("No Postgres answers on localhost:5432 and TEST_DATABASE_URL is not set.");
  databases.push(database);
  const spec = { kind, databaseUrl: database.url, folder, ...(redis && { redisUrl: redis.url }) };
  return { spec, database };
}
