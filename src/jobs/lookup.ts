import { and, inArray, lte, sql } from "drizzle-orm";
import type { Db } from "../db/db.ts";
import { type BossState, jobTableOf } from "./job-table.ts";
import { bossNamesOf, type QueueName } from "./queues.ts";

/** Whether jobs of a queue wait although they could be run: all who serve it are busy. */
export async function hasDueJobs(db: Db, queue: QueueName): Promise<boolean> {
  const job = jobTableOf(db);
  const isDue = and(inArray(job.state, ["created", "retry"]), lte(job.startAfter, sql`now()`));
  const [first] = await db
    .select({ id: job.id })
    .from(job)
    .where(and(inArray(job.name, bossNamesOf(queue)), isDue))
    .limit(1);
  return first !== undefined;
}

/** Where jobs of a queue stand; those that there are no more are left out. */
export async function findJobStates(db: Db, queue: QueueName, ids: readonly string[]): Promise<Map<string, BossState>> {
  if (ids.length === 0) return new Map();
  const job = jobTableOf(db);
  const isOne = and(inArray(job.name, bossNamesOf(queue)), inArray(job.id, [...ids]));
  const rows = await db.select({ id: job.id, state: job.state }).from(job).where(isOne);
  return new Map(rows.map(({ id, state }) => [id, state]));
}
