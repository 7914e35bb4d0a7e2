import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { systemClock } from "../../src/clock.ts";
import type { Store } from "../../src/db/db.ts";
import { jobFailures, pausedQueues } from "../../src/db/schema/jobs.ts";
import { enqueue, enqueueMany } from "../../src/jobs/enqueue.ts";
import { refreshHeartbeats } from "../../src/jobs/heartbeats.ts";
import { openJobs } from "../../src/jobs/jobs.ts";
import { toRun } from "../../src/jobs/run.ts";
import { putBackLost } from "../../src/jobs/statements.ts";
import { takeJobs } from "../../src/jobs/taking.ts";
import { startWorker, type Worker } from "../../src/jobs/worker.ts";
import { testStores } from "../testing/stores.ts";
import { type JobApp, openJobApp, places, readJobs, type TestKind, testKind, until } from "./job-app.ts";

describe.each(testStores)("a worker on the $name store", ({ open }) => {
  let store: Store;
  let app: JobApp;
  let workers: Worker[];

  beforeAll(async () => {
    store = await open();
  });
  afterAll(() => store?.close());
  beforeEach(async () => {
    await store.query("delete from orbweaver_jobs.job");
    app = openJobApp(store);
    workers = [];
  });
  afterEach(async () => void (await Promise.all(workers.map((worker) => worker.stop(0)))));

  const work = (kinds: TestKind[], count = 10): Worker => {
    const worker = startWorker(app, kinds, places(count));
    workers.push(worker);
    return worker;
  };
  const stateOf = async (id: string | undefined) => (await readJobs(app, [id]))[0]?.state;

  test("runs a job as soon as it is told of it, and sees to it that each is settled", async () => {
    const ran: number[] = [];
    const kind = testKind(async (_app, { n }) => void ran.push(n));
    const uniqueKind = testKind(async (_app, { n }) => void ran.push(n), { isUnique: true });
    const worker = work([kind, uniqueKind]);
    // The first look is over.
    await until(() => worker.pulse.ageMs() < 2_000);

    const askedAt = performance.now();
    for (const n of [1, 2, 3]) await enqueue(app.db, kind, { n });
    await enqueue(app.db, uniqueKind, { n: 4 }, { key: "four" });

    await until(async () => (await readJobs(app)).every(({ state }) => state === "completed"));
    expect(performance.now() - askedAt).toBeLessThan(1_900);
    expect(ran.toSorted()).toEqual([1, 2, 3, 4]);
  });

  test("runs so many at a time of each queue, and goes on as soon as one has ended", async () => {
    const going = new Map<number, () => void>();
    let most = 0;
    const run: TestKind["run"] = async (_app, { n }) => {
      await new Promise<void>((resolve) => {
        going.set(n, resolve);
        most = Math.max(most, going.size);
      });
      going.delete(n);
    };
    const [kind, other] = [testKind(run), testKind(run, { queue: "maintenance" })];
    await enqueueMany(
      app.db,
      kind,
      [1, 2, 3, 4, 5].map((n) => ({ payload: { n } })),
    );
    await enqueue(app.db, other, { n: 6 });

    const worker = work([kind, other], 2);
    await until(() => going.size === 3);
    expect(worker.running()).toEqual({ crawl: 0, control: 2, maintenance: 1, index: 0, notify: 0 });
    while ((await readJobs(app)).some(({ state }) => state !== "completed")) {
      for (const end of going.values()) end();
      await Bun.sleep(5);
    }

    expect(most).toBe(3);
  });

  test("tries again at once what may be tried again at once", async () => {
    const attempts: number[] = [];
    const kind = testKind(
      async (_app, _payload, { attempt }) => {
        attempts.push(attempt);
        if (attempt < 4) throw new Error("not yet");
      },
      { retry: { limit: 3, delaySeconds: 0, maxDelaySeconds: 0 } },
    );
    work([kind]);

    const askedAt = performance.now();
    const id = await enqueue(app.db, kind, { n: 1 });

    await until(async () => (await stateOf(id)) === "completed");
    expect(attempts).toEqual([1, 2, 3, 4]);
    expect(performance.now() - askedAt).toBeLessThan(1_900);
  });

  test("runs a job that was delayed as soon as that is over", async () => {
    let ranAt = 0;
    const kind = testKind(async () => {
      ranAt = Date.now();
    });
    const worker = work([kind]);
    await until(() => worker.pulse.ageMs() < 2_000);

    const startAt = new Date(Date.now() + 150);
    await enqueue(app.db, kind, { n: 1 }, { startAt });

    await until(() => ranAt > 0);
    expect(ranAt - startAt.getTime()).toBeWithin(0, 1_000);
  });

  test("stops a job that is cancelled, which stays so", async () => {
    let reason: unknown;
    const kind = testKind(async (_app, _payload, { signal }) => {
      await app.clock.sleep(60_000, signal).catch(() => {});
      reason = signal.reason;
      return "done all the same";
    });
    const worker = work([kind]);
    const id = (await enqueue(app.db, kind, { n: 1 })) ?? "";
    await until(() => worker.running().control === 1);

    await app.jobs.boss.cancel("control", id);
    await app.cache.publish("jobs:cancel", id);

    await until(() => worker.running().control === 0);
    expect(reason).toMatchObject({ message: expect.stringContaining("cancelled") });
    expect(await stateOf(id)).toBe("cancelled");
  });

  test("takes nothing of a queue that is paused, until it is resumed", async () => {
    const kind = testKind(async () => {});
    await app.db.insert(pausedQueues).values({ queue: "control", pausedAt: new Date() });
    const other = testKind(async () => {}, { queue: "maintenance" });
    work([kind, other]);

    const [id, otherId] = [await enqueue(app.db, kind, { n: 1 }), await enqueue(app.db, other, { n: 2 })];
    await until(async () => (await stateOf(otherId)) === "completed");
    expect(await stateOf(id)).toBe("created");
    await app.db.delete(pausedQueues);
    await app.cache.publish("jobs:queues", "control");

    await until(async () => (await stateOf(id)) === "completed");
  });

  test("that stops lets short jobs end, and hands back the others, whether they heed it or not", async () => {
    const attempts: string[] = [];
    let isFirst = true;
    const kind = testKind(async (_app, { n }, { attempt, signal }) => {
      attempts.push(`${n} ${attempt}`);
      if (!isFirst) return;
      if (n === 1) await Bun.sleep(20);
      if (n === 2) await app.clock.sleep(60_000, signal);
      if (n === 3) await new Promise(() => {});
    });
    const ids = await enqueueMany(
      app.db,
      kind,
      [1, 2, 3].map((n) => ({ payload: { n } })),
    );
    const worker = work([kind]);
    await until(() => attempts.length === 3);

    const stoppedAt = performance.now();
    await worker.stop(300);

    expect(performance.now() - stoppedAt).toBeLessThan(2_000);
    const left = (await readJobs(app, ids)).filter(({ state }) => state !== "completed");
    expect(left.map(({ data }) => data?.payload)).toEqual(expect.arrayContaining([{ n: 2 }, { n: 3 }]));
    expect(left.map(({ state, startedOn }) => [state, startedOn])).toEqual([
      ["created", null],
      ["created", null],
    ]);
    isFirst = false;
    work([kind]);
    await until(async () => (await readJobs(app, ids)).every(({ state }) => state === "completed"));
    expect(attempts.slice(3).toSorted()).toEqual(["2 1", "3 1"]);
  });

  test("that comes late with a job that another has been given changes nothing", async () => {
    let endFirst: ((value: string) => void) | undefined;
    const kind = testKind(async (_app, _payload, { attempt }) =>
      attempt > 1 ? "second" : new Promise<string>((resolve) => (endFirst = resolve)),
    );
    const id = await enqueue(app.db, kind, { n: 1 });
    const first = work([kind]);
    await until(() => endFirst);

    const queues = await putBackLost(app.db, app.jobs, { afterSeconds: 0 });
    expect(queues).toEqual(["control"]);
    work([kind]);
    await until(async () => (await stateOf(id)) === "completed");
    endFirst?.("first");
    await until(() => first.running().control === 0 && app.lines.join().includes("job settled too late"));

    expect(await readJobs(app, [id])).toMatchObject([{ output: { value: "second" }, retryCount: 1 }]);
    expect(await app.db.select().from(jobFailures)).toContainEqual(
      expect.objectContaining({ jobId: id, attempt: 1, message: expect.stringContaining("no sign of life") }),
    );
  });

  test("learns with a heartbeat that a job is no longer its own", async () => {
    const kind = testKind(async () => {});
    const ids = await enqueueMany(app.db, kind, [{ payload: { n: 1 } }, { payload: { n: 2 } }]);
    const runs = (await takeJobs(app.jobs, "control", 2)).map((job) => toRun(app, "control", job));
    await app.jobs.boss.cancel("control", ids[0] ?? "");

    await refreshHeartbeats(app.jobs, runs);

    const reasons = Object.fromEntries(runs.map((run) => [run.id, run.endReason()]));
    expect(reasons).toEqual({ [ids[0] ?? ""]: "lost", [ids[1] ?? ""]: undefined });
  });

  test("that dies with a job costs it none of its attempts, unless that happens over and over", async () => {
    const kind = testKind(async () => {});
    const [id, deadly] = await enqueueMany(app.db, kind, [{ payload: { n: 1 } }, { payload: { n: 2 } }]);
    await app.jobs.boss.fetch("control", { batchSize: 2 });
    await store.query("update orbweaver_jobs.job set retry_count = 10 where id = $1", [deadly]);

    await putBackLost(app.db, app.jobs, { afterSeconds: 3_600 });
    expect(await stateOf(id)).toBe("active");
    await putBackLost(app.db, app.jobs, { afterSeconds: 0 });

    expect(await readJobs(app, [id, deadly])).toMatchObject([
      { id, state: "retry", retryLimit: 1 },
      { id: deadly, state: "active" },
    ]);
    const [again] = await app.jobs.boss.fetch("control");
    expect(again).toMatchObject({ id, retryCount: 1 });
  });

  test("that died with the embedded store leaves jobs that run again as soon as it is opened", async () => {
    if (store.kind !== "embedded") return;
    const id = await enqueue(
      app.db,
      testKind(async () => {}),
      { n: 1 },
    );
    await app.jobs.boss.fetch("control");

    const again = await openJobs(store, { clock: systemClock, log: app.log });

    expect(await stateOf(id)).toBe("retry");
    await again.close();
  });
});
