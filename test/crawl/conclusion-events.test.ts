import { afterAll, beforeAll, expect, test } from "bun:test";
import { asc, eq } from "drizzle-orm";
import { LOCAL_VIEWER } from "../../src/access/viewer.ts";
import type { App } from "../../src/app.ts";
import { type Crawl, cancelCrawl, readCrawl, startCrawl } from "../../src/crawl/crawls.ts";
import { runCrawl } from "../../src/crawl/engine.ts";
import type { Store } from "../../src/db/db.ts";
import { events } from "../../src/db/schema/notifications.ts";
import { websites } from "../../src/db/schema/websites.ts";
import { openTestApp } from "../testing/apps.ts";
import { testStores } from "../testing/stores.ts";
import { type Answering, createWeb, page } from "./web.ts";

let store: Store;

beforeAll(async () => {
  store = await (testStores.at(-1) as (typeof testStores)[number]).open();
});

afterAll(() => store.close());

const text = (name: string) => `<p>${Array.from({ length: 30 }, (_, at) => `${name}${at}`).join(" ")}</p>`;

async function crawl(answers: Record<string, Answering>, url: string): Promise<Crawl> {
  await using app = openTestApp(store, { fetch: createWeb(answers).fetch }) as App & AsyncDisposable;
  app[Symbol.asyncDispose] = () => app.close();
  const options = { delay_ms: 0, sitemaps: false, robots: false };
  const started = await startCrawl(store.db, { viewer: LOCAL_VIEWER, runner: "command", url, options });
  await runCrawl(app, started.id, { signal: new AbortController().signal });
  return (await readCrawl(store.db, started.id)) as Crawl;
}

async function eventsOf({ id }: Crawl) {
  return store.db.select().from(events).where(eq(events.crawlId, id)).orderBy(asc(events.id));
}

test("the first crawl of a website is told as begun and ended, and becomes its baseline; the next tells what changed", async () => {
  const url = "https://told.example/";
  const site = {
    [url]: page("Start", "/a", "/b"),
    [`${url}a`]: page(text("a")),
    [`${url}b`]: page(text("b")),
  };
  const first = await crawl(site, url);
  const second = await crawl(
    { ...site, [url]: page("Start", "/a", "/b", "/c"), [`${url}b`]: { status: 410 }, [`${url}c`]: page(text("c")) },
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

test("a crawl that is cancelled before it began is told to nobody", async () => {
  await using app = openTestApp(store, { fetch: createWeb({}).fetch }) as App & AsyncDisposable;
  app[Symbol.asyncDispose] = () => app.close();
  const url = "https://cancelled.example/";
  const started = await startCrawl(store.db, { viewer: LOCAL_VIEWER, runner: "command", url });

  await cancelCrawl(app, LOCAL_VIEWER, started.id);

  expect(await eventsOf(started)).toEqual([]);
});
