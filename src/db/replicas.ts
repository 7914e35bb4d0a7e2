import { sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/postgres-js";
import { type Clock, systemClock, within } from "../clock.ts";
import { AppError } from "../errors.ts";
import type { Log } from "../telemetry/log.ts";
import { withoutScope } from "../telemetry/scope.ts";
import type { Telemetry } from "../telemetry/telemetry.ts";
import { isWorthWaiting } from "./connection-failure.ts";
import { parseConnectionUrl } from "./connection-url.ts";
import { type Db, rowsOf, type Store, schema } from "./db.ts";
import { namespaceOf, useNamespace } from "./namespace.ts";
import { observeStatements } from "./observed-statements.ts";
import { connect, type PostgresOptions } from "./postgres.ts";
import { createLagMeter } from "./replication-lag.ts";

export type ReplicaOptions = {
  connection: PostgresOptions;
  /** A replica that is further behind is not asked. */
  maxLagMs: number;
  clock: Clock;
  log: Log;
  telemetry: Telemetry;
};

const CHECK_MS = 1_000;
/** A server that says nothing for so long is as good as gone: in real time, whatever the clock of crawls says. */
const CHECK_TIMEOUT_MS = 2_000;
/** Nobody reads: the servers are left alone until somebody does. */
const IDLE_MS = 60_000;
/** More than any statement may take by itself. */
const MAX_READ_MS = 120_000;

/**
 * The store with replicas for what `read` is asked. They are looked at once a second: one that is away, further behind
 * than allowed or no replica at all is left out, and what was asked of it when it went away is asked of the primary, as
 * is what a replica knows nothing of, which may have been made a moment ago.
 */
export function readFromReplicas(store: Store, urls: readonly string[], options: ReplicaOptions): Store {
  const { clock, telemetry, maxLagMs } = options;
  const replicas = urls.map((url) => openReplica(url, namespaceOf(store.db), options));
  const lag = createLagMeter(maxLagMs);
  const closing = new AbortController();
  let watching: Promise<void> | undefined;
  let lastReadAt = 0;
  let turn = 0;

  const leave = telemetry.watch("orbweaver.database.replica.lag", () =>
    replicas.flatMap(({ location, lagMs }) => {
      const ms = lagMs();
      return ms === undefined ? [] : [{ labels: { replica: location }, value: ms / 1_000 }];
    }),
  );

  async function watch() {
    while (!closing.signal.aborted && clock.now().getTime() - lastReadAt < IDLE_MS) {
      // Before the replicas are asked: what they have of it by then, they had within this time.
      const at = clock.now().getTime();
      await readPosition(store.db).then(
        (position) => lag.note(at, position),
        () => {},
      );
      await Promise.all(replicas.map((replica) => replica.check(lag)));
      await clock.sleep(CHECK_MS, closing.signal).catch(() => {});
    }
    for (const replica of replicas) replica.forget();
  }

  function pick() {
    lastReadAt = clock.now().getTime();
    watching ??= withoutScope(watch).finally(() => {
      watching = undefined;
    });
    const usable = replicas.filter(({ isUsable }) => isUsable());
    return usable[turn++ % usable.length];
  }

  const count = (by: "primary" | "replica") => telemetry.count("orbweaver.database.reads", { answered_by: by });

  return {
    ...store,
    read: async (ask) => {
      const replica = pick();
      const found = replica && (await askReplica(replica, ask));
      if (found) {
        count("replica");
        return found.answer;
      }
      count("primary");
      return ask(store.db);
    },
    close: async () => {
      leave();
      closing.abort(new Error("The database is being closed"));
      await watching;
      await Promise.all(replicas.map(({ close }) => close()));
      await store.close();
    },
  };
}

/** `undefined` when the primary has to be asked. */
async function askReplica<Result>(replica: Replica, ask: (db: Db) => Promise<Result>) {
  try {
    const answer = await replica.ask(ask);
    return isNothing(answer) ? undefined : { answer };
  } catch (error) {
    // The caller's own fault is one on the primary too; but for what a replica can't do there are many errors.
    if (error instanceof AppError && error.reason !== "not_found") throw error;
    return undefined;
  }
}

const isNothing = (answer: unknown) =>
  answer === undefined || (answer as { items?: unknown[] } | null)?.items?.length === 0;

type Replica = ReturnType<typeof openReplica>;

function openReplica(url: string, namespace: string, { connection, maxLagMs, clock, log, telemetry }: ReplicaOptions) {
  const target = parseConnectionUrl(url);
  const { location } = target;
  const client = connect(target, connection);
  const db = observeStatements(useNamespace(drizzle(client, { schema, casing: "snake_case" }), namespace), telemetry);
  let lagMs: number | undefined;
  /** While it is used; aborted when it no longer is, so that nobody waits for what does not come. */
  let use: AbortController | undefined;
  let told: string | undefined;
  /** How far it is behind is not known before it shows what the primary had since then. */
  let checkedSince: number | undefined;

  const forgetUse = () => {
    use = undefined;
  };

  /** Why it is not used is told once, until it changes. */
  function leaveOut(reason: string, error?: unknown) {
    if (told !== reason) log.warn("replica left out", { replica: location, reason, lagMs, error });
    told = reason;
    const was = use;
    use = undefined;
    if (reason !== "away") return;
    lagMs = undefined;
    was?.abort(new Error(`The replica at ${location} went away`));
  }

  function takeIn() {
    if (told !== undefined) log.info("replica taken in", { replica: location, lagMs });
    told = undefined;
    use ??= new AbortController();
  }

  return {
    location,
    lagMs: () => lagMs,
    isUsable: () => use !== undefined,
    ask: async <Result>(ask: (db: Db) => Promise<Result>): Promise<Result> => {
      try {
        return await within(MAX_READ_MS, ask(db), systemClock, use?.signal);
      } catch (error) {
        if (isAway(error)) leaveOut("away", error);
        throw error;
      }
    },
    check: async (lag: ReturnType<typeof createLagMeter>) => {
      try {
        const position = await readReplayed(db);
        lagMs = position === undefined ? undefined : lag.of(position, clock.now().getTime());
        checkedSince ??= clock.now().getTime();
        if (position === undefined) leaveOut("it is no replica");
        else if (lagMs !== undefined && lagMs <= maxLagMs) takeIn();
        else if (lagMs === undefined && clock.now().getTime() - checkedSince < maxLagMs) forgetUse();
        else leaveOut("behind");
      } catch (error) {
        leaveOut("away", error);
      }
    },
    /** Until it is looked at again. */
    forget: () => {
      forgetUse();
      [lagMs, checkedSince] = [undefined, undefined];
    },
    // Whoever read has gone; what is left waits for a server that does not answer.
    close: () => client.end({ timeout: 0 }),
  };
}

function isAway(error: unknown): boolean {
  for (let at = error; at instanceof Error; at = at.cause) if (isWorthWaiting(at)) return true;
  return false;
}

/** How far the primary's log is written down, in bytes. */
export async function readPosition(db: Db): Promise<number> {
  const asked = db.execute(sql`select pg_wal_lsn_diff(pg_current_wal_flush_lsn(), '0/0')::text as position`);
  const [row] = rowsOf<{ position: string }>(await within(CHECK_TIMEOUT_MS, Promise.resolve(asked), systemClock));
  return Number(row?.position);
}

/** How much of it a replica shows, in bytes; `undefined` when it is none. */
export async function readReplayed(db: Db): Promise<number | undefined> {
  const asked = db.execute(
    sql`select case when pg_is_in_recovery() then pg_wal_lsn_diff(pg_last_wal_replay_lsn(), '0/0') end::text as position`,
  );
  const [row] = rowsOf<{ position: string | null }>(
    await within(CHECK_TIMEOUT_MS, Promise.resolve(asked), systemClock),
  );
  return row?.position == null ? undefined : Number(row.position);
}
