import { Type } from "@sinclair/typebox";
import { and, inArray, isNull, lt } from "drizzle-orm";
import { daysBefore } from "../clock.ts";
import type { Db } from "../db/db.ts";
import { hosts } from "../db/schema/crawls.ts";
import { cacheEntries, instances } from "../db/schema/jobs.ts";
import { purgeJobRecords } from "../jobs/job-records.ts";
import { defineJob } from "../jobs/kind.ts";
import { withResultKept } from "../schedules/system-schedules.ts";

/** Time after which a process that was not seen is of no interest any more. */
const INSTANCE_DAYS = 1;
/** Progress and errors of jobs that are kept no longer; so that what is noted just before its job is not lost. */
const JOB_RECORD_DAYS = 1;
/** A host that nobody asked for so long is met anew. */
const HOST_DAYS = 30;

const BATCH = 1_000;

export const recordRetention = withResultKept(
  defineJob({
    name: "job-records",
    about:
      "Deletes what the cluster noted for itself and needs no longer: of jobs, hosts, instances, and shared values",
    queue: "maintenance",
    payload: Type.Object({}),
    retry: { limit: 1, delaySeconds: 60, maxDelaySeconds: 60 },
    timeoutSeconds: 1_800,
    keepSeconds: 86_400,
    isUnique: true,
    run: ({ db, clock }, _, { signal }) => purgeRecords(db, clock.now(), signal),
  }),
);

/** Rows that were deleted. */
export type RecordCounts = Record<"cacheEntries" | "instances" | "hosts", number>;

/** Each statement takes some rows, so that whoever wants them need not wait. Safe to repeat, and to run anywhere. */
export async function purgeRecords(db: Db, now: Date, signal?: AbortSignal): Promise<RecordCounts> {
  await purgeJobRecords(db, daysBefore(now, JOB_RECORD_DAYS));
  return {
    cacheEntries: await repeat(signal, () => {
      const some = db
        .select({ key: cacheEntries.key })
        .from(cacheEntries)
        .where(lt(cacheEntries.expiresAt, now))
        .limit(BATCH);
      // Asked again, since the value may have been replaced meanwhile.
      const isOver = and(inArray(cacheEntries.key, some), lt(cacheEntries.expiresAt, now));
      return db.delete(cacheEntries).where(isOver).returning({ key: cacheEntries.key });
    }),
    instances: await repeat(signal, () =>
      db
        .delete(instances)
        .where(lt(instances.seenAt, daysBefore(now, INSTANCE_DAYS)))
        .returning({ id: instances.id }),
    ),
    hosts: await repeat(signal, () => {
      const isIdle = and(isNull(hosts.leaseToken), lt(hosts.updatedAt, daysBefore(now, HOST_DAYS)));
      const some = db.select({ host: hosts.host }).from(hosts).where(isIdle).limit(BATCH);
      return db
        .delete(hosts)
        .where(and(inArray(hosts.host, some), isIdle))
        .returning({ host: hosts.host });
    }),
  };
}

async function repeat(signal: AbortSignal | undefined, remove: () => Promise<unknown[]>): Promise<number> {
  let count = 0;
  let last = BATCH;
  while (last >= BATCH && !signal?.aborted) {
    last = (await remove()).length;
    count += last;
  }
  return count;
}
