import { sql } from "drizzle-orm";
import { type Db, rowsOf } from "../db/db.ts";

/** Any numbers that no other program is likely to lock by, and no other task of ours; one for each task. */
export const LOCKS = { purge: 7_306_642, crawlLogs: 7_306_643, versions: 7_306_644 } as const;

/**
 * Repeats a short transaction until it says that nothing is left: `"done"`. Only one instance is at it at a time: one
 * that finds another there leaves the work to it. The lock is taken for each batch anew, as one for all would need a
 * transaction that stays open, or a session, which a pooler does not give.
 */
export async function inBatches(
  db: Db,
  signal: AbortSignal | undefined,
  work: (tx: Db) => Promise<"more" | "done">,
  lock: number = LOCKS.purge,
): Promise<void> {
  let state: "more" | "done" = "more";
  while (state === "more" && !signal?.aborted) {
    state = await db.transaction(
      async (tx) => ((await isAlone(tx, lock)) ? work(tx) : "done"),
      // Each statement sees what was committed before it, on which the purge of bodies rests.
      { isolationLevel: "read committed" },
    );
  }
}

async function isAlone(tx: Db, lock: number): Promise<boolean> {
  const result = await tx.execute(sql`select pg_try_advisory_xact_lock(${sql.raw(String(lock))}) as alone`);
  return rowsOf<{ alone: boolean }>(result)[0]?.alone === true;
}
