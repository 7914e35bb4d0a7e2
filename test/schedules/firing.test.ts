import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { eq } from "drizzle-orm";
import { LOCAL_VIEWER } from "../../src/access/viewer.ts";
import type { App } from "../../src/app.ts";
import { listCrawls } from "../../src/crawl/crawls.ts";
import type { Store } from "../../src/db/db.ts";
import { crawlSchedules } from "../../src/db/schema/crawls.ts";
import { websites } from "../../src/db/schema/websites.ts";
import { runDueJobs } from "../../src/jobs/worker.ts";
import { fireDueSchedules, mendSchedules } from "../../src/schedules/firing.ts";
import { recrawl } from "../../src/schedules/recrawl-job.ts";
import { changeSchedule, deleteSchedule } from "../../src/schedules/schedules.ts";
import { deleteWebsite, restoreWebsite } from "../../src/websites/websites.ts";
import { createManualClock, type ManualClock } from "../manual-clock.ts";
import { openTestApp } from "../testing/apps.ts";
import { testStores } from "../testing/stores.ts";
import { scheduledWebsites, timesOf } from "./scheduled-websites.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const NOON = new Date("2026-01-01T12:00:00.000Z");

describe.each(testStores)("schedules on the $name store", ({ name, open }) => {
  let store: Store;
  let app: App;
  let clock: ManualClock;

  beforeAll(async () => {
    store = await open();
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

  test("one that is due fires, starts its crawl with its own options, and says when it is due next", async () => {
    const schedule = await add({ cron: "30 * * * *", options: { max_pages: 7 } });

    await clock.advance(30 * MINUTE_MS - 1);
    const early = await fireDueSchedules(app);
    await clock.advance(1);
    const due = await fireDueSchedules(app);
    const queued = await read(schedule);
    await work();

    expect(schedule.nextRunAt).toEqual(new Date("2026-01-01T12:30:00Z"));
    expect(early).toEqual([]);
    expect(timesOf(due)).toEqual(["2026-01-01T12:30:00.000Z"]);
    expect(queued).toMatchObject({ lastOutcome: "queued", nextRunAt: new Date("2026-01-01T13:30:00Z") });
    const [crawl] = await crawlsOf(schedule);
    expect(crawl).toMatchObject({ runner: "service", options: { max_pages: 7 } });
    expect(await read(schedule)).toMatchObject({
      lastRunAt: new Date("2026-01-01T12:30:00Z"),
      lastOutcome: "started",
      lastCrawlId: crawl?.id,
    });
  });

  test("looked at again in the same second, it does not fire again", async () => {
    const schedule = await add();
    await clock.advance(HOUR_MS);

    const fired = [...(await fireDueSchedules(app)), ...(await fireDueSchedules(app))];
    await work();

    expect(fired).toHaveLength(1);
    expect(await crawlsOf(schedule)).toHaveLength(1);
  });

  test("its jitter delays it, and its end ends it", async () => {
    const schedule = await add({ cron: "@hourly", jitterSeconds: 1_800, endsAt: new Date("2026-01-01T13:00:00Z") });
    const first = schedule.nextRunAt as Date;

    await clock.advance(first.getTime() - NOON.getTime());
    const fired = await fireDueSchedules(app);

    // The one of noon, which is still to come.
    expect(first.getTime() - NOON.getTime()).toBeWithin(1, 1_800_000);
    expect(timesOf(fired)).toEqual([first.toISOString()]);
    expect(await read(schedule)).toMatchObject({ nextRunAt: null, isEnabled: true });
    expect(await mendSchedules(app)).toBe(0);
  });

  test("what was missed is done once, or left out", async () => {
    const once = await add({ cron: "@hourly", missed: "once" });
    const skipped = await add({ cron: "@hourly", missed: "skip" });
    const recent = await add({ cron: "15 * * * *", missed: "skip" });

    await clock.advance(5 * HOUR_MS + 15 * MINUTE_MS + 30_000);
    await fireDueSchedules(app);
    await work();

    expect(await read(once)).toMatchObject({ lastRunAt: new Date("2026-01-01T13:00:00Z"), lastOutcome: "started" });
    expect(await read(skipped)).toMatchObject({
      lastOutcome: "skipped",
      lastMessage: "It was missed: no scheduler ran when it was due",
      nextRunAt: new Date("2026-01-01T18:00:00Z"),
    });
    expect(await read(recent)).toMatchObject({ lastRunAt: new Date("2026-01-01T17:15:00Z"), lastOutcome: "started" });
    expect(await crawlsOf(once)).toHaveLength(1);
    expect(await crawlsOf(skipped)).toHaveLength(0);
  });

  test("a clock that is stepped forward fires once, and one that is stepped back does not keep it waiting", async () => {
    const schedule = await add({ cron: "@daily" });
    const tomorrow = "2026-01-02T00:00:00.000Z";
    const fire = async (at: App) => {
      const fired = timesOf(await fireDueSchedules(at));
      await runDueJobs(at, [recrawl]);
      return fired;
    };

    const ahead = await fire({ ...app, clock: createManualClock("2026-07-01T12:00:00Z") });
    const far = await read(schedule);
    const mended = [await mendSchedules(app), await mendSchedules(app)];
    const mendedTo = (await read(schedule)).nextRunAt;
    await clock.advance(DAY_MS);
    const next = await fire(app);
    await clock.advance(DAY_MS);
    const afterNext = await fire(app);

    expect(ahead).toEqual([tomorrow]);
    expect(far.nextRunAt).toEqual(new Date("2026-07-02T00:00:00Z"));
    expect(mended).toEqual([1, 0]);
    expect(mendedTo).toEqual(new Date(tomorrow));
    // What was done too early is not done again; what comes after it is, in its time.
    expect(next).toEqual([`${tomorrow} without a job`]);
    expect(afterNext).toEqual(["2026-01-03T00:00:00.000Z"]);
  });

  test("across a change of the clocks it keeps its local time", async () => {
    clock = createManualClock("2026-03-28T12:00:00Z");
    app = { ...app, clock };
    const schedule = await add({ cron: "30 2 * * *", timeZone: "Europe/Berlin" });
    const due: string[] = [];

    for (let night = 0; night < 2; night++) {
      const { nextRunAt } = await read(schedule);
      await clock.advance((nextRunAt as Date).getTime() - clock.now().getTime());
      due.push(...timesOf(await fireDueSchedules(app)));
      await work();
    }

    expect(due).toEqual(["2026-03-29T01:00:00.000Z", "2026-03-30T00:30:00.000Z"]);
  });

  test("one that has no next time and should is given one; a rule that can't be read fails alone", async () => {
    const lost = await add();
    const broken = await add();
    const fine = await add();
    await store.db.update(crawlSchedules).set({ nextRunAt: null }).where(eq(crawlSchedules.id, lost.id));
    await store.db.update(crawlSchedules).set({ timeZone: "Gone/Town" }).where(eq(crawlSchedules.id, broken.id));

    const mended = await mendSchedules(app);
    await clock.advance(HOUR_MS);
    const fired = await fireDueSchedules(app);

    expect(mended).toBe(1);
    expect(
      fired
        .filter(({ jobId }) => jobId)
        .map(({ scheduleId }) => scheduleId)
        .sort(),
    ).toEqual([lost.id, fine.id]);
    expect(await read(broken)).toMatchObject({
      nextRunAt: null,
      lastOutcome: "failed",
      lastMessage: expect.stringContaining("Gone/Town"),
    });
    expect(await mendSchedules(app)).toBe(0);
  });

  describe("edits", () => {
    test("while it is due, a new rule has it wait for its new time", async () => {
      const schedule = await add();
      await clock.advance(HOUR_MS);

      await changeSchedule(app, LOCAL_VIEWER, schedule.id, { cron: "45 * * * *" });
      const fired = await fireDueSchedules(app);

      expect(fired).toEqual([]);
      expect((await read(schedule)).nextRunAt).toEqual(new Date("2026-01-01T13:45:00Z"));
    });

    test("while it is due, anything else leaves it due", async () => {
      const schedule = await add();
      await clock.advance(HOUR_MS);

      await changeSchedule(app, LOCAL_VIEWER, schedule.id, { overlap: "queue", options: { max_pages: 3 } });
      await fireDueSchedules(app);
      await work();

      expect(await crawlsOf(schedule)).toMatchObject([{ options: { max_pages: 3 } }]);
    });

    test("disabled or deleted, it neither fires nor starts what it had in line", async () => {
      const [disabled, deleted] = [await add(), await add()];
      await clock.advance(HOUR_MS);
      await fireDueSchedules(app);

      const off = await changeSchedule(app, LOCAL_VIEWER, disabled.id, { isEnabled: false });
      await deleteSchedule(store.db, LOCAL_VIEWER, deleted.id);
      await work();
      await clock.advance(HOUR_MS);
      const fired = await fireDueSchedules(app);
      const on = await changeSchedule(app, LOCAL_VIEWER, disabled.id, { isEnabled: true });

      expect(off.nextRunAt).toBeNull();
      expect(fired).toEqual([]);
      expect(on.nextRunAt).toEqual(new Date("2026-01-01T15:00:00Z"));
      expect(await read(disabled)).toMatchObject({ lastOutcome: "skipped" });
      expect([...(await crawlsOf(disabled)), ...(await crawlsOf(deleted))]).toEqual([]);
    });

    test("of a deleted website it rests, and goes on once that is restored", async () => {
      const schedule = await add();
      await deleteWebsite(store.db, LOCAL_VIEWER, schedule.websiteId, clock.now());
      await clock.advance(HOUR_MS);

      const resting = await fireDueSchedules(app);
      await restoreWebsite(store.db, LOCAL_VIEWER, schedule.websiteId, { now: clock.now(), retentionDays: 30 });
      const restored = await fireDueSchedules(app);

      expect(resting).toEqual([]);
      expect(restored).toHaveLength(1);
    });
  });

  // What several connections do at once; the embedded store has one.
  if (name === "embedded") return;

  test("of many instances that look at the same second, one makes the job", async () => {
    const schedules = await Promise.all(Array.from({ length: 30 }, () => add()));
    await clock.advance(HOUR_MS);

    const fired = (await Promise.all(Array.from({ length: 4 }, () => fireDueSchedules(app)))).flat();
    const rest = await fireDueSchedules(app);
    await work();

    expect(rest).toEqual([]);
    expect(fired.map(({ scheduleId }) => scheduleId).sort()).toEqual(schedules.map(({ id }) => id).sort());
    expect(await listCrawls(store.db, { viewer: LOCAL_VIEWER, limit: 100 })).toHaveLength(30);
  });
});
