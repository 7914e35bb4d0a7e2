import { SQL } from "bun";
import { median } from "./figures.ts";
import type { Instants } from "./job-process.ts";
import { type JobProcess, startJobProcess } from "./job-processes.ts";
import { JOBS_NAMESPACE, type QueueSpec } from "./job-queues.ts";
import type { BenchDatabase } from "./postgres.ts";

/** One contender: what its processes open, and the database's own view of it where there is a server. */
export type Contender = { spec: QueueSpec; database?: BenchDatabase };

export type Throughput = {
  /** Jobs a second: made one by one, made in batches, taken and completed from a backlog, and all of it. */
  oneByOne: number;
  batched: number;
  worked: number;
  endToEnd: number;
  endToEndOf4: number;
  /** Of all of it, in one worker process. */
  commits: number;
  walBytes: number;
  serverCpuMs: number;
};

export type ThroughputOptions = { jobs: number; singles: number; batch: number; limit: number };

const LOOK_MS = 2;

export async function measureThroughput(contender: Contender, options: ThroughputOptions): Promise<Throughput> {
  const { spec, database } = contender;
  const { jobs, singles, batch, limit } = options;
  const isEmbedded = database === undefined;
  const producer = await startJobProcess(spec);
  const others: JobProcess[] = [];
  const start = async () => {
    const process = await startJobProcess(spec);
    others.push(process);
    return process;
  };
  const stop = () => Promise.all(others.splice(0).map((process) => process.close()));
  try {
    await producer.ask({ do: "enqueue", count: 200, batch: 1 });
    await producer.ask({ do: "enqueue", count: 5 * batch, batch });
    await producer.ask({ do: "clear" });
    const oneByOne = singles / (await producer.ask({ do: "enqueue", count: singles, batch: 1 })).seconds;
    await producer.ask({ do: "clear" });
    const batched = jobs / (await producer.ask({ do: "enqueue", count: jobs, batch })).seconds;

    // What was made in batches is the backlog.
    const first = isEmbedded ? producer : await start();
    let worked: number;
    if (spec.kind === "raw") worked = jobs / (await first.ask({ do: "drain" })).seconds;
    else worked = jobs / (await timeUntilDone(producer, [first], jobs, () => work(first, limit)));
    if (spec.kind === "raw") await work(first, limit);
    await flow(producer, [first], 5 * batch, batch);

    const before = await readServer(database);
    const endToEnd = jobs / (await flow(producer, [first], jobs, batch));
    const after = await readServer(database);
    let endToEndOf4 = Number.NaN;
    if (!isEmbedded) {
      const workers = [first, ...(await Promise.all([start(), start(), start()]))];
      await Promise.all(workers.slice(1).map((worker) => work(worker, limit)));
      await flow(producer, workers, 5 * batch, batch);
      endToEndOf4 = jobs / (await flow(producer, workers, jobs, batch));
    }
    return {
      ...{ oneByOne, batched, worked, endToEnd, endToEndOf4 },
      commits: (after.commits - before.commits) / jobs,
      walBytes: (after.walBytes - before.walBytes) / jobs,
      serverCpuMs: ((after.cpuSeconds - before.cpuSeconds) * 1_000) / jobs,
    };
  } finally {
    await stop();
    await producer.close();
  }
}

const work = (process: JobProcess, limit: number) => process.ask({ do: "work", limit, jobMs: 0 });

/** Seconds in which so many jobs are made in batches, run by these processes, and completed. */
function flow(producer: JobProcess, workers: JobProcess[], jobs: number, batch: number): Promise<number> {
  return timeUntilDone(producer, workers, jobs, () => producer.ask({ do: "enqueue", count: jobs, batch }));
}

async function timeUntilDone(
  producer: JobProcess,
  workers: JobProcess[],
  jobs: number,
  begin: () => Promise<unknown>,
): Promise<number> {
  const ran = () => workers.reduce((sum, worker) => sum + worker.ran(), 0);
  const until = ran() + jobs;
  const startedAt = performance.now();
  await begin();
  while (ran() < until) await Bun.sleep(LOOK_MS);
  while ((await producer.ask({ do: "countUnfinished" })).count > 0) await Bun.sleep(LOOK_MS);
  return (performance.now() - startedAt) / 1_000;
}

/** What all of the server has done so far, and the contender's own database. */
async function readServer(database: BenchDatabase | undefined) {
  if (!database) return { commits: Number.NaN, walBytes: Number.NaN, cpuSeconds: Number.NaN };
  await using sql = new SQL(database.url, { max: 1 });
  // Sessions tell of what they did when they have been idle for a moment.
  await Bun.sleep(1_100);
  const [row] = await sql.unsafe(`
    select xact_commit::float8 as commits, (pg_current_wal_lsn() - '0/0')::float8 as "walBytes"
    from pg_stat_database where datname = current_database()`);
  return { ...(row as { commits: number; walBytes: number }), cpuSeconds: database.serverCpuSeconds() ?? Number.NaN };
}

export type Latency = { p50Ms: number; p99Ms: number; worstMs: number };

/** From a job's commit to the beginning of its run. */
export async function measurePickUp(
  { spec, database }: Contender,
  options: { jobs: number; perSecond: number; limit: number; jobMs: number },
): Promise<Latency> {
  const { jobs, perSecond, limit, jobMs } = options;
  const producer = await startJobProcess(spec);
  const worker = database ? await startJobProcess(spec) : producer;
  try {
    await worker.ask({ do: "work", limit, jobMs });
    await producer.ask({ do: "trickle", count: 20, perSecond });
    const { instants: committed } = await producer.ask({ do: "trickle", count: jobs, perSecond });
    const begun = new Map<number, number>();
    while (committed.some(([n]) => !begun.has(n))) {
      for (const [n, at] of (await worker.ask({ do: "starts" })).instants) begun.set(n, at);
      await Bun.sleep(50);
    }
    return toLatency(committed, begun);
  } finally {
    await worker.close();
    await producer.close();
  }
}

function toLatency(committed: Instants, begun: Map<number, number>): Latency {
  // A worker may begin before the word of the commit has come back.
  const times = committed.map(([n, at]) => Math.max(0, (begun.get(n) ?? Number.NaN) - at)).sort((a, b) => a - b);
  const at = (share: number) => times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? Number.NaN;
  return { p50Ms: median(times), p99Ms: at(0.99), worstMs: at(1) };
}

/** Seconds from the death of each process to the moment at which another runs the job it had. */
export async function measureTakeOver({ spec }: Contender, { deaths }: { deaths: number }): Promise<number[]> {
  const victims: { process: JobProcess; n: number }[] = [];
  const all: JobProcess[] = [];
  const start = async () => {
    const process = await startJobProcess(spec);
    all.push(process);
    return process;
  };
  try {
    const survivor = await start();
    for (let n = 0; n < deaths; n++) {
      const process = await start();
      await process.ask({ do: "work", limit: 1, jobMs: null });
      await survivor.ask({ do: "enqueue", count: 1, batch: 1 });
      await firstStart(process);
      victims.push({ process, n });
    }
    await survivor.ask({ do: "work", limit: deaths, jobMs: null });
    const diedAt = new Map<number, number>();
    for (const { process, n } of victims) {
      // At any point of the intervals in which processes look for one another.
      await Bun.sleep(500 + Math.random() * 2_000);
      diedAt.set(n, Date.now());
      await process.kill();
    }
    const seconds: number[] = [];
    while (seconds.length < deaths) {
      for (const [n, at] of (await survivor.ask({ do: "starts" })).instants)
        seconds.push((at - (diedAt.get(n) ?? Number.NaN)) / 1_000);
      await Bun.sleep(50);
    }
    return seconds;
  } finally {
    await Promise.all(all.map((process) => process.close()));
  }
}

async function firstStart(process: JobProcess): Promise<void> {
  while ((await process.ask({ do: "starts" })).instants.length === 0) await Bun.sleep(20);
}

/** Bytes that so many waiting jobs take in the queue's tables and indexes. */
export async function measureSize({ spec, database }: Contender, jobs: number): Promise<number> {
  if (!database) throw new Error("Only a server tells");
  const producer = await startJobProcess(spec);
  await using sql = new SQL(database.url, { max: 1 });
  try {
    await producer.ask({ do: "clear" });
    const before = await weigh(sql);
    await producer.ask({ do: "enqueue", count: jobs, batch: 500 });
    return (await weigh(sql)) - before;
  } finally {
    await producer.close();
  }
}

async function weigh(sql: SQL): Promise<number> {
  const [{ bytes }] = await sql.unsafe(`
    select sum(pg_total_relation_size(c.oid))::float8 as bytes
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = '${JOBS_NAMESPACE}' and c.relkind = 'r'`);
  return bytes;
}
