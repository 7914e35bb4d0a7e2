import type { Server } from "bun";
import { Elysia } from "elysia";
import { createTurnstile } from "../access/turnstile.ts";
import type { App } from "../app.ts";
import { rolesOf } from "../config/roles.ts";
import { AppError } from "../errors.ts";
import type { Pulses } from "../health/readiness.ts";
import type { Access } from "./access.ts";
import { changesApi } from "./changes.ts";
import { channelsApi } from "./channels.ts";
import { createCorsPolicy } from "./cors.ts";
import { crawlsApi } from "./crawls.ts";
import { deliveriesApi } from "./deliveries.ts";
import { embeddingsApi } from "./embeddings.ts";
import { extractApi } from "./extract.ts";
import { feedsApi } from "./feeds.ts";
import { createGateway, type Gateway, IDLE_TIMEOUT_S } from "./gateway.ts";
import { instancesApi } from "./instances.ts";
import { jobsApi } from "./jobs.ts";
import { keysApi } from "./keys.ts";
import { answerLiveness } from "./liveness.ts";
import { llmsApi } from "./llms.ts";
import { logLevelApi } from "./log-level.ts";
import { mcpApi } from "./mcp.ts";
import { meApi } from "./me.ts";
import { mentionsApi, websiteMentionsApi } from "./mentions.ts";
import { startMetricsServer } from "./metrics.ts";
import { observeRequests } from "./observed-requests.ts";
import { pagesApi } from "./pages.ts";
import type { DeclaredRoute } from "./permissions.ts";
import { createProbes } from "./probes.ts";
import { protectedResourceApi } from "./protected-resource.ts";
import { queuesApi } from "./queues.ts";
import { createRateLimits } from "./rate-limits.ts";
import { revisitsApi } from "./revisits.ts";
import { type Surroundings, underRules } from "./ruled.ts";
import { schedulesApi } from "./schedules.ts";
import { scrapeApi } from "./scrape.ts";
import { searchApi, websiteSearchApi } from "./search.ts";
import { searchSuggestionsApi } from "./search-suggestions.ts";
import { similarApi } from "./similar.ts";
import { swaggerPages } from "./swagger.ts";
import { systemSchedulesApi } from "./system-schedules.ts";
import { templatePreviewApi } from "./template-preview.ts";
import { trackingApi } from "./tracking.ts";
import { usersApi } from "./users.ts";
import { versionsApi } from "./versions.ts";
import { websiteChangesApi } from "./website-changes.ts";
import { websiteEventsApi } from "./website-events.ts";
import { websitesApi } from "./websites.ts";

/** Requests in flight get as long when the service stops. */
const STOP_TIMEOUT_MS = 5_000;
const IN_FLIGHT_LOOK_MS = 10;
/** Beyond it the runtime refuses by itself; below it, the answer says why. */
const MAX_BODY_BYTES = 100_000_000;

/** All routes. */
export function createApi(app: App, background: Pulses, surroundings: Surroundings) {
  const { config, log, db, store, cache, clock, fetch, parser, robots } = app;
  const { closing } = surroundings;
  const scrapes = createTurnstile(config.MAX_SCRAPES_PER_KEY, "scrapes");
  const routes = (): readonly DeclaredRoute[] => api.routes;
  const api = underRules(app, background, surroundings, routes)
    .group("/api/v1", (v1) =>
      v1
        .use(websitesApi({ db, store, cache, clock, config }))
        .use(feedsApi({ store, clock, config }))
        .use(crawlsApi({ config, db, store, cache, clock, log, closing }))
        .use(schedulesApi({ db, clock, config }))
        .use(revisitsApi({ store }))
        .use(systemSchedulesApi({ db, clock, config }))
        .use(channelsApi(app))
        .use(templatePreviewApi({ db, config }))
        .use(deliveriesApi({ db, clock, config }))
        .use(websiteEventsApi({ db, cache, clock, log, closing }))
        .use(pagesApi({ store, parser }))
        .use(searchApi(app))
        .use(searchSuggestionsApi(app))
        .use(mentionsApi(app))
        .use(websiteMentionsApi(app))
        .use(websiteSearchApi(app))
        .use(versionsApi({ store, parser }))
        .use(changesApi({ store, parser }))
        .use(websiteChangesApi({ store, clock }))
        .use(trackingApi({ config, db, parser }))
        .use(llmsApi({ config, db, store, parser }))
        .use(logLevelApi({ log }))
        .use(scrapeApi({ fetch, parser, robots, clock }, scrapes))
        .use(extractApi({ config, db, fetch, parser, robots, clock }))
        .use(usersApi({ db, cache, clock, config }))
        .use(keysApi({ db, cache, clock, config }))
        .use(jobsApi({ db, cache }))
        .use(queuesApi({ db, cache, clock, log, closing }))
        .use(embeddingsApi(app))
        .use(similarApi({ store, clock }))
        .use(meApi({ db, clock }))
        .use(instancesApi(app)),
    )
    .use(mcpApi(app, { ...surroundings, scrapes }))
    .use(protectedResourceApi(config))
    .use(config.DOCS === "off" ? new Elysia() : swaggerPages());
  return api;
}

export type RunningApi = {
  /** Where it is reached from this machine. */
  url: string;
  /** Takes no more requests and lets those in flight end, until `cut` is aborted; by itself after some seconds. */
  stop(cut?: AbortSignal): Promise<void>;
};

/**
 * Listens on the configured address: with all routes, or for probes alone, as the process's roles say.
 * @throws AppError `unavailable` when the address can't be had
 */
export async function startApi(
  app: App,
  background: Pulses,
  access: Access,
  stopping?: AbortSignal,
): Promise<RunningApi> {
  const { config, log, cache, clock, instances } = app;
  const { HOST, PORT } = config;
  const closing = new AbortController();
  const cors = createCorsPolicy(config, access === "open");
  const limits = createRateLimits({ config, cache, clock, log, liveInstances: () => instances.live("api") });
  const signals = { closing: closing.signal, stopping: stopping ?? closing.signal };
  const create = rolesOf(config).has("api") ? createApi : createProbes;
  const api = create(app, background, { access, cors, limits, ...signals });
  const gateway = createGateway({ config, cors, limits, log, fetch: (request) => api.fetch(request) });
  const server = listen(HOST, PORT, answerLiveness(observeRequests(app, () => api.routes, gateway)), log);
  const metrics = startMetricsServer(app);
  const leave = app.telemetry.watch("http.server.active_requests", () => [
    { labels: {}, value: server.pendingRequests },
  ]);
  return {
    url: `http://${describeHost(HOST)}:${server.port}`,
    stop: async (cut = AbortSignal.timeout(STOP_TIMEOUT_MS)) => {
      closing.abort();
      await stopServer(server, cut, app.log);
      leave();
      await metrics?.stop();
    },
  };
}

function listen(hostname: string, port: number, fetch: Gateway, log: App["log"]) {
  try {
    return Bun.serve({
      ...{ hostname, port, idleTimeout: IDLE_TIMEOUT_S, maxRequestBodySize: MAX_BODY_BYTES, fetch },
      // Whatever escapes the routes: the runtime's own answer would show the source.
      error: (error) => {
        log.error("request failed outside the routes", { error });
        return new Response(null, { status: 500 });
      },
    });
  } catch (cause) {
    const { code, message } = cause as { code?: string; message: string };
    const mend = code === "EADDRINUSE" ? "it is taken: stop what listens there, or set PORT" : message;
    throw new AppError("unavailable", `Can't listen on ${describeHost(hostname)}:${port}: ${mend}`, { cause });
  }
}

/** A client that has not asked in full, or holds a connection for later, is not waited for. */
async function stopServer(server: Server<undefined>, cut: AbortSignal, log: App["log"]): Promise<void> {
  const cutOff = () => {
    log.warn("requests were cut off", { requests: server.pendingRequests });
    void server.stop(true);
  };
  cut.addEventListener("abort", cutOff);
  void server.stop();
  while (server.pendingRequests > 0 && !cut.aborted) await Bun.sleep(IN_FLIGHT_LOOK_MS);
  cut.removeEventListener("abort", cutOff);
  await server.stop(true);
}

/** An address that stands for all of them can't be opened in a browser. */
function describeHost(host: string): string {
  if (host === "0.0.0.0" || host === "::") return "localhost";
  return host.includes(":") ? `[${host}]` : host;
}
