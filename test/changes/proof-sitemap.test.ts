import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { and, eq } from "drizzle-orm";
import { LOCAL_VIEWER } from "../../src/access/viewer.ts";
import type { App } from "../../src/app.ts";
import { trustsSitemap } from "../../src/changes/sitemap-trust.ts";
import { startCrawl } from "../../src/crawl/crawls.ts";
import { runCrawl } from "../../src/crawl/engine.ts";
import type { Store } from "../../src/db/db.ts";
import { hosts } from "../../src/db/schema/crawls.ts";
import { pageChanges, pages } from "../../src/db/schema/pages.ts";
import { websites } from "../../src/db/schema/websites.ts";
import { createMovedClock, openTestApp } from "../testing/apps.ts";
import { testStores } from "../testing/stores.ts";
import { article, paragraph, prose } from "./proof/page-model.ts";
import { type ScriptedSite, type SiteState, serveScriptedSite } from "./proof/scripted-site.ts";

const [embedded] = testStores;
const DAY_MS = 86_400_000;
const OPTIONS = { delay_ms: 0, concurrency: 8, max_retries: 0 };
const PATHS = ["oak", "elm", "ash", "yew", "bay", "box", "gum", "may", "fig", "ivy"].map((name) => `/${name}`);
/** Of each day's pages every twentieth is looked at whatever its date says. */
const SAMPLED_WITHIN_DAYS = 20;

describe("a website whose sitemap has dates, visited each day", () => {
  let store: Store;
  let app: App;
  let site: ScriptedSite;
  let day = 0;
  const clock = createMovedClock("2026-01-01T06:00:00Z");
  const state: SiteState = {
    pages: new Map([["/", article("start")], ...PATHS.map((path) => [path, article(path)] as const)]),
    specials: new Map(),
    // Pages are met by the sitemap first, so that their dates are known when their turn comes.
    unlinked: new Set(PATHS),
    sitemap: new Map(PATHS.map((path) => [path, "2025-12-01"])),
    validators: new Map(),
  };

  beforeAll(async () => {
    store = (await embedded?.open()) as Store;
    site = serveScriptedSite();
    app = openTestApp(store, { clock });
  });

  afterAll(async () => {
    await app.close();
    await site.stop();
    await store.close();
  });

  test("is spared requests while its dates tell all changes, and found out when they do not", async () => {
    await visit();
    edit(PATHS.slice(0, 5), "the first time");
    const untrusted = await visit();
    const idle = await visit();
    edit(PATHS.slice(5, 7), "the second time");
    const announced = await visit();
    const trust = await readTrust();

    edit(PATHS.slice(0, 5), "in secret", { isTold: false });
    const found: string[] = [];
    let days = 0;
    for (; days < SAMPLED_WITHIN_DAYS && found.length === 0; days++) found.push(...(await visit()).told);
    const distrust = await readTrust();
    found.push(...(await visit()).told);

    expect(untrusted).toEqual({ told: PATHS.slice(0, 5), fetched: PATHS.length });
    expect(idle.told).toEqual([]);
    expect(announced.told).toEqual(PATHS.slice(5, 7));
    // The sample, which goes by URLs and so by the port, may have one or the other of them.
    expect(idle.fetched).toBeLessThan(PATHS.length - 2);
    expect(announced.fetched).toBeLessThan(PATHS.length - 2);
    expect([trust, distrust]).toEqual([true, false]);
    expect(found.toSorted()).toEqual(PATHS.slice(0, 5).toSorted());
  }, 120_000);

  /** What a day's crawl tells, and how many of the dated pages it asked for. */
  async function visit(): Promise<{ told: string[]; fetched: number }> {
    await site.show(state, day);
    const crawl = await startCrawl(store.db, { viewer: LOCAL_VIEWER, url: `${site.origin}/`, options: OPTIONS });
    await runCrawl(app, crawl.id, { signal: new AbortController().signal });
    const changes = await store.db
      .select({ url: pages.url })
      .from(pageChanges)
      .innerJoin(pages, eq(pages.id, pageChanges.pageId))
      .where(and(eq(pageChanges.crawlId, crawl.id), eq(pageChanges.kind, "changed")));
    await store.db.delete(hosts);
    clock.move(DAY_MS);
    day++;
    const told = changes.map(({ url }) => new URL(url).pathname);
    const order = (path: string) => PATHS.indexOf(path);
    return {
      told: told.toSorted((a, b) => order(a) - order(b)),
      fetched: PATHS.filter((path) => site.requests.has(path)).length,
    };
  }

  function edit(paths: readonly string[], what: string, { isTold = true } = {}): void {
    for (const path of paths) {
      state.pages.get(path)?.blocks.push(paragraph(prose(`${path} ${what}`)));
      if (isTold) state.sitemap.set(path, clock.now().toISOString());
    }
  }

  async function readTrust(): Promise<boolean> {
    const [website] = await store.db.select({ trust: websites.sitemapTrust }).from(websites);
    return website !== undefined && trustsSitemap(website.trust);
  }
});
