import { and, lt, notExists, type SQL, sql } from "drizzle-orm";
import type { Db } from "../db/db.ts";
import { jobFailures, jobProgress } from "../db/schema/jobs.ts";
import { jobTableOf } from "./job-table.ts";
import { BOSS_NAMES } from "./queues.ts";

/** Deletes what we keep beside the queue's own tables of jobs that these no longer have, if it is older than `before`. */
export async function purgeJobRecords(db: Db, before: Date): Promise<void> {
  const job = jobTableOf(db);
  const isGone = (jobId: SQL) =>
    notExists(
      db
        .select({ one: sql`1` })
        .from(job)
        // With their names, since the key begins with them.
        .where(and(sql`${job.name} in ${BOSS_NAMES}`, sql`${job.id} = ${jobId}`)),
    );
  await db.delete(jobProgress).where(and(lt(jobProgress.updatedAt, before), isGone(sql`${jobProgress.jobId}`)));
  await db.delete(jobFailures).where(and(lt(jobFailures.failedAt, before), isGone(sql`${jobFailures.jobId}`)));
}
