import { drizzle } from "drizzle-orm/postgres-js";
import postgres, { type Sql } from "postgres";
import { type Clock, systemClock } from "../clock.ts";
import { observeCommits } from "./after-commit.ts";
import { explainConnectionFailure, isWorthWaiting, reconnectDelayMs } from "./connection-failure.ts";
import { type ConnectionUrl, parseConnectionUrl } from "./connection-url.ts";
import { type PoolStats, type Store, schema } from "./db.ts";
import { keepListening, type OpenSession } from "./listening.ts";
import { useNamespace } from "./namespace.ts";
import { createServerQueries } from "./raw-queries.ts";
import { APPLICATION_NAME } from "./stuck-sessions.ts";
import { type TlsMode, toTlsOption } from "./tls.ts";

/** How a server is connected to; what is left out is as the settings' defaults say. */
export type PostgresOptions = {
  poolSize?: number;
  namespace?: string;
  /** `transaction`: whoever is in between gives each transaction another session, so nothing may be kept in one. */
  pooler?: "none" | "transaction";
  /** Before the URL's own `sslmode` and `sslrootcert`. */
  tls?: TlsMode;
  caFile?: string;
  /** How long to try again while the server is away; 0, the default, for once. */
  waitMs?: number;
  /** 0 for no limit. */
  statementTimeoutMs?: number;
  lockTimeoutMs?: number;
  clock?: Clock;
  /** Told once, when it begins to wait. */
  onWait?: (message: string) => void;
};

/** A transaction of ours waits for nothing but the database: one that idles so long belongs to a stuck process. */
const IDLE_IN_TRANSACTION_TIMEOUT_MS = 60_000;

/** Whose other end is gone without a word is found out after about this long, not after the system's two hours. */
const KEEP_ALIVE_SECONDS = 30;

/**
 * Connects to a PostgreSQL server.
 * @throws AppError `unavailable` when it can't be reached or refuses, saying what mends it; `invalid` for a URL or an
 *   authority's file that can't be used. The message never holds the password
 */
export async function openPostgresStore(text: string, options: PostgresOptions = {}): Promise<Store> {
  const target = parseConnectionUrl(text);
  const client = connect(target, options);
  try {
    await waitForServer(client, target, options);
  } catch (cause) {
    await client.end({ timeout: 1 });
    throw explainConnectionFailure(cause, target);
  }
  const queries = createServerQueries((further) => connect(target, options, further));
  const plain = observeCommits(drizzle(client, { schema, casing: "snake_case" }));
  const db = options.namespace === undefined ? plain : useNamespace(plain, options.namespace);
  return {
    db,
    kind: "postgres",
    location: target.location,
    execute: async (sql) => void (await client.unsafe(sql).simple()),
    query: queries.query,
    stats: (): PoolStats => {
      const { open, idle, waiting } = (client as Sql & DriverStats).stats();
      return { size: client.options.max, inUse: open - idle, idle, waiting };
    },
    // A pooler gives the next transaction another session, where nobody listens.
    listen:
      options.pooler === "transaction"
        ? undefined
        : (channel, hearing, clock) =>
            keepListening(channel, hearing, clock, (told) => connect(target, options, listeningOptions(told))),
    read: (ask) => ask(db),
    close: async () => void (await Promise.all([queries.close(), client.end({ timeout: 5 })])),
  };
}

/** Told by our patch of the driver, which keeps them to itself. */
type DriverStats = { stats(): { open: number; idle: number; waiting: number } };

/** `onnotify` is the driver's, though its types leave it out. */
function listeningOptions({ onMessage, onClose }: Parameters<OpenSession>[0]): object {
  return { max: 1, idle_timeout: null, max_lifetime: null, fetch_types: false, onnotify: onMessage, onclose: onClose };
}

export function connect({ url, tls, caFile }: ConnectionUrl, options: PostgresOptions, further: object = {}): Sql {
  const timeouts = timeoutsOf(options);
  const hasSession = options.pooler !== "transaction";
  const client = postgres(url, {
    max: options.poolSize ?? 10,
    ssl: toTlsOption(options.tls ?? tls ?? "prefer", options.caFile ?? caFile),
    prepare: hasSession,
    connection: { application_name: APPLICATION_NAME, ...(hasSession ? (timeouts as object) : {}) },
    connect_timeout: 10,
    idle_timeout: 60,
    keep_alive: KEEP_ALIVE_SECONDS,
    // The driver's own goes to twenty seconds, in which a server that is back would not be noticed.
    backoff: (attempt) => reconnectDelayMs(attempt) / 1_000,
    onnotice: () => {},
    ...further,
  });
  return hasSession ? client : limitingTransactions(client, timeouts);
}

function timeoutsOf({ statementTimeoutMs = 60_000, lockTimeoutMs = 10_000 }: PostgresOptions): Record<string, string> {
  // As texts, since the driver leaves a 0 out, which would mean the server's default and not "none".
  return {
    statement_timeout: String(statementTimeoutMs),
    lock_timeout: String(lockTimeoutMs),
    idle_in_transaction_session_timeout: String(IDLE_IN_TRANSACTION_TIMEOUT_MS),
  };
}

/**
 * A pooler takes no time-outs for its sessions, so that each transaction sets its own; they go with its first statement
 * and cost no round trip. Single statements are under those of the role (`alter role … set statement_timeout`).
 */
function limitingTransactions(client: Sql, timeouts: Record<string, string>): Sql {
  const begin = client.begin.bind(client) as (run: (tx: postgres.TransactionSql) => unknown) => Promise<unknown>;
  const settings = Object.entries(timeouts).map(([name, value]) => `set local ${name} = ${value}`);
  const limited = (run: (tx: postgres.TransactionSql) => unknown) =>
    begin((tx) => {
      tx.unsafe(settings.join("; ")).execute();
      return run(tx);
    });
  return Object.assign(client, { begin: limited });
}

export async function waitForServer(client: Sql, { location }: ConnectionUrl, options: PostgresOptions): Promise<void> {
  const { waitMs = 0, clock = systemClock, onWait = () => {} } = options;
  const until = clock.now().getTime() + waitMs;
  for (let attempt = 0; ; attempt++) {
    try {
      await client`select 1`;
      return;
    } catch (error) {
      const delayMs = reconnectDelayMs(attempt);
      if (!isWorthWaiting(error) || clock.now().getTime() + delayMs > until) throw error;
      const { message, code } = error as { message?: string; code?: string };
      if (attempt === 0) onWait(`The database at ${location} does not answer yet: ${message || code}`);
      await clock.sleep(delayMs);
    }
  }
}
