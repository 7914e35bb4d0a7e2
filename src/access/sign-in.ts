import { and, eq, isNull, lte, or } from "drizzle-orm";
import type { Db } from "../db/db.ts";
import { users } from "../db/schema/users.ts";
import type { Identity } from "./tokens.ts";
import { findUserByIdentity, type User } from "./users.ts";

/** How exactly the time of the last use is known: writing it at every request would make each a write. */
export const SEEN_EVERY_MS = 60_000;

/**
 * The user of a verified identity, in whatever state; made at the first sign-in, once, however many requests come with
 * it. An address is no identity: a user made here with the same e-mail address is somebody else.
 */
export async function findOrCreateUser(db: Db, identity: Identity, now: Date): Promise<User> {
  const { issuer, subject, email } = identity;
  const found = await findUserByIdentity(db, issuer, subject);
  if (found) return found;
  const name = identity.name ?? email ?? subject;
  const [created] = await db
    .insert(users)
    .values({ issuer, subject, name, email, lastSeenAt: now })
    .onConflictDoNothing({ target: [users.issuer, users.subject] })
    .returning();
  const user = created ?? (await findUserByIdentity(db, issuer, subject));
  if (!user) throw new Error("A user was there and is gone within a moment");
  return user;
}

export function isSeenLongAgo(at: Date | null, now: Date): boolean {
  return at === null || now.getTime() - at.getTime() >= SEEN_EVERY_MS;
}

/** Writes when the user was seen, and what the provider says of them now; nothing when another instance just did. */
export async function recordSignIn(db: Db, userId: string, { name, email }: Identity, now: Date): Promise<void> {
  const longAgo = new Date(now.getTime() - SEEN_EVERY_MS);
  await db
    .update(users)
    .set({ name, email, lastSeenAt: now })
    .where(and(eq(users.id, userId), or(isNull(users.lastSeenAt), lte(users.lastSeenAt, longAgo))));
}
