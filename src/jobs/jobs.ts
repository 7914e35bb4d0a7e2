import { sql } from "drizzle-orm";
import type { Db as BossDb, PgBoss } from "pg-boss";
import manifest from "pg-boss/package.json" with { type: "json" };
import type { Cache } from "../cache.ts";
import type { Clock } from "../clock.ts";
import { isInTransaction } from "../db/after-commit.ts";
import type { Db, Store } from "../db/db.ts";
import { dialectOf } from "../db/namespace.ts";
import { createQueueNamespace, queueNamespaceOf, readQueueVersion } from "../db/queue-tables.ts";
import type { Log } from "../telemetry/log.ts";
import { createAnnouncements } from "./announcements.ts";
import { BOSS_NAMES, bossNamesOf, DEAD_LETTERS, QUEUE_NAMES, type QueueName } from "./queues.ts";
import { hasActive, putBackLost } from "./statements.ts";
import { startSupervision } from "./supervision.ts";

/** The durable queue over a store: pg-boss, in a namespace of its own beside the service's tables. */
export type Jobs = {
  /** Name of the namespace of the queue's own tables. */
  namespace: string;
  /** pg-boss itself, for this folder only: everybody else goes by what stands here. */
  boss: PgBoss;
  kind: Store["kind"];
  clock: Clock;
  log: Log;
  /** Has what pg-boss does take part in a transaction; `undefined`, by which it uses its own connections, for none. */
  within(db: Db): BossDb | undefined;
  /** Tells workers that a queue has jobs to be run, once `delayMs` are over. */
  announce(queue: QueueName, delayMs?: number): void;
  /** Has workers told of new jobs over this cache; until then they find them by looking. */
  announceOver(cache: Cache): void;
  /** Watches over jobs of all processes: those whose process died are run again. For processes that work. */
  supervise(): void;
  close(): Promise<void>;
};

const opened = new WeakMap<object, Jobs>();

const DAY_SECONDS = 86_400;

/** What jobs of all our queues have in common; the rest goes by their kinds. */
const QUEUE_OPTIONS = {
  deadLetter: DEAD_LETTERS,
  /**
   * When pg-boss itself gives up on a process. Ours is told of sooner, and runs its jobs again without counting that
   * against them (`statements.ts`); this is for those that have lost too many processes.
   */
  heartbeatSeconds: 60,
  retentionSeconds: 30 * DAY_SECONDS,
};

/** Else it writes down all that it ever changed at each start, which is a good part of that. */
const NO_MIGRATIONS: object = { migrations: [] };

const TABLES_VERSION = manifest.pgboss.schema;

/** Dead letters wait for somebody to look at them. */
const DEAD_LETTER_OPTIONS = { retryLimit: 0, retentionSeconds: 30 * DAY_SECONDS };

/** Opens the queue, makes or updates its tables, and binds it to the store's `db` and all its transactions. */
export async function openJobs(store: Store, { clock, log }: { clock: Clock; log: Log }): Promise<Jobs> {
  // It brings a driver of its own along, which is never connected.
  const { PgBoss, fromDrizzle } = await import("pg-boss");
  const namespace = queueNamespaceOf(store.db);
  const isCurrent = (await readQueueVersion(store.db)) === TABLES_VERSION;
  if (!isCurrent) await createQueueNamespace(store.db);
  const boss = new PgBoss({
    ...(isCurrent && NO_MIGRATIONS),
    db: { executeSql: store.query },
    schema: namespace,
    backend: store.kind === "embedded" ? "pglite" : "postgres",
    createSchema: false,
    migrate: true,
    schedule: false,
    supervise: false,
    monitorIntervalSeconds: 30,
    maintenanceIntervalSeconds: 600,
    // A rebuild would hold up all else on the one connection of an embedded database, which is small.
    reindex: store.kind === "postgres",
    warningQueueSize: MAX_EXPECTED_JOBS,
  });
  boss.on("error", (error) => log.warn("job queue failed", { error }));
  boss.on("warning", ({ message, data }) => log.warn("job queue warned", { message, data }));
  await boss.start();
  await createMissingQueues(boss);
  const announcements = createAnnouncements(() => jobs.clock);
  let stopSupervision: (() => Promise<void>) | undefined;
  const jobs: Jobs = {
    ...{ namespace, boss, clock, log, kind: store.kind },
    within: (db) => {
      if (!isInTransaction(db)) return undefined;
      const { executeSql } = fromDrizzle(db as never, sql);
      return { executeSql: (text, values) => executeSql(text, values?.map(toParameter)) };
    },
    announce: announcements.announce,
    announceOver: announcements.over,
    supervise: () => {
      stopSupervision ??= startSupervision(store.db, jobs);
    },
    close: async () => {
      announcements.close();
      await stopSupervision?.();
      await boss.stop({ graceful: false, close: false });
    },
  };
  opened.set(dialectOf(store.db), jobs);
  // The folder is locked, so whoever ran a job in it is dead.
  if (store.kind === "embedded" && (await hasActive(jobs))) await putBackLost(store.db, jobs, { afterSeconds: 0 });
  return jobs;
}

/** The queue that was opened over the store of this connection or transaction. */
export function jobsOf(db: Db): Jobs {
  const jobs = opened.get(dialectOf(db));
  if (!jobs) throw new Error("No job queue was opened over this database");
  return jobs;
}

/** One that has more waiting is told of in the log. */
const MAX_EXPECTED_JOBS = 100_000;

/** drizzle has its client take JSON as text only. */
function toParameter(value: unknown): unknown {
  const isJson = typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Date);
  return isJson ? JSON.stringify(value) : value;
}

async function createMissingQueues(boss: PgBoss): Promise<void> {
  const there = new Set((await boss.getQueues()).map(({ name }) => name));
  const create = async (name: string, options: object) => {
    if (!there.has(name)) await boss.createQueue(name, options);
  };
  await create(DEAD_LETTERS, DEAD_LETTER_OPTIONS);
  for (const [plain, unique] of QUEUE_NAMES.map(bossNamesOf)) {
    await create(plain, { ...QUEUE_OPTIONS, policy: "standard" });
    await create(unique, { ...QUEUE_OPTIONS, policy: "exclusive" });
  }
  if (BOSS_NAMES.every((name) => there.has(name))) return;
  // pg-boss reads what it does not know of a queue when it first meets it, over its own way to the database: within a
  // transaction of the embedded one's only connection it would wait for itself.
  for (const name of BOSS_NAMES) await boss.findJobs(name, { id: Bun.randomUUIDv7() });
}
