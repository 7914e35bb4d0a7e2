import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { asc, eq } from "drizzle-orm";
import type { App } from "../../src/app.ts";
import type { Store } from "../../src/db/db.ts";
import { markdownDocuments, pages, rawHtml } from "../../src/db/schema/pages.ts";
import { passages } from "../../src/db/schema/passages.ts";
import { LOCAL_USER_ID } from "../../src/db/schema/users.ts";
import { websites } from "../../src/db/schema/websites.ts";
import { runDueJobs } from "../../src/jobs/worker.ts";
import { indexWebsite } from "../../src/passages/index-website.ts";
import { purgeRawBodies } from "../../src/retention/raw-bodies.ts";
import { systemSchedulesOf, UPKEEP_KINDS } from "../../src/retention/upkeep.ts";
import { purgeVersions } from "../../src/retention/versions.ts";
import { runSystemSchedule } from "../../src/schedules/system-schedules.ts";
import { addWebsite } from "../../src/websites/websites.ts";
import { addPage, day } from "../changes/page-history.ts";
import { createManualClock } from "../manual-clock.ts";
import { openTestApp } from "../testing/apps.ts";
import { testStores } from "../testing/stores.ts";

const NOW = new Date("2026-03-01T00:00:00Z");

describe("versions that are given up", () => {
  let store: Store;
  let app: App;
  let sites = 0;

  beforeAll(async () => {
    store = await (testStores.at(-1) as (typeof testStores)[number]).open();
    app = openTestApp(store, { clock: createManualClock(NOW) });
  });
  afterAll(async () => {
    await app.close();
    await store.close();
  });

  const addSite = async (tracking: Record<string, unknown>) => {
    const site = await addWebsite(store.db, { userId: LOCAL_USER_ID, url: `https://kept-${sites++}.example/` });
    await store.db.update(websites).set({ tracking }).where(eq(websites.id, site.id));
    return site.id;
  };
  /** A version on each of these days of January, and days of later months beyond it. */
  const add = (websiteId: string, days: number[], url = "https://kept.example/") =>
    addPage(store.db, websiteId, url, Object.fromEntries(days.map((on) => [on, `On day ${on} of ${websiteId}`])));
  const versionsOf = async (pageId: string) => {
    const { version } = markdownDocuments;
    const rows = await store.db
      .select({ version })
      .from(markdownDocuments)
      .where(eq(markdownDocuments.pageId, pageId))
      .orderBy(asc(version));
    return rows.map((row) => row.version);
  };

  test("so many are kept, each month's first, and those that are needed; unless told otherwise all are", async () => {
    const all = await add(await addSite({}), [1, 2, 3, 4]);
    const two = await add(await addSite({ keep_versions: { max_count: 2, first_of_month: false } }), [1, 2, 3, 4]);
    const months = await add(await addSite({ keep_versions: { max_count: 1 } }), [1, 2, 33, 34, 35]);
    const needed = await add(await addSite({ keep_versions: { max_count: 1, first_of_month: false } }), [1, 2, 3, 4]);
    const [baseline] = await store.db
      .select({ id: markdownDocuments.id })
      .from(markdownDocuments)
      .where(eq(markdownDocuments.pageId, needed))
      .orderBy(asc(markdownDocuments.version))
      .offset(1);
    await store.db.update(pages).set({ baselineDocumentId: baseline?.id }).where(eq(pages.id, needed));

    const counts = await purgeVersions(store.db, NOW);
    const again = await purgeVersions(store.db, NOW);

    expect(counts).toEqual({ websites: 3, versions: 2 + 2 + 2 });
    expect(again).toEqual({ websites: 0, versions: 0 });
    expect(await Promise.all([all, two, months, needed].map(versionsOf))).toEqual([
      [1, 2, 3, 4],
      [3, 4],
      [1, 3, 5],
      [2, 4],
    ]);
  });

  test("a version's age counts from when the next one took its place", async () => {
    const websiteId = await addSite({ keep_versions: { max_age_days: 10, first_of_month: false } });
    const pageId = await add(websiteId, [1, 2, 20, 25]);

    await purgeVersions(store.db, day(29));
    const early = await versionsOf(pageId);
    await purgeVersions(store.db, day(31));
    const late = await versionsOf(pageId);
    await purgeVersions(store.db, NOW);

    expect([early, late, await versionsOf(pageId)]).toEqual([[2, 3, 4], [3, 4], [4]]);
  });

  test("bodies of what was given up go with the next purge of bodies", async () => {
    const pageId = await add(await addSite({ keep_versions: { max_count: 1, first_of_month: false } }), [1, 2]);
    const bodies = () => store.db.$count(rawHtml);
    const before = await bodies();

    await purgeVersions(store.db, NOW);
    await purgeRawBodies(store.db);

    expect(await versionsOf(pageId)).toEqual([2]);
    expect(await bodies()).toBeLessThan(before);
  });

  test("passages go with the last version that had them", async () => {
    const websiteId = await addSite({ keep_versions: { max_count: 2, first_of_month: false } });
    const page = (text: string) => `## Kept\n\nIt stays.\n\n## Changed\n\n${text}`;
    const url = "https://kept.example/passages";
    const pageId = await addPage(store.db, websiteId, url, { 1: page("a"), 2: page("b"), 3: page("a"), 4: page("c") });
    await indexWebsite({ db: store.db, clock: app.clock }, websiteId, { signal: new AbortController().signal });
    const spans = async () => {
      const { fromVersion, toVersion } = passages;
      const rows = await store.db.select({ fromVersion, toVersion }).from(passages).where(eq(passages.pageId, pageId));
      return rows.map((row) => [row.fromVersion, row.toVersion]).sort();
    };
    const before = await spans();

    await purgeVersions(store.db, NOW);

    expect(before).toEqual(
      [
        [1, 2],
        [1, null],
        [2, 3],
        [3, 4],
        [4, null],
      ].sort(),
    );
    expect(await spans()).toEqual(
      [
        [1, null],
        [3, 4],
        [4, null],
      ].sort(),
    );
    expect(await purgeVersions(store.db, NOW)).toEqual({ websites: 0, versions: 0 });
  });

  test("more than one batch of pages is gone through, by the daily job, which counts what it deletes", async () => {
    const websiteId = await addSite({ keep_versions: { max_count: 1, first_of_month: false } });
    const [first] = await Promise.all([add(websiteId, [1, 2], "https://kept.example/0")]);
    const [document] = await store.db
      .select()
      .from(markdownDocuments)
      .where(eq(markdownDocuments.pageId, first))
      .limit(1);
    const [page] = await store.db.select().from(pages).where(eq(pages.id, first));
    if (!document || !page) throw new Error("They were just stored");
    const copies = Array.from({ length: 130 }, () => ({ pageId: Bun.randomUUIDv7(), documentId: Bun.randomUUIDv7() }));
    await store.db
      .insert(pages)
      .values(copies.map(({ pageId: id, documentId }) => ({ ...page, id, documentId, urlHash: Bun.randomUUIDv7() })));
    const version = (pageId: string, number: number, id = Bun.randomUUIDv7()) => ({
      ...{ ...document, id, pageId, version: number, fetchedAt: day(number) },
    });
    await store.db
      .insert(markdownDocuments)
      .values(copies.flatMap(({ pageId, documentId }) => [version(pageId, 1), version(pageId, 2, documentId)]));

    await runSystemSchedule(app, systemSchedulesOf(app.config), "version-retention");
    await runDueJobs(app, UPKEEP_KINDS);

    expect(await versionsOf(copies.at(-1)?.pageId ?? "")).toEqual([2]);
    expect(await purgeVersions(store.db, NOW, AbortSignal.abort())).toEqual({ websites: 0, versions: 0 });
    expect(await purgeVersions(store.db, NOW)).toEqual({ websites: 0, versions: 0 });
  });
});
