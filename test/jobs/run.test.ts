import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { Type } from "@sinclair/typebox";
import { asc, eq } from "drizzle-orm";
import type { Store } from "../../src/db/db.ts";
import { jobFailures, jobProgress } from "../../src/db/schema/jobs.ts";
import { enqueue, enqueueMany } from "../../src/jobs/enqueue.ts";
import { purgeJobRecords } from "../../src/jobs/job-records.ts";
import { PermanentError, Snooze } from "../../src/jobs/kind.ts";
import { runDueJobs } from "../../src/jobs/worker.ts";
import { createRecorder } from "../../src/telemetry/recorder.ts";
import { createTelemetry } from "../../src/telemetry/telemetry.ts";
import { createManualClock, type ManualClock } from "../manual-clock.ts";
import { testStores } from "../testing/stores.ts";
import { type JobApp, openJobApp, readJobs, testKind } from "./job-app.ts";

describe.each(testStores)("a job that runs on the $name store", ({ open }) => {
  let store: Store;
  let app: JobApp;
  let clock: ManualClock;

  beforeAll(async () => {
    store = await open();
  });
  afterAll(() => store?.close());
  beforeEach(async () => {
    await store.query("delete from orbweaver_jobs.job");
    clock = createManualClock();
    app = openJobApp(store, { clock });
  });

  const failuresOf = (id: string | undefined) =>
    app.db
      .select()
      .from(jobFailures)
      .where(eq(jobFailures.jobId, id ?? ""))
      .orderBy(asc(jobFailures.attempt));

  test("keeps its result, and how far it said it was last", async () => {
    const kind = testKind(async (_app, { n }, job) => {
      for (let done = 0; done <= n; done++) job.progress({ done });
      return { doubled: n * 2 };
    });
    const id = await enqueue(app.db, kind, { n: 21 });

    await runDueJobs(app, [kind]);

    expect(await readJobs(app)).toMatchObject([{ id, state: "completed", output: { doubled: 42 } }]);
    expect(
      await app.db
        .select()
        .from(jobProgress)
        .where(eq(jobProgress.jobId, id ?? "")),
    ).toMatchObject([{ progress: { done: 21 } }]);
  });

  test("that fails is tried again after longer and longer, and is a dead letter in the end", async () => {
    const attempts: number[][] = [];
    const kind = testKind(
      async (_app, _payload, { attempt, attemptsLeft }) => {
        attempts.push([attempt, attemptsLeft]);
        throw new Error(`boom ${attempt} at postgres://user:hunter22@db/`);
      },
      { retry: { limit: 2, delaySeconds: 10, maxDelaySeconds: 30 } },
    );
    const id = await enqueue(app.db, kind, { n: 1 });

    await runDueJobs(app, [kind]);
    const [waiting] = await readJobs(app);
    const delay = ((waiting?.startAfter.getTime() ?? 0) - Date.now()) / 1_000;
    expect(delay).toBeWithin(8, 20.1);
    await clock.advance(19_999);
    await runDueJobs(app, [kind]);
    expect(attempts).toHaveLength(1);
    await clock.advance(1);
    await runDueJobs(app, [kind]);
    expect(attempts).toHaveLength(2);
    await clock.advance(30_000);
    await runDueJobs(app, [kind]);

    expect(attempts).toEqual([
      [1, 2],
      [2, 1],
      [3, 0],
    ]);
    expect(await readJobs(app)).toMatchObject([
      { id, state: "failed", output: { message: "boom 3 at postgres://[redacted]@db/" } },
      { name: "dead", state: "created", sourceId: id, sourceName: "control", data: { kind: kind.name } },
    ]);
    expect(await failuresOf(id)).toMatchObject([
      { attempt: 1, instanceId: app.instanceId, message: "boom 1 at postgres://[redacted]@db/" },
      { attempt: 2 },
      { attempt: 3 },
    ]);
  });

  test("that says it never will do is a dead letter at once, and so is one that fits no more", async () => {
    const retry = { limit: 5, delaySeconds: 1, maxDelaySeconds: 1 };
    const permanent = testKind(() => Promise.reject(new PermanentError("there is no such page")), { retry });
    const changed = testKind(async () => {}, { retry });
    for (const kind of [permanent, changed]) await enqueue(app.db, kind, { n: 1 });

    const now = { ...changed, payload: Type.Object({ name: Type.String() }) };
    await runDueJobs(app, [permanent, now]);

    const [failed, letters] = [await readJobs(app), await readJobs(app)];
    expect(failed.filter(({ state }) => state === "failed").map(({ output }) => output)).toMatchObject([
      { message: "there is no such page" },
      { message: expect.stringContaining("/name: Expected required property") },
    ]);
    // A replay gives it all its attempts again.
    expect(failed[0]).toMatchObject({ retryLimit: 5, retryCount: 0 });
    expect(letters.filter(({ name }) => name === "dead")).toHaveLength(2);
  });

  test("of a kind that only a newer version knows is left to that for a day, and loses no attempt", async () => {
    const attempts: number[] = [];
    const kind = testKind(async (_app, _payload, { attempt }) => void attempts.push(attempt));
    const [id, old] = await enqueueMany(app.db, kind, [{ payload: { n: 1 } }, { payload: { n: 2 } }]);
    await store.query("update orbweaver_jobs.job set created_on = now() - interval '25 hours' where id = $1", [old]);

    await runDueJobs(app, []);
    const [left] = await readJobs(app, [id]);
    await store.query("update orbweaver_jobs.job set start_after = now() where id = $1", [id]);
    await runDueJobs(app, [kind]);

    expect(left).toMatchObject({ state: "created", startedOn: null });
    expect((left?.startAfter.getTime() ?? 0) - Date.now()).toBeWithin(20_000, 31_000);
    expect(attempts).toEqual([1]);
    expect(await readJobs(app, [id, old])).toMatchObject([
      { id: old, state: "failed", output: { message: expect.stringContaining("knows no kind") } },
      { id, state: "completed" },
    ]);
    expect(app.lines.filter((line) => line.includes("unknown kind left to others"))).toHaveLength(1);
  });

  test("is aborted when it takes too long, and has failed", async () => {
    let reason: unknown;
    const kind = testKind(
      async (_app, _payload, { signal }) => {
        await app.clock.sleep(3_600_000, signal).catch(() => {});
        reason = signal.reason;
      },
      { timeoutSeconds: 5 },
    );
    const id = await enqueue(app.db, kind, { n: 1 });

    const running = runDueJobs(app, [kind]);
    while (clock.sleepers < 2) await Bun.sleep(1);
    await clock.advance(5_000);
    await running;

    expect(reason).toMatchObject({ name: "AbortError" });
    expect(await readJobs(app, [id])).toMatchObject([{ state: "failed", output: { message: "Timed out after 5 s" } }]);
  });

  test("that has nothing to do yet is followed by one like it, and loses no attempt", async () => {
    let snoozes = 0;
    const kind = testKind(async (_app, _payload, { attempt }) => (snoozes++ === 0 ? new Snooze(5_000) : { attempt }), {
      isUnique: true,
    });
    const id = await enqueue(app.db, kind, { n: 7 }, { key: "seven", priority: 3 });

    await runDueJobs(app, [kind]);
    const [, next] = await readJobs(app);
    const snoozedUntil = new Date(clock.now().getTime() + 5_000).toISOString();
    expect(await readJobs(app)).toMatchObject([
      { id, state: "completed", output: { snoozedUntil, as: next?.id } },
      { state: "created", singletonKey: `${kind.name}/seven`, priority: 3, data: { payload: { n: 7 } } },
    ]);
    expect(await enqueue(app.db, kind, { n: 7 }, { key: "seven" })).toBeUndefined();
    await clock.advance(5_000);
    await runDueJobs(app, [kind]);

    expect(await readJobs(app, [next?.id])).toMatchObject([{ state: "completed", output: { attempt: 1 } }]);
  });

  test("that fails does not hold up the others", async () => {
    const ran: number[] = [];
    const kind = testKind(async (_app, { n }) => {
      if (n === 0) throw new Error("poison");
      ran.push(n);
    });
    await enqueueMany(
      app.db,
      kind,
      [0, 1, 0, 2, 0, 3].map((n) => ({ payload: { n } })),
    );

    await runDueJobs(app, [kind]);

    expect(ran.toSorted()).toEqual([1, 2, 3]);
    expect((await readJobs(app)).filter(({ name }) => name === "dead")).toHaveLength(3);
  });

  test("whose result can't be stored has failed of that", async () => {
    const kind = testKind(async () => ({ text: "nul \0 in it" }));
    const id = await enqueue(app.db, kind, { n: 1 });

    await runDueJobs(app, [kind]);

    expect(await readJobs(app, [id])).toMatchObject([{ state: "failed" }]);
  });

  test("is told of in the log and in metrics", async () => {
    const recorder = createRecorder(0);
    const telling = openJobApp(store, { clock, telemetry: createTelemetry({ recorder }) });
    const kind = testKind(async () => {
      telling.log.info("said by the job");
    });
    const id = await enqueue(app.db, kind, { n: 1 });

    await runDueJobs(telling, [kind]);

    const said = telling.lines.map((line) => JSON.parse(line)).find(({ event }) => event === "said by the job");
    expect(said).toMatchObject({ jobId: id, kind: kind.name, attempt: 1 });
    const durations = (await recorder.read()).find(({ name }) => name === "orbweaver.job.duration");
    expect(durations?.series.map(({ labels }) => labels)).toEqual([{ kind: kind.name, outcome: "completed" }]);
  });

  test("leaves records that are purged when it is gone itself, and not before", async () => {
    const kind = testKind(async (_app, _payload, job) => {
      job.progress({ half: true });
      throw new Error("no");
    });
    const [gone, kept] = await enqueueMany(app.db, kind, [{ payload: { n: 1 } }, { payload: { n: 2 } }]);
    await runDueJobs(app, [kind]);
    await store.query(`delete from orbweaver_jobs.job where id = $1`, [gone]);

    const later = new Date(clock.now().getTime() + 60_000);
    await purgeJobRecords(app.db, new Date(clock.now().getTime() - 60_000));
    expect(await failuresOf(gone)).toHaveLength(1);
    await purgeJobRecords(app.db, later);

    expect(await failuresOf(gone)).toEqual([]);
    expect(await failuresOf(kept)).toHaveLength(1);
    const progress = await app.db.select().from(jobProgress);
    const ids: (string | undefined)[] = progress.map(({ jobId }) => jobId);
    expect([ids.includes(gone), ids.includes(kept)]).toEqual([false, true]);
  });
});
