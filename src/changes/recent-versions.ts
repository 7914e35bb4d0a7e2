import { and, desc, eq, gt, isNotNull } from "drizzle-orm";
import { isOwnedBy, type Viewer } from "../access/viewer.ts";
import type { Db } from "../db/db.ts";
import { markdownDocuments, pages } from "../db/schema/pages.ts";
import { websites } from "../db/schema/websites.ts";
import type { StoredDocument } from "../pages/document.ts";
import { getPage, type Page } from "../pages/pages.ts";
import { getWebsite } from "../websites/websites.ts";

/** A page with the latest of its versions that are kept, oldest first. */
export type PageVersions = { page: Page; versions: StoredDocument[] };

export type Bounds = {
  maxPages: number;
  /** Of a page. */
  maxVersions: number;
  /** Of Markdown in all. */
  maxCharacters: number;
};

/**
 * One page, or the website's pages that changed most often; only those with several versions. Stops at the bounds, and
 * lets others work in between.
 * @throws AppError `not_found`
 */
export async function* eachRecentVersions(
  db: Db,
  viewer: Viewer,
  { websiteId, pageId }: { websiteId: string; pageId?: string },
  { maxPages, maxVersions, maxCharacters }: Bounds,
  signal?: AbortSignal,
): AsyncGenerator<PageVersions> {
  await getWebsite(db, viewer, websiteId);
  const found =
    pageId === undefined ? await findChanged(db, viewer, websiteId, maxPages) : [await getPage(db, viewer, pageId)];
  let charactersLeft = maxCharacters;
  for (const page of found) {
    if (page.websiteId !== websiteId) continue;
    signal?.throwIfAborted();
    const newest = await db
      .select()
      .from(markdownDocuments)
      .where(eq(markdownDocuments.pageId, page.id))
      .orderBy(desc(markdownDocuments.version))
      .limit(maxVersions);
    const versions: StoredDocument[] = [];
    for (const version of newest) {
      charactersLeft -= version.markdown.length;
      if (charactersLeft < 0) break;
      versions.unshift(version);
    }
    if (versions.length > 1) yield { page, versions };
    if (charactersLeft < 0) return;
    await new Promise(setImmediate);
  }
}

async function findChanged(db: Db, viewer: Viewer, websiteId: string, limit: number): Promise<Page[]> {
  const rows = await db
    .select({ page: pages })
    .from(pages)
    .innerJoin(websites, eq(websites.id, pages.websiteId))
    .where(and(eq(pages.websiteId, websiteId), isOwnedBy(viewer), isNotNull(pages.documentId), gt(pages.version, 1)))
    .orderBy(desc(pages.version), desc(pages.id))
    .limit(limit);
  return rows.map(({ page }) => page);
}
