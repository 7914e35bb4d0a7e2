import type { Server } from "bun";
import type { Config } from "../config/settings.ts";
import type { Log } from "../telemetry/log.ts";
import { createClientReader } from "./client.ts";
import { chooseEncoding, compressAnswer, describeCompressed, isCompressible } from "./compression.ts";
import type { CorsPolicy } from "./cors.ts";
import { respondProblem } from "./problems.ts";
import { hasCredential } from "./rate-limiting.ts";
import type { RateLimits } from "./rate-limits.ts";
import { findContext, networkOf, setContext } from "./request-context.ts";
import { answerHeaders, requestIdOf } from "./requests.ts";

/** Seconds in which a connection must bring or take something, while nothing is being worked on it. */
export const IDLE_TIMEOUT_S = 30;
/** Longer than this the runtime knows no idle time-out but none. */
const MAX_IDLE_TIMEOUT_S = 255;
/** The longest time-out of a scrape, and some; the scrape itself keeps to what was asked for. */
const SCRAPE_TIMEOUT_S = 150;

type Options = {
  config: Config;
  cors: CorsPolicy;
  limits: RateLimits;
  log: Log;
  /** The routes. */
  fetch(request: Request): Response | Promise<Response>;
};

export type Gateway = (
  request: Request,
  server: Pick<Server<undefined>, "requestIP" | "timeout">,
) => Response | Promise<Response>;

/**
 * What lies between the socket and the routes: who is there, how long it may take, and how the answer is packed. Works
 * on whole requests and answers, so that it holds for every route and every error alike.
 */
export function createGateway({ config, cors, limits, log, fetch }: Options): Gateway {
  const readClient = createClientReader(config.TRUSTED_PROXIES);

  const work = async (request: Request): Promise<Response> => {
    const answer = await fetch(request);
    if (answer.status === 401 && hasCredential(request))
      await limits.countFailure(networkOf(findContext(request)?.address ?? ""));
    // Also after the client was told that it took too long: it will ask again under the same key.
    const { claim, requestId } = findContext(request) ?? {};
    try {
      await claim?.keep(answer);
    } catch (error) {
      // What was asked is done, so this must not turn it into a failure.
      log.warn("idempotent answer not kept", { requestId, error });
    }
    return answer;
  };

  const giveUp = (request: Request, limitMs: number): Response => {
    const { requestId = "", isReceiving = false, abort } = findContext(request) ?? {};
    abort?.(new DOMException("The request took too long", "TimeoutError"));
    const path = new URL(request.url).pathname;
    log.warn("request timed out", { requestId, method: request.method, path, limitMs, isReceiving });
    const answer = respondProblem(isReceiving ? tooSlow(limitMs) : tooLong(limitMs), path, requestId);
    for (const [name, value] of Object.entries(answerHeaders(request, cors))) {
      if (!answer.headers.has(name)) answer.headers.set(name, value);
    }
    return answer;
  };

  return async (request, server) => {
    const client = readClient(request.headers, server.requestIP(request)?.address ?? "");
    setContext(request, { requestId: requestIdOf(request), ...client });
    const limitMs = isScrape(request) ? SCRAPE_TIMEOUT_S * 1_000 : config.REQUEST_TIMEOUT_MS;
    const needsLonger = limitMs > (IDLE_TIMEOUT_S - 1) * 1_000;
    if (needsLonger) server.timeout(request, toIdleTimeout(limitMs));
    const answer = await within(limitMs, work(request), () => giveUp(request, limitMs));
    if (needsLonger) server.timeout(request, IDLE_TIMEOUT_S);
    return pack(request, answer, cors.varies);
  };
}

/** What is left of the body is not waited for, so the connection can't be used again. */
const tooSlow = (limitMs: number) => ({
  status: 408,
  code: "slow_request",
  detail: `The request's body was not there within ${limitMs} ms`,
  headers: { connection: "close" },
});

const tooLong = (limitMs: number) => ({
  status: 504,
  code: "timeout",
  detail: `The request was not done within ${limitMs} ms; ask for less at a time, or try again later`,
});

function isScrape({ method, url }: Request): boolean {
  return method === "POST" && url.endsWith("/api/v1/scrape");
}

/** Seconds; 0 is none. */
function toIdleTimeout(limitMs: number): number {
  const seconds = Math.ceil(limitMs / 1_000) + 5;
  return seconds > MAX_IDLE_TIMEOUT_S ? 0 : seconds;
}

async function within<T>(limitMs: number, result: Promise<T>, otherwise: () => T): Promise<T> {
  let timer: Timer | undefined;
  const late = new Promise<T>((resolve) => {
    timer = setTimeout(() => resolve(otherwise()), limitMs);
  });
  try {
    return await Promise.race([result, late]);
  } finally {
    clearTimeout(timer);
  }
}

function pack(request: Request, answer: Response, variesByOrigin: boolean): Response | Promise<Response> {
  const { headers } = answer;
  const mayCompress = isCompressible(answer);
  if (variesByOrigin) headers.append("vary", "Origin");
  if (!mayCompress) return answer;
  headers.append("vary", "Accept-Encoding");
  const encoding = chooseEncoding(request.headers);
  if (encoding === undefined) return answer;
  if (request.method !== "HEAD" && answer.body !== null) return compressAnswer(answer, encoding);
  describeCompressed(answer, encoding);
  return answer;
}
