import { and, desc, eq, getTableColumns, gt, isNotNull, isNull, lt, lte, or, type SQL } from "drizzle-orm";
import type { Cache } from "../cache.ts";
import type { Clock } from "../clock.ts";
import type { Db } from "../db/db.ts";
import { apiKeys, type Permission, users } from "../db/schema/users.ts";
import { AppError } from "../errors.ts";
import { announceChange } from "./announcements.ts";
import { digestOf, isSameDigest, isWellFormed, makeSecret, prefixOf } from "./key-format.ts";
import { may, type Principal } from "./principal.ts";
import { getUser, type User } from "./users.ts";
import type { Viewer } from "./viewer.ts";

/** The digest stays in this file. */
const { hash: _, ...columns } = getTableColumns(apiKeys);

export type ApiKey = Omit<typeof apiKeys.$inferSelect, "hash">;

export type NewKey = {
  /** Who makes it: a key may not hold what its maker may not. */
  maker: Principal;
  /** Whose it is. */
  userId: string;
  name: string;
  permissions: readonly Permission[];
  /** Null for never. */
  expiresAt: Date | null;
};

/**
 * Makes a key.
 * @returns the key's row, and the key itself: this once, since only its digest is stored
 * @throws AppError `invalid` for no permission, a past expiry, or `admin` for a user who is none; `forbidden` for what
 * the maker may not hand on; `not_found` for the user
 */
export async function createKey(db: Db, request: NewKey, now: Date): Promise<{ key: ApiKey; secret: string }> {
  return db.transaction(async (tx) => {
    const user = await getUser(tx, request.userId);
    refuseNonsense(request, user, now);
    await refuseMoreThanMaker(tx, request);
    return insertKey(tx, request);
  });
}

/** The insertion alone, for who has checked what `createKey` checks. */
export async function insertKey(tx: Db, request: Omit<NewKey, "maker">): Promise<{ key: ApiKey; secret: string }> {
  const { userId, name, expiresAt } = request;
  const permissions = [...new Set(request.permissions)];
  const secret = makeSecret();
  const row = { userId, name, permissions, expiresAt, hash: digestOf(secret), prefix: prefixOf(secret) };
  const [key] = await tx.insert(apiKeys).values(row).returning(columns);
  if (!key) throw new Error("An insertion without a conflict clause gives its row");
  return { key, secret };
}

export const KEY_STATES = ["usable", "expired", "revoked"] as const;
export type KeyState = (typeof KEY_STATES)[number];

export type KeyFilter = {
  viewer: Viewer;
  userId?: string;
  state?: KeyState;
  limit: number;
  /** Only keys that come after the one with this id. */
  after?: string;
  now: Date;
};

/** Newest first. */
export async function listKeys(db: Db, filter: KeyFilter): Promise<ApiKey[]> {
  return db
    .select(columns)
    .from(apiKeys)
    .where(
      and(
        isVisibleTo(filter.viewer),
        filter.userId ? eq(apiKeys.userId, filter.userId) : undefined,
        filter.state ? isInState(filter.state, filter.now) : undefined,
        filter.after ? lt(apiKeys.id, filter.after) : undefined,
      ),
    )
    .orderBy(desc(apiKeys.id))
    .limit(filter.limit);
}

/** @throws AppError `not_found` also when it belongs to somebody else */
export async function getKey(db: Db, viewer: Viewer, id: string): Promise<ApiKey> {
  const [key] = await db.select(columns).from(apiKeys).where(isOwn(viewer, id));
  if (!key) throw notFound(id);
  return key;
}

/** Only its name: what a key may do is settled when it is made, so that whoever handed it out knows. @throws AppError `not_found` */
export async function renameKey(db: Db, viewer: Viewer, id: string, name: string): Promise<ApiKey> {
  const [key] = await db.update(apiKeys).set({ name }).where(isOwn(viewer, id)).returning(columns);
  if (!key) throw notFound(id);
  return key;
}

/**
 * Ends a key, in all instances at once; for good. Safe to repeat: the first time counts.
 * @throws AppError `not_found`
 */
export async function revokeKey(
  { db, cache, clock }: { db: Db; cache: Cache; clock: Clock },
  viewer: Viewer,
  id: string,
): Promise<ApiKey> {
  await db
    .update(apiKeys)
    .set({ revokedAt: clock.now() })
    .where(and(isOwn(viewer, id), isNull(apiKeys.revokedAt)));
  const key = await getKey(db, viewer, id);
  await announceChange(cache, { keyId: id });
  return key;
}

/** The key that a credential is, with its user, whatever state both are in; `undefined` when it is none. */
export async function findKeyBySecret(db: Db, secret: string): Promise<{ key: ApiKey; user: User } | undefined> {
  if (!isWellFormed(secret)) return undefined;
  const hash = digestOf(secret);
  const [found] = await db
    .select({ key: apiKeys, user: users })
    .from(apiKeys)
    .innerJoin(users, eq(users.id, apiKeys.userId))
    .where(eq(apiKeys.hash, hash));
  // The index may compare in any time it likes; the last word is said in constant time.
  if (!found || !isSameDigest(found.key.hash, hash)) return undefined;
  const { hash: _, ...key } = found.key;
  return { key, user: found.user };
}

/** Condition for keys that open a door now; to be joined with their users. */
export function isUsable(now: Date): SQL | undefined {
  return and(isInState("usable", now), isNull(users.disabledAt), isNull(users.deletedAt));
}

export function stateOf({ revokedAt, expiresAt }: ApiKey, now: Date): KeyState {
  if (revokedAt) return "revoked";
  return expiresAt && expiresAt <= now ? "expired" : "usable";
}

function isInState(state: KeyState, now: Date): SQL | undefined {
  if (state === "revoked") return isNotNull(apiKeys.revokedAt);
  if (state === "expired") return and(isNull(apiKeys.revokedAt), lte(apiKeys.expiresAt, now));
  return and(isNull(apiKeys.revokedAt), or(isNull(apiKeys.expiresAt), gt(apiKeys.expiresAt, now)));
}

function refuseNonsense({ permissions, expiresAt }: NewKey, user: User, now: Date): void {
  if (permissions.length === 0)
    throw invalid("permissions", "must name at least one of read, write, admin and metrics");
  if (expiresAt && expiresAt <= now) throw invalid("expires_at", "must be in the future");
  if (permissions.includes("admin") && user.role !== "admin")
    throw invalid("permissions", `may hold admin only for an administrator, which ${user.name} is not`);
}

/** Neither what the maker may not do, nor for longer: a key that was meant to end would live on in those it made. */
async function refuseMoreThanMaker(tx: Db, { maker, userId, permissions, expiresAt }: NewKey): Promise<void> {
  const beyond = permissions.filter((permission) => !may(maker, permission));
  if (beyond.length > 0)
    throw new AppError("forbidden", `Whoever makes a key with ${beyond.join(" and ")} must hold that permission`);
  if (userId !== maker.userId && !may(maker, "admin"))
    throw new AppError("forbidden", "Only an administrator makes keys for others");
  if (maker.keyId === null) return;
  const [own] = await tx.select({ expiresAt: apiKeys.expiresAt }).from(apiKeys).where(eq(apiKeys.id, maker.keyId));
  if (own?.expiresAt && (expiresAt === null || expiresAt > own.expiresAt))
    throw new AppError(
      "forbidden",
      `The key of this request ends at ${own.expiresAt.toISOString()}: one made with it may not outlive it`,
    );
}

const isVisibleTo = ({ userId, seesAll }: Viewer) => (seesAll ? undefined : eq(apiKeys.userId, userId));

const isOwn = (viewer: Viewer, id: string) => and(eq(apiKeys.id, id), isVisibleTo(viewer));

const notFound = (id: string) => new AppError("not_found", `There is no key ${id}`);

const invalid = (at: string, message: string) =>
  new AppError("invalid", `${at} ${message}`, { faults: [{ at: `/${at}`, message }] });
