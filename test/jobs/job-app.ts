import { Type } from "@sinclair/typebox";
import type { App } from "../../src/app.ts";
import { createMemoryCache } from "../../src/cache.ts";
import { type Clock, systemClock } from "../../src/clock.ts";
import type { Store } from "../../src/db/db.ts";
import { createInstances } from "../../src/instances/membership.ts";
import { jobTableOf } from "../../src/jobs/job-table.ts";
import { jobsOf } from "../../src/jobs/jobs.ts";
import { defineJob, type JobKind } from "../../src/jobs/kind.ts";
import type { QueueName } from "../../src/jobs/queues.ts";
import { createLog, type Log } from "../../src/telemetry/log.ts";
import { SILENT, type Telemetry } from "../../src/telemetry/telemetry.ts";

export type JobApp = App & { lines: string[] };

type Options = { clock?: Clock; telemetry?: Telemetry; log?: Log };

/** As much of the program as jobs need, over a test's store. What is logged can be read. */
export function openJobApp(store: Store, { clock = systemClock, telemetry = SILENT }: Options = {}): JobApp {
  const lines: string[] = [];
  const log = createLog("debug", clock, (line) => lines.push(line));
  const jobs = jobsOf(store.db);
  jobs.clock = clock;
  const cache = createMemoryCache(clock);
  jobs.announceOver(cache);
  const instanceId = Bun.randomUUIDv7();
  const instances = createInstances(instanceId, { clock, log });
  const parts = { store, db: store.db, jobs, cache, clock, log, telemetry, instanceId, instances };
  // The rest of the program has no part in running jobs.
  return { ...parts, lines } as unknown as JobApp;
}

const Payload = Type.Object({ n: Type.Integer() });

export type TestKind = JobKind<typeof Payload>;

/** A kind of a name of its own, so that tests share a store; its queue is `control` unless it is told otherwise. */
export function testKind(run: TestKind["run"], options: Partial<Omit<TestKind, "run">> = {}): TestKind {
  return defineJob({
    name: `test-${Bun.randomUUIDv7().slice(-12)}`,
    about: "A test's",
    queue: "control",
    payload: Payload,
    retry: { limit: 0, delaySeconds: 0, maxDelaySeconds: 0 },
    timeoutSeconds: 60,
    keepSeconds: 3_600,
    run,
    ...options,
  });
}

/** As many places for all queues. */
export const places = (count: number): Record<QueueName, number> => ({
  crawl: count,
  control: count,
  maintenance: count,
  index: count,
  notify: count,
});

export type StoredJob = Awaited<ReturnType<typeof readJobs>>[number];

/** Rows of the queue's own table, oldest first. */
export async function readJobs({ db }: Pick<App, "db">, ids?: readonly (string | undefined)[]) {
  const table = jobTableOf(db);
  const rows = await db.select().from(table).orderBy(table.createdOn, table.id);
  return ids ? rows.filter(({ id }) => ids.includes(id)) : rows;
}

/** Looks again and again, since real processes and connections are waited for. */
export async function until(holds: () => unknown, withinMs = 15_000): Promise<void> {
  const end = performance.now() + withinMs;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error("It did not come to pass in time");
    await Bun.sleep(5);
  }
}
