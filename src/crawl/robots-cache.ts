import { type Static, Type } from "@sinclair/typebox";
import { Value } from "@sinclair/typebox/value";
import type { Clock } from "../clock.ts";
import { type Fetch, FetchError, type FetchResponse } from "../fetch/fetch.ts";
import { crawlDelayMs, isAllowed, parseRobots } from "./robots.ts";

/** Where copies outlive the process. What it loses is fetched again. */
export type KeyValue = {
  get(key: string): Promise<string | undefined>;
  set(key: string, value: string, ttlMs: number): Promise<void>;
};

/** What an origin's robots.txt, or the lack of one, means for this crawler. */
export type RobotsRules = {
  isAllowed(url: string): boolean;
  crawlDelayMs(): number | undefined;
  /** Absolute, `http:` or `https:`, of any host. */
  readonly sitemaps: readonly string[];
  /** Why a URL that is not allowed is not, as a sentence without its full stop. */
  readonly reason: string;
  /** What kept robots.txt from being read at all; it would keep the site's pages from being read as well. */
  readonly failure?: FetchError;
};

export type RobotsCache = {
  /** The rules for `url`'s scheme, host and port. Rejects only when `signal` is aborted, or the URL can't be parsed. */
  get(url: string, signal?: AbortSignal): Promise<RobotsRules>;
};

export type RobotsCacheOptions = {
  fetch: Fetch;
  clock: Clock;
  userAgent: string;
  store: KeyValue;
  signal?: AbortSignal;
};

const Copy = Type.Object({
  access: Type.Union([Type.Literal("rules"), Type.Literal("allow_all"), Type.Literal("disallow_all")]),
  reason: Type.String(),
  file: Type.Object({
    groups: Type.Array(
      Type.Object({
        agents: Type.Array(Type.String()),
        rules: Type.Array(Type.Object({ allow: Type.Boolean(), path: Type.String() })),
        crawlDelayMs: Type.Optional(Type.Number()),
      }),
    ),
    sitemaps: Type.Array(Type.String()),
  }),
  fetchedAt: Type.Number(),
  freshUntil: Type.Number(),
});

/** An answer as it is kept in the store. */
type Copy = Static<typeof Copy>;

const dayMs = 86_400_000;

/** RFC 9309 §2.4: not longer than 24 hours, unless the server can't be reached. */
const longestFreshMs = dayMs;

/** Also what a server gets that forbids caching: one robots.txt for each page would please nobody. */
const shortestFreshMs = 300_000;

/** How long an old copy stands in for a server that can't be reached (§2.3.1.4). */
const staleMs = 30 * dayMs;

/** Only 512 KiB are read, but a body that is cut off can't be had from `Fetch`. */
const maxBytes = 16 * 1024 * 1024;

const maxOrigins = 1_000;

/** The robots.txt files of the origins that are crawled now (RFC 9309 §2.3 and §2.4), each fetched once at a time. */
export function createRobotsCache(options: RobotsCacheOptions): RobotsCache {
  const { clock, userAgent, store } = options;
  const known = new Map<string, { copy: Copy; rules: RobotsRules }>();
  const loading = new Map<string, Promise<RobotsRules>>();

  async function load(origin: string): Promise<RobotsRules> {
    const key = `robots:${origin}`;
    const now = () => clock.now().getTime();
    const before = known.get(origin)?.copy ?? parseCopy(await store.get(key));
    if (before && before.freshUntil > now()) return remember(origin, before);
    const answer = await ask(options, `${origin}/robots.txt`);
    if ("copy" in answer) {
      await store.set(key, JSON.stringify(answer.copy), staleMs);
      return remember(origin, answer.copy);
    }
    // A failure is not stored: it must not take the place of a copy that another process could go on with.
    const freshUntil = now() + shortestFreshMs;
    const isOld = before && before.access !== "disallow_all" && before.fetchedAt > now() - staleMs;
    if (isOld) return remember(origin, { ...before, freshUntil });
    const reason = `${answer.failure}, so nothing may be fetched there for now`;
    const refusal: Copy = { access: "disallow_all", reason, file: noRules(), fetchedAt: now(), freshUntil };
    return remember(origin, refusal, answer.error);
  }

  function remember(origin: string, copy: Copy, failure?: FetchError): RobotsRules {
    const rules = { ...toRules(copy, userAgent), failure };
    known.delete(origin);
    known.set(origin, { copy, rules });
    const oldest = known.keys().next().value;
    if (known.size > maxOrigins && oldest !== undefined) known.delete(oldest);
    return rules;
  }

  return {
    async get(url, signal) {
      signal?.throwIfAborted();
      const { origin } = new URL(url);
      const fresh = known.get(origin);
      if (fresh && fresh.copy.freshUntil > clock.now().getTime()) return fresh.rules;
      const shared = loading.get(origin) ?? load(origin).finally(() => loading.delete(origin));
      loading.set(origin, shared);
      return signal ? await orAborted(shared, signal) : await shared;
    },
  };
}

/** Asks the server: an answer to keep, or what kept it from answering. */
async function ask(
  { fetch, clock, signal }: RobotsCacheOptions,
  url: string,
): Promise<{ copy: Copy } | { failure: string; error?: FetchError }> {
  let response: FetchResponse;
  try {
    response = await fetch({ url, maxRedirects: 5, maxBytes, signal });
  } catch (error) {
    if (!(error instanceof FetchError) || error.code === "cancelled") throw error;
    // More than five redirects are as good as no file (§2.3.1.2).
    if (error.code !== "too_many_redirects" && error.code !== "redirect_loop") {
      return { failure: `${url} could not be read: ${error.message}`, error };
    }
    return { copy: toCopy("allow_all", `${url} redirects too often`, noRules(), clock, longestFreshMs) };
  }
  const { status, headers } = response;
  if (status === 429 || status >= 500) return { failure: `${url} answered ${status}` };
  const freshMs = toFreshMs(headers.get("cache-control"));
  // No file, no rules (§2.3.1.3), a forbidden one too.
  if (status < 200 || status >= 300) {
    return { copy: toCopy("allow_all", `${url} answered ${status}`, noRules(), clock, freshMs) };
  }
  const file = parseRobots(response.body);
  file.sitemaps = file.sitemaps.flatMap((sitemap) => {
    const absolute = URL.parse(sitemap, response.url);
    return absolute && /^https?:$/.test(absolute.protocol) ? [absolute.href] : [];
  });
  return { copy: toCopy("rules", `${url} disallows it`, file, clock, freshMs) };
}

function toCopy(access: Copy["access"], reason: string, file: Copy["file"], clock: Clock, freshMs: number): Copy {
  const fetchedAt = clock.now().getTime();
  return { access, reason, file, fetchedAt, freshUntil: fetchedAt + freshMs };
}

function toRules({ access, reason, file }: Copy, userAgent: string): RobotsRules {
  return {
    isAllowed: (url) => {
      if (access === "rules") return isAllowed(file, userAgent, url);
      return access === "allow_all" || URL.parse(url)?.pathname === "/robots.txt";
    },
    crawlDelayMs: () => crawlDelayMs(file, userAgent),
    sitemaps: file.sitemaps,
    reason,
  };
}

/** How long a copy is fresh: what `Cache-Control` says, within bounds. */
function toFreshMs(cacheControl: string | null): number {
  if (cacheControl === null) return longestFreshMs;
  if (/(?:^|[\s,])no-(?:store|cache)(?:$|[\s,=])/i.test(cacheControl)) return shortestFreshMs;
  const maxAge = /(?:^|[\s,])max-age="?(\d{1,10})/i.exec(cacheControl)?.[1];
  if (maxAge === undefined) return longestFreshMs;
  return Math.min(longestFreshMs, Math.max(shortestFreshMs, Number(maxAge) * 1_000));
}

function noRules(): Copy["file"] {
  return { groups: [], sitemaps: [] };
}

/** `undefined` for what an older version may have stored. */
function parseCopy(text: string | undefined): Copy | undefined {
  if (text === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return Value.Check(Copy, value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** The promise's outcome, unless the signal comes first; what the promise does goes on for those who share it. */
function orAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = () => reject(signal.reason);
    signal.addEventListener("abort", stop, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", stop));
  });
}
