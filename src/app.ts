import type { Cache } from "./cache.ts";
import type { Clock } from "./clock.ts";
import type { Config } from "./config.ts";
import type { ParserPool } from "./content/parser-pool.ts";
import type { RobotsCache } from "./crawl/robots-cache.ts";
import type { Db, Store } from "./db/db.ts";
import type { Fetch } from "./fetch/fetch.ts";
import type { Log } from "./log.ts";

/** The outside world, opened in one place and handed down. */
export type App = {
  config: Config;
  clock: Clock;
  log: Log;
  store: Store;
  db: Db;
  cache: Cache;
  /** Guarded: reaches what this process may reach, and nothing else. */
  fetch: Fetch;
  robots: RobotsCache;
  parser: ParserPool;
  userAgent: string;
  /** Stops everything in order; safe to call twice. */
  close(): Promise<void>;
};
