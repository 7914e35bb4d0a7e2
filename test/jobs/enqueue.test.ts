import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import type { Store } from "../../src/db/db.ts";
import { systemSchedules } from "../../src/db/schema/jobs.ts";
import { enqueue, enqueueMany } from "../../src/jobs/enqueue.ts";
import { runDueJobs } from "../../src/jobs/worker.ts";
import { createManualClock, type ManualClock } from "../manual-clock.ts";
import { testStores } from "../testing/stores.ts";
import { type JobApp, openJobApp, readJobs, testKind } from "./job-app.ts";

describe.each(testStores)("jobs on the $name store", ({ open }) => {
  let store: Store;
  let app: JobApp;
  let clock: ManualClock;
  let ran: number[];
  const kind = testKind(async (_, { n }) => void ran.push(n));
  const uniqueKind = testKind(async (_, { n }) => void ran.push(n), { isUnique: true });
  const kinds = [kind, uniqueKind];

  beforeAll(async () => {
    store = await open();
  });
  afterAll(() => store?.close());
  beforeEach(async () => {
    await store.query("delete from orbweaver_jobs.job");
    clock = createManualClock();
    app = openJobApp(store, { clock });
    ran = [];
  });

  test("commit together with a row, and are not told of before", async () => {
    const told: string[] = [];
    app.cache.subscribe("jobs", (queue) => told.push(queue));

    const id = await app.db.transaction(async (tx) => {
      await tx.insert(systemSchedules).values({ name: "row", cron: "@daily" });
      const made = await tx.transaction((inner) => enqueue(inner, kind, { n: 1 }));
      expect(told).toEqual([]);
      return made;
    });

    expect(told).toEqual(["control"]);
    expect(await app.db.select().from(systemSchedules)).toHaveLength(1);
    expect(await readJobs(app)).toMatchObject([{ id, name: "control", data: { kind: kind.name, payload: { n: 1 } } }]);
    await runDueJobs(app, kinds);
    expect(ran).toEqual([1]);
  });

  test("are gone with their transaction, and nobody is told of them", async () => {
    const told: string[] = [];
    app.cache.subscribe("jobs", (queue) => told.push(queue));

    const rolledBack = app.db.transaction(async (tx) => {
      await enqueue(tx, kind, { n: 1 });
      throw new Error("no");
    });

    expect(rolledBack).rejects.toThrow("no");
    await rolledBack.catch(() => {});
    expect(await readJobs(app)).toEqual([]);
    expect(told).toEqual([]);
  });

  test("of a batch are made by one statement, each with what is asked for it", async () => {
    const batch = Array.from({ length: 300 }, (_, n) => ({ payload: { n }, priority: n % 3 }));

    const ids = await enqueueMany(app.db, kind, batch);

    expect(new Set(ids).size).toBe(300);
    expect(await enqueueMany(app.db, kind, [])).toEqual([]);
    await runDueJobs(app, kinds);
    expect(ran.length).toBe(300);
    expect(ran.slice(0, 50).every((n) => n % 3 === 2)).toBe(true);
  });

  test("with a payload that does not fit are refused, whose fault is named", async () => {
    const misfit = enqueueMany(app.db, kind, [{ payload: { n: 1 } }, { payload: { n: "two" } as never }]);

    expect(misfit).rejects.toMatchObject({ reason: "invalid", faults: [{ at: "/n", message: "Expected integer" }] });
    await misfit.catch(() => {});
    expect(await readJobs(app)).toEqual([]);
  });

  test("of a unique kind are there once a key while one waits, and again when it has ended", async () => {
    const first = await enqueue(app.db, uniqueKind, { n: 1 }, { key: "a" });
    const second = await enqueue(app.db, uniqueKind, { n: 2 }, { key: "a" });
    const other = await enqueue(app.db, uniqueKind, { n: 3 }, { key: "b" });
    const keyless = await enqueueMany(app.db, uniqueKind, [{ payload: { n: 4 } }, { payload: { n: 5 } }]);

    expect([first, second, other].map(Boolean)).toEqual([true, false, true]);
    expect(keyless).toHaveLength(2);
    await runDueJobs(app, kinds);
    expect(ran.toSorted()).toEqual([1, 3, 4, 5]);
    expect(await enqueue(app.db, uniqueKind, { n: 6 }, { key: "a" })).toBeString();
  });

  test("of different kinds may have the same key", async () => {
    const otherKind = testKind(async () => {}, { isUnique: true });

    expect(await enqueue(app.db, uniqueKind, { n: 1 }, { key: "a" })).toBeString();
    expect(await enqueue(app.db, otherKind, { n: 1 }, { key: "a" })).toBeString();
  });

  test("of an id are made once, even when it has run", async () => {
    const id = Bun.randomUUIDv7();

    expect(await enqueue(app.db, kind, { n: 1 }, { id })).toBe(id);
    await runDueJobs(app, kinds);
    expect(await enqueue(app.db, kind, { n: 1 }, { id })).toBeUndefined();
  });

  test("of a key are made once in a span that they are throttled by", async () => {
    const throttle = (key: string) => enqueue(app.db, kind, { n: 1 }, { key, throttleSeconds: 86_400 * 365 });

    expect([await throttle("a"), await throttle("a"), await throttle("b")].map(Boolean)).toEqual([true, false, true]);
  });

  test("run no sooner than they are to, by the clock of the process", async () => {
    const startAt = new Date(clock.now().getTime() + 60_000);
    await enqueue(app.db, kind, { n: 1 }, { startAt });
    await enqueue(app.db, kind, { n: 2 }, { startAt: new Date(0) });

    await runDueJobs(app, kinds);
    expect(ran).toEqual([2]);
    await clock.advance(59_999);
    await runDueJobs(app, kinds);
    expect(ran).toEqual([2]);
    await clock.advance(1);
    await runDueJobs(app, kinds);
    expect(ran).toEqual([2, 1]);
  });

  test("wait as long as the process's clock says, however wrong that is", async () => {
    await enqueue(app.db, kind, { n: 1 }, { startAt: new Date(clock.now().getTime() + 60_000) });

    const [job] = await readJobs(app);
    const seconds = ((job?.startAfter.getTime() ?? 0) - (job?.createdOn.getTime() ?? 0)) / 1_000;
    expect(seconds).toBeCloseTo(60, 3);
  });
});
