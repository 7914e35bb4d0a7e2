import { and, desc, eq, inArray, isNotNull, isNull, like, lt, or, type SQL, sql } from "drizzle-orm";
import { isOwnedBy, type Viewer } from "../access/viewer.ts";
import { daysBefore } from "../clock.ts";
import { beginningWith, type Db, findViolatedConstraint } from "../db/db.ts";
import { crawlJobs } from "../db/schema/crawls.ts";
import { users } from "../db/schema/users.ts";
import { websites } from "../db/schema/websites.ts";
import { AppError } from "../errors.ts";

export type Website = typeof websites.$inferSelect;

export type NewWebsite = {
  userId: string;
  /** Canonical. */
  url: string;
  /** The URL's host when not given. */
  name?: string;
  /** Crawl options that differ from the defaults, valid. */
  options?: Record<string, unknown>;
};

/** @throws AppError `conflict` naming the website that has the URL already */
export async function addWebsite(db: Db, website: NewWebsite): Promise<Website> {
  const added = await insertWebsite(db, website);
  if (added) return added;
  const other = await findWebsiteByUrl(db, website.userId, website.url);
  const which = other ? `website ${other.id}` : "another website";
  throw new AppError("conflict", `${website.url} is registered already, as ${which}; change that one, or delete it`, {
    code: "website_exists",
  });
}

/**
 * The user's website of a canonical URL, registered when it is not yet; in a transaction it can't be deleted before the
 * end. Safe to repeat; the options are those of a new website only.
 */
export async function findOrAddWebsite(
  db: Db,
  userId: string,
  url: string,
  options: Record<string, unknown> = {},
): Promise<Website> {
  // Between the two statements somebody may add or delete it; more than once in a row would be a fault of ours.
  for (let attempt = 0; attempt < 3; attempt++) {
    const found = await findWebsiteByUrl(db, userId, url);
    const website = found ?? (await insertWebsite(db, { userId, url, options }));
    if (website) return website;
  }
  throw new AppError("unavailable", `The website of ${url} is being registered and deleted at once; try again`);
}

/** @throws AppError `not_found` also when it is deleted or belongs to somebody else */
export async function getWebsite(db: Db, viewer: Viewer, id: string): Promise<Website> {
  const [website] = await db.select().from(websites).where(isOwn(viewer, id));
  if (!website) throw notFound(id);
  return website;
}

/**
 * Like `getWebsite`, and keeps it from being deleted before the end of the transaction: for adding rows to it.
 * @throws AppError `not_found`
 */
export async function holdWebsite(tx: Db, viewer: Viewer, id: string): Promise<Website> {
  const [website] = await tx.select().from(websites).where(isOwn(viewer, id)).for("share");
  if (!website) throw notFound(id);
  return website;
}

export type WebsiteFilter = {
  viewer: Viewer;
  userId?: string;
  /** Those that can be restored, in place of those that are there. */
  isDeleted?: boolean;
  limit: number;
  /** Only websites that come after the one with this id. */
  after?: string;
};

/** Newest first. */
export async function listWebsites(db: Db, filter: WebsiteFilter): Promise<Website[]> {
  const { viewer, userId, isDeleted = false, limit, after } = filter;
  return db
    .select()
    .from(websites)
    .where(
      and(
        isOwnedBy(viewer),
        userId ? eq(websites.userId, userId) : undefined,
        isDeleted ? isNotNull(websites.deletedAt) : isNull(websites.deletedAt),
        after ? lt(websites.id, after) : undefined,
      ),
    )
    .orderBy(desc(websites.id))
    .limit(limit);
}

/** What can be changed; the URL can't, since the pages under it would be another website's. */
export type WebsiteChange = { name?: string; options?: Record<string, unknown> };

/** @throws AppError `not_found` */
export async function changeWebsite(db: Db, viewer: Viewer, id: string, change: WebsiteChange): Promise<Website> {
  const { name, options } = change;
  const [website] = await db.update(websites).set({ name, options }).where(isOwn(viewer, id)).returning();
  if (!website) throw notFound(id);
  return website;
}

/**
 * Hides the website with all that hangs on it, and cancels its crawls.
 * @returns the ids of the cancelled crawls
 * @throws AppError `not_found`
 */
export async function deleteWebsite(db: Db, viewer: Viewer, id: string, now: Date): Promise<string[]> {
  return db.transaction(async (tx) => {
    const [website] = await tx
      .update(websites)
      .set({ deletedAt: now })
      .where(isOwn(viewer, id))
      .returning({ id: websites.id });
    if (!website) throw notFound(id);
    const cancelled = await tx
      .update(crawlJobs)
      .set({ state: "cancelled", endReason: "cancelled", finishedAt: now, leaseOwner: null, leasedUntil: null })
      .where(and(eq(crawlJobs.websiteId, id), inArray(crawlJobs.state, ["queued", "running", "paused"])))
      .returning({ id: crawlJobs.id });
    return cancelled.map((crawl) => crawl.id);
  });
}

/**
 * Brings a deleted website back with all that hung on it; its crawls stay cancelled.
 * @throws AppError `not_found` when there is no such deleted website, `gone` after `retentionDays`, `conflict` when its
 * URL is registered anew or its user is deleted
 */
export async function restoreWebsite(
  db: Db,
  viewer: Viewer,
  id: string,
  { now, retentionDays }: { now: Date; retentionDays: number },
): Promise<Website> {
  return db.transaction(async (tx) => {
    const [found] = await tx
      .select({ website: websites, userDeletedAt: users.deletedAt })
      .from(websites)
      .innerJoin(users, eq(users.id, websites.userId))
      .where(and(eq(websites.id, id), isOwnedBy(viewer), isNotNull(websites.deletedAt)))
      .for("update");
    if (!found?.website.deletedAt) throw new AppError("not_found", `There is no deleted website ${id}`);
    const { website, userDeletedAt } = found;
    if (userDeletedAt) throw new AppError("conflict", `The website's user is deleted; restore user ${website.userId}`);
    if (found.website.deletedAt < daysBefore(now, retentionDays))
      throw new AppError(
        "gone",
        `${website.url} was deleted more than ${retentionDays} days ago: that can't be undone`,
      );
    const [restored] = await tx
      .update(websites)
      .set({ deletedAt: null })
      .where(eq(websites.id, id))
      .returning()
      .catch(asConflict(website.url));
    return restored ?? website;
  });
}

function asConflict(url: string): (error: unknown) => never {
  return (error) => {
    if (findViolatedConstraint(error) !== "websites_user_url_key") throw error;
    throw new AppError("conflict", `${url} was registered anew meanwhile; delete that website first`, {
      code: "website_exists",
      cause: error,
    });
  };
}

/** `undefined` when the user has a website of that URL already. */
async function insertWebsite(db: Db, { userId, url, name, options = {} }: NewWebsite): Promise<Website | undefined> {
  const [added] = await db
    .insert(websites)
    .values({ userId, url, name: name ?? new URL(url).host, options })
    .onConflictDoNothing()
    .returning();
  return added;
}

/** The user's website of a canonical URL; `undefined` if there is none. In a transaction it can't be deleted before the end. */
export async function findWebsiteByUrl(db: Db, userId: string, url: string): Promise<Website | undefined> {
  const [found] = await db
    .select()
    .from(websites)
    .where(and(eq(websites.userId, userId), eq(websites.url, url), isNull(websites.deletedAt)))
    .for("share");
  return found;
}

/** Those of a canonical URL, or else of its host, which may be several. */
export async function findWebsitesByPlace(db: Db, viewer: Viewer, { url, host }: { url?: string; host: string }) {
  const find = (isMeant: SQL | undefined) =>
    db
      .select()
      .from(websites)
      .where(and(isMeant, isOwnedBy(viewer), isNull(websites.deletedAt)))
      .orderBy(desc(websites.id))
      .limit(10);
  const found = url === undefined ? [] : await find(eq(websites.url, url));
  if (found.length > 0) return found;
  const below = (scheme: string) => like(websites.url, beginningWith(`${scheme}://${host}/`));
  return find(or(below("https"), below("http")));
}

/** Those that people call so, in whatever case. */
export function findWebsitesByName(db: Db, viewer: Viewer, name: string): Promise<Website[]> {
  return db
    .select()
    .from(websites)
    .where(and(sql`lower(${websites.name}) = lower(${name})`, isOwnedBy(viewer), isNull(websites.deletedAt)))
    .orderBy(desc(websites.id))
    .limit(10);
}

/** Those whose URL has a domain in it: whether it is that of their host is for the caller to see. */
export function listWebsitesNaming(
  db: Db,
  viewer: Viewer,
  domain: string,
): Promise<Pick<Website, "url" | "options">[]> {
  return db
    .select({ url: websites.url, options: websites.options })
    .from(websites)
    .where(and(like(websites.url, `%${beginningWith(domain)}`), isOwnedBy(viewer), isNull(websites.deletedAt)))
    .orderBy(desc(websites.id))
    .limit(1_000);
}

const isOwn = (viewer: Viewer, id: string) => and(eq(websites.id, id), isOwnedBy(viewer), isNull(websites.deletedAt));

const notFound = (id: string) => new AppError("not_found", `There is no website ${id}`);
