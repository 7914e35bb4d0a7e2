import { and, eq, isNull, lte, or, type SQL } from "drizzle-orm";
import type { PgColumn } from "drizzle-orm/pg-core";
import type { Db } from "../db/db.ts";
import { apiKeys, users } from "../db/schema/users.ts";
import type { ApiKey } from "./keys.ts";
import type { Identity } from "./tokens.ts";

/** How exactly the time of a last use is known: to the second, every request would be a write. */
const EVERY_MS = 60_000;

/** Whether a last use is so long ago that another is worth writing down. */
export function isLongAgo(at: Date | null, now: Date): boolean {
  return at === null || now.getTime() - at.getTime() >= EVERY_MS;
}

/** Writes that a key and with it its user came by; nothing where another instance just did. */
export async function recordKeyUse(db: Db, { id, userId }: ApiKey, now: Date): Promise<void> {
  await db
    .update(apiKeys)
    .set({ lastUsedAt: now })
    .where(and(eq(apiKeys.id, id), wasLongAgo(apiKeys.lastUsedAt, now)));
  await recordSeen(db, userId, {}, now);
}

/** Writes that a user came by with a token, and what the provider says of them now. */
export async function recordSignIn(db: Db, userId: string, { name, email }: Identity, now: Date): Promise<void> {
  await recordSeen(db, userId, { name, email }, now);
}

async function recordSeen(db: Db, userId: string, said: { name?: string; email?: string }, now: Date): Promise<void> {
  await db
    .update(users)
    .set({ ...said, lastSeenAt: now })
    .where(and(eq(users.id, userId), wasLongAgo(users.lastSeenAt, now)));
}

function wasLongAgo(column: PgColumn, now: Date): SQL | undefined {
  return or(isNull(column), lte(column, new Date(now.getTime() - EVERY_MS)));
}
