import { and, asc, eq, gte, inArray, isNotNull, isNull } from "drizzle-orm";
import type { Cache } from "../cache.ts";
import { type Clock, daysBefore } from "../clock.ts";
import type { Db } from "../db/db.ts";
import { crawlJobs } from "../db/schema/crawls.ts";
import { LOCAL_USER_ID, users } from "../db/schema/users.ts";
import { websites } from "../db/schema/websites.ts";
import { AppError } from "../errors.ts";
import { announceChange } from "./announcements.ts";
import { asConflict, getUser, type Role, type User, userNotFound } from "./users.ts";

/** What changes somebody's access takes: after the database has it, all instances are told. */
export type AccessContext = { db: Db; cache: Cache; clock: Clock };

export type UserChange = { name?: string; email?: string | null; role?: Role };

/**
 * @throws AppError `not_found`, or `conflict` for an e-mail address that another has, for what the identity provider
 * would change back, and for demoting the last administrator
 */
export async function changeUser({ db, cache }: AccessContext, id: string, change: UserChange): Promise<User> {
  const { name, email, role } = change;
  const changed = await db.transaction(async (tx) => {
    if (role === "user") await keepAnAdministrator(tx, id);
    const user = await getUser(tx, id);
    if (user.issuer !== null && (name !== undefined || email !== undefined))
      throw new AppError("conflict", `${user.name} signs in through ${user.issuer}: name and e-mail are changed there`);
    if (name === undefined && email === undefined && role === undefined) return user;
    const [row] = await tx
      .update(users)
      .set({ name, email, role })
      .where(eq(users.id, id))
      .returning()
      .catch(asConflict(email));
    return row ?? user;
  });
  await announceChange(cache, { userId: id });
  return changed;
}

/**
 * Ends a user's access at once, by key and by token; what is theirs stays, and their crawls go on. Safe to repeat.
 * @throws AppError `not_found`, or `conflict` for the last administrator
 */
export async function disableUser({ db, cache, clock }: AccessContext, id: string): Promise<User> {
  const user = await db.transaction(async (tx) => {
    await keepAnAdministrator(tx, id);
    const found = await getUser(tx, id);
    if (found.disabledAt) return found;
    const [row] = await tx.update(users).set({ disabledAt: clock.now() }).where(eq(users.id, id)).returning();
    return row ?? found;
  });
  await announceChange(cache, { userId: id });
  return user;
}

/** Gives back what `disableUser` took. Safe to repeat. @throws AppError `not_found` */
export async function enableUser({ db, cache }: AccessContext, id: string): Promise<User> {
  const [user] = await db
    .update(users)
    .set({ disabledAt: null })
    .where(and(eq(users.id, id), isNull(users.deletedAt)))
    .returning();
  if (!user) throw userNotFound(id);
  await announceChange(cache, { userId: id });
  return user;
}

/**
 * Hides a user with their websites, ends their access and cancels their crawls, until `restoreUser` or the purge. Who
 * is to be kept out should be disabled: once purged, the identity provider's user could come back as a new one.
 * @returns the ids of the cancelled crawls, for their workers to be told
 * @throws AppError `not_found`, or `conflict` for the local user and the last administrator
 */
export async function deleteUser({ db, cache, clock }: AccessContext, id: string): Promise<string[]> {
  if (id === LOCAL_USER_ID)
    throw new AppError("conflict", "The local user stands for whoever runs Orbweaver: disable it instead", {
      code: "local_user",
    });
  const now = clock.now();
  const cancelled = await db.transaction(async (tx) => {
    await keepAnAdministrator(tx, id);
    await getUser(tx, id);
    await tx.update(users).set({ deletedAt: now }).where(eq(users.id, id));
    // Websites that were deleted before have another instant, by which `restoreUser` knows them.
    await tx
      .update(websites)
      .set({ deletedAt: now })
      .where(and(eq(websites.userId, id), isNull(websites.deletedAt)));
    const theirs = tx.select({ id: websites.id }).from(websites).where(eq(websites.userId, id));
    return tx
      .update(crawlJobs)
      .set({ state: "cancelled", endReason: "cancelled", finishedAt: now, leaseOwner: null, leasedUntil: null })
      .where(and(inArray(crawlJobs.websiteId, theirs), inArray(crawlJobs.state, ["queued", "running", "paused"])))
      .returning({ id: crawlJobs.id });
  });
  await announceChange(cache, { userId: id });
  return cancelled.map((crawl) => crawl.id);
}

/**
 * Brings a deleted user back with the websites that went with them; their keys work again, their crawls stay cancelled.
 * @throws AppError `not_found` when there is no such deleted user, `gone` after `retentionDays`, `conflict` when another
 * has taken the e-mail address
 */
export async function restoreUser(
  { db, cache, clock }: AccessContext,
  id: string,
  retentionDays: number,
): Promise<User> {
  const since = daysBefore(clock.now(), retentionDays);
  const user = await db.transaction(async (tx) => {
    const [deleted] = await tx
      .select()
      .from(users)
      .where(and(eq(users.id, id), isNotNull(users.deletedAt)))
      .for("update");
    if (!deleted?.deletedAt) throw new AppError("not_found", `There is no deleted user ${id}`);
    if (deleted.deletedAt < since)
      throw new AppError(
        "gone",
        `${deleted.name} was deleted more than ${retentionDays} days ago: that can't be undone`,
      );
    await tx
      .update(websites)
      .set({ deletedAt: null })
      .where(and(eq(websites.userId, id), eq(websites.deletedAt, deleted.deletedAt)));
    const [row] = await tx
      .update(users)
      .set({ deletedAt: null })
      .where(and(eq(users.id, id), gte(users.deletedAt, since)))
      .returning()
      .catch(asConflict(deleted.email));
    return row ?? deleted;
  });
  await announceChange(cache, { userId: id });
  return user;
}

/**
 * All administrators are locked, in one order, so that of two who remove each other at once the second sees what the
 * first has done.
 * @throws AppError `conflict` when nobody would be left to administer the service
 */
async function keepAnAdministrator(tx: Db, id: string): Promise<void> {
  const administrators = await tx
    .select({ id: users.id })
    .from(users)
    .where(and(eq(users.role, "admin"), isNull(users.disabledAt), isNull(users.deletedAt)))
    .orderBy(asc(users.id))
    .for("update");
  if (administrators.length !== 1 || administrators[0]?.id !== id) return;
  throw new AppError("conflict", "Nobody would be left to administer the service: make another user admin first", {
    code: "last_administrator",
  });
}
