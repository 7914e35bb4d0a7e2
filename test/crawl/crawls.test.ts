import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { eq } from "drizzle-orm";
import { LOCAL_VIEWER } from "../../src/access/viewer.ts";
import { createMemoryCache } from "../../src/cache.ts";
import { systemClock } from "../../src/clock.ts";
import {
  cancelCrawl,
  crawlChannel,
  getCrawl,
  listCrawls,
  listCrawlUrls,
  pauseCrawl,
  resumeCrawl,
  startCrawl,
} from "../../src/crawl/crawls.ts";
import { addUrls, findNextRetryAt, listHostsWithWork, skipPending, toNewUrl } from "../../src/crawl/frontier.ts";
import type { Store } from "../../src/db/db.ts";
import { crawlJobs, frontier } from "../../src/db/schema/crawls.ts";
import { websites } from "../../src/db/schema/websites.ts";
import { testStores } from "../testing/stores.ts";
import { expectCountersToMatch, start } from "./runs.ts";

const NOBODY = "01900000-0000-7000-8000-000000000000";

describe.each(testStores)("crawls on the $name store", ({ open }) => {
  let store: Store;
  const cache = createMemoryCache(systemClock);
  const steering = () => ({ db: store.db, cache, clock: systemClock });

  beforeAll(async () => {
    store = await open();
  });

  afterEach(async () => {
    await store.db.delete(websites);
  });

  afterAll(() => store.close());

  test("of an address that is none are refused with the field and the mend", async () => {
    for (const url of ["nonsense", undefined]) {
      const refused = await startCrawl(store.db, { viewer: LOCAL_VIEWER, url }).catch((error: unknown) => error);

      expect(refused).toMatchObject({ reason: "invalid", faults: [{ at: "/url" }] });
    }
    expect(await store.db.$count(websites)).toBe(0);
  });

  test("may start elsewhere than at the website, each address once", async () => {
    const { websiteId, id } = await start(store.db, "https://site.example/");
    await cancelCrawl(steering(), LOCAL_VIEWER, id);

    const seeds = ["https://site.example/a", "https://site.example/a#top", "https://site.example/b"];
    const crawl = await startCrawl(store.db, { viewer: LOCAL_VIEWER, websiteId, seeds });

    expect(crawl.pending).toBe(2);
    const urls = await listCrawlUrls(store.db, crawl.id, { limit: 9 });
    expect(urls.map(({ url, source, pageId }) => [url, source, pageId])).toEqual([
      ["https://site.example/a", "seed", null],
      ["https://site.example/b", "seed", null],
    ]);
  });

  test("are found by their owner alone", async () => {
    const crawl = await start(store.db, "https://site.example/");

    expect(await getCrawl(store.db, LOCAL_VIEWER, crawl.id)).toMatchObject({ id: crawl.id });
    expect(getCrawl(store.db, { userId: NOBODY, seesAll: false }, crawl.id)).rejects.toMatchObject({
      reason: "not_found",
    });
    expect(pauseCrawl(steering(), { userId: NOBODY, seesAll: false }, crawl.id)).rejects.toMatchObject({
      reason: "not_found",
    });
  });

  test("are listed newest first, by website, state and runner, from any on", async () => {
    const first = await start(store.db, "https://a.example/");
    const second = await start(store.db, "https://b.example/");
    const command = await startCrawl(store.db, { viewer: LOCAL_VIEWER, url: "https://b.example/", runner: "command" });
    await pauseCrawl(steering(), LOCAL_VIEWER, first.id);
    const idsOf = async (filter: Partial<Parameters<typeof listCrawls>[1]>) =>
      (await listCrawls(store.db, { viewer: LOCAL_VIEWER, limit: 9, ...filter })).map(({ id }) => id);

    expect(await idsOf({})).toEqual([command.id, second.id, first.id]);
    expect(await idsOf({ limit: 1 })).toEqual([command.id]);
    expect(await idsOf({ before: second.id })).toEqual([first.id]);
    expect(await idsOf({ websiteId: second.websiteId })).toEqual([command.id, second.id]);
    expect(await idsOf({ state: "paused" })).toEqual([first.id]);
    expect(await idsOf({ runner: "command" })).toEqual([command.id]);
    expect(await idsOf({ viewer: { userId: NOBODY, seesAll: false } })).toEqual([]);
  });

  test("list their URLs by state, outcome, status and path, from any on", async () => {
    const crawl = await start(store.db, "https://site.example/");
    const urls = ["docs/a", "docs/b", "100%_x", "1000"].map((path) => `https://site.example/${path}`);
    await addUrls(
      store.db,
      crawl,
      urls.map((url) => toNewUrl(url, { depth: 1, source: "link" })),
    );
    await store.db
      .update(frontier)
      .set({ state: "failed", outcome: "http_404", status: 404 })
      .where(eq(frontier.url, "https://site.example/docs/b"));
    const pathsOf = async (filter: Partial<Parameters<typeof listCrawlUrls>[2]>) =>
      (await listCrawlUrls(store.db, crawl.id, { limit: 9, ...filter })).map(({ url }) => new URL(url).pathname);
    const [first] = await listCrawlUrls(store.db, crawl.id, { limit: 1 });

    expect(await pathsOf({ state: "failed" })).toEqual(["/docs/b"]);
    expect(await pathsOf({ outcome: "http_404" })).toEqual(["/docs/b"]);
    expect(await pathsOf({ status: 404 })).toEqual(["/docs/b"]);
    expect(await pathsOf({ pathPrefix: "/docs/" })).toEqual(["/docs/a", "/docs/b"]);
    expect(await pathsOf({ pathPrefix: "/100%_" })).toEqual(["/100%_x"]);
    expect(await pathsOf({ after: first?.seq })).toHaveLength(4);
  });

  test("are steered as often as asked, but not against their state, and each order is told", async () => {
    const crawl = await start(store.db, "https://site.example/");
    const orders: string[] = [];
    const stop = cache.subscribe(crawlChannel(crawl.id), (message) => orders.push(message));
    const steer = async (act: typeof pauseCrawl) => (await act(steering(), LOCAL_VIEWER, crawl.id)).state;

    expect([await steer(pauseCrawl), await steer(pauseCrawl)]).toEqual(["paused", "paused"]);
    expect([await steer(resumeCrawl), await steer(resumeCrawl)]).toEqual(["queued", "queued"]);
    expect([await steer(cancelCrawl), await steer(cancelCrawl)]).toEqual(["cancelled", "cancelled"]);
    expect(steer(pauseCrawl)).rejects.toMatchObject({
      reason: "conflict",
      message: `Crawl ${crawl.id} is cancelled; only queued, running ones can be paused`,
    });
    stop();
    expect(orders.slice(0, 6)).toEqual(Array(6).fill("order"));
  });

  test("give up what is pending of one host or all, thousands at a time, and only for who holds the host", async () => {
    const crawl = await start(store.db, "https://site.example/");
    const urls = Array.from({ length: 6_000 }, (_, n) => `https://${n % 6 === 0 ? "b" : "a"}.example/${n}`);
    await addUrls(
      store.db,
      crawl,
      urls.map((url) => toNewUrl(url, { depth: 1, source: "link" })),
    );
    const skip = { reason: "host_stopped", message: "It failed", at: new Date() };

    const ofHost = await skipPending(store.db, crawl, { ...skip, host: "b.example" });
    const stolen = skipPending(store.db, crawl, { ...skip, lease: { host: "a.example", token: Bun.randomUUIDv7() } });
    expect(stolen).rejects.toThrow("no longer worked by this process");
    await stolen.catch(() => {});
    expect(await listHostsWithWork(store.db, crawl.id, new Date(), 9)).toEqual(["a.example", "site.example"]);
    const ofAll = await skipPending(store.db, crawl, skip);

    expect([ofHost, ofAll]).toEqual([1_000, 5_001]);
    const counted = await expectCountersToMatch(store.db, crawl.id);
    expect(counted).toMatchObject({ pending: 0, skipped: 6_001, bySkip: { host_stopped: 6_001 } });
    expect(await listHostsWithWork(store.db, crawl.id, new Date(), 9)).toEqual([]);
  });

  test("know when their next retry is due", async () => {
    const crawl = await start(store.db, "https://site.example/");
    const at = new Date("2030-01-01T00:00:00.000Z");

    const before = await findNextRetryAt(store.db, crawl.id);
    await store.db.update(frontier).set({ notBefore: at }).where(eq(frontier.crawlId, crawl.id));

    expect(before).toBeUndefined();
    expect(await findNextRetryAt(store.db, crawl.id)).toEqual(at);
    expect(await listHostsWithWork(store.db, crawl.id, new Date("2029-01-01"), 9)).toEqual([]);
    expect(await store.db.$count(crawlJobs)).toBe(1);
  });
});
