import { and, eq, getTableColumns, inArray } from "drizzle-orm";
import type { Cache } from "../cache.ts";
import { afterCommit } from "../db/after-commit.ts";
import { type Db, findViolatedConstraint } from "../db/db.ts";
import { AppError } from "../errors.ts";
import { CANCEL_CHANNEL } from "./announcements.ts";
import { replayLetters } from "./dead-letters.ts";
import { unscopeKey } from "./enqueue.ts";
import { findSuccessors, getJob, type JobDetail, kindOf } from "./job-list.ts";
import { type JobState, stateOf } from "./job-state.ts";
import { type JobTable, jobTableOf } from "./job-table.ts";
import { jobsOf } from "./jobs.ts";
import { BOSS_NAMES, DEAD_LETTERS, type QueueName, queueOf } from "./queues.ts";

/**
 * Has a job that ended run again, or one that waits for its time run now. One that is about to run stays as it is, so
 * that it is safe to repeat; a dead letter becomes a job of another id.
 * @throws AppError `not_found`, or `conflict` for one that is completed, was replayed, or whose key another job has
 */
export async function retryJob(db: Db, id: string): Promise<JobDetail> {
  const againId = await db.transaction(async (tx) => {
    const row = await lockJob(tx, id);
    const { state } = row;
    if (state === "waiting" || state === "active") return id;
    if (state === "completed") throw new AppError("conflict", `Job ${id} is completed: there is nothing to run again`);
    if (state === "dead") return replayOne(tx, row);
    await runNow(tx, row);
    return id;
  });
  return getJob(db, againId);
}

/**
 * Ends a job for good. One that runs is told to stop by the process that runs it, and what it brings no longer counts.
 * Safe to repeat.
 * @throws AppError `not_found`, or `conflict` for one that has ended otherwise
 */
export async function cancelJob({ db, cache }: { db: Db; cache: Cache }, id: string): Promise<JobDetail> {
  await db.transaction(async (tx) => {
    const row = await lockJob(tx, id);
    const { state } = row;
    if (state === "cancelled") return;
    if (state === "dead") throw new AppError("conflict", `Job ${id} is dead: it can be replayed, or purged`);
    if (state === "completed" || state === "failed")
      throw new AppError("conflict", `Job ${id} is ${state}: there is nothing left to cancel`);
    const { boss, within } = jobsOf(tx);
    await boss.cancel(row.name, id, { db: within(tx) });
    afterCommit(tx, () => void cache.publish(CANCEL_CHANNEL, id).catch(() => {}));
  });
  return getJob(db, id);
}

type Row = Omit<JobTable["$inferSelect"], "state"> & { state: JobState };

/** Nobody takes or ends it until the transaction is over. @throws AppError `not_found` */
async function lockJob(tx: Db, id: string): Promise<Row> {
  const table = jobTableOf(tx);
  const find = () =>
    tx
      .select({ ...getTableColumns(table), state: stateOf(table) })
      .from(table)
      .where(and(inArray(table.name, BOSS_NAMES), eq(table.id, id)))
      .for("update");
  // A job whose attempt fails at this moment is deleted and written anew, which only another look sees.
  const row = (await find())[0] ?? (await find())[0];
  if (!row) throw new AppError("not_found", `There is no job ${id}`);
  return row;
}

async function runNow(tx: Db, row: Row): Promise<void> {
  const { id, name, state } = row;
  const { boss, within, announce } = jobsOf(tx);
  const db = within(tx);
  const { deadLetterId, replayId } = await findSuccessors(tx, row);
  if (replayId !== null) throw new AppError("conflict", `Job ${id} was replayed already, as ${replayId}`);
  // Else it could be replayed besides.
  if (deadLetterId !== null) await boss.deleteJob(DEAD_LETTERS, deadLetterId, { db });
  if (state === "failed") await boss.retry(name, id, { db }).catch(asKeyConflict(row));
  if (state === "cancelled") await boss.resume(name, id, { db }).catch(asKeyConflict(row));
  // It also moves the end of the time for which a job that nobody takes is kept.
  await boss.update(name, undefined, { id, startAfter: 0, db });
  afterCommit(tx, () => announce(queueOf(name) as QueueName));
}

/** @returns the id of the job that it becomes */
async function replayOne(tx: Db, letter: Row): Promise<string> {
  const table = jobTableOf(tx);
  if ((await replayLetters(tx, [letter])) === 0) throw keyConflict(letter);
  const root = letter.sourceRootId ?? letter.sourceId;
  const [job] = await tx
    .select({ id: table.id })
    .from(table)
    .where(
      and(eq(table.sourceRootId, root ?? ""), eq(table.name, letter.sourceName ?? ""), eq(table.state, "created")),
    );
  if (!job) throw new Error(`The job that dead letter ${letter.id} became is not there`);
  return job.id;
}

function asKeyConflict(row: Row) {
  return (error: unknown): never => {
    throw findViolatedConstraint(error) === undefined ? error : keyConflict(row);
  };
}

function keyConflict({ id, data, singletonKey }: Row): AppError {
  const key = unscopeKey(kindOf({ data }), singletonKey);
  const why = key === undefined ? "another of its kind is in its way" : `another job has its key ${key}`;
  return new AppError("conflict", `Job ${id} can't be run again now: ${why}`);
}
