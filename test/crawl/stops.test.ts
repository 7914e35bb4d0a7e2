import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { LOCAL_VIEWER } from "../../src/access/viewer.ts";
import type { App } from "../../src/app.ts";
import { cancelCrawl, pauseCrawl } from "../../src/crawl/crawls.ts";
import type { Store } from "../../src/db/db.ts";
import { crawlJobs, hosts } from "../../src/db/schema/crawls.ts";
import { websites } from "../../src/db/schema/websites.ts";
import { createFastClock, openTestApp } from "../testing/apps.ts";
import { testStores } from "../testing/stores.ts";
import { countStatements, createStandingClock, expectCountersToMatch, outcomesOf, run, start } from "./runs.ts";
import { type Answering, createWeb, page, robots, silence, text } from "./web.ts";

const [embedded] = testStores;

/** On the standing clock nothing that takes a while ends by itself: a crawl that waits for it would never end. */
describe("a crawl that waits", () => {
  let store: Store;
  const apps: App[] = [];

  beforeAll(async () => {
    store = (await embedded?.open()) as Store;
  });

  afterEach(async () => {
    await store.db.delete(websites);
    // A host is remembered beyond its crawl.
    await store.db.delete(hosts);
    for (const app of apps.splice(0)) await app.close();
  });

  afterAll(() => store.close());

  function open(answers: Record<string, Answering>, clock = createStandingClock() as App["clock"]) {
    const web = createWeb(answers);
    const app = openTestApp(store, { clock, fetch: web.fetch });
    apps.push(app);
    return { app, web };
  }

  const slow = robots("User-agent: *\nCrawl-delay: 60");

  test("for a slow host's turn is paused at once", async () => {
    const clock = createStandingClock();
    const { app } = open({ "https://slow.example/robots.txt": slow, "https://slow.example/": page("/a") }, clock);
    const crawl = await start(store.db, "https://slow.example/", { sitemaps: false });
    let pausing: Promise<unknown> | undefined;

    const paused = await run(app, crawl, ({ crawl: { done } }) => {
      if (done === 1) pausing ??= pauseCrawl(app, LOCAL_VIEWER, crawl.id);
    });

    await pausing;
    expect(paused).toMatchObject({ state: "paused", done: 1, pending: 1, leaseOwner: null });
    expect(clock.asleep).toBe(0);
    await expectCountersToMatch(store.db, crawl.id);
  });

  test("for robots.txt is stopped at once", async () => {
    const stop = new AbortController();
    const { app } = open({
      "https://mute.example/robots.txt": () => {
        stop.abort();
        return new Promise(() => {});
      },
    });
    const crawl = await start(store.db, "https://mute.example/");

    const stopped = await run(app, crawl, undefined, stop.signal);

    expect(stopped).toMatchObject({ state: "queued", done: 0, pending: 1, leaseOwner: null });
  });

  test("for a retry is stopped at once, asks nothing meanwhile, and leaves no timer or listener", async () => {
    const clock = createStandingClock();
    const stop = new AbortController();
    let listeners = 0;
    const { signal } = stop;
    const [add, remove] = [signal.addEventListener.bind(signal), signal.removeEventListener.bind(signal)];
    signal.addEventListener = (...args: Parameters<typeof add>) => {
      listeners++;
      add(...args);
    };
    signal.removeEventListener = (...args: Parameters<typeof remove>) => {
      listeners--;
      remove(...args);
    };
    const { app } = open({ "https://busy.example/": { status: 503, headers: { "retry-after": "600" } } }, clock);
    const statements = countStatements(store);
    const crawl = await start(store.db, "https://busy.example/", { sitemaps: false });
    const running = run(app, crawl, undefined, signal);
    // The lease's and the retry's: all else has come to rest.
    const isRetrying = async () => (await outcomesOf(store.db, crawl))["https://busy.example/"] === "http_503";
    while (!(await isRetrying()) || clock.asleep !== 2) await Bun.sleep(5);
    const before = statements.count;
    await Bun.sleep(300);

    expect(statements.count - before).toBe(0);
    stop.abort();
    expect(await running).toMatchObject({ state: "queued", pending: 1, done: 0 });
    statements.stop();
    expect(clock.asleep).toBe(0);
    expect(listeners).toBe(0);
  });

  test("for nothing but slow hosts ends when its pages are reached elsewhere", async () => {
    const { app } = open({
      "https://slow.fast.example/robots.txt": slow,
      "https://slow.fast.example/": page("/x", "/y"),
      "https://fast.example/": page("/1", "/2", "/3", "https://slow.fast.example/"),
      ...Object.fromEntries([1, 2, 3].map((n) => [`https://fast.example/${n}`, text(`${n}`)])),
    });
    const crawl = await start(store.db, "https://fast.example/", { scope: "domain", max_pages: 5, sitemaps: false });

    const ended = await run(app, crawl);

    // The slow host's next page holds the last place, until max_pages is reached without it, or nothing else is left.
    expect(ended).toMatchObject({ state: "completed", endReason: "max_pages", done: 5, pending: 0 });
    await expectCountersToMatch(store.db, crawl.id);
  });

  test("for slow hosts alone ends when its time is over", async () => {
    const { app } = open({ "https://slow.example/robots.txt": slow, "https://slow.example/": page("/a", "/b") });
    const crawl = await start(store.db, "https://slow.example/", { max_duration_s: 1, sitemaps: false });

    const ended = await run(app, crawl);

    expect(ended).toMatchObject({ state: "completed", endReason: "max_duration", done: 1, skipped: 2, pending: 0 });
    expect(await outcomesOf(store.db, ended)).toEqual({
      "https://slow.example/": "created",
      "https://slow.example/a": "limit",
      "https://slow.example/b": "limit",
    });
  });

  test("for a sitemap that never comes ends at a limit without it", async () => {
    const { app } = open({
      "https://site.example/": page("/a"),
      "https://site.example/a": text("A"),
      "https://site.example/sitemap.xml": silence,
    });
    const crawl = await start(store.db, "https://site.example/", { max_pages: 1 });

    const ended = await run(app, crawl);

    expect(ended).toMatchObject({ state: "completed", endReason: "max_pages", done: 1, skipped: 1 });
  });

  test("on forty slow hosts goes on with a fast one meanwhile", async () => {
    const names = Array.from({ length: 40 }, (_, n) => `https://slow${n}.example/`);
    const paths = Array.from({ length: 60 }, (_, n) => `https://fast.example/${n}`);
    const stop = new AbortController();
    const { app, web } = open({
      ...Object.fromEntries(
        names.flatMap((url) => [
          [`${url}robots.txt`, slow],
          [url, page("more")],
        ]),
      ),
      "https://fast.example/": page(...paths),
      ...Object.fromEntries(paths.map((url) => [url, text(url)])),
    });
    const crawl = await start(
      store.db,
      "https://fast.example/",
      { scope: "any", sitemaps: false },
      {
        seeds: [...names, "https://fast.example/"],
      },
    );

    const stopped = await run(app, crawl, ({ crawl: { done } }) => done === 101 && stop.abort(), stop.signal);

    expect(stopped).toMatchObject({ state: "queued", done: 101, pending: 40 });
    expect(paths.every((url) => web.requests.get(url)?.length === 1)).toBe(true);
  });

  test("for a page that never comes drops it after the grace, and begins it again later", async () => {
    const stop = new AbortController();
    const answers: Record<string, Answering> = {
      "https://site.example/": page("/stuck"),
      "https://site.example/stuck": (request) => {
        stop.abort();
        return silence(request);
      },
    };
    const { app, web } = open(answers, createFastClock());
    const crawl = await start(store.db, "https://site.example/", { sitemaps: false });

    const stopped = await run(app, crawl, undefined, stop.signal);
    web.answers["https://site.example/stuck"] = text("Here");
    const ended = await run(app, crawl);

    expect(stopped).toMatchObject({ state: "queued", done: 1, pending: 1 });
    expect(ended).toMatchObject({ state: "completed", created: 2, failed: 0 });
    await expectCountersToMatch(store.db, crawl.id);
  });

  test("for a page that never comes is cancelled at once", async () => {
    let cancelling: Promise<unknown> | undefined;
    const { app } = open({
      "https://site.example/": (request) => {
        cancelling = cancelCrawl(app, LOCAL_VIEWER, crawl.id);
        return silence(request);
      },
    });
    const crawl = await start(store.db, "https://site.example/", { sitemaps: false });

    const ended = await run(app, crawl);

    await cancelling;
    expect(ended).toMatchObject({ state: "cancelled", endReason: "cancelled" });
  });

  test("is not found any more when it is deleted meanwhile", async () => {
    const { app } = open({
      "https://site.example/": async () => {
        await store.db.delete(crawlJobs);
        return page("/a");
      },
    });
    const crawl = await start(store.db, "https://site.example/");

    const ended = run(app, crawl);

    expect(ended).rejects.toMatchObject({ reason: "not_found", message: expect.stringContaining("deleted") });
    await ended.catch(() => {});
  });

  test("that is over, or worked already, is refused to a second worker", async () => {
    const { app } = open({ "https://site.example/": text("Here") });
    const crawl = await start(store.db, "https://site.example/", { sitemaps: false });

    await run(app, crawl);

    expect(run(app, crawl)).rejects.toMatchObject({ reason: "conflict" });
  });
});
