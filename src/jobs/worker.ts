import type { App } from "../app.ts";
import { systemClock } from "../clock.ts";
import { namespaceOf } from "../db/namespace.ts";
import { createPulse, type Pulse } from "../pulse.ts";
import { CANCEL_CHANNEL, JOBS_CHANNEL, QUEUES_CHANNEL } from "./announcements.ts";
import { type Bell, createBell } from "./bell.ts";
import { startHeartbeats } from "./heartbeats.ts";
import { jobsOf } from "./jobs.ts";
import type { JobKind } from "./kind.ts";
import { createOutage } from "./outage.ts";
import { createPausedQueues } from "./paused-queues.ts";
import { BOSS_NAMES, bossNameOf, DEAD_LETTERS, QUEUE_NAMES, type QueueName, queueOf } from "./queues.ts";
import { type Run, runJob, toRun } from "./run.ts";
import { createSettler } from "./settle.ts";
import { createSharing, UNSHARED } from "./sharing.ts";
import { bringForward, findDue } from "./statements.ts";
import { takeJobs } from "./taking.ts";

export type Worker = {
  /** Beats whenever work has been looked for. */
  pulse: Pulse;
  /** Jobs that run now, by queue. */
  running(): Record<QueueName, number>;
  /**
   * Takes nothing more, lets short jobs end, and then aborts what runs; what does not end by itself within `graceMs` is
   * handed back, to be run anew. Resolves when nothing is left to be settled.
   */
  stop(graceMs: number): Promise<void>;
};

/** Without being told of new jobs, and for those that were delayed. In real time, as all that waits for others. */
const LOOK_EVERY_MS = 2_000;

/** After the start, so that the first requests need not wait for it. */
const FIRST_LOOK_MS = 100;

/** What ends within so long after the worker was told to stop is not aborted. */
const SHORT_MS = 500;

/** Takes due jobs of all queues and runs them, so many at a time of each, until it is stopped. */
export function startWorker(
  app: App,
  kinds: readonly JobKind[],
  concurrency: Readonly<Record<QueueName, number>>,
): Worker {
  const { db, cache } = app;
  const jobs = jobsOf(db);
  const byName = new Map(kinds.map((kind) => [kind.name, kind]));
  const settler = createSettler(app, byName);
  const pulse = createPulse(app.clock);
  const runs = new Map<string, Run>();
  const settled = new Set<Promise<unknown>>();
  const stopping = new AbortController();
  const paused = createPausedQueues(db);
  const bells = new Map(QUEUE_NAMES.map((queue) => [queue, createBell()]));
  const countOf = (queue: QueueName, isCounted: (run: Run) => boolean) =>
    runs.values().reduce((count, run) => count + Number(run.queue === queue && isCounted(run)), 0);
  const running = (queue: QueueName) => countOf(queue, (run) => !run.isSettling);
  /** What has ended leaves its place to the next while it is written down, as long as that keeps pace. */
  const freePlaces = (queue: QueueName) => {
    const unsettled = countOf(queue, (run) => run.isSettling);
    return unsettled > concurrency[queue] ? 0 : concurrency[queue] - running(queue);
  };

  const work = async (run: Run): Promise<void> => {
    runs.set(keyOf(run), run);
    app.telemetry.observe("orbweaver.job.wait", { queue: run.queue }, run.waitedSeconds);
    const outcome = await runJob(app, byName, run);
    // A worker that stops may have handed it back already.
    if (!run.isSettling) {
      const settled = settler.settle(run, outcome);
      bells.get(run.queue)?.ringIfFull();
      await settled;
    }
    runs.delete(keyOf(run));
  };
  const start = (run: Run) => {
    const end = work(run).finally(() => {
      settled.delete(end);
      bells.get(run.queue)?.ringIfFull();
    });
    settled.add(end);
  };

  const outage = createOutage(app.log, { failed: "jobs not taken", works: "jobs taken again" });
  /** Until it is known who else is there, somebody may be. */
  const isShared = () => jobs.kind === "postgres" && !(app.instances.isKnown() && app.instances.live("worker") <= 1);

  const serve = async (queue: QueueName, bell: Bell): Promise<void> => {
    const take = createTake(app, queue, kinds);
    const sharing = queue === "crawl" ? createSharing(isShared) : UNSHARED;
    while (!stopping.signal.aborted) {
      await bell.heard();
      const waitMs = sharing.waitMs(running(queue));
      if (waitMs >= 1) await systemClock.sleep(waitMs, stopping.signal).catch(() => {});
      const free = freePlaces(queue);
      if (free > 0 && !stopping.signal.aborted) {
        const asked = sharing.share(free);
        try {
          const taken = (await paused.read()).has(queue) ? [] : await take(asked);
          for (const run of taken) start(run);
          const isMore = sharing.took(taken.length, asked);
          bell.isFull = isMore && asked === free;
          if (isMore && asked < free) bell.ring();
          outage.works();
        } catch (error) {
          // The database is away, which others tell of too.
          outage.failed(error);
        }
      }
      pulse.beat();
    }
  };
  /** Finds what there is at the start, what nobody told of, and what was delayed. */
  const look = async (): Promise<void> => {
    const names = [...new Set(kinds.map((kind) => bossNameOf(kind.queue, kind)))];
    for (let delayMs = FIRST_LOOK_MS; ; delayMs = LOOK_EVERY_MS) {
      await systemClock.sleep(delayMs, stopping.signal).catch(() => {});
      if (stopping.signal.aborted) return;
      try {
        if (app.clock !== systemClock) await bringForward(db, jobs);
        const learn = paused.expect();
        const found = await findDue(jobs, names, namespaceOf(db));
        learn(found.paused);
        for (const name of found.due) bells.get(queueOf(name) as QueueName)?.ring();
        pulse.beat();
      } catch (error) {
        app.log.debug("jobs not looked for", { error });
      }
    }
  };

  const leave = [
    cache.subscribe(JOBS_CHANNEL, (queue) => bells.get(queue as QueueName)?.ring()),
    cache.subscribe(QUEUES_CHANNEL, () => {
      paused.forget();
      for (const bell of bells.values()) bell.ring();
    }),
    cache.subscribe(CANCEL_CHANNEL, (id) => {
      for (const run of runs.values()) if (run.id === id) run.abort("cancelled");
    }),
  ];
  const loops = [look(), ...[...bells].map(([queue, bell]) => serve(queue, bell))];
  const stopHeartbeats = startHeartbeats(jobs, () => runs.values());

  const stop = async (graceMs: number): Promise<void> => {
    stopping.abort();
    for (const off of leave) off();
    for (const bell of bells.values()) bell.ring();
    // A fetch that is under way, for which a database that is away may take long.
    await within(Math.max(graceMs, HAND_BACK_MS), loops);
    const shortMs = Math.min(SHORT_MS, graceMs / 4);
    await within(shortMs, settled);
    for (const run of runs.values()) run.abort("stopping");
    await within(graceMs - shortMs, settled);
    const left = [...runs.values()].filter((run) => !run.isSettling);
    for (const run of left)
      app.log.warn("job did not end, and was handed back", { jobId: run.id, kind: run.data?.kind });
    await within(
      HAND_BACK_MS,
      left.map((run) => settler.settle(run, { type: "handed back" })),
    );
    await stopHeartbeats();
  };
  return {
    pulse,
    running: () => Object.fromEntries(QUEUE_NAMES.map((queue) => [queue, running(queue)])) as Record<QueueName, number>,
    stop,
  };
}

/** For one statement each; without the database the heartbeats that are missed do the same. */
const HAND_BACK_MS = 2_000;

const keyOf = ({ id, retryCount }: Run) => `${id} ${retryCount}`;

/** Waits until all have ended, but not longer. */
async function within(ms: number, promises: Iterable<Promise<unknown>>): Promise<void> {
  const over = new AbortController();
  await Promise.race([Promise.allSettled(promises), systemClock.sleep(ms, over.signal).catch(() => {})]);
  over.abort();
}

/** Takes due jobs of a queue, at most so many. */
function createTake(app: App, queue: QueueName, kinds: readonly JobKind[]) {
  const { db, clock } = app;
  const jobs = jobsOf(db);
  const names = [...new Set(kinds.filter((kind) => kind.queue === queue).map((kind) => bossNameOf(queue, kind)))];
  // Each of its two names comes first in turn, so that neither starves.
  let turn = 0;
  return async (count: number): Promise<Run[]> => {
    if (names.length === 0) return [];
    if (clock !== systemClock) await bringForward(db, jobs);
    const order = names.length > 1 && turn++ % 2 === 1 ? names.toReversed() : names;
    const taken: Run[] = [];
    for (const name of order) {
      const batchSize = count - taken.length;
      if (batchSize <= 0) break;
      const found = await takeJobs(jobs, name, batchSize);
      taken.push(...found.map((job) => toRun(app, name, job)));
    }
    return taken;
  };
}

/** Runs all that is due, and what becomes due by it, until nothing is left; for tests, which move the clock. */
export async function runDueJobs(app: App, kinds: readonly JobKind[]): Promise<void> {
  const jobs = jobsOf(app.db);
  const byName = new Map(kinds.map((kind) => [kind.name, kind]));
  const settler = createSettler(app, byName);
  const runAndSettle = async (run: Run) => settler.settle(run, await runJob(app, byName, run));
  for (let isMore = true; isMore; ) {
    isMore = false;
    await bringForward(app.db, jobs);
    for (const name of BOSS_NAMES) {
      if (name === DEAD_LETTERS) continue;
      const found = await takeJobs(jobs, name, DUE_BATCH);
      isMore ||= found.length > 0;
      await Promise.all(found.map((job) => runAndSettle(toRun(app, name, job))));
    }
  }
}

const DUE_BATCH = 50;
