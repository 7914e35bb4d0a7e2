import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { eq } from "drizzle-orm";
import { LOCAL_VIEWER } from "../../src/access/viewer.ts";
import { type Cache, createMemoryCache } from "../../src/cache.ts";
import { type Crawl, crawlChannel } from "../../src/crawl/crawls.ts";
import { watchCrawl } from "../../src/crawl/watch.ts";
import type { Store } from "../../src/db/db.ts";
import { crawlJobs } from "../../src/db/schema/crawls.ts";
import { websites } from "../../src/db/schema/websites.ts";
import { createManualClock } from "../manual-clock.ts";
import { testStores } from "../testing/stores.ts";
import { start } from "./runs.ts";

describe("a watcher", () => {
  let store: Store;
  const clock = createManualClock();
  const cache: Cache = createMemoryCache(clock);

  beforeAll(async () => {
    store = (await testStores[0]?.open()) as Store;
  });

  afterAll(() => store.close());

  async function watch() {
    await store.db.delete(websites);
    const crawl = await start(store.db, "https://site.example/");
    const stop = new AbortController();
    const seen = watchCrawl({ db: store.db, cache, clock }, LOCAL_VIEWER, crawl.id, stop.signal);
    const change = async (values: Partial<Crawl>) => {
      await store.db.update(crawlJobs).set(values).where(eq(crawlJobs.id, crawl.id));
    };
    const tell = () => cache.publish(crawlChannel(crawl.id), "progress");
    return { seen, stop, change, tell };
  }

  /** Moves the time on until the promise is settled. */
  async function passing<T>(promise: Promise<T>, stepMs = 50): Promise<{ value: T; ms: number }> {
    let isSettled = false;
    const settled = promise.finally(() => {
      isSettled = true;
    });
    settled.catch(() => {});
    let ms = 0;
    while (!isSettled) {
      await Bun.sleep(1);
      if (clock.sleepers === 0) continue;
      await clock.advance(stepMs);
      ms += stepMs;
    }
    return { value: await settled, ms };
  }

  test("sees the crawl as it is, then each change that it is told of, and ends with the last", async () => {
    const { seen, change, tell } = await watch();

    const first = await seen.next();
    const second = passing(seen.next());
    await change({ done: 1 });
    await tell();
    expect((await second).value.value).toMatchObject({ done: 1 });
    const third = passing(seen.next());
    await change({ state: "completed", done: 2 });
    await tell();

    expect(first.value).toMatchObject({ state: "queued", done: 0 });
    expect((await third).value.value).toMatchObject({ state: "completed", done: 2 });
    expect(await seen.next()).toEqual({ done: true, value: undefined });
  });

  test("sees also what nobody told, a little later", async () => {
    const { seen, change } = await watch();
    await seen.next();

    const next = passing(seen.next());
    await change({ done: 7 });

    expect((await next).value.value).toMatchObject({ done: 7 });
    await seen.return(undefined);
  });

  test("hears nothing of a lease that is renewed, and is through when it goes away", async () => {
    const { seen, stop, change, tell } = await watch();
    await seen.next();

    const next = seen.next();
    await change({ leasedUntil: new Date(0) });
    await tell();
    await clock.advance(10_000);
    stop.abort();

    expect(await next).toEqual({ done: true, value: undefined });
    expect(clock.sleepers).toBe(0);
  });

  test("is told when the crawl is deleted", async () => {
    const { seen } = await watch();
    await seen.next();

    const next = passing(seen.next()).catch((error: unknown) => error);
    await store.db.delete(websites);

    expect(await next).toMatchObject({ reason: "not_found" });
  });
});
