import { viewJob, viewJobDetail, viewQueue } from "../api/job-view.ts";
import type { App } from "../app.ts";
import { cancelJob, retryJob } from "../jobs/control.ts";
import { type Replayed, replayDeadLetters } from "../jobs/dead-letters.ts";
import { countJobs, createJobCounts, type QueueCounts, watchJobCounts } from "../jobs/job-counts.ts";
import { getJob, type Job, type JobDetail, type JobPlace, listJobs } from "../jobs/job-list.ts";
import { type EndedState, JOB_STATES, type JobState } from "../jobs/job-state.ts";
import { pauseQueue, resumeQueue } from "../jobs/pausing.ts";
import { type Purged, purgeJobs } from "../jobs/purge.ts";
import type { QueueName } from "../jobs/queues.ts";
import { type AccessFlags, toTable, withDatabase } from "./access-database.ts";
import type { JobAction, QueueAction } from "./job-commands.ts";
import { formatCount, formatDuration } from "./quantity.ts";
import { isTerminal, listenForInterrupt, writeError, writeOut } from "./terminal.ts";

const OVER_REST = "/api/v1/jobs and /api/v1/queues, with an administrator's key";

/** Rows that are read at a time, and jobs that are changed at a time. */
const PAGE = 200;
const MAX_CHANGES = 10_000;

type Filters<State> = AccessFlags & {
  state?: State;
  kind?: string;
  queue?: QueueName;
  /** Milliseconds. */
  older?: number;
};

export async function listJobsCommand(
  flags: Filters<JobState> & { key?: string; due?: true; limit: number },
): Promise<number> {
  const { state, kind, queue, key, due: isDue, json, limit } = flags;
  return withDatabase(
    flags,
    async ({ db, clock }) => {
      const createdBefore = before(flags.older, clock.now());
      const filter = { states: state && [state], kind, queue, key, isDue, createdBefore };
      const listed: Job[] = [];
      let place: JobPlace | undefined;
      while (listed.length < limit) {
        const size = Math.min(PAGE, limit - listed.length);
        const rows = await listJobs(db, { ...filter, before: place, limit: size });
        place = rows.at(-1)?.place;
        listed.push(...rows);
        if (json && !(await writeOut(rows.map((row) => `${JSON.stringify(viewJob(row))}\n`).join("")))) return;
        if (rows.length < size) break;
      }
      if (!json) await writeOut(toTable(listed, COLUMNS));
    },
    OVER_REST,
  );
}

export async function showJobCommand(id: string, flags: AccessFlags): Promise<number> {
  return withDatabase(flags, async ({ db }) => tellJob(await getJob(db, id), flags), OVER_REST);
}

export async function steerJobCommand(action: JobAction, id: string, flags: AccessFlags): Promise<number> {
  const work = async (app: App) => {
    const job = await (action === "retry" ? retryJob(app.db, id) : cancelJob(app, id));
    if (flags.json) await tellJob(job, flags);
    else await writeOut(`${job.id}  ${job.queue}  ${job.kind}  ${job.state}\n`);
  };
  return withDatabase(flags, work, OVER_REST);
}

export async function replayCommand(flags: Filters<never>): Promise<number> {
  const { kind, queue, older, json } = flags;
  const work = async ({ db, clock }: App) => {
    const filter = { kind, queue, createdBefore: before(older, clock.now()) };
    const total = { replayed: 0, held: 0 };
    let batch: Replayed;
    do {
      batch = await replayDeadLetters(db, filter, MAX_CHANGES);
      total.replayed += batch.replayed;
      // Those of the batch before were tried once more.
      total.held = Math.max(total.held, batch.held);
    } while (batch.hasMore && batch.replayed > 0);
    await writeOut(
      json ? `${JSON.stringify(total)}\n` : `${formatCount(total.replayed, "job")} made of dead letters\n`,
    );
    if (total.held > 0)
      writeError(`${formatCount(total.held, "dead letter")} stayed: another job that waits or runs has the key.\n`);
  };
  return withDatabase(flags, work, OVER_REST);
}

export async function purgeCommand(flags: Filters<EndedState>): Promise<number> {
  const { state, kind, queue, older, json } = flags;
  const work = async ({ db, clock }: App) => {
    const filter = { state, kind, queue, endedBefore: before(older, clock.now()) };
    let purged = 0;
    let batch: Purged;
    do {
      batch = await purgeJobs(db, filter, MAX_CHANGES);
      purged += batch.purged;
    } while (batch.hasMore && batch.purged > 0);
    await writeOut(json ? `${JSON.stringify({ purged })}\n` : `${formatCount(purged, "job")} deleted\n`);
  };
  return withDatabase(flags, work, OVER_REST);
}

export async function queuesCommand(flags: AccessFlags): Promise<number> {
  return withDatabase(flags, async ({ db }) => tellQueues(await countJobs(db), flags), OVER_REST);
}

export async function steerQueueCommand(action: QueueAction, queue: string, flags: AccessFlags): Promise<number> {
  const steer = action === "pause" ? pauseQueue : resumeQueue;
  const work = async (app: App) => tellQueues([await steer(app, queue)], flags);
  return withDatabase(flags, work, OVER_REST);
}

/** Until it is interrupted, or nobody reads. */
export async function watchCommand(flags: AccessFlags): Promise<number> {
  const interrupt = listenForInterrupt();
  const work = async ({ db, clock }: App) => {
    const counts = createJobCounts(db);
    let drawn = 0;
    for await (const queues of watchJobCounts({ counts, clock }, interrupt.signal)) {
      const now = clock.now();
      if (flags.json) {
        const line = { at: now.toISOString(), items: queues.map((queue) => viewQueue(queue)) };
        if (!(await writeOut(`${JSON.stringify(line)}\n`))) return;
        continue;
      }
      const table = `${formatTime(now)}\n${queueTable(queues)}`;
      // On a terminal it is drawn over the one before.
      if (!(await writeOut((drawn > 0 ? `\u001b[${drawn}A\u001b[J` : "") + table))) return;
      drawn = isTerminal() ? table.split("\n").length - 1 : 0;
    }
  };
  try {
    return await withDatabase(flags, work, OVER_REST);
  } finally {
    interrupt.dispose();
  }
}

const before = (olderMs: number | undefined, now: Date) =>
  olderMs === undefined ? undefined : new Date(now.getTime() - olderMs);

const formatTime = (at: Date | null) => (at === null ? "-" : `${at.toISOString().slice(0, 19).replace("T", " ")}Z`);
const formatMs = (ms: number | null) => (ms === null ? "-" : ms < 1_000 ? `${ms} ms` : formatDuration(ms));

const COLUMNS: Record<string, (job: Job) => string> = {
  ID: ({ id }) => id,
  QUEUE: ({ queue }) => queue,
  KIND: ({ kind }) => kind,
  STATE: ({ state }) => state,
  TRIES: ({ attempts, maxAttempts }) => `${attempts}/${maxAttempts}`,
  KEY: ({ key }) => key ?? "-",
  CREATED: ({ createdAt }) => formatTime(createdAt),
  WAITED: ({ waitMs }) => formatMs(waitMs),
  RAN: ({ runMs }) => formatMs(runMs),
  ERROR: ({ error }) => shorten(error ?? "-"),
};

const shorten = (text: string) => (text.length > 60 ? `${text.slice(0, 59)}…` : text);

async function tellJob(job: JobDetail, { json }: AccessFlags): Promise<void> {
  const view = viewJobDetail(job);
  if (json) return void (await writeOut(`${JSON.stringify(view)}\n`));
  const { links: _, failures, attempts, ...fields } = view;
  const known = { ...fields, attempts: `${attempts.made} of ${attempts.allowed}` };
  const rows = Object.entries(known).filter(([, value]) => value !== null);
  const told = failures.map(
    ({ attempt, failed_at: at, message }) => [`failure ${attempt}`, `${at} ${message}`] as const,
  );
  await writeOut(
    toTable([...rows, ...told], {
      "": ([name]) => name.replaceAll("_", " "),
      " ": ([, value]) => (typeof value === "string" ? value : JSON.stringify(value)),
    }).replace(/^\s*\n/, ""),
  );
}

async function tellQueues(queues: QueueCounts[], { json }: AccessFlags): Promise<void> {
  const lines = () => queues.map((queue) => `${JSON.stringify(viewQueue(queue))}\n`).join("");
  await writeOut(json ? lines() : queueTable(queues));
}

function queueTable(queues: QueueCounts[]): string {
  const counts = JOB_STATES.map((state) => [state.toUpperCase(), ({ jobs }: QueueCounts) => String(jobs[state])]);
  return toTable(queues, {
    QUEUE: ({ queue }) => queue,
    ...(Object.fromEntries(counts) as Record<string, (queue: QueueCounts) => string>),
    "OLDEST DUE": ({ oldestDueAt, oldestDueMs }) => formatMs(oldestDueAt && oldestDueMs),
    "PAUSED SINCE": ({ pausedAt }) => formatTime(pausedAt),
  });
}
