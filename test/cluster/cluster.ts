import { LOCAL_VIEWER } from "../../src/access/viewer.ts";
import { type App, openApp } from "../../src/app.ts";
import { systemClock } from "../../src/clock.ts";
import { readConfig } from "../../src/config/config.ts";
import { type Crawl, readCrawl, startCrawl } from "../../src/crawl/crawls.ts";
import { createLog } from "../../src/telemetry/log.ts";
import { openProcesses, type RunningProcess } from "./processes.ts";
import { until } from "./until.ts";

/** Processes over one database and one Redis. */
export type Cluster = {
  /** This process's own way in, as an instance that works nothing. */
  app: App;
  /** Those that run. */
  readonly workers: RunningProcess[];
  /** Starts one more; it works when this resolves. */
  addWorker(...args: string[]): Promise<RunningProcess>;
  crawl(url: string, options?: Record<string, unknown>): Promise<Crawl>;
  /** Waits until a crawl is over. */
  untilEnded(crawl: Crawl, timeoutMs?: number): Promise<Crawl>;
  close(): Promise<void>;
};

export type ClusterOptions = {
  databaseUrl: string;
  redisUrl: string;
  /** The program with the arguments that make it a worker. */
  worker: readonly string[];
  env?: Record<string, string>;
};

const ENDED = ["completed", "failed", "cancelled"];

export async function openCluster({ databaseUrl, redisUrl, worker, env = {} }: ClusterOptions): Promise<Cluster> {
  const settings = {
    DATABASE_URL: databaseUrl,
    REDIS_URL: redisUrl,
    REDIS_KEY_PREFIX: `orbweaver-test:${Bun.randomUUIDv7()}:`,
    ALLOW_PRIVATE_NETWORKS: "127.0.0.0/8",
    ...env,
  };
  const app = await openApp(readConfig({ ...settings, DATABASE_POOL_SIZE: "4" }), {
    log: createLog("error", systemClock, () => {}),
  });
  const processes = openProcesses(settings);
  let started = 0;

  return {
    app,
    get workers() {
      return processes.running;
    },
    addWorker: async (...args) => {
      started++;
      const made = processes.start(`worker-${started}`, [...worker, ...args]);
      await made.untilSays(/(worker|service) started/);
      return made;
    },
    // Scope, politeness and sitemaps are such that all that hosts see are slices.
    crawl: (url, options) =>
      startCrawl(app.db, {
        viewer: LOCAL_VIEWER,
        url,
        options: { scope: "any", sitemaps: false, concurrency: 1, delay_ms: 50, ...options },
      }),
    untilEnded: (crawl, timeoutMs = 120_000) =>
      until(
        "the crawl is over",
        async () => {
          const now = await readCrawl(app.db, crawl.id);
          return now && ENDED.includes(now.state) && now;
        },
        { timeoutMs, everyMs: 50 },
      ),
    close: async () => {
      await processes.close();
      await app.close();
    },
  };
}
