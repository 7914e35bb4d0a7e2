import { afterAll, beforeEach, describe, expect, test } from "bun:test";
import { createRobotsCache, type KeyValue } from "../../src/crawl/robots-cache.ts";
import { type Fetch, FetchError } from "../../src/fetch/fetch.ts";
import { createManualClock, type ManualClock } from "../manual-clock.ts";

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

let answer: () => Response | Promise<Response> = () => new Response("");
let asked: string[] = [];
const server = Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  fetch: (request) => {
    asked.push(new URL(request.url).pathname);
    return answer();
  },
});
const origin = server.url.origin;

afterAll(() => server.stop(true));

let clock: ManualClock;
let store: KeyValue & { values: Map<string, string>; ttls: number[] };

beforeEach(() => {
  asked = [];
  clock = createManualClock();
  const values = new Map<string, string>();
  const ttls: number[] = [];
  store = {
    values,
    ttls,
    get: async (key) => values.get(key),
    set: async (key, value, ttlMs) => {
      values.set(key, value);
      ttls.push(ttlMs);
    },
  };
});

/** Over a real socket, with the redirects and faults of the contract that a robots.txt meets. */
const fetchLocal: Fetch = async ({ url, maxRedirects = 10, signal }) => {
  let target = url;
  for (let hop = 0; ; hop++) {
    const response = await fetch(target, { redirect: "manual", signal }).catch((cause) => {
      throw new FetchError("connect", `Can't connect to ${target}`, { isRetryable: true, cause });
    });
    const location = response.headers.get("location");
    if (location === null) {
      const body = new Uint8Array(await response.arrayBuffer());
      return {
        ...{ url: target, status: response.status, headers: response.headers, body, isBodyRead: true },
        ...{ wireBytes: body.length, redirects: [], latencyMs: 1, durationMs: 1 },
      };
    }
    if (hop >= maxRedirects) throw new FetchError("too_many_redirects", `${url} redirects too often`);
    target = new URL(location, target).href;
  }
};

const createCache = (fetch: Fetch = fetchLocal) =>
  createRobotsCache({ fetch, clock, userAgent: "Orbweaver/1.0 (+https://example.com)", store });

const robots = (body: string, headers?: Record<string, string>) => () => new Response(body, { headers });
const status = (code: number) => () => new Response("User-agent: *\nDisallow: /", { status: code });

describe("an answer", () => {
  test("of 200 is obeyed, for the crawler's own token", async () => {
    answer = robots(`User-agent: orbweaver\nDisallow: /private\nCrawl-delay: 2\nUser-agent: *\nDisallow: /
      Sitemap: https://other.example/a.xml\nSitemap: /b.xml\nSitemap: ftp://x/c.xml`);

    const rules = await createCache().get(`${origin}/deep/page?x`);

    expect(asked).toEqual(["/robots.txt"]);
    expect(rules.isAllowed(`${origin}/public`)).toBe(true);
    expect(rules.isAllowed(`${origin}/private/x`)).toBe(false);
    expect(rules.crawlDelayMs()).toBe(2_000);
    expect(rules.sitemaps).toEqual(["https://other.example/a.xml", `${origin}/b.xml`]);
    expect(rules.reason).toBe(`${origin}/robots.txt disallows it`);
  });

  test.each([400, 401, 403, 404, 410, 451])("of %d allows everything", async (code) => {
    answer = status(code);

    const rules = await createCache().get(`${origin}/`);

    expect(rules.isAllowed(`${origin}/private`)).toBe(true);
    expect(rules.crawlDelayMs()).toBeUndefined();
  });

  test.each([429, 500, 503])("of %d allows nothing but robots.txt, and says why", async (code) => {
    answer = status(code);

    const rules = await createCache().get(`${origin}/`);

    expect(rules.isAllowed(`${origin}/`)).toBe(false);
    expect(rules.isAllowed(`${origin}/robots.txt`)).toBe(true);
    expect(rules.reason).toBe(`${origin}/robots.txt answered ${code}, so nothing may be fetched there for now`);
  });

  test("that does not come allows nothing, and says why", async () => {
    const unused = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response("") });
    const gone = unused.url.origin;
    await unused.stop(true);

    const rules = await createCache().get(`${gone}/`);

    expect(rules.isAllowed(`${gone}/`)).toBe(false);
    expect(rules.reason).toBe(
      `${gone}/robots.txt could not be read: Can't connect to ${gone}/robots.txt, so nothing may be fetched there for now`,
    );
  });

  test("after five redirects is obeyed; after more there are no rules", async () => {
    const cache = createCache();
    answer = () => {
      if (asked.length <= 5) return new Response("", { status: 302, headers: { location: `/hop${asked.length}` } });
      return new Response("User-agent: *\nDisallow: /");
    };
    expect((await cache.get(`${origin}/`)).isAllowed(`${origin}/a`)).toBe(false);
    expect(asked).toHaveLength(6);

    await clock.advance(25 * hourMs);
    answer = () => new Response("", { status: 302, headers: { location: `/hop${asked.length}` } });
    expect((await cache.get(`${origin}/`)).isAllowed(`${origin}/a`)).toBe(true);
  });
});

describe("an answer is kept", () => {
  test.each([
    [undefined, 24 * hourMs],
    ["max-age=3600", hourMs],
    ["public, max-age=604800", 24 * hourMs],
    ["max-age=0", 5 * minuteMs],
    ["no-store", 5 * minuteMs],
    ["private, no-cache, max-age=9", 5 * minuteMs],
    ["max-age=soon", 24 * hourMs],
  ])("with Cache-Control %p for %d ms", async (cacheControl, freshMs) => {
    answer = robots("", cacheControl === undefined ? {} : { "cache-control": cacheControl });
    const cache = createCache();
    await cache.get(`${origin}/`);

    await clock.advance(freshMs - 1);
    await cache.get(`${origin}/`);
    expect(asked).toHaveLength(1);

    await clock.advance(1);
    await cache.get(`${origin}/`);
    expect(asked).toHaveLength(2);
  });

  test("in the store, for the next process", async () => {
    answer = robots("User-agent: *\nDisallow: /a\nCrawl-delay: 3\nSitemap: https://x.example/s.xml");
    await createCache().get(`${origin}/`);

    const rules = await createCache().get(`${origin}/`);

    expect(asked).toHaveLength(1);
    expect(store.ttls).toEqual([30 * 24 * hourMs]);
    expect(rules.isAllowed(`${origin}/a`)).toBe(false);
    expect(rules.crawlDelayMs()).toBe(3_000);
    expect(rules.sitemaps).toEqual(["https://x.example/s.xml"]);
  });

  test("but what the store holds from elsewhere is not believed", async () => {
    answer = robots("User-agent: *\nDisallow: /a");
    for (const value of ["", "null", "{", `{"access":"allow_all"}`]) {
      store.values.set(`robots:${origin}`, value);
      expect((await createCache().get(`${origin}/`)).isAllowed(`${origin}/a`)).toBe(false);
    }

    expect(asked).toHaveLength(4);
  });
});

describe("an outage", () => {
  test("is bridged by the last good copy for 30 days, in this process and the next", async () => {
    answer = robots("User-agent: *\nDisallow: /a");
    const cache = createCache();
    await cache.get(`${origin}/`);
    answer = status(503);

    await clock.advance(29 * 24 * hourMs);
    for (const rules of [await cache.get(`${origin}/`), await createCache().get(`${origin}/`)]) {
      expect(rules.isAllowed(`${origin}/b`)).toBe(true);
      expect(rules.isAllowed(`${origin}/a`)).toBe(false);
    }

    await clock.advance(24 * hourMs);
    for (const rules of [await cache.get(`${origin}/`), await createCache().get(`${origin}/`)]) {
      expect(rules.isAllowed(`${origin}/b`)).toBe(false);
    }
  });

  test("is looked at again after five minutes, not with each page", async () => {
    answer = status(503);
    const cache = createCache();
    for (let page = 0; page < 10; page++) await cache.get(`${origin}/${page}`);
    expect(asked).toHaveLength(1);

    answer = robots("User-agent: *\nAllow: /");
    await clock.advance(5 * minuteMs);
    const rules = await cache.get(`${origin}/`);

    expect(asked).toHaveLength(2);
    expect(rules.isAllowed(`${origin}/a`)).toBe(true);
  });
});

test("those who ask at once share one request, and one who leaves does not end it for the rest", async () => {
  const { promise, resolve } = Promise.withResolvers<Response>();
  answer = () => promise;
  const cache = createCache();
  const abort = new AbortController();
  const leaving = cache.get(`${origin}/a`, abort.signal);
  const staying = [cache.get(`${origin}/b`), cache.get(`${origin}/c`, new AbortController().signal)];

  abort.abort(new Error("no longer wanted"));
  await expect(leaving).rejects.toThrow("no longer wanted");
  resolve(new Response("User-agent: *\nDisallow: /"));

  for (const rules of await Promise.all(staying)) expect(rules.isAllowed(`${origin}/b`)).toBe(false);
  expect(asked).toHaveLength(1);
});

test("schemes and ports of one host have rules of their own", async () => {
  const urls: string[] = [];
  const cache = createCache(async (request) => {
    urls.push(request.url);
    throw new FetchError("connect", "refused");
  });

  await cache.get("http://example.com/a");
  await cache.get("https://example.com/a");
  await cache.get("https://example.com:8443/a");
  await cache.get("https://example.com:443/b");

  expect(urls).toEqual([
    "http://example.com/robots.txt",
    "https://example.com/robots.txt",
    "https://example.com:8443/robots.txt",
  ]);
});

test("a fetch that was cancelled is no answer, and a bug is not taken for one", async () => {
  let failure: Error = new FetchError("cancelled", "Cancelled");
  const cache = createCache(async () => {
    throw failure;
  });

  await expect(cache.get(`${origin}/`)).rejects.toThrow("Cancelled");
  failure = new TypeError("a bug");
  await expect(cache.get(`${origin}/`)).rejects.toThrow("a bug");
  failure = new FetchError("dns", "No such host");
  expect((await cache.get(`${origin}/`)).isAllowed(`${origin}/`)).toBe(false);
});
