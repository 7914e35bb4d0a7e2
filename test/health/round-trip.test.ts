import { afterAll, beforeAll, beforeEach, expect, test } from "bun:test";
import type { Store } from "../../src/db/db.ts";
import { systemSchedules } from "../../src/db/schema/jobs.ts";
import type { Check, Finding } from "../../src/health/component.ts";
import { withRoundTrip } from "../../src/health/round-trip.ts";
import { createManualClock, type ManualClock } from "../manual-clock.ts";
import { testStores } from "../testing/stores.ts";

const MINUTE_MS = 60_000;

let store: Store;
let clock: ManualClock;

beforeAll(async () => {
  store = await (testStores.at(-1) as (typeof testStores)[number]).open();
});
beforeEach(async () => {
  await store.db.delete(systemSchedules);
  clock = createManualClock("2026-01-01T12:00:00.000Z");
});
afterAll(() => store.close());

const OK: Finding = { state: "ok" };
const own = (finding: Finding): Check => ({ name: "worker", run: async () => finding, whenBroken: OK, whenLate: OK });
const cluster = (workers?: number) => ({ isKnown: () => workers !== undefined, live: () => workers ?? 0 });
const at = (minutes: number) => new Date(Date.parse("2026-01-01T12:00:00.000Z") + minutes * MINUTE_MS);

const look = (role: "worker" | "scheduler", { finding = OK, workers = 1 as number | undefined, db = store.db } = {}) =>
  withRoundTrip(role, own(finding), { db, clock, instances: cluster(workers) });

const write = (values: Partial<typeof systemSchedules.$inferInsert> = {}) =>
  store.db.insert(systemSchedules).values({ name: "health-check", cron: "* * * * *", nextRunAt: at(1), ...values });

test("as long as jobs come through, a worker tells how long the last one took", async () => {
  await write({ lastSuccessAt: at(0), lastResult: { roundTripMs: 12 } });
  const [worker, scheduler] = [look("worker"), look("scheduler")];

  await clock.advance(30_000);

  expect(await worker.run()).toEqual({
    state: "ok",
    message: "A job took 12 ms from a scheduler to a worker, 30 s ago",
  });
  expect(await scheduler.run()).toEqual(OK);
});

test("what is fired and does not come through within three minutes is the workers' fault", async () => {
  await write({ lastSuccessAt: at(0), nextRunAt: at(4) });
  const [worker, scheduler] = [look("worker"), look("scheduler")];

  await clock.advance(3 * MINUTE_MS);
  const early = await worker.run();
  await clock.advance(1);

  expect(early.state).toBe("ok");
  expect(await worker.run()).toEqual({ state: "degraded", message: expect.stringContaining("do not get through") });
  expect(await scheduler.run()).toEqual(OK);
});

test("what is not even fired is the schedulers' fault", async () => {
  await write({ lastSuccessAt: at(0), nextRunAt: at(1) });
  const [worker, scheduler] = [look("worker"), look("scheduler")];

  await clock.advance(3 * MINUTE_MS + 1);

  expect((await worker.run()).state).toBe("ok");
  expect(await scheduler.run()).toEqual({ state: "degraded", message: expect.stringContaining("begun by no process") });
});

test("a service that was down for days has time to show that it works", async () => {
  await write({ lastSuccessAt: at(-5_000), nextRunAt: at(-5_000) });
  const scheduler = look("scheduler");

  const first = await scheduler.run();
  await clock.advance(3 * MINUTE_MS + 1);

  expect(first).toEqual(OK);
  expect((await scheduler.run()).state).toBe("degraded");
});

test.each([
  ["the schedule is off", { isEnabled: false, cron: "off", nextRunAt: null }, {}],
  ["it is rarer than that", { cron: "@daily", nextRunAt: at(720) }, {}],
  ["there is no worker in the cluster", {}, { workers: 0 }],
])("nothing is made of it when %s", async (_, values, options) => {
  await write({ lastSuccessAt: at(0), ...values });
  const checks = [look("worker", options), look("scheduler", options)];

  await clock.advance(5 * MINUTE_MS);

  expect((await Promise.all(checks.map((check) => check.run()))).map(({ state }) => state)).toEqual(["ok", "ok"]);
});

test("what the process finds of itself goes first, and a database that is away is not its fault", async () => {
  await write({ lastSuccessAt: at(0), nextRunAt: at(1) });
  const stalled: Finding = { state: "degraded", message: "It stalls" };
  const elsewhere: Finding = { state: "skipped", message: "Others do it" };
  const away = new Proxy(store.db, {
    get: () => () => {
      throw new Error("The database went away");
    },
  });
  const checks = [
    look("scheduler", { finding: stalled }),
    look("scheduler", { finding: elsewhere }),
    look("scheduler", { db: away }),
  ];

  await clock.advance(5 * MINUTE_MS);

  const [first, second, third] = await Promise.all(checks.map((check) => check.run()));
  expect(first).toEqual(stalled);
  expect(second?.state).toBe("degraded");
  expect(third).toEqual(OK);
});
