import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { asc, eq } from "drizzle-orm";
import { LOCAL_VIEWER } from "../../src/access/viewer.ts";
import { startCrawl } from "../../src/crawl/crawls.ts";
import { runCrawl } from "../../src/crawl/engine.ts";
import type { Store } from "../../src/db/db.ts";
import { hosts } from "../../src/db/schema/crawls.ts";
import { events } from "../../src/db/schema/notifications.ts";
import { pageChanges, pages } from "../../src/db/schema/pages.ts";
import { websites } from "../../src/db/schema/websites.ts";
import { createMovedClock, openTestApp } from "../testing/apps.ts";
import { testStores } from "../testing/stores.ts";
import { createSite, DAYS_BETWEEN, EXPECTED, playVisit, TRACKING, VISITS } from "./proof/script.ts";
import { type ScriptedSite, serveScriptedSite } from "./proof/scripted-site.ts";

const [embedded] = testStores;
const DAY_MS = 86_400_000;

/** Politeness and retries have tests of their own. */
const OPTIONS = { delay_ms: 0, concurrency: 8, max_retries: 0 };

describe("a website that changes by script for two months", () => {
  let store: Store;
  let site: ScriptedSite;

  beforeAll(async () => {
    store = (await embedded?.open()) as Store;
    site = serveScriptedSite();
  });

  afterAll(async () => {
    await site.stop();
    await store.close();
  });

  test("is told exactly: nothing missed, nothing false", async () => {
    const clock = createMovedClock("2026-01-01T06:00:00Z");
    const app = openTestApp(store, { clock }, { FETCH_TIMEOUT_MS: 3_000 });
    const state = createSite();
    const told: string[] = [];
    for (let visit = 0; visit <= VISITS; visit++) {
      playVisit(state, visit);
      await site.show(state, visit);
      const crawl = await startCrawl(store.db, { viewer: LOCAL_VIEWER, url: `${site.origin}/`, options: OPTIONS });
      await store.db.update(websites).set({ tracking: TRACKING });
      await runCrawl(app, crawl.id, { signal: new AbortController().signal });
      told.push(...(await tellVisit(visit, crawl.id)));
      // Each visit meets the host as if for the first time: politeness has tests of its own.
      await store.db.delete(hosts);
      clock.move(DAYS_BETWEEN * DAY_MS);
    }
    await app.close();

    const expected = EXPECTED.toSorted((a, b) => a.visit - b.visit).map(({ visit, ...of }) =>
      describeChange(visit, of),
    );
    expect(told.toSorted()).toEqual(expected.toSorted());
    expect(await countEvents()).toBe(EXPECTED.length);
  }, 120_000);

  async function tellVisit(visit: number, crawlId: string): Promise<string[]> {
    const rows = await store.db
      .select({ kind: pageChanges.kind, url: pages.url, toUrl: pageChanges.toUrl, reason: pageChanges.reason })
      .from(pageChanges)
      .innerJoin(pages, eq(pages.id, pageChanges.pageId))
      .where(eq(pageChanges.crawlId, crawlId))
      .orderBy(asc(pageChanges.id));
    const path = (url: string | null) => (url === null ? undefined : url.slice(site.origin.length));
    return rows.map(({ kind, url, toUrl, reason }) =>
      describeChange(visit, { kind, path: path(url) ?? "", to: path(toUrl), reason: reason ?? undefined }),
    );
  }

  const countEvents = async () =>
    (await store.db.select({ type: events.type }).from(events)).filter(({ type }) => type.startsWith("page.")).length;

  type Told = { kind: string; path: string; to?: string; reason?: string };

  /** Padded, so that they sort by visit. */
  function describeChange(visit: number, { kind, path, to, reason }: Told): string {
    return [
      String(visit).padStart(2, "0"),
      kind,
      path,
      ...(to ? ["to", to] : []),
      ...(reason ? [`(${reason})`] : []),
    ].join(" ");
  }
});
