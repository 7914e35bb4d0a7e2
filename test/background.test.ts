import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { eq, sql } from "drizzle-orm";
import { LOCAL_VIEWER } from "../src/access/viewer.ts";
import { type App, openWeb } from "../src/app.ts";
import { type Background, startBackground } from "../src/background.ts";
import { readConfig } from "../src/config/config.ts";
import { type Crawl, pauseCrawl, readCrawl, startCrawl } from "../src/crawl/crawls.ts";
import type { Store } from "../src/db/db.ts";
import { crawlJobs } from "../src/db/schema/crawls.ts";
import { websites } from "../src/db/schema/websites.ts";
import { createLog } from "../src/telemetry/log.ts";
import { type Answering, createWeb, silence, text } from "./crawl/web.ts";
import { createFastClock } from "./testing/apps.ts";
import { testStores } from "./testing/stores.ts";

describe.each(testStores)("the background on the $name store", ({ open }) => {
  const clean: (() => unknown)[] = [];
  let store: Store;

  beforeAll(async () => {
    store = await open();
  });

  afterEach(async () => {
    for (const step of clean.splice(0).reverse()) await step();
    await store.execute("alter table orbweaver.frontier drop constraint if exists nothing");
    await store.db.delete(websites);
  });

  afterAll(() => store.close());

  async function setUp(answers: Record<string, Answering>, settings = {}) {
    const clock = createFastClock();
    const events: string[] = [];
    const log = createLog("error", clock, (line) => events.push(JSON.parse(line).event));
    const config = readConfig({}, { PARSER_THREADS: 1, ...settings });
    const { fetch } = createWeb(answers);
    const app: App = { ...openWeb(config, { clock, log, fetch }), store, db: store.db };
    clean.push(() => app.close());
    const begin = (with_: App = app): Background => {
      const background = startBackground(with_);
      clean.push(() => background.stop());
      return background;
    };
    const add = (url: string, runner: Crawl["runner"] = "service") =>
      startCrawl(store.db, { viewer: LOCAL_VIEWER, url, runner, options: { delay_ms: 0, sitemaps: false } });
    return { app, begin, add, events };
  }

  async function until(store: Store, id: string, isSo: (crawl: Crawl) => boolean): Promise<Crawl> {
    for (;;) {
      const crawl = (await readCrawl(store.db, id)) as Crawl;
      if (isSo(crawl)) return crawl;
      await Bun.sleep(5);
    }
  }

  const isCompleted = ({ state }: Crawl) => state === "completed";

  test("works crawls that wait, and one that a dead process left running", async () => {
    const { begin, add } = await setUp({
      "https://a.example/": text("A"),
      "https://b.example/": text("B"),
    });
    const waiting = await add("https://a.example/");
    const left = await add("https://b.example/");
    await store.db
      .update(crawlJobs)
      .set({ state: "running", leaseOwner: Bun.randomUUIDv7(), leasedUntil: sql`now() - interval '1 second'` })
      .where(eq(crawlJobs.id, left.id));

    begin();

    expect(await until(store, waiting.id, isCompleted)).toMatchObject({ created: 1 });
    expect(await until(store, left.id, isCompleted)).toMatchObject({ created: 1 });
  });

  test("leaves alone what a living process works, and the crawls of commands", async () => {
    const { begin, add } = await setUp({ "https://c.example/": text("C") });
    const others = await add("https://a.example/");
    const command = await add("https://b.example/", "command");
    const own = await add("https://c.example/");
    const owner = Bun.randomUUIDv7();
    await store.db
      .update(crawlJobs)
      .set({ state: "running", leaseOwner: owner, leasedUntil: sql`now() + interval '1 hour'` })
      .where(eq(crawlJobs.id, others.id));

    begin();
    await until(store, own.id, isCompleted);

    expect(await readCrawl(store.db, others.id)).toMatchObject({ state: "running", leaseOwner: owner });
    expect(await readCrawl(store.db, command.id)).toMatchObject({ state: "queued", leaseOwner: null });
  });

  test("works so many at a time, and the next when one ends", async () => {
    const names = ["a", "b", "c", "d", "e"];
    let open = 0;
    let most = 0;
    const answer = async () => {
      most = Math.max(most, ++open);
      await Bun.sleep(10);
      open--;
      return text("Here");
    };
    const { begin, add } = await setUp(Object.fromEntries(names.map((name) => [`https://${name}.example/`, answer])), {
      MAX_RUNNING_CRAWLS: 2,
    });
    const crawls = await Promise.all(names.map((name) => add(`https://${name}.example/`)));

    begin();

    for (const { id } of crawls) await until(store, id, isCompleted);
    expect(most).toBe(2);
  });

  test("stops so that crawls go on where they were, without a lease to wait for", async () => {
    const answers: Record<string, Answering> = { "https://a.example/": silence };
    const { app, begin, add } = await setUp(answers);
    const crawl = await add("https://a.example/");
    const background = begin();
    await until(store, crawl.id, ({ leaseOwner }) => leaseOwner !== null);

    await background.stop();
    background.wake();
    const stopped = await readCrawl(store.db, crawl.id);
    const { fetch } = createWeb({ "https://a.example/": text("A") });
    begin({ ...app, fetch });

    expect(stopped).toMatchObject({ state: "queued", leaseOwner: null, pending: 1 });
    expect(await until(store, crawl.id, isCompleted)).toMatchObject({ created: 1 });
  });

  test("gives a crawl up after five errors in a row, and says so", async () => {
    const { begin, add, events } = await setUp({ "https://a.example/": text("A") });
    await store.execute("alter table orbweaver.frontier add constraint nothing check (state = 'pending')");
    const crawl = await add("https://a.example/");

    begin();
    const ended = await until(store, crawl.id, ({ state }) => state === "failed");

    expect(ended).toMatchObject({ endReason: "internal", lastError: { code: "internal" }, leaseOwner: null });
    expect(ended.lastError?.message).toStartWith("Given up after 5 errors in a row");
    expect(events.filter((event) => event === "crawl broke off")).toHaveLength(5);
  });

  test("takes a crawl that another process was faster with, or that was deleted, for no error", async () => {
    const { app, begin, add, events } = await setUp({
      "https://a.example/": async () => {
        await store.db.delete(crawlJobs).where(eq(crawlJobs.id, deleted.id));
        return text("A");
      },
      "https://b.example/": text("B"),
    });
    const deleted = await add("https://a.example/");
    const shared = await add("https://b.example/");

    begin();
    begin(app);
    await until(store, shared.id, isCompleted);
    while (await readCrawl(store.db, deleted.id)) await Bun.sleep(5);
    for (const step of clean.splice(1).reverse()) await step();

    expect(events).toEqual([]);
  });

  test("starts a crawl at once when it is told of it, and leaves a paused one", async () => {
    const { app, begin, add } = await setUp({ "https://b.example/": text("B") });
    const paused = await add("https://a.example/");
    await pauseCrawl(app, LOCAL_VIEWER, paused.id);
    const background = begin();
    const crawl = await add("https://b.example/");

    background.wake();

    await until(store, crawl.id, isCompleted);
    expect(await readCrawl(store.db, paused.id)).toMatchObject({ state: "paused", startedAt: null });
  });
});
