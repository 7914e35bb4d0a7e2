import { sql } from "drizzle-orm";
import type { Cache } from "../cache.ts";
import type { Db, Store } from "../db/db.ts";
import { MIN_FREE_BYTES, readFreeBytes } from "../db/disk-space.ts";
import { planMigration } from "../db/migrate.ts";
import { AppError } from "../errors.ts";
import type { Instances } from "../instances/membership.ts";
import type { Pulse } from "../pulse.ts";
import type { Check, Finding } from "./component.ts";

const OK: Finding = { state: "ok" };

/** The embedded database is in this process: it can't be lost, only be at something else. */
const BUSY: Finding = {
  state: "degraded",
  message: "The embedded database is busy; a server (DATABASE_URL) does more",
};

const AWAY: Finding = {
  state: "failed",
  message: "The database does not answer: see that its server runs and can be reached; the service comes back with it",
};

export function checkDatabase({ db, kind }: Pick<Store, "db" | "kind">): Check {
  return {
    name: "database",
    run: async () => {
      await db.execute(sql`select 1`);
      return OK;
    },
    whenBroken: AWAY,
    whenLate: kind === "embedded" ? BUSY : AWAY,
  };
}

export function checkMigrations({ db, kind }: Pick<Store, "db" | "kind">): Check {
  const unread: Finding = { state: "failed", message: "The database's tables can't be looked at; see the database" };
  return {
    name: "migrations",
    run: async () => {
      const missing = await countMissing(db);
      // As while a newer version takes over from this one, which has to serve until then.
      if (missing === undefined)
        return { state: "degraded", message: "The database is newer than this program: update the program" };
      if (missing === 0) return OK;
      return {
        state: "failed",
        message: `The database lacks ${missing} migration(s) of this version: run orbweaver migrate up`,
      };
    },
    whenBroken: unread,
    whenLate: kind === "embedded" ? BUSY : unread,
  };
}

/** `undefined` when the database has some that this version does not know. */
async function countMissing(db: Db): Promise<number | undefined> {
  try {
    return (await planMigration(db, "up")).length;
  } catch (error) {
    if (error instanceof AppError && error.reason === "conflict") return undefined;
    throw error;
  }
}

export function checkRedis(cache: Cache): Check {
  const away: Finding = {
    state: "degraded",
    message: "Redis does not answer: see that it runs and can be reached; until it is back, memory stands in for it",
  };
  return {
    name: "redis",
    run: async () => {
      if (cache.kind !== "redis") return { state: "skipped", message: "No Redis is configured" };
      await cache.ping();
      return OK;
    },
    whenBroken: away,
    whenLate: away,
  };
}

/** Both go every two seconds; a machine that is short of breath may miss some. */
const MAX_PULSE_AGE_MS = 20_000;

/** What a process does besides answering requests, and what to do where nobody does it. */
const WORK = {
  worker: {
    stalled: "Crawls that wait are not being looked for: see the log, or restart the service",
    elsewhere: "Other processes work the crawls",
    missing: "No process works crawls, so that all of them wait: start one by orbweaver worker",
  },
  scheduler: {
    stalled: "What is due at set times is not begun: see the log, or restart the service",
    elsewhere: "Other processes begin what is due",
    missing: "No process begins what is due at set times: start one with the role scheduler",
  },
} as const;

/**
 * Work that this process does, by its pulse, or that others do. A process that has stopped crawling still answers
 * requests, so that it is no worse than degraded; nor is a cluster without anybody who crawls.
 */
export function checkWork(
  role: keyof typeof WORK,
  pulse: Pulse | undefined,
  instances: Pick<Instances, "isKnown" | "live">,
): Check {
  const { stalled, elsewhere, missing } = WORK[role];
  return {
    name: role,
    run: async () => {
      if (pulse) return pulse.ageMs() <= MAX_PULSE_AGE_MS ? OK : { state: "degraded", message: stalled };
      const isMissing = instances.isKnown() && instances.live(role) === 0;
      return isMissing ? { state: "degraded", message: missing } : { state: "skipped", message: elsewhere };
    },
    whenBroken: { state: "degraded", message: stalled },
    whenLate: { state: "degraded", message: stalled },
  };
}

/** So early that there is time to make room. */
export const LOW_FREE_BYTES = 512 * 1024 * 1024;

/** @param folder the embedded database's; `undefined` when the rows are elsewhere */
export function checkDisk(folder: string | undefined, readFree = readFreeBytes): Check {
  const unread: Finding = { state: "degraded", message: "The free space of the data folder can't be read" };
  return {
    name: "disk",
    run: async () => {
      if (folder === undefined) return { state: "skipped", message: "The database is on a server" };
      const free = await readFree(folder);
      if (free < MIN_FREE_BYTES)
        return { state: "failed", message: "The data folder's disk is full, nothing can be stored: make room" };
      if (free < LOW_FREE_BYTES)
        return { state: "degraded", message: "The data folder's disk is nearly full: make room" };
      return OK;
    },
    whenBroken: unread,
    whenLate: unread,
  };
}
