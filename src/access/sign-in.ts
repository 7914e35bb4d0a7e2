import type { Db } from "../db/db.ts";
import { users } from "../db/schema/users.ts";
import type { Identity } from "./tokens.ts";
import { findUserByIdentity, type User } from "./users.ts";

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
