import { LOCAL_USER_ID } from "../db/schema/users.ts";
import type { Log, LogFields } from "../telemetry/log.ts";
import { withLogFields, withSpan } from "../telemetry/scope.ts";
import type { Span, Telemetry } from "../telemetry/telemetry.ts";
import { parseTraceparent } from "../telemetry/trace-context.ts";
import { isHealthProbe } from "./health.ts";
import type { Route } from "./methods.ts";
import { METRICS_PATH } from "./metrics.ts";
import { findContext } from "./request-context.ts";
import { createRouteFinder } from "./route-finder.ts";

type Handle<Rest extends unknown[]> = (request: Request, ...rest: Rest) => Response | Promise<Response>;

/**
 * Tells of every request: a span in the trace that the client names (`traceparent`), its time by route, and one line of
 * the log; and has each line that is logged meanwhile carry the request's id and user.
 *
 * The line is for what an operator looks for: answers of ours that failed, slow ones, and whatever may have changed
 * something. Other requests are in the metrics, and in the log at the level `debug`: a line for each read would cost more
 * than many of the reads, and whatever proxy stands in front writes such a log already.
 */
export function observeRequests<Rest extends unknown[]>(
  { log, telemetry }: { log: Log; telemetry: Telemetry },
  routes: () => readonly Route[],
  handle: Handle<Rest>,
): Handle<Rest> {
  const findRoute = createRouteFinder(routes);
  return (request, ...rest) => {
    const path = pathOf(request.url);
    if (isHealthProbe(path) || path === METRICS_PATH) return handle(request, ...rest);
    const startedAt = performance.now();
    const { method } = request;
    const route = findRoute(path);
    const parent = parseTraceparent(request.headers.get("traceparent"));
    const span = telemetry.startSpan(`${nameOf(method)} ${route ?? ""}`.trim(), {
      kind: "server",
      parent,
      attributes: telemetry.isTracing ? describe(request, path, route) : {},
    });
    const answered = async (): Promise<Response> => {
      try {
        const answer = await handle(request, ...rest);
        tellAnswer(span, request, answer.status);
        const ms = performance.now() - startedAt;
        const labels = {
          method: nameOf(method),
          route: route ?? "none",
          status: `${Math.floor(answer.status / 100)}xx`,
        };
        telemetry.observe("http.server.request.duration", labels, ms / 1_000);
        if (answer.status === 429) telemetry.count("orbweaver.rate_limit.refusals", { route: labels.route });
        tellLog(log, request, answer, { path, route, ms });
        return answer;
      } catch (error) {
        span.fail(error);
        throw error;
      } finally {
        span.end();
      }
    };
    const context = span.context ?? parent;
    return withLogFields(fieldsOf(request), () => (context ? withSpan(context, answered) : answered()));
  };
}

/** Read anew by each line, since what they are is found out on the way. */
function fieldsOf(request: Request): LogFields {
  return {
    get requestId() {
      return findContext(request)?.requestId;
    },
    get userId() {
      const id = findContext(request)?.principal?.userId;
      return id === LOCAL_USER_ID ? undefined : id;
    },
    get keyId() {
      return findContext(request)?.principal?.keyId ?? undefined;
    },
  };
}

/** A reader waits for it by then. */
const SLOW_MS = 1_000;

function tellLog(
  log: Log,
  request: Request,
  { status, headers }: Response,
  { path, route, ms }: { path: string; route: string | undefined; ms: number },
): void {
  const { method } = request;
  const isReading = method === "GET" || method === "HEAD" || method === "OPTIONS";
  const isTelling = status >= 500 || ms > SLOW_MS || (!isReading && status < 400);
  const bytes = Number(headers.get("content-length") ?? Number.NaN);
  log[isTelling ? "info" : "debug"]("request answered", {
    ...{ method, path, route, status, ms: Math.round(ms * 10) / 10 },
    ...(Number.isNaN(bytes) ? {} : { bytes }),
    address: findContext(request)?.address,
  });
}

function tellAnswer(span: Span, request: Request, status: number): void {
  if (!span.context) return;
  const { requestId, principal } = findContext(request) ?? {};
  span.set({
    "http.response.status_code": status,
    "orbweaver.request.id": requestId,
    "user.id": principal?.userId === LOCAL_USER_ID ? undefined : principal?.userId,
    ...(status >= 500 ? { "error.type": String(status) } : {}),
  });
  // What a client got wrong is no failure of ours (semantic conventions of HTTP server spans).
  if (status >= 500) span.fail(new Error(`Answered ${status}`));
}

function describe({ method, headers, url }: Request, path: string, route: string | undefined) {
  return {
    "http.request.method": nameOf(method),
    "http.route": route,
    "url.path": path,
    "url.query": url.includes("?") ? url.slice(url.indexOf("?")) : undefined,
    "url.scheme": "http",
    "server.address": headers.get("host") ?? undefined,
    "user_agent.original": headers.get("user-agent") ?? undefined,
  };
}

const METHODS = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]);

/** Whatever a client thinks up is one method. */
function nameOf(method: string): string {
  return METHODS.has(method) ? method : "_OTHER";
}

function pathOf(url: string): string {
  const begin = url.indexOf("/", url.indexOf("//") + 2);
  if (begin === -1) return "/";
  const end = url.slice(begin).search(/[?#]/);
  return end === -1 ? url.slice(begin) : url.slice(begin, begin + end);
}
