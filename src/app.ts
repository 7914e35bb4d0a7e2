import { type Cache, createMemoryCache, observeCache, openRedisCache } from "./cache.ts";
import { type Clock, systemClock } from "./clock.ts";
import { closeInOrder } from "./closing.ts";
import { redisOf } from "./config/redis.ts";
import type { Config } from "./config/settings.ts";
import { observeParser } from "./content/observed-parser.ts";
import { createParserPool, type ParserPool } from "./content/parser-pool.ts";
import { createHostQueues, type HostQueues } from "./crawl/host-queues.ts";
import { freeAllLeases } from "./crawl/lease.ts";
import { createRobotsCache, type RobotsCache } from "./crawl/robots-cache.ts";
import type { Db, Store } from "./db/db.ts";
import { migrateUp } from "./db/migrate.ts";
import { observeStatements, watchConnections } from "./db/observed-statements.ts";
import type { PostgresOptions } from "./db/postgres.ts";
import { AppError } from "./errors.ts";
import { type AllowedNetworks, createAddressPolicy, parseAllowedNetworks } from "./fetch/address-policy.ts";
import type { Fetch } from "./fetch/fetch.ts";
import { createNetworkFetch } from "./fetch/network.ts";
import { observeFetch } from "./fetch/observed-fetch.ts";
import type { Log } from "./telemetry/log.ts";
import { openLog, openTelemetry } from "./telemetry/open.ts";
import { SILENT, type Telemetry } from "./telemetry/telemetry.ts";
import { VERSION } from "./version.ts";

/** What it takes to fetch and read pages; no database. */
export type Web = {
  config: Config;
  clock: Clock;
  log: Log;
  telemetry: Telemetry;
  cache: Cache;
  /** Guarded: reaches what this process may reach, and nothing else. */
  fetch: Fetch;
  robots: RobotsCache;
  hosts: HostQueues;
  parser: ParserPool;
  userAgent: string;
  /** Stops everything in order; safe to call twice. */
  close(): Promise<void>;
};

/** The outside world, opened in one place and handed down. */
export type App = Web & { store: Store; db: Db };

/** No part of the outside world may keep the process from ending. */
const CLOSE_TIMEOUT_MS = 10_000;

export type OpenOptions = {
  clock?: Clock;
  log?: Log;
  /** What its work is told to; nobody when absent, but for `openApp`, which goes by the settings. */
  telemetry?: Telemetry;
  /** Hosts that the person at the keyboard names, which may be reached wherever they are. */
  allow?: readonly string[];
  /** Answers in place of the network, as a folder of files does. */
  fetch?: Fetch;
};

/** Opens the way to the web: fetcher, robots, parser threads and cache. */
export function openWeb(config: Config, options: OpenOptions = {}): Web {
  const clock = options.clock ?? systemClock;
  const log = options.log ?? openLog(config, clock);
  const telemetry = options.telemetry ?? SILENT;
  const userAgent = config.USER_AGENT ?? `Orbweaver/${VERSION}${config.CONTACT ? ` (+${config.CONTACT})` : ""}`;
  const { fetch: plainFetch, close: closeNetwork } = options.fetch
    ? { fetch: options.fetch, close: () => {} }
    : openNetwork(config, clock, userAgent, options.allow ?? []);
  const fetch = observeFetch(plainFetch, telemetry);
  const redis = redisOf(config);
  const plainCache = redis
    ? openRedisCache(redis, { prefix: config.REDIS_KEY_PREFIX, log, clock })
    : createMemoryCache(clock);
  const cache = observeCache(plainCache, telemetry);
  const parser = observeParser(createParserPool({ threads: config.PARSER_THREADS }), telemetry);
  return {
    ...{ config, clock, log, telemetry, cache, userAgent, fetch, parser },
    robots: createRobotsCache({ fetch, clock, userAgent, store: cache }),
    hosts: createHostQueues(clock),
    close: async () => {
      parser.close();
      closeNetwork();
      await cache.close();
    },
  };
}

/**
 * Opens the web and the database, and brings the latter's tables up to date.
 * @throws AppError `unavailable` or `conflict` when the database can't be used
 */
export async function openApp(config: Config, options: OpenOptions = {}): Promise<App> {
  const clock = options.clock ?? systemClock;
  const log = options.log ?? openLog(config, clock);
  const store = await openStore(config, (message) => log.warn("database awaited", { message }));
  try {
    await migrateUp(store.db);
    // The folder is locked, so whoever holds a lease on a crawl in it is dead.
    if (store.kind === "embedded") await freeAllLeases(store.db);
    const telemetry = options.telemetry ?? (await openTelemetry(config, clock, log));
    observeStatements(store.db, telemetry);
    watchConnections(store, telemetry);
    const web = openWeb(config, { ...options, clock, log, telemetry });
    let closing: Promise<void> | undefined;
    const close = () => {
      closing ??= closeApp(web, store);
      return closing;
    };
    return { ...web, store, db: store.db, close };
  } catch (error) {
    await store.close();
    throw error;
  }
}

/** The database after all else, which may have something to write down yet, and last what tells of it. */
async function closeApp(web: Web, store: Store): Promise<void> {
  const closers = [
    { name: "web", close: web.close },
    { name: "database", close: store.close },
    { name: "telemetry", close: web.telemetry.close },
  ];
  // What is open is so in real time, whatever the clock of crawls says.
  await closeInOrder(closers, { log: web.log, clock: systemClock, withinMs: CLOSE_TIMEOUT_MS });
}

/** The database that the settings name. Each kind is loaded only when it is used. */
export async function openStore(config: Config, onWait?: (message: string) => void): Promise<Store> {
  if (config.DATABASE_URL) {
    const { openPostgresStore } = await import("./db/postgres.ts");
    return openPostgresStore(config.DATABASE_URL, { ...postgresOptionsOf(config), onWait });
  }
  const { openEmbeddedStore } = await import("./db/embedded.ts");
  return openEmbeddedStore(config.DATA_DIR, { namespace: config.DATABASE_SCHEMA });
}

/** How the settings want a server to be connected to. */
export function postgresOptionsOf(config: Config): PostgresOptions {
  return {
    namespace: config.DATABASE_SCHEMA,
    poolSize: config.DATABASE_POOL_SIZE,
    pooler: config.DATABASE_POOLER,
    tls: config.DATABASE_TLS,
    caFile: config.DATABASE_CA_FILE,
    waitMs: config.DATABASE_WAIT_MS,
    statementTimeoutMs: config.DATABASE_STATEMENT_TIMEOUT_MS,
    lockTimeoutMs: config.DATABASE_LOCK_TIMEOUT_MS,
  };
}

function openNetwork(config: Config, clock: Clock, userAgent: string, named: readonly string[]) {
  const networks = parseAllowedNetworks(config.ALLOW_PRIVATE_NETWORKS);
  if ("fault" in networks) throw new AppError("invalid", `ALLOW_PRIVATE_NETWORKS: ${networks.fault}`);
  const allow: AllowedNetworks = networks.allow === true ? true : [...networks.allow, ...named];
  const totalMs = config.FETCH_TIMEOUT_MS;
  return createNetworkFetch({
    userAgent,
    policy: createAddressPolicy({ allow }),
    maxBytes: config.MAX_BODY_BYTES,
    timeouts: { connectMs: Math.min(10_000, totalMs), headersMs: Math.min(20_000, totalMs), totalMs },
    clock,
  });
}
