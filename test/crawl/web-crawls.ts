import { afterAll, afterEach, beforeAll } from "bun:test";
import type { App } from "../../src/app.ts";
import type { Store } from "../../src/db/db.ts";
import { hosts } from "../../src/db/schema/crawls.ts";
import { pages } from "../../src/db/schema/pages.ts";
import { websites } from "../../src/db/schema/websites.ts";
import { createFastClock, openTestApp } from "../testing/apps.ts";
import { testStores } from "../testing/stores.ts";
import { expectCountersToMatch, outcomesOf, run, start } from "./runs.ts";
import { type Answering, createWeb } from "./web.ts";

const [embedded] = testStores;

export const SITE = "https://example.com";

/** Crawls webs of a test's own making, in which any host can have any name. To be called within `describe`. */
export function openWebCrawls() {
  let store: Store;
  const apps: App[] = [];

  beforeAll(async () => {
    store = (await embedded?.open()) as Store;
  });

  async function forget() {
    await store.db.delete(websites);
    // A host is remembered beyond its crawl.
    await store.db.delete(hosts);
  }

  afterEach(async () => {
    await forget();
    for (const app of apps.splice(0)) await app.close();
  });

  afterAll(() => store.close());

  async function crawl(
    answers: Record<string, Answering>,
    options: Record<string, unknown> = {},
    seed = `${SITE}/`,
    clock = createFastClock(),
  ) {
    const web = createWeb(answers);
    const app = openTestApp(store, { clock, fetch: web.fetch });
    apps.push(app);
    const begin = async () => run(app, await start(store.db, seed, { sitemaps: false, ...options }));
    const ended = await begin();
    await expectCountersToMatch(store.db, ended.id);
    return { crawl: ended, web, outcomes: await outcomesOf(store.db, ended), again: begin, app };
  }

  const pageAt = async (url: string) => (await store.db.select().from(pages)).find((row) => row.url === url);

  return { crawl, pageAt, forget, db: () => store.db, store: () => store };
}
