import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { eq, sql } from "drizzle-orm";
import { LOCAL_VIEWER } from "../src/access/viewer.ts";
import type { App } from "../src/app.ts";
import { type Background, startBackground } from "../src/background.ts";
import { readConfig } from "../src/config/config.ts";
import { type Crawl, pauseCrawl, readCrawl, resumeCrawl, startCrawl } from "../src/crawl/crawls.ts";
import { createSessions } from "../src/crawl/sessions.ts";
import type { Store } from "../src/db/db.ts";
import { crawlHosts, crawlJobs, hosts } from "../src/db/schema/crawls.ts";
import { websites } from "../src/db/schema/websites.ts";
import { createLog } from "../src/telemetry/log.ts";
import { type Answering, createWeb, silence, text } from "./crawl/web.ts";
import { createFastClock, openTestApp } from "./testing/apps.ts";
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
    await store.db.delete(hosts);
  });

  afterAll(() => store.close());

  async function setUp(answers: Record<string, Answering>, settings = {}) {
    const clock = createFastClock();
    const events: string[] = [];
    const log = createLog("error", clock, (line) => events.push(JSON.parse(line).event));
    const config = readConfig({}, { PARSER_THREADS: 1, ...settings });
    const { fetch } = createWeb(answers);
    const app = openTestApp(store, { clock, log, fetch }, config);
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

  async function until(store: Store, id: string, isSo: (crawl: Crawl) => boolean | Promise<boolean>): Promise<Crawl> {
    for (;;) {
      const crawl = (await readCrawl(store.db, id)) as Crawl;
      if (await isSo(crawl)) return crawl;
      await Bun.sleep(5);
    }
  }

  const isCompleted = ({ state }: Crawl) => state === "completed";

  test("works crawls that wait", async () => {
    const { begin, add } = await setUp({
      "https://a.example/": text("A"),
      "https://b.example/": text("B"),
    });
    const [one, other] = [await add("https://a.example/"), await add("https://b.example/")];

    begin();

    expect(await until(store, one.id, isCompleted)).toMatchObject({ created: 1, pending: 0, endReason: "done" });
    expect(await until(store, other.id, isCompleted)).toMatchObject({ created: 1 });
  });

  test("leaves alone a host that a living process has, and the crawls of commands", async () => {
    const { begin, add } = await setUp({ "https://c.example/": text("C") });
    const others = await add("https://a.example/");
    const command = await add("https://b.example/", "command");
    const own = await add("https://c.example/");
    const leaseToken = Bun.randomUUIDv7();
    const leasedUntil = sql`now() + interval '1 hour'`;
    await store.db.insert(hosts).values({ host: "a.example", leaseToken, leasedUntil });

    begin();
    await until(store, own.id, isCompleted);
    const waiting = async () =>
      (await store.db.select().from(crawlHosts).where(eq(crawlHosts.crawlId, others.id)))[0]?.waitsSince;
    while (!(await waiting())) await Bun.sleep(5);

    expect(await store.db.select().from(hosts).where(eq(hosts.host, "a.example"))).toMatchObject([{ leaseToken }]);
    expect(await readCrawl(store.db, command.id)).toMatchObject({ state: "queued", startedAt: null });
  });

  test("works so many at a time, and the next when one ends", async () => {
    const names = ["a", "b", "c", "d", "e"];
    let open = 0;
    let most = 0;
    const both = Promise.withResolvers<void>();
    const answer = async () => {
      most = Math.max(most, ++open);
      if (open === 2) both.resolve();
      await both.promise;
      await Bun.sleep(10);
      open--;
      return text("Here");
    };
    const { begin, add } = await setUp(Object.fromEntries(names.map((name) => [`https://${name}.example/`, answer])), {
      WORKER_SLICES: 2,
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
    await until(store, crawl.id, ({ state }) => state === "running");

    await background.stop();
    const stopped = await readCrawl(store.db, crawl.id);
    const [host] = await store.db.select().from(hosts).where(eq(hosts.host, "a.example"));
    const { fetch } = createWeb({ "https://a.example/": text("A") });
    begin({ ...app, fetch, sessions: createSessions() });

    expect(stopped).toMatchObject({ state: "running", pending: 1 });
    expect(host?.leaseToken).toBeNull();
    expect(await until(store, crawl.id, isCompleted)).toMatchObject({ created: 1 });
  });

  test("gives a crawl up after five errors in a row, and says so", async () => {
    const { app, begin, add, events } = await setUp({ "https://a.example/": text("A") });
    await store.execute("alter table orbweaver.frontier add constraint nothing check (state = 'pending')");
    const crawl = await add("https://a.example/");

    begin();
    const ended = await until(store, crawl.id, async ({ state }) => {
      // Without the pauses between its attempts.
      await store.execute("update orbweaver_jobs.job set start_after = now() where state = 'retry'");
      app.jobs.announce("crawl");
      return state === "failed";
    });

    expect(ended).toMatchObject({ endReason: "internal", lastError: { code: "internal" } });
    expect(ended.lastError?.message).toStartWith("Given up after 5 errors in a row");
    expect(events.filter((event) => event === "crawl given up")).toHaveLength(1);
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

  test("starts a crawl at once when it is told of it, leaves a paused one, and goes on with it when it is resumed", async () => {
    const { app, begin, add } = await setUp({ "https://a.example/": text("A"), "https://b.example/": text("B") });
    const paused = await add("https://a.example/");
    await pauseCrawl(app, LOCAL_VIEWER, paused.id);
    begin();
    const crawl = await add("https://b.example/");
    await until(store, crawl.id, isCompleted);
    const before = await readCrawl(store.db, paused.id);

    await resumeCrawl(app, LOCAL_VIEWER, paused.id);

    expect(before).toMatchObject({ state: "paused", startedAt: null });
    expect(await until(store, paused.id, isCompleted)).toMatchObject({ created: 1 });
  });
});
