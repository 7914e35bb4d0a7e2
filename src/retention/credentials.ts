import { and, eq, inArray, lt, notExists, or, type SQL, sql } from "drizzle-orm";
import type { Db } from "../db/db.ts";
import { apiKeys, idempotencyKeys, users } from "../db/schema/users.ts";
import { websites } from "../db/schema/websites.ts";
import { inBatches } from "./batches.ts";

/** Few, as the database looks for each key's crawls. */
const BATCH = 100;

/** Users who were deleted before an instant and have no website left, with their keys. */
export async function purgeUsers(db: Db, before: Date, signal?: AbortSignal): Promise<number> {
  const theirs = db.select({ id: websites.id }).from(websites).where(eq(websites.userId, users.id));
  const isDue = and(lt(users.deletedAt, before), notExists(theirs));
  return purgeSome(db, signal, async (tx) => {
    // Locked, so that nobody is restored between being found and being deleted.
    const some = tx.select({ id: users.id }).from(users).where(isDue).limit(BATCH).for("update", { skipLocked: true });
    return tx.delete(users).where(inArray(users.id, some)).returning({ id: users.id });
  });
}

/** Keys that were revoked, or expired, before an instant. */
export async function purgeKeys(db: Db, before: Date, signal?: AbortSignal): Promise<number> {
  const hasEnded: SQL | undefined = or(lt(apiKeys.revokedAt, before), lt(apiKeys.expiresAt, before));
  return purgeSome(db, signal, async (tx) => {
    const some = tx.select({ id: apiKeys.id }).from(apiKeys).where(hasEnded).limit(BATCH);
    return tx.delete(apiKeys).where(inArray(apiKeys.id, some)).returning({ id: apiKeys.id });
  });
}

/** Answers whose keys have expired. */
export async function purgeIdempotencyKeys(db: Db, now: Date, signal?: AbortSignal): Promise<number> {
  return purgeSome(db, signal, async (tx) => {
    const { userId, key, expiresAt } = idempotencyKeys;
    const some = tx.select({ userId, key }).from(idempotencyKeys).where(lt(expiresAt, now)).limit(BATCH);
    // Asked again, since the key may have been taken anew meanwhile.
    return tx
      .delete(idempotencyKeys)
      .where(and(sql`(${userId}, ${key}) in ${some}`, lt(expiresAt, now)))
      .returning({ key });
  });
}

async function purgeSome(
  db: Db,
  signal: AbortSignal | undefined,
  remove: (tx: Db) => Promise<unknown[]>,
): Promise<number> {
  let count = 0;
  await inBatches(db, signal, async (tx) => {
    const { length } = await remove(tx);
    count += length;
    return length === BATCH ? "more" : "done";
  });
  return count;
}
