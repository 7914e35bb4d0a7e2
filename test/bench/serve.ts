import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { RedisClient } from "bun";
import { Command } from "commander";
import { compileBare } from "./compile.ts";
import { type Figure, formatFigures, median } from "./figures.ts";
import { type Load, load } from "./load.ts";
import { samplePage } from "./page-sample.ts";
import { createBenchDatabase } from "./postgres.ts";
import { type Memory, type ServerCommand, startServer } from "./server-process.ts";

type Options = {
  binary?: string;
  seconds: number;
  rounds: number;
  connections: number;
  starts: number;
  idle: number;
  json: boolean;
};

const options = new Command("bench:serve")
  .description("Compares the idle and the asked service with bare servers, in one run on this machine.")
  .option("--binary <file>", "measure this executable rather than one built now")
  .option("--seconds <n>", "length of one load", Number, 3)
  .option("--rounds <n>", "loads of each contender, by turns; the median counts", Number, 5)
  .option("--connections <n>", "requests at a time", Number, 32)
  .option("--starts <n>", "starts of each contender, by turns; the median counts", Number, 7)
  .option("--idle <seconds>", "time after the start at which memory is read", Number, 12)
  .option("--json", "print one JSON object", false)
  .parse()
  .opts<Options>();

const REDIS = "redis://127.0.0.1:6379/9";
const POOL_SIZE = "10";
const MIB = 1024 ** 2;

const folder = await mkdtemp(join(tmpdir(), "orbweaver-bench-"));
const database = await createBenchDatabase();
const keyPrefix = `bench-${process.pid}:`;
try {
  if (!database) throw new Error("No Postgres answers on localhost:5432 and TEST_DATABASE_URL is not set.");
  const figures = await compare(database.url);
  console.log(options.json ? JSON.stringify({ options, figures }) : formatFigures(figures));
} finally {
  await forgetKeys();
  await database?.drop();
  await rm(folder, { recursive: true, force: true });
}

async function compare(databaseUrl: string): Promise<Figure[]> {
  const binary = options.binary ? resolve(options.binary) : await build();
  const [bun, elysia, select] = await Promise.all([
    compileBare("bun", folder),
    compileBare("elysia", folder),
    compileBare("select", folder),
  ]);
  const production = { ENVIRONMENT: "production" };
  const shared = { DATABASE_URL: databaseUrl, DATABASE_POOL_SIZE: POOL_SIZE };
  const command = [binary, "serve"];
  const withServices = {
    command,
    env: { ...production, ...shared, REDIS_URL: REDIS, REDIS_KEY_PREFIX: keyPrefix },
    folder,
  };
  const contenders = {
    bun: { command: [bun], folder },
    elysia: { command: [elysia], folder },
    select: { command: [select], env: shared, folder },
    withServices,
    embedded: { command, env: { ...production, DATA_DIR: join(folder, "data") }, folder },
  };
  return [
    ...(await compareLoads(contenders, binary, databaseUrl)),
    ...(await compareStarts(contenders)),
    ...(await compareMemory(contenders)),
  ];
}

type Contenders = Record<"bun" | "elysia" | "select" | "withServices" | "embedded", ServerCommand>;

async function compareLoads(contenders: Contenders, binary: string, databaseUrl: string): Promise<Figure[]> {
  await using service = await startServer(contenders.withServices);
  const paths = await samplePage({ binary, databaseUrl, folder, service });
  await using elysia = await startServer(contenders.elysia);
  await using select = await startServer(contenders.select);
  const targets = {
    health: `${service.url}/health`,
    bareHealth: `${elysia.url}/health`,
    page: `${service.url}${paths.ours}`,
    barePage: `${select.url}${paths.bare}`,
  };
  await checkSizes(targets.page, targets.barePage);
  const loads = await byTurns(targets, options.rounds, (url) => load(url, options));
  const middle = (name: keyof typeof targets, of: keyof Load) => median(loads[name].map((one) => one[of]));
  const lines = (name: string, ours: "health" | "page", bare: "bareHealth" | "barePage", atLeast: number): Figure[] => [
    {
      ...{ name: `${name}, requests`, unit: "1/s", aim: { of: "ratio", atLeast } },
      ...{ value: middle(ours, "requestsPerSecond"), bare: middle(bare, "requestsPerSecond") },
    },
    { name: `${name}, p50`, unit: "ms", value: middle(ours, "p50Ms"), bare: middle(bare, "p50Ms") },
    { name: `${name}, p99`, unit: "ms", value: middle(ours, "p99Ms"), bare: middle(bare, "p99Ms") },
  ];
  return [...lines("GET /health", "health", "bareHealth", 0.9), ...lines("GET a page", "page", "barePage", 0.7)];
}

/** An answer that says less would be no fair comparison. */
async function checkSizes(...urls: string[]): Promise<void> {
  const sizes = await Promise.all(urls.map(async (url) => (await (await fetch(url)).arrayBuffer()).byteLength));
  const [least, most] = [Math.min(...sizes), Math.max(...sizes)];
  if (most > least * 1.1) throw new Error(`The answers compared are of different sizes: ${sizes.join(" and ")} bytes`);
}

async function compareStarts(contenders: Contenders): Promise<Figure[]> {
  const data = contenders.embedded.env?.DATA_DIR ?? "";
  const run = async (contender: ServerCommand) => {
    await using server = await startServer(contender);
    return server.firstAnswerMs;
  };
  const first = async () => {
    await rm(data, { recursive: true, force: true });
    return run(contenders.embedded);
  };
  const later = () => run(contenders.embedded);
  const starts = { elysia: () => run(contenders.elysia), services: () => run(contenders.withServices), first, later };
  const times = await byTurns(starts, options.starts, (start) => start());
  const bare = median(times.elysia);
  const line = (name: string, values: number[], atMost: number): Figure => ({
    ...{ name: `first 200, ${name}`, unit: "ms", value: median(values), bare, aim: { of: "value", atMost } },
  });
  return [
    line("Postgres and Redis", times.services, 150),
    line("embedded", times.later, 700),
    line("embedded, the very first", times.first, 1_200),
  ];
}

/** All at once, since what one has resident does not depend on the others. */
async function compareMemory(contenders: Contenders): Promise<Figure[]> {
  const { bun, elysia, withServices, embedded } = contenders;
  const memories = await Promise.all([bun, elysia, withServices, embedded].map(readIdleMemory));
  const [bareBun, bareElysia, services, own] = memories as [Memory, Memory, Memory, Memory];
  const line = (name: string, of: keyof Memory, memory: Memory, atMost?: number): Figure => ({
    ...{ name: `idle, ${name}`, unit: "MiB", value: memory[of] / MIB, bare: bareElysia[of] / MIB },
    ...(atMost === undefined ? {} : { aim: { of: "value", atMost } }),
  });
  return [
    line("a bare Bun", "residentBytes", bareBun),
    line("a bare Bun, anonymous", "anonymousBytes", bareBun),
    line("Postgres and Redis", "residentBytes", services, 64),
    line("Postgres and Redis, anonymous", "anonymousBytes", services, 20),
    line("embedded", "residentBytes", own, 170),
    line("embedded, anonymous", "anonymousBytes", own),
  ];
}

async function readIdleMemory(contender: ServerCommand): Promise<Memory> {
  await using server = await startServer(contender);
  await Bun.sleep(options.idle * 1_000);
  return server.memory();
}

/** One of each, then again one of each, so that what else the machine does falls on all alike. */
async function byTurns<Name extends string, Contender, Outcome>(
  contenders: Record<Name, Contender>,
  rounds: number,
  run: (contender: Contender) => Promise<Outcome>,
): Promise<Record<Name, Outcome[]>> {
  const names = Object.keys(contenders) as Name[];
  const outcomes = Object.fromEntries(names.map((name) => [name, []])) as unknown as Record<Name, Outcome[]>;
  for (let round = 0; round < rounds; round++)
    for (const name of names) outcomes[name].push(await run(contenders[name]));
  return outcomes;
}

async function build(): Promise<string> {
  const outfile = join(folder, "orbweaver");
  await Bun.$`${process.execPath} ${join(import.meta.dir, "../../src/build.ts")} --outfile ${outfile}`.quiet();
  return outfile;
}

async function forgetKeys(): Promise<void> {
  const redis = new RedisClient(REDIS);
  const keys = await redis.keys(`${keyPrefix}*`).catch(() => []);
  if (keys.length > 0) await redis.del(...keys);
  redis.close();
}
