import { and, gt, isNull, ne, sql } from "drizzle-orm";
import type { Db } from "../db/db.ts";
import { instances } from "../db/schema/jobs.ts";

/** An instance tells of itself each few seconds; what is older says nothing of now. */
const FRESH = sql`clock_timestamp() - interval '15 seconds'`;

/** Hosts that another must have less than this process, for handing one over to be worth it. */
const MIN_DIFFERENCE = 2;

/** Whether another worker has so many fewer slices than this process that it should have one of them. */
export async function hasIdlerPeer(db: Db, instanceId: string, slices: number): Promise<boolean> {
  if (slices < MIN_DIFFERENCE) return false;
  const theirs = sql<number>`coalesce((${instances.load} -> 'jobs' ->> 'crawl')::int, 0)`;
  const isOther = and(ne(instances.id, instanceId), sql`'worker' = any(${instances.roles})`);
  const isAlive = and(gt(instances.seenAt, FRESH), isNull(instances.stoppingAt));
  const [peer] = await db
    .select({ id: instances.id })
    .from(instances)
    .where(and(isOther, isAlive, sql`${theirs} + ${MIN_DIFFERENCE} <= ${slices}`))
    .limit(1);
  return peer !== undefined;
}
