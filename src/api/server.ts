import { Elysia } from "elysia";
import type { App } from "../app.ts";
import { AppError } from "../errors.ts";
import { crawlsApi } from "./crawls.ts";
import { healthApi } from "./health.ts";
import type { Route } from "./methods.ts";
import { pagesApi } from "./pages.ts";
import { problemResponses } from "./problems.ts";
import { requestRules } from "./requests.ts";
import { scrapeApi } from "./scrape.ts";
import { swaggerPages } from "./swagger.ts";
import { websitesApi } from "./websites.ts";

/** The longest that a request may be silent: a page scraped with the longest time-out, and some. */
const IDLE_TIMEOUT_S = 150;
/** Requests in flight get as long when the service stops. */
const STOP_TIMEOUT_MS = 5_000;
/** Beyond it the runtime refuses by itself; below it, the answer says why. */
const MAX_BODY_BYTES = 100_000_000;

/** All routes. `closing` ends the answers that would go on for ever. */
export function createApi(app: App, background: { wake(): void }, closing: AbortSignal) {
  const { config, log, db, store, cache, clock, fetch, parser, robots } = app;
  const routes = (): readonly Route[] => api.routes;
  // Hooks come before the routes they are for. Without `normalize: false`, unknown fields would vanish unsaid.
  const api = new Elysia({ normalize: false })
    .use(problemResponses({ log }, routes))
    .use(requestRules({ config }))
    .use(healthApi({ db, store, cache }))
    .group("/api/v1", (v1) =>
      v1
        .use(websitesApi({ db, cache, clock }))
        .use(crawlsApi({ db, cache, clock, log, background, closing }))
        .use(pagesApi({ db, parser }))
        .use(scrapeApi({ fetch, parser, robots, clock })),
    )
    .use(swaggerPages())
    .get("/", ({ redirect }) => redirect("/swagger", 302), { detail: { hide: true } });
  return api;
}

export type RunningApi = {
  /** Where it is reached from this machine. */
  url: string;
  /** Takes no more requests, and lets those in flight end. */
  stop(): Promise<void>;
};

/**
 * Listens on the configured address.
 * @throws AppError `unavailable` when the address can't be had
 */
export async function startApi(app: App, background: { wake(): void }): Promise<RunningApi> {
  const { HOST, PORT } = app.config;
  const closing = new AbortController();
  const api = createApi(app, background, closing.signal);
  const server = listen(HOST, PORT, (request) => api.fetch(request));
  return {
    url: `http://${describeHost(HOST)}:${server.port}`,
    stop: async () => {
      closing.abort();
      const cut = setTimeout(() => void server.stop(true), STOP_TIMEOUT_MS);
      await server.stop();
      clearTimeout(cut);
    },
  };
}

function listen(hostname: string, port: number, fetch: (request: Request) => Response | Promise<Response>) {
  try {
    return Bun.serve({ hostname, port, idleTimeout: IDLE_TIMEOUT_S, maxRequestBodySize: MAX_BODY_BYTES, fetch });
  } catch (cause) {
    const { code, message } = cause as { code?: string; message: string };
    const mend = code === "EADDRINUSE" ? "it is taken: stop what listens there, or set PORT" : message;
    throw new AppError("unavailable", `Can't listen on ${describeHost(hostname)}:${port}: ${mend}`, { cause });
  }
}

/** An address that stands for all of them can't be opened in a browser. */
function describeHost(host: string): string {
  if (host === "0.0.0.0" || host === "::") return "localhost";
  return host.includes(":") ? `[${host}]` : host;
}
