import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { eq } from "drizzle-orm";
import { LOCAL_VIEWER } from "../../src/access/viewer.ts";
import type { App } from "../../src/app.ts";
import { cancelCrawl, startCrawl } from "../../src/crawl/crawls.ts";
import type { Store } from "../../src/db/db.ts";
import { crawlSchedules } from "../../src/db/schema/crawls.ts";
import { LOCAL_USER_ID, users } from "../../src/db/schema/users.ts";
import { websites } from "../../src/db/schema/websites.ts";
import { fireDueSchedules, runSchedule } from "../../src/schedules/firing.ts";
import { recrawl } from "../../src/schedules/recrawl-job.ts";
import type { Schedule } from "../../src/schedules/schedules.ts";
import { createManualClock, type ManualClock } from "../manual-clock.ts";
import { openTestApp } from "../testing/apps.ts";
import { testStores } from "../testing/stores.ts";
import { scheduledWebsites, timesOf } from "./scheduled-websites.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const NOON = new Date("2026-01-01T12:00:00.000Z");

// PostgreSQL where there is one: firings are tested on both.
describe("a firing's job", () => {
  let store: Store;
  let app: App;
  let clock: ManualClock;

  beforeAll(async () => {
    store = await (testStores.at(-1) as (typeof testStores)[number]).open();
  });
  beforeEach(async () => {
    await app?.close();
    await store?.db.delete(websites);
    clock = createManualClock(NOON);
    app = openTestApp(store, { clock });
  });
  afterAll(async () => {
    await app.close();
    await store.close();
  });

  const { add, read, work, crawlsOf } = scheduledWebsites(() => app);

  describe("while the website is being crawled", () => {
    const fireDuring = async (overlap: Schedule["overlap"]) => {
      const schedule = await add({ cron: "@hourly", overlap });
      const running = await startCrawl(store.db, { viewer: LOCAL_VIEWER, websiteId: schedule.websiteId });
      await clock.advance(HOUR_MS);
      await fireDueSchedules(app);
      await work();
      return { schedule, running };
    };

    test("skip leaves the firing out and says why", async () => {
      const { schedule, running } = await fireDuring("skip");

      expect(await crawlsOf(schedule)).toMatchObject([{ id: running.id, state: "queued" }]);
      expect(await read(schedule)).toMatchObject({
        lastOutcome: "skipped",
        lastMessage: `The website was being crawled by crawl ${running.id} (queued)`,
      });
    });

    test("queue has one firing wait, however many come, and start when the crawl is over", async () => {
      const { schedule, running } = await fireDuring("queue");
      const waiting = await read(schedule);

      await clock.advance(HOUR_MS);
      const second = await fireDueSchedules(app);
      await work();
      await cancelCrawl(app, LOCAL_VIEWER, running.id);
      await clock.advance(2 * MINUTE_MS);
      await work();
      await clock.advance(2 * MINUTE_MS);
      await work();

      expect(waiting).toMatchObject({ lastOutcome: "queued", lastMessage: expect.stringContaining(running.id) });
      expect(timesOf(second)).toEqual(["2026-01-01T14:00:00.000Z without a job"]);
      const [started, ...former] = await crawlsOf(schedule);
      expect(former.map(({ id }) => id)).toEqual([running.id]);
      expect(await read(schedule)).toMatchObject({
        lastRunAt: new Date("2026-01-01T13:00:00Z"),
        lastOutcome: "started",
        lastMessage: null,
        lastCrawlId: started?.id,
      });
    });

    test("replace cancels the other crawl and starts its own", async () => {
      const { schedule, running } = await fireDuring("replace");

      const [started, former] = await crawlsOf(schedule);
      expect(former).toMatchObject({ id: running.id, state: "cancelled" });
      expect(await read(schedule)).toMatchObject({ lastOutcome: "started", lastCrawlId: started?.id });
    });
  });

  test("options that the website's no longer go with end as a failure, not as attempts without end", async () => {
    const schedule = await add();
    await store.db
      .update(crawlSchedules)
      .set({ options: { max_pages: -1 } })
      .where(eq(crawlSchedules.id, schedule.id));
    await clock.advance(HOUR_MS);

    await fireDueSchedules(app);
    await work();

    expect(await read(schedule)).toMatchObject({
      lastOutcome: "failed",
      lastMessage: expect.stringContaining("max_pages"),
    });
  });

  test("a disabled user's website is left alone", async () => {
    const schedule = await add();
    await clock.advance(HOUR_MS);
    await fireDueSchedules(app);
    await store.db.update(users).set({ disabledAt: clock.now() }).where(eq(users.id, LOCAL_USER_ID));
    await work();
    await store.db.update(users).set({ disabledAt: null }).where(eq(users.id, LOCAL_USER_ID));

    expect(await crawlsOf(schedule)).toEqual([]);
    expect(await read(schedule)).toMatchObject({
      lastOutcome: "skipped",
      lastMessage: "The website's user is disabled",
    });
  });

  test("it runs when asked to, disabled too, and not twice at once", async () => {
    const schedule = await add({ cron: "@hourly", isEnabled: false });

    const jobId = await runSchedule(app, LOCAL_VIEWER, schedule.id);
    const twice = runSchedule(app, LOCAL_VIEWER, schedule.id);

    expect(twice).rejects.toMatchObject({ reason: "conflict" });
    await twice.catch(() => {});
    await work();
    expect(jobId).toMatch(/^[0-9a-f-]{36}$/);
    expect(await crawlsOf(schedule)).toHaveLength(1);
    expect(await read(schedule)).toMatchObject({ lastRunAt: NOON, lastOutcome: "started", nextRunAt: null });
  });

  test("a job that is run again after its crawl was started starts no other", async () => {
    const schedule = await add({ cron: "@hourly", overlap: "replace" });
    await clock.advance(HOUR_MS);
    await fireDueSchedules(app);
    await work();

    const { dueAt } = { dueAt: new Date("2026-01-01T13:00:00Z").toISOString() };
    const job = { id: schedule.id, attempt: 2, attemptsLeft: 0, signal: AbortSignal.any([]), progress: () => {} };
    const result = await recrawl.run(app, { scheduleId: schedule.id, dueAt }, job);

    const crawls = await crawlsOf(schedule);
    expect(crawls).toHaveLength(1);
    expect(result).toEqual({ outcome: "started", crawlId: crawls[0]?.id as string });
  });

  test("an error of ours is tried again, and written down when no attempt is left", async () => {
    const schedule = await add();
    const broken = { ...app, db: failing(store.db, 1) };
    const job = { id: schedule.id, attempt: 6, attemptsLeft: 0, signal: AbortSignal.any([]), progress: () => {} };

    const run = recrawl.run(broken, { scheduleId: schedule.id, dueAt: NOON.toISOString() }, job);

    expect(run).rejects.toThrow("The database went away");
    await run.catch(() => {});
    expect(await read(schedule)).toMatchObject({
      lastOutcome: "failed",
      lastMessage: expect.stringContaining("dead letters"),
    });
  });
});

/** The database, but its first reads fail. */
function failing(db: Store["db"], times: number): Store["db"] {
  let left = times;
  return new Proxy(db, {
    get: (target, name) => {
      if (name === "select" && left-- > 0) throw new Error("The database went away");
      const value = Reflect.get(target, name) as unknown;
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}
