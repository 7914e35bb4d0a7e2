import { and, asc, inArray, lt, notExists, sql } from "drizzle-orm";
import type { Db } from "../db/db.ts";
import { jobFailures, jobProgress } from "../db/schema/jobs.ts";
import { AppError } from "../errors.ts";
import { matches } from "./job-list.ts";
import { ENDED_STATES, type EndedState } from "./job-state.ts";
import { type JobTable, jobTableOf } from "./job-table.ts";
import { jobsOf } from "./jobs.ts";
import { DEAD_LETTERS, type QueueName } from "./queues.ts";

export type PurgeFilter = { state?: EndedState; kind?: string; queue?: QueueName; endedBefore?: Date };

export type Purged = { purged: number; hasMore: boolean };

/** How many rows one transaction touches. */
const BATCH = 500;

/**
 * Deletes jobs that have ended, and what is known of them; at most `limit`, the oldest first. Safe to repeat.
 * @throws AppError `invalid` without any filter, lest everything goes by a slip
 */
export async function purgeJobs(db: Db, filter: PurgeFilter, limit: number): Promise<Purged> {
  const { state, kind, queue, endedBefore } = filter;
  if (state === undefined && kind === undefined && queue === undefined && endedBefore === undefined) {
    const message = "is needed, or kind, queue or ended_before: what is purged must be said";
    throw new AppError("invalid", `state ${message}`, { faults: [{ at: "state", message }] });
  }
  const table = jobTableOf(db);
  const states = state ? [state] : ENDED_STATES;
  const areWanted = and(matches(table, { states, kind, queue }), endedBefore && endedOnOf(table, endedBefore));
  let purged = 0;
  for (;;) {
    const batch = await db.transaction((tx) => purgeBatch(tx, areWanted, Math.min(BATCH, limit - purged)));
    purged += batch;
    if (batch < BATCH || purged >= limit) break;
  }
  const [more] = await db.select({ id: table.id }).from(table).where(areWanted).limit(1);
  return { purged, hasMore: more !== undefined };
}

/** A dead letter ended when it was written. */
const endedOnOf = (table: JobTable, before: Date) =>
  lt(sql`coalesce(${table.completedOn}, ${table.createdOn})`, sql`${before.toISOString()}::timestamptz`);

async function purgeBatch(tx: Db, areWanted: ReturnType<typeof and>, limit: number): Promise<number> {
  const table = jobTableOf(tx);
  const { boss, within } = jobsOf(tx);
  const rows = await tx
    .select({ id: table.id, name: table.name })
    .from(table)
    .where(areWanted)
    .orderBy(asc(table.createdOn))
    .limit(limit)
    .for("update", { skipLocked: true });
  const byName = Map.groupBy(rows, ({ name }) => name);
  for (const [name, jobs] of byName) {
    const ids = jobs.map(({ id }) => id);
    await boss.deleteJob(name, ids, { db: within(tx) });
    await tx.delete(jobProgress).where(inArray(jobProgress.jobId, ids));
    const letter = tx.select({ one: sql`1` }).from(table);
    const isToldOf = and(sql`${table.name} = ${DEAD_LETTERS}`, sql`${table.sourceId} = ${jobFailures.jobId}`);
    // The errors of a failed job are its dead letter's too, as long as there is that.
    await tx.delete(jobFailures).where(and(inArray(jobFailures.jobId, ids), notExists(letter.where(isToldOf))));
  }
  return rows.length;
}
