import { type Cache, createMemoryCache, observeCache, openRedisCache } from "./cache.ts";
import { type Clock, systemClock } from "./clock.ts";
import { closeInOrder } from "./closing.ts";
import { redisOf } from "./config/redis.ts";
import { replicasOf } from "./config/replicas.ts";
import type { Config } from "./config/settings.ts";
import { observeParser } from "./content/observed-parser.ts";
import { createParserPool, type ParserPool } from "./content/parser-pool.ts";
import { freeAllLeases } from "./crawl/lease.ts";
import { createRobotsCache, type RobotsCache } from "./crawl/robots-cache.ts";
import { createSessions, type Sessions } from "./crawl/sessions.ts";
import type { Db, Store } from "./db/db.ts";
import { createExtensions, type Extension } from "./db/extensions.ts";
import { migrateUp } from "./db/migrate.ts";
import { observeStatements, watchConnections } from "./db/observed-statements.ts";
import type { PostgresOptions } from "./db/postgres.ts";
import { type Embedder, openEmbedder } from "./embeddings/embedder.ts";
import { observeEmbedder } from "./embeddings/observed-embedder.ts";
import { AppError } from "./errors.ts";
import { type AllowedNetworks, createAddressPolicy, parseAllowedNetworks } from "./fetch/address-policy.ts";
import type { Fetch } from "./fetch/fetch.ts";
import { createNetworkFetch } from "./fetch/network.ts";
import { observeFetch } from "./fetch/observed-fetch.ts";
import { createInstances, type Instances } from "./instances/membership.ts";
import { type Jobs, openJobs } from "./jobs/jobs.ts";
import { type Explainer, openExplainer } from "./notify/explainer.ts";
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
  sessions: Sessions;
  parser: ParserPool;
  userAgent: string;
  /** Of this process, for as long as it runs: whose work something is. */
  instanceId: string;
  /** This process among those that share its database, once it has joined them. */
  instances: Instances;
  /** Stops everything in order; safe to call twice. */
  close(): Promise<void>;
};

/** The outside world, opened in one place and handed down. */
export type App = Web & {
  store: Store;
  db: Db;
  jobs: Jobs;
  /** Puts changes into plain words, where a language model is set up. */
  explainer?: Explainer | undefined;
  /** Makes vectors of texts, where an endpoint for them is set up. */
  embedder?: Embedder | undefined;
};

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
  /** What is shared with other instances where there is no Redis; the process's own memory when absent. */
  cache?: Cache;
};

/** Opens the way to the web: fetcher, robots, parser threads and cache. */
export function openWeb(config: Config, options: OpenOptions = {}): Web {
  const clock = options.clock ?? systemClock;
  const log = options.log ?? openLog(config, clock);
  const telemetry = options.telemetry ?? SILENT;
  const userAgent = config.USER_AGENT ?? `Orbweaver/${VERSION}${config.CONTACT ? ` (+${config.CONTACT})` : ""}`;
  const redis = redisOf(config);
  const plainCache = redis
    ? openRedisCache(redis, { prefix: config.REDIS_KEY_PREFIX, log, clock })
    : (options.cache ?? createMemoryCache(clock));
  const cache = observeCache(plainCache, telemetry);
  const { fetch: plainFetch, close: closeNetwork } = options.fetch
    ? { fetch: options.fetch, close: () => {} }
    : openNetwork(config, { clock, userAgent, allow: options.allow, cache });
  const fetch = observeFetch(plainFetch, telemetry);
  const sessions = createSessions();
  const parser = observeParser(openParser(config, telemetry), telemetry);
  const instanceId = Bun.randomUUIDv7();
  return {
    ...{ config, clock, log, telemetry, cache, userAgent, fetch, parser },
    instanceId,
    instances: createInstances(instanceId, { clock, log }),
    robots: createRobotsCache({ fetch, clock, userAgent, store: cache }),
    sessions,
    close: async () => {
      sessions.close();
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
  let store = await openStore(config, (message) => log.warn("database awaited", { message }));
  try {
    // The queue's own way to a server is opened by the first that asks over it: meanwhile.
    const [extensions] = await Promise.all([
      createExtensions(store.db),
      migrateUp(store.db),
      store.kind === "postgres" && store.query("select 1"),
    ]);
    tellLacking(extensions, log);
    // The folder is locked, so whoever holds a lease on a crawl in it is dead.
    if (store.kind === "embedded") await freeAllLeases(store.db);
    const telemetry = options.telemetry ?? (await openTelemetry(config, clock, log));
    observeStatements(store.db, telemetry);
    watchConnections(store, telemetry);
    store = await withReplicas(store, config, { clock, log, telemetry });
    const cache = options.cache ?? (await openSharedCache(config, store, clock, log));
    const jobs = await openJobs(store, { clock, log });
    const web = openWeb(config, { ...options, clock, log, telemetry, cache });
    jobs.announceOver(web.cache);
    const explainer = openExplainer(config, { clock, userAgent: web.userAgent });
    const plainEmbedder = openEmbedder(config, { clock, userAgent: web.userAgent });
    const embedder = plainEmbedder && observeEmbedder(plainEmbedder, telemetry);
    let closing: Promise<void> | undefined;
    const close = () => {
      closing ??= closeApp(web, jobs, store).finally(() => {
        explainer?.close();
        embedder?.close();
      });
      return closing;
    };
    return { ...web, store, db: store.db, jobs, explainer, embedder, close };
  } catch (error) {
    await store.close();
    throw error;
  }
}

/** Once a start, since the service does without them; the doctor says more. */
function tellLacking(extensions: readonly Extension[], log: Log): void {
  const lacking = extensions.filter(({ mend }) => mend !== null).map(({ name }) => name);
  if (lacking.length > 0) log.info("extensions lacking", { extensions: lacking });
}

async function withReplicas(
  store: Store,
  config: Config,
  parts: Pick<Web, "clock" | "log" | "telemetry">,
): Promise<Store> {
  const urls = replicasOf(config);
  if (urls.length === 0) return store;
  const { readFromReplicas } = await import("./db/replicas.ts");
  const maxLagMs = config.DATABASE_READ_MAX_LAG_MS;
  return readFromReplicas(store, urls, { ...parts, maxLagMs, connection: postgresOptionsOf(config) });
}

/** What instances share over the database, where it is a server and there is no Redis. */
async function openSharedCache(config: Config, store: Store, clock: Clock, log: Log): Promise<Cache | undefined> {
  if (store.kind === "embedded" || redisOf(config)) return undefined;
  const { createPostgresCache } = await import("./db/postgres-cache.ts");
  return createPostgresCache(store, { clock, log });
}

/** The database after all else, which may have something to write down yet, and last what tells of it. */
async function closeApp(web: Web, jobs: Jobs, store: Store): Promise<void> {
  const closers = [
    { name: "jobs", close: jobs.close },
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

function openParser(config: Config, telemetry: Telemetry): ParserPool {
  return createParserPool({
    threads: config.PARSER_THREADS,
    maxPagesPerThread: config.PARSER_MAX_PAGES,
    maxHeapBytes: config.PARSER_MAX_MB * 1_000_000,
    onReplace: (reason) => telemetry.count("orbweaver.parse.replacements", { reason }),
  });
}

type NetworkParts = Pick<Web, "clock" | "userAgent" | "cache"> & Pick<OpenOptions, "allow">;

function openNetwork(config: Config, { clock, userAgent, allow: named, cache }: NetworkParts) {
  const networks = parseAllowedNetworks(config.ALLOW_PRIVATE_NETWORKS);
  if ("fault" in networks) throw new AppError("invalid", `ALLOW_PRIVATE_NETWORKS: ${networks.fault}`);
  const allow: AllowedNetworks = networks.allow === true ? true : [...networks.allow, ...(named ?? [])];
  const totalMs = config.FETCH_TIMEOUT_MS;
  return createNetworkFetch({
    userAgent,
    policy: createAddressPolicy({ allow }),
    maxBytes: config.MAX_BODY_BYTES,
    timeouts: { connectMs: Math.min(10_000, totalMs), headersMs: Math.min(20_000, totalMs), totalMs },
    clock,
    // A command at somebody's keyboard may be in another network, where names have other addresses.
    sharedAnswers: cache.kind === "memory" || named ? undefined : cache,
  });
}
