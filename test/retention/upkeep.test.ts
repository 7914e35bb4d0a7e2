import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { eq, inArray, sql } from "drizzle-orm";
import { LOCAL_VIEWER } from "../../src/access/viewer.ts";
import type { App } from "../../src/app.ts";
import { startCrawl } from "../../src/crawl/crawls.ts";
import { addUrls, toNewUrl } from "../../src/crawl/frontier.ts";
import type { Store } from "../../src/db/db.ts";
import { type CrawlState, crawlJobs, frontier, hosts } from "../../src/db/schema/crawls.ts";
import { cacheEntries, instances, jobFailures, systemSchedules } from "../../src/db/schema/jobs.ts";
import { LOCAL_USER_ID } from "../../src/db/schema/users.ts";
import { websites } from "../../src/db/schema/websites.ts";
import { enqueue } from "../../src/jobs/enqueue.ts";
import { runDueJobs } from "../../src/jobs/worker.ts";
import { purgeCrawlLogs } from "../../src/retention/crawl-logs.ts";
import { purgeJob } from "../../src/retention/purge.ts";
import { purgeRecords } from "../../src/retention/records.ts";
import { systemSchedulesOf, UPKEEP_KINDS } from "../../src/retention/upkeep.ts";
import {
  checkSystemSchedules,
  keepSystemSchedules,
  listSystemSchedules,
  runSystemSchedule,
} from "../../src/schedules/system-schedules.ts";
import { addWebsite } from "../../src/websites/websites.ts";
import { createManualClock, type ManualClock } from "../manual-clock.ts";
import { openTestApp } from "../testing/apps.ts";
import { testStores } from "../testing/stores.ts";

const DAY_MS = 86_400_000;
const NEW_YEAR = new Date("2026-01-01T00:00:00.000Z");

// PostgreSQL where there is one, as it is the quicker to open: nothing here goes by which it is.
describe("what the service does by itself", () => {
  let store: Store;
  let app: App;
  let clock: ManualClock;
  let sites = 0;

  beforeAll(async () => {
    store = await (testStores.at(-1) as (typeof testStores)[number]).open();
  });
  beforeEach(async () => {
    await app?.close();
    await store?.db.delete(websites);
    clock = createManualClock(NEW_YEAR);
    app = openTestApp(store, { clock }, { CRAWL_LOG_RETENTION_DAYS: 10 });
  });
  afterAll(async () => {
    await app.close();
    await store.close();
  });

  const addSite = () => addWebsite(store.db, { userId: LOCAL_USER_ID, url: `https://logged-${sites++}.example/` });

  /** A crawl with so many URLs in its list. */
  const addCrawl = async (websiteId: string, state: CrawlState, endedAt: string, urls = 3) => {
    const crawl = await startCrawl(store.db, { viewer: LOCAL_VIEWER, websiteId });
    const more = Array.from({ length: urls - 1 }, (_, n) =>
      toNewUrl(`https://logged.example/${n}`, { depth: 1, source: "link" }),
    );
    await addUrls(store.db, crawl, more);
    const finishedAt = state === "paused" ? null : new Date(endedAt);
    await store.db.update(crawlJobs).set({ state, finishedAt }).where(eq(crawlJobs.id, crawl.id));
    return crawl.id;
  };
  const urlsOf = (crawlId: string) => store.db.$count(frontier, eq(frontier.crawlId, crawlId));

  test("lists of crawls go once they are old, but for a website's last completed one and what came after", async () => {
    const { id } = await addSite();
    const old = await addCrawl(id, "completed", "2025-11-01");
    const failed = await addCrawl(id, "failed", "2025-11-02");
    const last = await addCrawl(id, "completed", "2025-11-03");
    const cancelled = await addCrawl(id, "cancelled", "2025-11-04");
    const paused = await addCrawl(id, "paused", "");
    const alone = await addCrawl((await addSite()).id, "completed", "2020-01-01");

    const counts = await purgeCrawlLogs(store.db, new Date("2025-12-01"));
    const again = await purgeCrawlLogs(store.db, new Date("2025-12-01"));

    expect(counts).toEqual({ crawls: 2, urls: 6 });
    expect(again).toEqual({ crawls: 0, urls: 0 });
    expect(await Promise.all([old, failed, last, cancelled, paused, alone].map(urlsOf))).toEqual([0, 0, 3, 3, 3, 3]);
    expect(await store.db.$count(crawlJobs)).toBe(6);
  });

  test("a list of more than a batch goes in several, which a signal may stop between", async () => {
    const { id } = await addSite();
    const old = await addCrawl(id, "completed", "2025-11-01", 450);
    await addCrawl(id, "completed", "2025-11-03");

    const stopped = await purgeCrawlLogs(store.db, NEW_YEAR, AbortSignal.abort());
    const counts = await purgeCrawlLogs(store.db, NEW_YEAR);

    expect(stopped).toEqual({ crawls: 0, urls: 0 });
    expect(counts).toEqual({ crawls: 1, urls: 450 });
    expect(await urlsOf(old)).toBe(0);
  });

  test("a list is kept as long as the setting says, and by 0 for ever", async () => {
    const { id } = await addSite();
    const old = await addCrawl(id, "completed", "2025-12-25");
    await addCrawl(id, "completed", "2025-12-26");
    const forEver = { ...app, config: { ...app.config, CRAWL_LOG_RETENTION_DAYS: 0 } };
    const run = async (with_: App) => {
      await runSystemSchedule(with_, systemSchedulesOf(with_.config), "crawl-log-retention");
      await runDueJobs(with_, UPKEEP_KINDS);
      return urlsOf(old);
    };

    const early = await run(app);
    await clock.advance(5 * DAY_MS);
    const kept = await run(forEver);
    const due = await run(app);

    expect([early, kept, due]).toEqual([3, 3, 0]);
  });

  test("what the cluster noted for itself goes when it is of no use any more", async () => {
    const before = (days: number) => new Date(NEW_YEAR.getTime() - days * DAY_MS);
    const seen = { host: "here", pid: 1, version: "0", roles: ["worker"], startedAt: before(3) };
    await store.db.insert(instances).values([
      { ...seen, seenAt: before(2) },
      { ...seen, pid: 2, seenAt: before(0.5) },
    ]);
    await store.db
      .insert(cacheEntries)
      .values([
        ...Array.from({ length: 1_001 }, (_, n) => ({ key: `old ${n}`, value: "", expiresAt: before(1) })),
        { key: "new", value: "", expiresAt: before(-1) },
      ]);
    await store.db
      .insert(hosts)
      .values([
        { host: "idle.example" },
        { host: "leased.example", leaseToken: Bun.randomUUIDv7() },
        { host: "recent.example" },
      ]);
    const jobId = await enqueue(store.db, purgeJob, {});
    const failure = { attempt: 1, message: "It failed", failedAt: before(2) };
    const gone = Bun.randomUUIDv7();
    await store.db.insert(jobFailures).values([
      { jobId: gone, ...failure },
      { jobId: jobId as string, ...failure },
    ]);
    // The trigger that keeps the time of the last change would keep this one too.
    await store.execute("alter table orbweaver.hosts disable trigger hosts_updated_at");
    await store.db.update(hosts).set({ updatedAt: before(31) });
    await store.db
      .update(hosts)
      .set({ updatedAt: before(29) })
      .where(eq(hosts.host, "recent.example"));
    await store.execute("alter table orbweaver.hosts enable trigger hosts_updated_at");

    const counts = await purgeRecords(store.db, NEW_YEAR);

    expect(counts).toEqual({ cacheEntries: 1_001, instances: 1, hosts: 1 });
    const told = inArray(jobFailures.jobId, [gone, jobId as string]);
    expect(await store.db.select().from(jobFailures).where(told)).toMatchObject([{ jobId }]);
    expect(await store.db.select({ pid: instances.pid }).from(instances)).toEqual([{ pid: 2 }]);
    expect(await store.db.select({ key: cacheEntries.key }).from(cacheEntries)).toEqual([{ key: "new" }]);
    const left = await store.db.select({ host: hosts.host }).from(hosts).orderBy(sql`1`);
    expect(left.map(({ host }) => host)).toEqual(["leased.example", "recent.example"]);
  });

  test("each of its schedules runs, and tells what it brought", async () => {
    const schedules = systemSchedulesOf(app.config);
    checkSystemSchedules(schedules, clock.now());
    await keepSystemSchedules(app, schedules);

    for (const { name } of schedules) await runSystemSchedule(app, schedules, name);
    await runDueJobs(app, UPKEEP_KINDS);

    const listed = await listSystemSchedules(store.db, schedules);
    expect(listed.map(({ name, row }) => [name, row?.lastSuccessAt])).toEqual(
      schedules.map(({ name }) => [name, clock.now()]),
    );
    const on = listed.filter(({ cron }) => cron !== "off");
    expect(on.length).toBeGreaterThan(7);
    expect(on.every(({ row }) => row?.nextRunAt && Object.keys(row.lastResult ?? {}).length > 0)).toBe(true);
    expect(await store.db.$count(systemSchedules)).toBe(schedules.length);
  });
});
