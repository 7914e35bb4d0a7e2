import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { sql } from "drizzle-orm";
import type { App } from "../../src/app.ts";
import { systemClock } from "../../src/clock.ts";
import type { Db, Store } from "../../src/db/db.ts";
import { migrateUp } from "../../src/db/migrate.ts";
import { enqueue, enqueueMany } from "../../src/jobs/enqueue.ts";
import { countJobs, createJobCounts, type QueueCounts, watchJobCounts, watchJobs } from "../../src/jobs/job-counts.ts";
import { getJob, type JobPlace, listJobs } from "../../src/jobs/job-list.ts";
import { jobTableOf } from "../../src/jobs/job-table.ts";
import { type Jobs, jobsOf, openJobs } from "../../src/jobs/jobs.ts";
import { pauseQueue } from "../../src/jobs/pausing.ts";
import { QUEUE_NAMES } from "../../src/jobs/queues.ts";
import { runDueJobs } from "../../src/jobs/worker.ts";
import { createLog } from "../../src/telemetry/log.ts";
import { createRecorder } from "../../src/telemetry/recorder.ts";
import { createTelemetry } from "../../src/telemetry/telemetry.ts";
import { createManualClock } from "../manual-clock.ts";
import { openTestApp } from "../testing/apps.ts";
import { testStores } from "../testing/stores.ts";
import { failingJob, goodJob, SAMPLE_KINDS, uniqueJob } from "./sample-jobs.ts";

describe.each(testStores)("jobs, looked at on $name", ({ open }) => {
  let store: Store;
  let app: App;
  let jobs: Jobs;
  let asked: string[];
  beforeAll(async () => {
    // Not a copy of one that is ready, of which the queue knows all there is.
    store = await open({ isMigrated: false });
    await migrateUp(store.db);
    jobs = await openJobs(store, { clock: systemClock, log: createLog("error", systemClock, () => {}) });
    asked = await seeQueriesOf(store.db, () => store.db.transaction((tx) => enqueue(tx, goodJob, { crawlId: 0 })));
    app = openTestApp(store, { clock: systemClock });
  });
  afterAll(async () => {
    await app.close();
    await jobs.close();
    await store.close();
  });
  beforeEach(async () => {
    await store.db.delete(jobTableOf(store.db));
  });

  const inAnHour = () => new Date(Date.now() + 3_600_000);
  const list = (filter: Partial<Parameters<typeof listJobs>[1]> = {}) => listJobs(app.db, { limit: 50, ...filter });
  const idsOf = async (filter: Parameters<typeof list>[0]) => (await list(filter)).map(({ id }) => id).sort();

  test("the first of a new store is made by its transaction alone, which may have the only connection", () => {
    expect(asked).toEqual([]);
  });

  test("each is where it stands, with what it was given and how long it took", async () => {
    const payload = { crawlId: 7 };
    const done = await enqueue(app.db, goodJob, payload, { priority: 3 });
    await runDueJobs(app, SAMPLE_KINDS);
    const waiting = await enqueue(app.db, goodJob, payload);
    const delayed = await enqueue(app.db, uniqueJob, payload, { key: "host.example", startAt: inAnHour() });

    const jobs = new Map((await list()).map((job) => [job.id, job]));

    expect(jobs.get(done ?? "")).toMatchObject({
      ...{ queue: "crawl", kind: "good", state: "completed", key: null, priority: 3, payload, error: null },
      ...{ attempts: 1, maxAttempts: 2, waitMs: expect.any(Number), runMs: expect.any(Number), origin: null },
      result: { crawlId: 7 },
    });
    expect(jobs.get(done ?? "")?.endedAt).toBeInstanceOf(Date);
    expect(jobs.get(waiting ?? "")).toMatchObject({ state: "waiting", attempts: 0, startedAt: null, runMs: null });
    expect(jobs.get(delayed ?? "")).toMatchObject({
      ...{ queue: "control", kind: "unique", state: "delayed", key: "host.example", waitMs: null },
    });
    expect(await getJob(app.db, done ?? "")).toMatchObject({ progress: { done: 7 }, failures: [], replayId: null });
  });

  test("one whose attempts are used up tells what each failed of, and so does its dead letter", async () => {
    const id = (await enqueue(app.db, failingJob, { crawlId: 1 })) ?? "";
    await runDueJobs(app, SAMPLE_KINDS);

    const failed = await getJob(app.db, id);
    const [letter] = await list({ states: ["dead"] });

    const failures = [
      { attempt: 1, message: "No luck with attempt 1" },
      { attempt: 2, message: "No luck with attempt 2" },
    ];
    expect(failed).toMatchObject({
      ...{ state: "failed", attempts: 2, maxAttempts: 2, error: "No luck with attempt 2", result: null, failures },
      deadLetterId: letter?.id,
    });
    expect(letter).toMatchObject({
      ...{ queue: "crawl", kind: "failing", state: "dead", payload: { crawlId: 1 }, attempts: 2 },
      ...{ error: "No luck with attempt 2", origin: { id, createdAt: failed.createdAt } },
    });
    expect(await getJob(app.db, letter?.id ?? "")).toMatchObject({ failures, deadLetterId: null });
  });

  test("they are found by state, kind, queue, key, age, and whether they are due", async () => {
    const dead = await enqueue(app.db, uniqueJob, { crawlId: 1 }, { key: "a" });
    await runDueJobs(app, SAMPLE_KINDS);
    const waiting = await enqueue(app.db, goodJob, { crawlId: 1 });
    const delayed = await enqueue(app.db, goodJob, { crawlId: 1 }, { startAt: inAnHour() });
    const [letter] = await idsOf({ states: ["dead"] });

    const found = {
      failed: await idsOf({ states: ["failed"] }),
      delayedOrWaiting: await idsOf({ states: ["delayed", "waiting"] }),
      kind: await idsOf({ kind: "good" }),
      queue: await idsOf({ queue: "control" }),
      key: await idsOf({ key: "a", states: ["failed"] }),
      due: await idsOf({ isDue: true }),
      young: await idsOf({ createdAfter: new Date(Date.now() + 60_000) }),
      old: await idsOf({ createdBefore: new Date(Date.now() + 60_000), queue: "crawl" }),
    };

    expect(found).toEqual({
      ...{ failed: [dead], delayedOrWaiting: [waiting, delayed].sort(), kind: [waiting, delayed].sort() },
      ...{ queue: [dead, letter].sort(), key: [dead], due: [waiting], young: [], old: [waiting, delayed].sort() },
    } as never);
  });

  test("the newest come first, also those that were made in one statement, and pages neither miss nor repeat one", async () => {
    for (let batch = 0; batch < 3; batch++)
      await enqueueMany(
        app.db,
        goodJob,
        Array.from({ length: 5 }, () => ({ payload: { crawlId: batch } })),
      );

    const seen: { id: string; crawlId: number }[] = [];
    let before: JobPlace | undefined;
    for (;;) {
      const page = await list({ limit: 4, before });
      seen.push(...page.map(({ id, payload }) => ({ id, ...(payload as { crawlId: number }) })));
      before = page.at(-1)?.place;
      if (page.length < 4) break;
    }

    expect(new Set(seen.map(({ id }) => id)).size).toBe(15);
    expect(seen.map(({ crawlId }) => crawlId)).toEqual([2, 2, 2, 2, 2, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0]);
  });

  test("queues are counted by state, with how long the oldest has been due", async () => {
    await enqueue(app.db, failingJob, { crawlId: 1 });
    await runDueJobs(app, SAMPLE_KINDS);
    await enqueue(app.db, goodJob, { crawlId: 1 });
    await enqueue(app.db, goodJob, { crawlId: 1 }, { startAt: inAnHour() });
    await enqueue(app.db, uniqueJob, { crawlId: 1 });
    const table = jobTableOf(app.db);
    await app.db
      .update(table)
      .set({ startAfter: sql`now() - interval '90 seconds'` })
      .where(sql`${table.name} = 'crawl' and ${table.state} = 'created' and ${table.startAfter} <= now()`);
    await pauseQueue(app, "control");

    const queues = await countJobs(app.db);

    const none = { waiting: 0, delayed: 0, active: 0, retrying: 0, completed: 0, failed: 0, cancelled: 0, dead: 0 };
    expect(queues).toMatchObject([
      { queue: "crawl", jobs: { ...none, waiting: 1, delayed: 1, failed: 1, dead: 1 }, pausedAt: null },
      { queue: "control", jobs: { ...none, waiting: 1 }, pausedAt: expect.any(Date) },
      { queue: "maintenance", jobs: none, oldestDueAt: null, oldestDueMs: 0 },
      { queue: "index", jobs: none },
      { queue: "notify", jobs: none },
    ]);
    expect(queues[0]?.oldestDueMs).toBeGreaterThanOrEqual(90_000);
    expect(queues[0]?.oldestDueMs).toBeLessThan(120_000);
  });

  test("metrics tell the same", async () => {
    const recorder = createRecorder(Date.now());
    const leave = watchJobs(app.db, createTelemetry({ recorder }));
    await enqueue(app.db, goodJob, { crawlId: 1 });

    const read = new Map((await recorder.read()).map(({ name, series }) => [name, series]));
    leave();

    const shown = read.get("orbweaver.queue.jobs")?.map(({ labels, value }) => [labels.queue, labels.state, value]);
    expect(shown).toHaveLength(8 * QUEUE_NAMES.length);
    expect(shown?.filter(([, , value]) => value !== 0)).toEqual([["crawl", "waiting", 1]]);
    expect(read.get("orbweaver.queue.oldest_due")?.map(({ labels }) => labels.queue)).toEqual([
      "crawl",
      "control",
      "maintenance",
      "index",
      "notify",
    ]);
  });

  test("all who ask for counts within a second share an answer, and one that failed is asked for anew", async () => {
    const counts = createJobCounts(app.db);
    const [first, second] = [counts.read(), counts.read()];
    const failing = createJobCounts({ dialect: undefined } as never);

    expect(first).toBe(second);
    expect(await first).toHaveLength(QUEUE_NAMES.length);
    expect(failing.read()).rejects.toThrow();
    expect(failing.read()).rejects.toThrow();
  });
});

test("who watches the queues is told what there is, then of changes, and not that time passes", async () => {
  const clock = createManualClock();
  const left = new AbortController();
  let oldestDueMs = 0;
  let waiting = 1;
  const read = async () => [{ jobs: { waiting }, oldestDueMs: oldestDueMs++ }] as unknown as QueueCounts[];
  const seen: number[] = [];

  const watching = (async () => {
    for await (const [queue] of watchJobCounts({ counts: { read }, clock }, left.signal))
      seen.push(queue?.jobs.waiting ?? 0);
  })();
  await clock.advance(3_000);
  waiting = 2;
  await clock.advance(3_000);
  left.abort();
  await watching;

  expect(seen).toEqual([1, 2]);
  expect(oldestDueMs).toBe(7);
});

/** What the queue asks for over its own way to the database. */
async function seeQueriesOf(db: Db, run: () => Promise<unknown>): Promise<string[]> {
  const way = jobsOf(db).boss.getDb();
  const { executeSql } = way;
  const seen: string[] = [];
  way.executeSql = async (text, values) => {
    // What it looks for by itself, now and then.
    if (!/\bbam\b/.test(text)) seen.push(text);
    return executeSql(text, values);
  };
  await run();
  way.executeSql = executeSql;
  return seen;
}
