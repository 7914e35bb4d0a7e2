import { afterAll, beforeAll, beforeEach, expect, test } from "bun:test";
import { Type } from "@sinclair/typebox";
import { eq } from "drizzle-orm";
import type { App } from "../../src/app.ts";
import type { Store } from "../../src/db/db.ts";
import { systemSchedules } from "../../src/db/schema/jobs.ts";
import { defineJob, Snooze } from "../../src/jobs/kind.ts";
import { runDueJobs } from "../../src/jobs/worker.ts";
import { healthCheck, healthCheckSchedule, readHealthCheck } from "../../src/schedules/health-check.ts";
import { startScheduler } from "../../src/schedules/scheduler.ts";
import {
  checkSystemSchedules,
  fireDueSystemSchedules,
  keepSystemSchedules,
  listSystemSchedules,
  runSystemSchedule,
  type SystemSchedule,
  systemSchedule,
  withResultKept,
} from "../../src/schedules/system-schedules.ts";
import { createLog } from "../../src/telemetry/log.ts";
import { createManualClock, type ManualClock } from "../manual-clock.ts";
import { openTestApp } from "../testing/apps.ts";
import { testStores } from "../testing/stores.ts";

const HOUR_MS = 3_600_000;
const NOON = new Date("2026-01-01T12:00:00.000Z");

let results: unknown[] = [];

const sweep = withResultKept(
  defineJob({
    name: "sweep",
    about: "Sweeps",
    queue: "maintenance",
    payload: Type.Object({ at: Type.String() }),
    retry: { limit: 0, delaySeconds: 1, maxDelaySeconds: 1 },
    timeoutSeconds: 10,
    keepSeconds: 60,
    isUnique: true,
    run: async () => results.shift(),
  }),
);

const sweeping = (cron: string, jitterSeconds?: number): SystemSchedule =>
  systemSchedule(sweep, { cron, jitterSeconds }, (now) => ({ at: now.toISOString() }));

let store: Store;
let app: App;
let clock: ManualClock;

beforeAll(async () => {
  // PostgreSQL where there is one, as several connections are what it is about.
  store = await (testStores.at(-1) as (typeof testStores)[number]).open();
});
beforeEach(async () => {
  await app?.close();
  await store?.db.delete(systemSchedules);
  clock = createManualClock(NOON);
  app = openTestApp(store, { clock });
  results = [];
});
afterAll(async () => {
  await app.close();
  await store.close();
});

const rowOf = async (name: string) => {
  const [row] = await store.db.select().from(systemSchedules).where(eq(systemSchedules.name, name));
  return row;
};

test("a schedule of the program fires as its setting says, in UTC, and keeps what its job brought", async () => {
  const schedules = [sweeping("30 12 * * *")];
  results = [{ removed: 3 }];

  await keepSystemSchedules(app, schedules);
  const early = await fireDueSystemSchedules(app, schedules);
  await clock.advance(HOUR_MS / 2);
  const due = await fireDueSystemSchedules(app, schedules);
  await runDueJobs(app, [sweep]);

  expect(early).toEqual([]);
  expect(due).toEqual([{ name: "sweep", dueAt: new Date("2026-01-01T12:30:00Z"), jobId: expect.any(String) }]);
  expect(await listSystemSchedules(store.db, schedules)).toMatchObject([
    {
      name: "sweep",
      about: "Sweeps",
      cron: "30 12 * * *",
      row: {
        nextRunAt: new Date("2026-01-02T12:30:00Z"),
        lastRunAt: new Date("2026-01-01T12:30:00Z"),
        lastJobId: due[0]?.jobId,
        lastSuccessAt: clock.now(),
        lastResult: { removed: 3 },
      },
    },
  ]);
});

test("what was missed for days is done once, and what has not ended is not begun again", async () => {
  const schedules = [sweeping("@hourly")];
  await keepSystemSchedules(app, schedules);
  await clock.advance(72 * HOUR_MS + 1_000);

  const first = await fireDueSystemSchedules(app, schedules);
  await clock.advance(HOUR_MS);
  const second = await fireDueSystemSchedules(app, schedules);
  await runDueJobs(app, [sweep]);
  await clock.advance(HOUR_MS);
  const third = await fireDueSystemSchedules(app, schedules);
  await runDueJobs(app, [sweep]);

  expect(first).toHaveLength(1);
  expect(second).toMatchObject([{ jobId: undefined }]);
  expect(third).toMatchObject([{ jobId: expect.any(String) }]);
  expect(await rowOf("sweep")).toMatchObject({ lastRunAt: new Date("2026-01-04T14:00:00Z"), lastResult: {} });
});

test("a new setting holds from when a scheduler sees it; off is never", async () => {
  await keepSystemSchedules(app, [sweeping("@daily")]);
  await clock.advance(1_000);

  await keepSystemSchedules(app, [sweeping("@daily")]);
  const kept = await rowOf("sweep");
  await keepSystemSchedules(app, [sweeping("@hourly")]);
  const changed = await rowOf("sweep");
  await keepSystemSchedules(app, [sweeping("off")]);
  const off = await rowOf("sweep");
  await clock.advance(48 * HOUR_MS);
  const fired = await fireDueSystemSchedules(app, [sweeping("off")]);
  await keepSystemSchedules(app, [sweeping("@hourly")]);

  expect(kept?.nextRunAt).toEqual(new Date("2026-01-02T00:00:00Z"));
  expect(changed?.nextRunAt).toEqual(new Date("2026-01-01T13:00:00Z"));
  expect(off).toMatchObject({ isEnabled: false, nextRunAt: null });
  expect(fired).toEqual([]);
  expect((await rowOf("sweep"))?.nextRunAt).toEqual(new Date("2026-01-03T13:00:00Z"));
});

test("a schedule that an older or newer version has is left alone", async () => {
  await store.db.insert(systemSchedules).values({ name: "unknown", cron: "@daily", nextRunAt: NOON });

  const fired = await fireDueSystemSchedules(app, [sweeping("@daily")]);

  expect(fired).toEqual([]);
  expect(await rowOf("unknown")).toMatchObject({ nextRunAt: NOON });
});

test("its jitter is within its bounds, and the same for all instances", async () => {
  const schedules = [sweeping("@daily", 600)];
  await keepSystemSchedules(app, schedules);
  const { nextRunAt } = (await rowOf("sweep")) as { nextRunAt: Date };
  await store.db.delete(systemSchedules);
  await keepSystemSchedules(app, schedules);

  expect(nextRunAt.getTime() - Date.parse("2026-01-02T00:00:00Z")).toBeWithin(0, 600_000);
  expect((await rowOf("sweep"))?.nextRunAt).toEqual(nextRunAt);
});

test("of several instances one makes the job", async () => {
  const schedules = [sweeping("@hourly")];
  await Promise.all([keepSystemSchedules(app, schedules), keepSystemSchedules(app, schedules)]);
  await clock.advance(HOUR_MS);

  const fired = await Promise.all(Array.from({ length: 4 }, () => fireDueSystemSchedules(app, schedules)));

  expect(fired.flat()).toHaveLength(1);
});

test("it runs when it is asked to, but not while it runs already", async () => {
  const schedules = [sweeping("off")];
  await keepSystemSchedules(app, schedules);

  const jobId = await runSystemSchedule(app, schedules, "sweep");
  const again = await runSystemSchedule(app, schedules, "sweep").catch((error: unknown) => error);
  const unknown = await runSystemSchedule(app, schedules, "sleep").catch((error: unknown) => error);
  await runDueJobs(app, [sweep]);

  expect(await rowOf("sweep")).toMatchObject({ lastRunAt: NOON, lastJobId: jobId, lastSuccessAt: NOON });
  expect(again).toMatchObject({ reason: "conflict" });
  expect(unknown).toMatchObject({ reason: "not_found" });
});

test("a job that has yet to wait has brought nothing", async () => {
  await keepSystemSchedules(app, [sweeping("off")]);
  results = [new Snooze(HOUR_MS)];

  await runSystemSchedule(app, [sweeping("off")], "sweep");
  await runDueJobs(app, [sweep]);
  const waiting = await rowOf("sweep");
  await clock.advance(HOUR_MS);
  await runDueJobs(app, [sweep]);

  expect(waiting).toMatchObject({ lastSuccessAt: null, lastResult: null });
  expect(await rowOf("sweep")).toMatchObject({ lastSuccessAt: clock.now(), lastResult: {} });
});

test("a setting that can't be is told when a scheduler starts", () => {
  expect(() => checkSystemSchedules([sweeping("off"), sweeping("61 * * * *")], NOON)).toThrow(
    "The schedule sweep: 61 * * * * minute 61 is not 0–59",
  );
  expect(() => startScheduler(app, [sweeping("* * * *")])).toThrow("has 4 field(s)");
});

test("the health check measures the way from a scheduler to a worker", async () => {
  const schedules = [healthCheckSchedule("* * * * *")];
  const unknown = await readHealthCheck(store.db);
  await keepSystemSchedules(app, schedules);
  const before = await readHealthCheck(store.db);

  await clock.advance(60_000);
  await fireDueSystemSchedules(app, schedules);
  await clock.advance(250);
  await runDueJobs(app, [healthCheck]);

  expect(unknown).toBeUndefined();
  expect(before).toMatchObject({ isEnabled: true, succeededAt: null, roundTripMs: null });
  expect(await readHealthCheck(store.db)).toEqual({
    isEnabled: true,
    cron: "* * * * *",
    nextRunAt: new Date("2026-01-01T12:02:00Z"),
    succeededAt: clock.now(),
    roundTripMs: 250,
  });
});

test("a scheduler fires by itself, beats, and comes back after an outage", async () => {
  const lines: string[] = [];
  const log = createLog("debug", clock, (line) => lines.push(line));
  let isAway = true;
  const db = new Proxy(store.db, {
    get: (target, name) => {
      if (isAway && name === "select") throw new Error("The database went away");
      const value = Reflect.get(target, name) as unknown;
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  const events = () => lines.map((line) => JSON.parse(line).event as string);

  // Firings of the same hour were made by tests before, and are not made again.
  await clock.advance(720 * HOUR_MS);
  await keepSystemSchedules(app, [sweeping("@hourly")]);
  await clock.advance(HOUR_MS);
  const scheduler = startScheduler({ db, clock, log }, [sweeping("@hourly")]);
  try {
    await clock.advance(HOUR_MS / 2);
    await until(() => events().length > 0);
    const ageWhileAway = scheduler.pulse.ageMs();
    isAway = false;
    await until(() => scheduler.pulse.ageMs() === 0);

    expect(ageWhileAway).toBe(HOUR_MS / 2);
    expect(events()).toEqual(["firing schedules failed", "system schedule fired"]);
    expect(await rowOf("sweep")).toMatchObject({ lastRunAt: new Date("2026-01-31T13:00:00Z") });
  } finally {
    await scheduler.stop();
  }
});

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await Bun.sleep(10);
}
