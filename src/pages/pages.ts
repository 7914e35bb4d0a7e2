import { and, asc, eq, getTableColumns, gt, gte, isNull, like, type SQL, sql } from "drizzle-orm";
import { isOwnedBy, type Viewer } from "../access/viewer.ts";
import type { PageType } from "../content/document.ts";
import { beginningWith, type Db } from "../db/db.ts";
import { prepareOnce } from "../db/prepared.ts";
import { type PageState, pages } from "../db/schema/pages.ts";
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
  pageType?: PageType;
  state?: PageState;
  /** Pages whose text changed then or later. */
  changedSince?: Date;
  limit: number;
  /** Only pages that come after the one with this id. */
  after?: string;
};

/** In the order in which they were first seen, so that whoever pages through them misses none that are added. */
export async function listPages(db: Db, filter: PageFilter): Promise<Page[]> {
  const { viewer, websiteId, urlHash, status, pathPrefix, pageType, state, changedSince, limit, after } = filter;
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
        pageType ? eq(pages.pageType, pageType) : undefined,
        state ? eq(pages.state, state) : undefined,
        changedSince ? gte(pages.lastChangedAt, changedSince) : undefined,
        after ? gt(pages.id, after) : undefined,
      ),
    )
    .orderBy(asc(pages.id))
    .limit(limit);
}

/** @throws AppError `not_found` also when its website is deleted or belongs to somebody else */
export async function getPage(db: Db, { userId, seesAll }: Viewer, id: string): Promise<Page> {
  const { ofAnybody, ofUser } = pageById(db);
  const [page] = seesAll ? await ofAnybody.execute({ id }) : await ofUser.execute({ id, userId });
  if (!page) throw new AppError("not_found", `There is no page ${id}`);
  return page;
}

const pageById = prepareOnce((db) => {
  const find = (owner: SQL | undefined) =>
    db
      .select(getTableColumns(pages))
      .from(pages)
      .innerJoin(websites, eq(websites.id, pages.websiteId))
      .where(and(eq(pages.id, sql.placeholder("id")), owner, isNull(websites.deletedAt)));
  return {
    ofAnybody: find(undefined).prepare("page_by_id"),
    ofUser: find(eq(websites.userId, sql.placeholder("userId"))).prepare("page_by_id_of_user"),
  };
});
