import { Elysia } from "elysia";
import { isHealthProbe } from "./health.ts";
import { HttpError } from "./problems.ts";
import { type RateLimits, WINDOW_S } from "./rate-limits.ts";
import { findContext, networkOf, type Subject, subjectOf } from "./request-context.ts";

/** Taken apart where it comes in: of a hook that hands it on as one, Elysia believes that it needs cookies and all. */
type Hooked = {
  request: Request;
  set: { headers: Record<string, string | number> };
  /** It is there already, though Elysia's types don't say so. */
  path?: string;
};

/** Before anybody's credential is looked at: strangers count by their address, and so do credentials that were none. */
export const strangersLimit = (limits: RateLimits, isOpen: boolean) => {
  const plugin = new Elysia({ name: "strangers-limit" });
  if (isOpen) return plugin;
  return plugin.onRequest(({ request, set, path }: Hooked) => {
    if (isFree(request, path)) return;
    const address = networkOf(findContext(request)?.address ?? "");
    if (!hasCredential(request)) return countRequest(limits, { kind: "address", name: address }, set);
    const ms = limits.blockedMs(address);
    if (ms > 0) throw tooMany(ms, "Too many bad keys or tokens came from this address; try again later");
  });
};

/** After it: the request counts for the key or the user that it comes from. */
export const callersLimit = (limits: RateLimits, isOpen: boolean) =>
  new Elysia({ name: "callers-limit" }).onRequest(({ request, set, path }: Hooked) => {
    if (isFree(request, path) || (!isOpen && !hasCredential(request))) return;
    const subject = subjectOf(request);
    if (subject) return countRequest(limits, subject, set);
  });

export function hasCredential({ headers }: Request): boolean {
  return headers.has("authorization") || headers.has("x-api-key");
}

/** Probes must hear the truth of the service whoever else asks, and a browser's question before a request is none. */
function isFree({ method }: Request, path = ""): boolean {
  return method === "OPTIONS" || isHealthProbe(path);
}

async function countRequest(limits: RateLimits, { kind, name }: Subject, set: Hooked["set"]): Promise<void> {
  const allowance = await limits.count(kind, name);
  if (!allowance) return;
  const { isOver, limit, remaining, resetMs } = allowance;
  set.headers["ratelimit-limit"] = String(limit);
  set.headers["ratelimit-remaining"] = String(remaining);
  set.headers["ratelimit-reset"] = String(Math.ceil(resetMs / 1000));
  set.headers["ratelimit-policy"] = `${limit};w=${WINDOW_S}`;
  const whose = kind === "key" ? "by you" : "from your address without a key";
  if (isOver) throw tooMany(resetMs, `More than ${limit} requests a minute ${whose}; Retry-After says when to go on`);
}

/** Never 0, which would invite the client to ask again at once. */
function tooMany(waitMs: number, message: string): HttpError {
  const retryAfter = String(Math.max(1, Math.ceil(waitMs / 1000)));
  return new HttpError(429, "rate_limited", message, { "retry-after": retryAfter });
}
