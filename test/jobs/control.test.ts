import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { eq, sql } from "drizzle-orm";
import type { App } from "../../src/app.ts";
import { systemClock } from "../../src/clock.ts";
import { type Db, rowsOf, type Store } from "../../src/db/db.ts";
import { jobFailures, jobProgress } from "../../src/db/schema/jobs.ts";
import { CANCEL_CHANNEL, JOBS_CHANNEL, QUEUES_CHANNEL } from "../../src/jobs/announcements.ts";
import { cancelJob, retryJob } from "../../src/jobs/control.ts";
import { replayDeadLetters } from "../../src/jobs/dead-letters.ts";
import { type EnqueueOptions, enqueue, enqueueMany } from "../../src/jobs/enqueue.ts";
import { getJob, listJobs } from "../../src/jobs/job-list.ts";
import { jobTableOf } from "../../src/jobs/job-table.ts";
import { jobsOf } from "../../src/jobs/jobs.ts";
import { pauseQueue, resumeQueue } from "../../src/jobs/pausing.ts";
import { purgeJobs } from "../../src/jobs/purge.ts";
import type { QueueName } from "../../src/jobs/queues.ts";
import { runDueJobs } from "../../src/jobs/worker.ts";
import { openTestApp } from "../testing/apps.ts";
import { testStores } from "../testing/stores.ts";
import { failingJob, goodJob, SAMPLE_KINDS, uniqueJob } from "./sample-jobs.ts";

const payload = { crawlId: 1 };
const nobody = "0195f3e0-5c1a-7000-8000-3f6c2b1d9e10";

describe.each(testStores)("jobs, steered on $name", ({ name, open }) => {
  let store: Store;
  let app: App;
  /** What the cache was told, as `channel message`. */
  let told: string[];
  beforeAll(async () => {
    store = await open();
    app = openTestApp(store, { clock: systemClock });
    for (const channel of [JOBS_CHANNEL, CANCEL_CHANNEL, QUEUES_CHANNEL])
      app.cache.subscribe(channel, (message) => told.push(`${channel} ${message}`));
  });
  afterAll(async () => {
    await app.close();
    await store.close();
  });
  beforeEach(async () => {
    told = [];
    for (const table of [jobTableOf(store.db), jobFailures, jobProgress]) await store.db.delete(table);
  });

  const inAnHour = () => new Date(Date.now() + 3_600_000);
  const make = async (kind: typeof goodJob, given: typeof payload, options: EnqueueOptions = {}) =>
    (await enqueue(app.db, kind, given, options)) ?? "";
  const runDue = () => runDueJobs(app, SAMPLE_KINDS);
  const stateOf = async (id: string) => (await getJob(app.db, id)).state;
  const deadLetters = () => listJobs(app.db, { states: ["dead"], limit: 100 });
  /** Takes a job as a worker would that never settles it. */
  const take = async (queue: QueueName | `${QueueName}-unique`) =>
    (await jobsOf(app.db).boss.fetch(queue))[0]?.id ?? "";
  const fail = async (kind: typeof failingJob, options = {}) => {
    const id = await make(kind, payload, options);
    await runDue();
    return id;
  };
  /** Workers are told a moment later, of all that came meanwhile. */
  const heard = async (line: string) => {
    while (!told.includes(line)) await Bun.sleep(1);
  };
  /** In the words that a caller reads. */
  const refusalOf = (promise: Promise<unknown>) =>
    promise.then(
      () => "done",
      (error) => `${error.reason}: ${error.message}`,
    );

  describe("retry", () => {
    test("has a failed job run once more, without its dead letter", async () => {
      const id = await fail(failingJob);

      const again = await retryJob(app.db, id);
      const repeated = await retryJob(app.db, id);
      const letters = await deadLetters();
      await runDue();

      expect(again).toMatchObject({ id, state: "retrying", attempts: 2, maxAttempts: 3, deadLetterId: null });
      expect(repeated).toMatchObject({ id, state: "retrying" });
      expect(letters).toEqual([]);
      await heard(`${JOBS_CHANNEL} crawl`);
      expect(await getJob(app.db, id)).toMatchObject({
        state: "failed",
        attempts: 3,
        deadLetterId: expect.any(String),
      });
      expect((await getJob(app.db, id)).failures).toHaveLength(3);
    });

    test("has a cancelled job run after all, and one that waits for its time run now", async () => {
      const cancelled = await make(goodJob, payload);
      await cancelJob(app, cancelled);
      const delayed = await make(goodJob, payload, { startAt: inAnHour() });

      const states = [(await retryJob(app.db, cancelled)).state, (await retryJob(app.db, delayed)).state];
      await runDue();

      expect(states).toEqual(["waiting", "waiting"]);
      expect([await stateOf(cancelled), await stateOf(delayed)]).toEqual(["completed", "completed"]);
    });

    test("makes a job of a dead letter, with all its attempts and its kind's policy", async () => {
      const id = await fail(failingJob, { priority: 4 });
      const [letter] = await deadLetters();

      const again = await retryJob(app.db, letter?.id ?? "");
      const policies = await policiesOf(id, again.id);
      await runDue();

      expect(again).toMatchObject({
        state: "waiting",
        kind: "failing",
        payload,
        priority: 4,
        attempts: 0,
        maxAttempts: 2,
      });
      expect(again.id).not.toBe(id);
      expect(policies[0]).toEqual(policies[1]);
      expect(await getJob(app.db, id)).toMatchObject({ state: "failed", deadLetterId: null, replayId: again.id });
      expect(await refusalOf(retryJob(app.db, id))).toBe(`conflict: Job ${id} was replayed already, as ${again.id}`);
      expect((await deadLetters()).map(({ origin }) => origin?.id)).toEqual([again.id]);
    });

    test("leaves alone what is about to run or runs, and refuses what is done, unknown, or has its key taken", async () => {
      const waiting = await make(goodJob, payload);
      const states = [(await retryJob(app.db, waiting)).state];
      const active = await take("crawl");
      states.push((await retryJob(app.db, active)).state);
      await jobsOf(app.db).boss.complete("crawl", active);
      const failed = await fail(uniqueJob, { key: "k" });
      const [letter] = await deadLetters();
      const other = await make(uniqueJob, payload, { key: "k", startAt: inAnHour() });

      expect(states).toEqual(["waiting", "active"]);
      expect(await refusalOf(retryJob(app.db, active))).toStartWith(`conflict: Job ${active} is completed`);
      expect(await refusalOf(retryJob(app.db, nobody))).toBe(`not_found: There is no job ${nobody}`);
      for (const id of [failed, letter?.id ?? ""])
        expect(await refusalOf(retryJob(app.db, id))).toBe(
          `conflict: Job ${id} can't be run again now: another job has its key k`,
        );
      expect([await stateOf(failed), await stateOf(letter?.id ?? ""), await stateOf(other)]).toEqual([
        "failed",
        "dead",
        "delayed",
      ]);
    });

    async function policiesOf(...ids: string[]) {
      const table = jobTableOf(app.db);
      const columns = "retry_limit, retry_delay, retry_backoff, retry_delay_max, expire_seconds, deletion_seconds";
      const rows: unknown[] = [];
      for (const id of ids)
        rows.push(
          (
            await app.db
              .select({ policy: sql`(${sql.raw(columns)})::text` })
              .from(table)
              .where(eq(table.id, id))
          )[0],
        );
      return rows;
    }
  });

  describe("cancel", () => {
    test("ends a job that waits, and one that runs is told of to its process; both may be repeated", async () => {
      const active = await make(goodJob, payload);
      await take("crawl");
      const waiting = await make(goodJob, payload);
      const delayed = await make(goodJob, payload, { startAt: inAnHour() });

      for (const id of [active, waiting, delayed, active]) await cancelJob(app, id);
      const counted = await jobsOf(app.db).boss.complete("crawl", active);
      await runDue();

      for (const id of [active, waiting, delayed]) expect(await stateOf(id)).toBe("cancelled");
      expect(counted).toMatchObject({ affected: 0 });
      expect(told.filter((line) => line.startsWith(CANCEL_CHANNEL))).toEqual(
        [active, waiting, delayed].map((id) => `${CANCEL_CHANNEL} ${id}`),
      );
    });

    test.if(name === "postgres")("finds a job whose attempt fails at the same moment", async () => {
      const id = await make(failingJob, payload);
      await take("crawl");
      let cancelling: Promise<unknown> = Promise.resolve();

      await app.db.transaction(async (tx) => {
        const { boss, within } = jobsOf(tx);
        await boss.fail("crawl", id, { message: "No luck" }, { db: within(tx) });
        cancelling = cancelJob(app, id);
        await blocked(tx);
      });
      await cancelling;

      expect(await stateOf(id)).toBe("cancelled");
    });

    test("refuses what has ended, naming its state", async () => {
      const done = await make(goodJob, payload);
      const failed = await fail(failingJob);
      const [letter] = await deadLetters();

      expect(await refusalOf(cancelJob(app, done))).toStartWith(`conflict: Job ${done} is completed`);
      expect(await refusalOf(cancelJob(app, failed))).toStartWith(`conflict: Job ${failed} is failed`);
      expect(await refusalOf(cancelJob(app, letter?.id ?? ""))).toContain("is dead");
      expect(await refusalOf(cancelJob(app, nobody))).toStartWith("not_found");
    });
  });

  describe("replay", () => {
    test("takes the dead letters of a kind, a queue or an age, as many as it is told", async () => {
      await enqueueMany(
        app.db,
        failingJob,
        Array.from({ length: 3 }, () => ({ payload })),
      );
      await fail(uniqueJob, { key: "k" });
      told = [];

      const none = await replayDeadLetters(app.db, { createdBefore: new Date(Date.now() - 60_000) }, 100);
      const some = await replayDeadLetters(app.db, { kind: "failing" }, 2);
      const queue = await replayDeadLetters(app.db, { queue: "control" }, 100);
      const rest = await replayDeadLetters(app.db, {}, 100);
      const again = await replayDeadLetters(app.db, {}, 100);

      expect(none).toEqual({ replayed: 0, held: 0, hasMore: false });
      expect(some).toEqual({ replayed: 2, held: 0, hasMore: true });
      expect(queue).toEqual({ replayed: 1, held: 0, hasMore: false });
      expect([rest.replayed, again.replayed]).toEqual([1, 0]);
      expect(await listJobs(app.db, { states: ["waiting"], limit: 10 })).toHaveLength(4);
      expect(await deadLetters()).toEqual([]);
      await heard(`${JOBS_CHANNEL} control`);
    });

    test("holds those whose key another job has, and takes them once it is free", async () => {
      await fail(uniqueJob, { key: "k" });
      const other = await make(uniqueJob, payload, { key: "k", startAt: inAnHour() });

      const held = await replayDeadLetters(app.db, {}, 100);
      const [letter] = await deadLetters();
      const stillHeld = await replayDeadLetters(app.db, {}, 100);
      await cancelJob(app, other);
      const freed = await replayDeadLetters(app.db, {}, 100);

      expect([held, stillHeld]).toEqual(Array(2).fill({ replayed: 0, held: 1, hasMore: false }));
      expect(letter?.error).toContain("Not redriven");
      expect(freed).toEqual({ replayed: 1, held: 0, hasMore: false });
    });
  });

  describe("purge", () => {
    test("deletes what has ended with all that is known of it, and nothing else", async () => {
      const done = await make(goodJob, payload);
      const failed = await fail(failingJob);
      const cancelled = await make(goodJob, payload);
      await cancelJob(app, cancelled);
      const waiting = await make(goodJob, payload);

      const old = await purgeJobs(app.db, { endedBefore: new Date(Date.now() - 60_000) }, 100);
      const completed = await purgeJobs(app.db, { state: "completed" }, 100);
      const one = await purgeJobs(app.db, { queue: "crawl" }, 1);
      const letter = await listJobs(app.db, { states: ["dead"], limit: 1 });
      const keptFailures = await app.db.select().from(jobFailures);
      const rest = await purgeJobs(app.db, { endedBefore: new Date(Date.now() + 60_000) }, 100);

      expect([old, completed, one, rest]).toEqual([
        { purged: 0, hasMore: false },
        { purged: 1, hasMore: false },
        { purged: 1, hasMore: true },
        { purged: 2, hasMore: false },
      ]);
      expect(await refusalOf(getJob(app.db, done))).toStartWith("not_found");
      expect(await refusalOf(getJob(app.db, failed))).toStartWith("not_found");
      expect(letter).toHaveLength(1);
      expect(keptFailures).toHaveLength(2);
      expect(await app.db.select().from(jobProgress)).toEqual([]);
      expect((await listJobs(app.db, { limit: 10 })).map(({ id }) => id)).toEqual([waiting]);
    });

    test("needs to be told what", async () => {
      const refused = await refusalOf(purgeJobs(app.db, {}, 100));

      expect(refused).toStartWith("invalid: state is needed, or kind, queue or ended_before");
    });
  });

  test("a queue is paused and resumed for all processes, as often as one likes", async () => {
    const paused = await pauseQueue(app, "crawl");
    const again = await pauseQueue(app, "crawl");
    const resumed = [await resumeQueue(app, "crawl"), await resumeQueue(app, "crawl")];

    expect(paused).toMatchObject({ queue: "crawl", pausedAt: expect.any(Date) });
    expect(again.pausedAt).toEqual(paused.pausedAt);
    expect(resumed.map(({ pausedAt }) => pausedAt)).toEqual([null, null]);
    expect(told).toEqual(Array(4).fill(`${QUEUES_CHANNEL} crawl`));
    expect(await refusalOf(pauseQueue(app, "nowhere"))).toBe(
      "not_found: There is no queue nowhere; there are crawl, control, maintenance, index, notify",
    );
  });
});

/** Until somebody waits for what the transaction has locked. */
async function blocked(tx: Db): Promise<void> {
  const waits = sql`select count(*)::int as waits from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
  while (rowsOf<{ waits: number }>(await tx.execute(waits))[0]?.waits === 0) await Bun.sleep(1);
}
