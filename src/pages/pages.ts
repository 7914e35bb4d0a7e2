import { and, asc, eq, getTableColumns, gt, gte, isNull, like } from "drizzle-orm";
import { isOwnedBy, type Viewer } from "../access/viewer.ts";
import { beginningWith, type Db } from "../db/db.ts";
import { pages } from "../db/schema/pages.ts";
import { websites } from "../db/schema/websites.ts";
import { AppError } from "../errors.ts";

export type Page = typeof pages.$inferSelect;

export type PageFilter = {
  viewer: Viewer;
  websiteId?: string;
  /** Hash of the canonical URL. */
  urlHash?: string;
  /** HTTP status of the last answer. */
  status?: number;
  pathPrefix?: string;
  /** Pages whose text changed then or later. */
  changedSince?: Date;
  limit: number;
  /** Only pages that come after the one with this id. */
  after?: string;
};

/** In the order in which they were first seen, so that whoever pages through them misses none that are added. */
export async function listPages(db: Db, filter: PageFilter): Promise<Page[]> {
  const { viewer, websiteId, urlHash, status, pathPrefix, changedSince, limit, after } = filter;
  return db
    .select(getTableColumns(pages))
    .from(pages)
    .innerJoin(websites, eq(websites.id, pages.websiteId))
    .where(
      and(
        isOwnedBy(viewer),
        isNull(websites.deletedAt),
        websiteId ? eq(pages.websiteId, websiteId) : undefined,
        urlHash ? eq(pages.urlHash, urlHash) : undefined,
        status === undefined ? undefined : eq(pages.status, status),
        pathPrefix ? like(pages.path, beginningWith(pathPrefix)) : undefined,
        changedSince ? gte(pages.lastChangedAt, changedSince) : undefined,
        after ? gt(pages.id, after) : undefined,
      ),
    )
    .orderBy(asc(pages.id))
    .limit(limit);
}

/** @throws AppError `not_found` also when its website is deleted or belongs to somebody else */
export async function getPage(db: Db, viewer: Viewer, id: string): Promise<Page> {
  const [page] = await db
    .select(getTableColumns(pages))
    .from(pages)
    .innerJoin(websites, eq(websites.id, pages.websiteId))
    .where(and(eq(pages.id, id), isOwnedBy(viewer), isNull(websites.deletedAt)));
  if (!page) throw new AppError("not_found", `There is no page ${id}`);
  return page;
}
