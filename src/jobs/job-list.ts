import { and, asc, desc, eq, gte, inArray, lt, or, type SQL, sql } from "drizzle-orm";
import type { Db } from "../db/db.ts";
import { jobFailures, jobProgress } from "../db/schema/jobs.ts";
import { AppError } from "../errors.ts";
import { unscopeKey } from "./enqueue.ts";
import { isDue, isInAnyState, type JobState, stateOf } from "./job-state.ts";
import { type JobTable, jobTableOf } from "./job-table.ts";
import { BOSS_NAMES, bossNamesOf, DEAD_LETTERS, type QueueName, queueOf } from "./queues.ts";

/** A job as people look at it, whichever table of the queue it is kept in. */
export type Job = {
  id: string;
  /** Of a dead letter: where it failed. */
  queue: string;
  kind: string;
  state: JobState;
  key: string | null;
  priority: number;
  payload: unknown;
  /** Those that began. */
  attempts: number;
  maxAttempts: number;
  /** What the last attempt failed of. */
  error: string | null;
  result: unknown;
  createdAt: Date;
  /** Of one that failed and will be tried again: when. */
  dueAt: Date;
  /** Its last attempt. */
  startedAt: Date | null;
  endedAt: Date | null;
  /** The last sign of life of who runs it. */
  aliveAt: Date | null;
  /** Milliseconds from being due to being taken, or until now; of the last attempt. */
  waitMs: number | null;
  /** Milliseconds of the last attempt, so far if it still runs. */
  runMs: number | null;
  /** Of a dead letter: the job that failed. */
  origin: { id: string; createdAt: Date | null } | null;
  place: JobPlace;
};

/** A job's place in the list: when it was made, to the microsecond, and its id, since several are made at once. */
export type JobPlace = { createdAtUs: string; id: string };

export type JobFilter = {
  states?: readonly JobState[];
  kind?: string;
  queue?: QueueName;
  key?: string;
  createdAfter?: Date;
  createdBefore?: Date;
  /** Those to be run now. */
  isDue?: boolean;
};

/** Jobs, newest first, those after the place `before`. */
export async function listJobs(
  db: Db,
  { limit, before, ...filter }: JobFilter & { limit: number; before?: JobPlace },
): Promise<Job[]> {
  const table = jobTableOf(db);
  // Without an index for it, which every job would pay for: what is shown of a job is read of those that are shown.
  const newest = [desc(table.createdOn), desc(table.id)];
  const shown = db
    .select({ name: table.name, id: table.id })
    .from(table)
    .where(and(matches(table, filter), before && isAfter(table, before)))
    .orderBy(...newest)
    .limit(limit)
    .as("shown");
  const rows = await db
    .select(columnsOf(table))
    .from(table)
    .innerJoin(shown, and(eq(table.name, shown.name), eq(table.id, shown.id)))
    .orderBy(...newest);
  return rows.map(toJob);
}

/** An attempt that failed. */
export type JobFailure = { attempt: number; message: string; startedAt: Date | null; failedAt: Date };

export type JobDetail = Job & {
  /** What it last said of how far it is. */
  progress: Record<string, unknown> | null;
  failures: JobFailure[];
  /** Of a failed one: the dead letter that is left of it, until that is replayed or purged. */
  deadLetterId: string | null;
  /** Of a failed one whose dead letter was replayed: as which job. */
  replayId: string | null;
};

/** @throws AppError `not_found` */
export async function getJob(db: Db, id: string): Promise<JobDetail> {
  const table = jobTableOf(db);
  const [row] = await db
    .select(columnsOf(table))
    .from(table)
    .where(and(inArray(table.name, BOSS_NAMES), eq(table.id, id)));
  if (!row) throw new AppError("not_found", `There is no job ${id}`);
  // What a dead letter can tell stands under the id of the job that failed.
  const toldOf = row.sourceId ?? id;
  const [progress] = await db.select().from(jobProgress).where(eq(jobProgress.jobId, toldOf));
  const failures = await db
    .select()
    .from(jobFailures)
    .where(eq(jobFailures.jobId, toldOf))
    .orderBy(asc(jobFailures.attempt));
  const { deadLetterId, replayId } = await findSuccessors(db, row);
  return {
    ...toJob(row),
    progress: progress?.progress ?? null,
    failures: failures.map(({ attempt, message, startedAt, failedAt }) => ({ attempt, message, startedAt, failedAt })),
    deadLetterId,
    replayId,
  };
}

export function matches(table: JobTable, filter: JobFilter): SQL | undefined {
  const { states, kind, queue, key, createdAfter, createdBefore } = filter;
  return and(
    queue === undefined ? inArray(table.name, BOSS_NAMES) : isOfQueue(table, queue),
    states && isInAnyState(table, states),
    kind === undefined ? undefined : sql`${table.data} ->> 'kind' = ${kind}`,
    key === undefined ? undefined : sql`${table.singletonKey} = (${table.data} ->> 'kind') || '/' || ${key}`,
    createdAfter && gte(table.createdOn, createdAfter),
    createdBefore && lt(table.createdOn, createdBefore),
    filter.isDue ? isDue(table) : undefined,
  );
}

function isOfQueue(table: JobTable, queue: QueueName): SQL | undefined {
  const names = bossNamesOf(queue);
  const isItsLetter = and(eq(table.name, DEAD_LETTERS), inArray(table.sourceName, names));
  return or(inArray(table.name, names), isItsLetter);
}

const microsecondsOf = ({ createdOn }: JobTable) =>
  sql<string>`(extract(epoch from ${createdOn}) * 1000000)::bigint::text`;

function isAfter(table: JobTable, { createdAtUs, id }: JobPlace): SQL {
  const at = sql`timestamptz 'epoch' + ${createdAtUs}::bigint * interval '1 microsecond'`;
  return sql`(${table.createdOn}, ${table.id}) < (${at}, ${id}::uuid)`;
}

const columnsOf = (table: JobTable) => ({
  id: table.id,
  name: table.name,
  priority: table.priority,
  data: table.data,
  state: stateOf(table),
  lookedAt: sql<Date>`now()`.mapWith(table.createdOn),
  retryLimit: table.retryLimit,
  retryCount: table.retryCount,
  singletonKey: table.singletonKey,
  startAfter: table.startAfter,
  createdOn: table.createdOn,
  createdOnUs: microsecondsOf(table),
  startedOn: table.startedOn,
  completedOn: table.completedOn,
  heartbeatOn: table.heartbeatOn,
  output: table.output,
  sourceName: table.sourceName,
  sourceId: table.sourceId,
  sourceCreatedOn: table.sourceCreatedOn,
  sourceRetryCount: table.sourceRetryCount,
  sourceOutput: table.sourceOutput,
  sourceRootId: table.sourceRootId,
});

type Row = Omit<JobTable["$inferSelect"], "state"> & { state: JobState; createdOnUs: string; lookedAt: Date };

function toJob(row: Row): Job {
  const { state, lookedAt } = row;
  const kind = kindOf(row);
  const isDead = state === "dead";
  const startedAt = isDead ? null : row.startedOn;
  const times = { dueAt: row.startAfter, startedAt, endedAt: isDead ? null : row.completedOn };
  return {
    id: row.id,
    queue: queueOf((isDead && row.sourceName) || row.name),
    kind,
    state,
    key: unscopeKey(kind, row.singletonKey) ?? null,
    priority: row.priority,
    payload: row.data?.payload ?? null,
    attempts: countAttempts(row, isDead),
    // A dead letter is kept under other rules than the job that it was.
    maxAttempts: isDead ? countAttempts(row, isDead) : row.retryLimit + 1,
    error: state === "completed" ? null : (messageOf(row.output) ?? messageOf(row.sourceOutput)),
    result: state === "completed" ? row.output : null,
    createdAt: row.createdOn,
    ...times,
    aliveAt: state === "active" ? row.heartbeatOn : null,
    waitMs: isDead ? null : countWaitMs(state, times, lookedAt),
    runMs: countRunMs(state, times, lookedAt),
    origin: isDead && row.sourceId ? { id: row.sourceId, createdAt: row.sourceCreatedOn } : null,
    place: { createdAtUs: row.createdOnUs, id: row.id },
  };
}

export const kindOf = ({ data }: Pick<Row, "data">): string => (typeof data?.kind === "string" ? data.kind : "");

/** Retries are counted when they are taken, and not the first attempt. */
function countAttempts({ startedOn, retryCount, sourceRetryCount }: Row, isDead: boolean): number {
  if (isDead) return (sourceRetryCount ?? 0) + 1;
  return startedOn === null ? 0 : retryCount + 1;
}

type Times = { dueAt: Date; startedAt: Date | null; endedAt: Date | null };

function countWaitMs(state: JobState, { dueAt, startedAt }: Times, now: Date): number | null {
  const isTaken = startedAt !== null && state !== "waiting" && state !== "retrying";
  const until = isTaken ? startedAt : now;
  const isKnown = isTaken || state === "waiting" || state === "retrying";
  // One that failed for good keeps the time of an attempt that there was not.
  return isKnown && until >= dueAt ? until.getTime() - dueAt.getTime() : null;
}

function countRunMs(state: JobState, { startedAt, endedAt }: Times, now: Date): number | null {
  const until = endedAt ?? (state === "active" ? now : null);
  return startedAt && until ? Math.max(0, until.getTime() - startedAt.getTime()) : null;
}

function messageOf(output: unknown): string | null {
  if (typeof output !== "object" || output === null || !("message" in output)) return null;
  return typeof output.message === "string" ? output.message : null;
}

type Lineage = Pick<Row, "id" | "state" | "name" | "sourceRootId" | "createdOn">;

/** What came of a job that failed. All that descend from one job carry its id. */
export async function findSuccessors(db: Db, { id, state, name, sourceRootId, createdOn }: Lineage) {
  if (state !== "failed" || name === DEAD_LETTERS) return { deadLetterId: null, replayId: null };
  const table = jobTableOf(db);
  const descendants = await db
    .select({ id: table.id, name: table.name, sourceId: table.sourceId, createdOn: table.createdOn })
    .from(table)
    .where(eq(table.sourceRootId, sourceRootId ?? id))
    .orderBy(asc(table.createdOn));
  const letter = descendants.find((other) => other.name === DEAD_LETTERS && other.sourceId === id);
  const replay = descendants.find(
    (other) => other.name !== DEAD_LETTERS && other.id !== id && other.createdOn > createdOn,
  );
  return { deadLetterId: letter?.id ?? null, replayId: replay?.id ?? null };
}
