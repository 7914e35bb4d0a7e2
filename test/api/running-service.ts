import { createAuthenticator } from "../../src/access/authenticator.ts";
import { startApi } from "../../src/api/server.ts";
import type { App } from "../../src/app.ts";
import { createMemoryCache } from "../../src/cache.ts";
import { type Clock, systemClock } from "../../src/clock.ts";
import { readConfig } from "../../src/config/config.ts";
import type { Config } from "../../src/config/settings.ts";
import { createParserPool } from "../../src/content/parser-pool.ts";
import { createRobotsCache } from "../../src/crawl/robots-cache.ts";
import { createSessions } from "../../src/crawl/sessions.ts";
import type { Store } from "../../src/db/db.ts";
import type { Fetch } from "../../src/fetch/fetch.ts";
import { FetchError } from "../../src/fetch/fetch.ts";
import { createInstances } from "../../src/instances/membership.ts";
import { jobsOf } from "../../src/jobs/jobs.ts";
import { createLog } from "../../src/telemetry/log.ts";
import { SILENT, type Telemetry } from "../../src/telemetry/telemetry.ts";

export type Answer = { status: number; headers: Headers; text: string; json: Record<string, unknown> };

export type RunningService = {
  app: App;
  url: string;
  /** Lines of the log so far. */
  lines: string[];
  /** How often the background was told of work. */
  /** A body is sent as JSON unless it is a text, which is sent as it stands. */
  ask(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
  stop(): Promise<void>;
};

const offline: Fetch = async ({ url }) => {
  throw new FetchError("dns", `${new URL(url).host} has no address`);
};

/** For routes that never ask the database: opening one takes most of a test's time. */
export const noStore = { db: {}, kind: "embedded", location: "nowhere" } as Store;

/** A store that asks another database, whoever asks it. */
export function storeOver(store: Store, db: unknown): Store {
  const other = db as Store["db"];
  return { ...store, db: other, read: (ask) => ask(other) };
}

/** The API on a free port, over a real database; the web behind it is what `fetch` answers. */
export async function startService(
  store: Store,
  options: { clock?: Clock; fetch?: Fetch; telemetry?: Telemetry; config?: Partial<Config>; isClosed?: boolean } = {},
): Promise<RunningService> {
  const { clock = systemClock, fetch = offline, telemetry = SILENT } = options;
  const lines: string[] = [];
  const cache = createMemoryCache(clock);
  const parser = createParserPool({ threads: 1 });
  const userAgent = "Orbweaver/test";
  const instanceId = Bun.randomUUIDv7();
  const log = createLog("info", clock, (line) => lines.push(line));
  const app: App = {
    config: readConfig({}, { PORT: 0, ...options.config }),
    ...{ clock, telemetry, store, cache, parser, fetch, userAgent, db: store.db },
    log,
    robots: createRobotsCache({ fetch, clock, userAgent, store: cache }),
    sessions: createSessions(),
    get jobs() {
      return jobsOf(store.db);
    },
    instanceId,
    instances: createInstances(instanceId, { clock, log }),
    close: async () => parser.close(),
  };
  const authenticator = options.isClosed ? createAuthenticator(app) : undefined;
  const api = await startApi(app, {}, authenticator ?? "open");
  return {
    ...{ app, lines, url: api.url },
    ask: async (method, path, body, headers = {}) => {
      const isJson = body !== undefined;
      const response = await globalThis.fetch(api.url + path, {
        method,
        redirect: "manual",
        headers: { ...(isJson ? { "content-type": "application/json" } : {}), ...headers },
        body: body === undefined || typeof body === "string" ? body : JSON.stringify(body),
      });
      const text = await response.text();
      const isRead = text !== "" && /[/+]json/.test(response.headers.get("content-type") ?? "");
      return { status: response.status, headers: response.headers, text, json: isRead ? JSON.parse(text) : {} };
    },
    stop: async () => {
      await api.stop();
      await authenticator?.close();
      await app.close();
    },
  };
}
