import { afterAll, beforeAll, expect, test } from "bun:test";
import { asc, eq, sql } from "drizzle-orm";
import { LOCAL_VIEWER } from "../../src/access/viewer.ts";
import type { App } from "../../src/app.ts";
import { type Crawl, cancelCrawl, readCrawl, startCrawl } from "../../src/crawl/crawls.ts";
import { runCrawl } from "../../src/crawl/engine.ts";
import { takeLease } from "../../src/crawl/lease.ts";
import { rowsOf, type Store } from "../../src/db/db.ts";
import { crawlJobs } from "../../src/db/schema/crawls.ts";
import { events } from "../../src/db/schema/notifications.ts";
import { LOCAL_USER_ID } from "../../src/db/schema/users.ts";
import { websites } from "../../src/db/schema/websites.ts";
import { recordEvents } from "../../src/notify/outbox.ts";
import { openTestApp } from "../testing/apps.ts";
import { hasPostgres, testStores } from "../testing/stores.ts";
import { type Answering, createWeb, page, text } from "./web.ts";

let store: Store;

beforeAll(async () => {
  store = await (testStores.at(-1) as (typeof testStores)[number]).open();
});

afterAll(() => store.close());

const wordsOf = (name: string) => text(Array.from({ length: 30 }, (_, at) => `${name}${at}`).join(" "));

async function using<Result>(answers: Record<string, Answering>, work: (app: App) => Promise<Result>): Promise<Result> {
  const app = openTestApp(store, { fetch: createWeb(answers).fetch });
  try {
    return await work(app);
  } finally {
    await app.close();
  }
}

const start = (url: string) =>
  startCrawl(store.db, {
    ...{ viewer: LOCAL_VIEWER, runner: "command", url },
    options: { delay_ms: 0, sitemaps: false, robots: false },
  });

async function crawl(answers: Record<string, Answering>, url: string): Promise<Crawl> {
  const { id } = await start(url);
  await using(answers, (app) => runCrawl(app, id, { signal: new AbortController().signal }));
  return (await readCrawl(store.db, id)) as Crawl;
}

async function eventsOf({ id }: Crawl) {
  return store.db.select().from(events).where(eq(events.crawlId, id)).orderBy(asc(events.id));
}

test("the first crawl of a website is told as begun and ended, and becomes its baseline; the next tells what changed", async () => {
  const url = "https://told.example/";
  const site = {
    [url]: page("/a", "/b"),
    [`${url}a`]: wordsOf("a"),
    [`${url}b`]: wordsOf("b"),
  };
  const first = await crawl(site, url);
  const second = await crawl(
    { ...site, [url]: page("/a", "/b", "/c"), [`${url}b`]: { status: 410 }, [`${url}c`]: wordsOf("c") },
    url,
  );

  const [website] = await store.db.select().from(websites).where(eq(websites.url, url));
  expect(website?.baselineCrawlId).toBe(first.id);
  expect(await eventsOf(first)).toMatchObject([
    {
      type: "crawl.started",
      payload: { website: { url }, crawl: { id: first.id, state: "running", is_baseline: true } },
    },
    { type: "crawl.completed", payload: { crawl: { state: "completed", pages: 3, new: 0, removed: 0 } } },
  ]);
  const types = (await eventsOf(second)).map(({ type }) => type);
  expect(types.toSorted()).toEqual(["crawl.completed", "crawl.started", "page.changed", "page.new", "page.removed"]);
  expect((await eventsOf(second)).at(-1)).toMatchObject({
    type: "crawl.completed",
    payload: { crawl: { new: 1, removed: 1, changed: 1, moved: 0, restored: 0, end_reason: "done" } },
  });
});

test("a crawl that brings nothing is told as failed, and is no baseline", async () => {
  const url = "https://away.example/";
  const failed = await crawl({ [url]: { status: 404 } }, url);

  const [website] = await store.db.select().from(websites).where(eq(websites.url, url));
  expect(website?.baselineCrawlId).toBeNull();
  expect((await eventsOf(failed)).at(-1)).toMatchObject({
    type: "crawl.failed",
    payload: { crawl: { state: "failed", end_reason: "http_404", error: { code: "http_404" } } },
  });
});

test("a crawl that is cancelled before it began is told to nobody, one that was under way is told as failed", async () => {
  const early = await start("https://early.example/");
  const url = "https://late.example/";
  const late = await start(url);

  await using({}, (app) => cancelCrawl(app, LOCAL_VIEWER, early.id));
  await using({ [url]: page("/a") }, async (app) => {
    await takeLease(store.db, late.id, Bun.randomUUIDv7(), app.clock);
    await cancelCrawl(app, LOCAL_VIEWER, late.id);
  });

  expect(await eventsOf(early)).toEqual([]);
  expect(await eventsOf(late)).toMatchObject([
    { type: "crawl.started" },
    { type: "crawl.failed", payload: { crawl: { state: "cancelled", end_reason: "cancelled" } } },
  ]);
});

test.if(hasPostgres)(
  "a batch that waits for its crawl's row keeps nobody who has it from telling something",
  async () => {
    const url = "https://meeting.example/";
    await crawl({ [url]: wordsOf("before") }, url);
    const { id, websiteId } = await start(url);
    const isCounting = sql`
    select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'
      and query like '%"created" = %'`;
    const met = Promise.withResolvers<void>();
    const answer = () => {
      const meeting = store.db.transaction(async (tx) => {
        await tx.select({ id: crawlJobs.id }).from(crawlJobs).where(eq(crawlJobs.id, id)).for("no key update");
        // What was told before was given out.
        await store.execute("delete from orbweaver_jobs.job");
        answered.resolve(wordsOf("after"));
        while (rowsOf(await store.db.execute(isCounting)).length === 0) await Bun.sleep(5);
        await tx.execute(sql`set local lock_timeout = '200ms'`);
        await recordEvents(tx, [{ userId: LOCAL_USER_ID, websiteId, crawlId: id, type: "crawl.failed", payload: {} }]);
      });
      meeting.then(met.resolve, met.reject);
      return answered.promise;
    };
    const answered = Promise.withResolvers<ReturnType<typeof wordsOf>>();

    await using({ [url]: answer }, (app) => runCrawl(app, id, { signal: new AbortController().signal }));

    expect(await met.promise).toBeUndefined();
    expect((await readCrawl(store.db, id))?.changed).toBe(1);
  },
);
