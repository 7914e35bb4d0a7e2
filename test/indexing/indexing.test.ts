import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { eq } from "drizzle-orm";
import type { App } from "../../src/app.ts";
import { crawlSweep } from "../../src/crawl/sweep-job.ts";
import type { Store } from "../../src/db/db.ts";
import { crawlJobs } from "../../src/db/schema/crawls.ts";
import { indexedPages, indexedWebsites } from "../../src/db/schema/passages.ts";
import { LOCAL_USER_ID } from "../../src/db/schema/users.ts";
import { websiteIndexes, websites } from "../../src/db/schema/websites.ts";
import { bringUpToDate } from "../../src/indexing/bring-up-to-date.ts";
import { indexWebsiteJob, queueIndexing, queueIndexingMeanwhile } from "../../src/indexing/index-website-job.ts";
import { runDueJobs } from "../../src/jobs/worker.ts";
import { addWebsite } from "../../src/websites/websites.ts";
import { addCrawl, addPage, day } from "../changes/page-history.ts";
import { createManualClock } from "../manual-clock.ts";
import { openTestApp } from "../testing/apps.ts";
import { testStores } from "../testing/stores.ts";

describe.each(testStores)("indexing ($name)", ({ open }) => {
  let store: Store;
  let app: App;
  let sites = 0;
  const clock = createManualClock(day(28));
  beforeAll(async () => {
    store = await open();
    app = openTestApp(store, { clock });
  });
  afterAll(async () => {
    await app.close();
    await store.close();
  });

  const addSite = async (pages = 1) => {
    const url = `https://up-to-date-${sites++}.example/`;
    const { id } = await addWebsite(app.db, { userId: LOCAL_USER_ID, url });
    for (let at = 0; at < pages; at++)
      await addPage(app.db, id, `${url}${at}`, { 1: `## Part\n\nWhat page ${at} says.` });
    return id;
  };
  const countIndexed = (websiteId: string) => app.db.$count(indexedPages, eq(indexedPages.websiteId, websiteId));
  const countLists = (websiteId: string) => app.db.$count(websiteIndexes, eq(websiteIndexes.websiteId, websiteId));

  test("the job makes a website searchable and builds its lists", async () => {
    const site = await addSite();

    await queueIndexing(app.db, site);
    await runDueJobs(app, [indexWebsiteJob]);

    expect(await countIndexed(site)).toBe(1);
    expect(await countLists(site)).toBe(3);
  });

  test("while a crawl goes on what it brought is searchable, and lists wait for its end", async () => {
    const site = await addSite();

    await queueIndexingMeanwhile(app.db, site);
    await runDueJobs(app, [indexWebsiteJob]);

    expect(await countIndexed(site)).toBe(1);
    expect(await countLists(site)).toBe(0);
  });

  test("what is stored behind a job that runs is indexed a moment later", async () => {
    const site = await addSite();
    const kind = {
      ...indexWebsiteJob,
      run: async (...given: Parameters<typeof indexWebsiteJob.run>) => {
        const result = await indexWebsiteJob.run(...given);
        if ((await countIndexed(site)) === 1) {
          await addPage(app.db, site, `https://late-${site}.example/`, { 2: "## Late\n\nIt came late." });
          await queueIndexing(app.db, site);
        }
        return result;
      },
    };
    await queueIndexing(app.db, site);

    await runDueJobs(app, [kind]);
    await clock.advance(2_000);
    await runDueJobs(app, [kind]);

    expect(await countIndexed(site)).toBe(2);
  });

  test("the minute's look has long crawls indexed that have brought something, and no others", async () => {
    const [long, young, idle] = [await addSite(), await addSite(), await addSite()];
    for (const [site, minutes, created] of [
      [long, 5, 1],
      [young, 0, 1],
      [idle, 5, 0],
    ] as const) {
      const crawl = await addCrawl(app.db, site, null, "running");
      const startedAt = new Date(clock.now().getTime() - minutes * 60_000);
      await app.db.update(crawlJobs).set({ startedAt, created, pending: 1 }).where(eq(crawlJobs.id, crawl));
    }

    const job = { id: "", attempt: 1, attemptsLeft: 0, signal: new AbortController().signal, progress: () => {} };
    await crawlSweep.run(app, {}, job);
    await crawlSweep.run(app, {}, job);
    await runDueJobs(app, [indexWebsiteJob]);

    expect(await Promise.all([long, young, idle].map(countIndexed))).toEqual([1, 0, 0]);
  });

  test("the minute's look has websites indexed that were crawled before there was an index, once", async () => {
    const look = { id: "", attempt: 1, attemptsLeft: 0, signal: new AbortController().signal, progress: () => {} };
    const [former, crawled, deleted, empty] = [await addSite(), await addSite(), await addSite(), await addSite(0)];
    await addCrawl(app.db, former, null, "completed");
    const crawl = await addCrawl(app.db, crawled, null, "running");
    await app.db.update(crawlJobs).set({ startedAt: clock.now(), pending: 1 }).where(eq(crawlJobs.id, crawl));
    await app.db.update(websites).set({ deletedAt: clock.now() }).where(eq(websites.id, deleted));

    await crawlSweep.run(app, {}, look);
    await runDueJobs(app, [indexWebsiteJob]);
    const again = await crawlSweep.run(app, {}, look);

    expect(await Promise.all([former, crawled, deleted, empty].map(countIndexed))).toEqual([1, 0, 0, 0]);
    expect(await countLists(former)).toBe(3);
    expect(again).toMatchObject({ unindexedWebsites: 0 });
  });

  test("commands bring websites up to date in their own process, the named ones or all that are not deleted", async () => {
    const [one, other, deleted] = [await addSite(), await addSite(2), await addSite()];
    await app.db.update(websites).set({ deletedAt: clock.now() }).where(eq(websites.id, deleted));

    const named = await bringUpToDate(app, [one]);
    const told: number[] = [];
    await bringUpToDate(app, undefined, undefined, ({ websiteId, pages }) => websiteId === other && told.push(pages));
    const again = await bringUpToDate(app);

    expect(named).toMatchObject({ pages: 1, added: 1 });
    expect(told.at(-1)).toBe(2);
    expect(again).toMatchObject({ pages: 0, added: 0 });
    expect(await Promise.all([one, other, deleted].map(countIndexed))).toEqual([1, 2, 0]);
    expect(await Promise.all([one, other, deleted].map(countLists))).toEqual([3, 3, 0]);
    expect(await app.db.$count(indexedWebsites, eq(indexedWebsites.websiteId, deleted))).toBe(0);
    await expect(bringUpToDate(app, [one], AbortSignal.abort())).rejects.toThrow();
  });
});
