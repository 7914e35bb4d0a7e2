import { and, asc, eq, gt, inArray, lte, notBetween, type SQL } from "drizzle-orm";
import type { Db } from "../db/db.ts";
import { markdownDocuments, pages } from "../db/schema/pages.ts";
import { indexedPages } from "../db/schema/passages.ts";
import { nextTurn } from "./turns.ts";

/** A page as lists show it. */
export type ListedPage = {
  id: string;
  documentId: string;
  url: string;
  host: string;
  /** Path and query. */
  path: string;
  title: string | null;
  summary: string | null;
  breadcrumbs: string[];
  language: string | null;
  pageType: string | null;
  kind: string;
  /** Links from a start URL. */
  depth: number;
  /** Of its Markdown. */
  byteLength: number;
  tokens: number;
  wordCount: number;
  contentHash: string;
  firstSeenAt: Date;
  lastChangedAt: Date;
  /** When this text of it was first fetched. */
  fetchedAt: Date;
};

const BATCH = 1_000;

/**
 * The indexed pages of a website in the order of their ids: those that are there, and those that are missing for too short a
 * time to be sure. One that answers badly for a while stays, with its last good text, so that an outage changes no list; one
 * that leads elsewhere goes, as its target is a page itself. Whether a page asks not to be indexed is not known any more:
 * a crawl with the option `noindex` does not store it.
 */
export async function readListedPages(db: Db, websiteId: string, signal?: AbortSignal): Promise<ListedPage[]> {
  const listed: ListedPage[] = [];
  const { pageId } = indexedPages;
  for (let after: string | undefined; ; ) {
    const isLater = and(eq(indexedPages.websiteId, websiteId), after === undefined ? undefined : gt(pageId, after));
    const ids = db.select({ id: pageId }).from(indexedPages).where(isLater).orderBy(asc(pageId));
    // Where a batch ends is asked beforehand: without statistics, which the embedded database has none of, the rest of the
    // website would be joined and sorted for each batch.
    const [last] = await ids.offset(BATCH - 1).limit(1);
    const rows = await readBatch(db, and(isLater, last && lte(pageId, last.id)));
    // One by one: a spread of many thousands would not fit on the stack.
    for (const row of rows) if (row.byteLength > 0) listed.push(row);
    if (!last) return listed;
    after = last.id;
    // The embedded database answers without one.
    await nextTurn();
    signal?.throwIfAborted();
  }
}

function readBatch(db: Db, isMeant: SQL | undefined): Promise<ListedPage[]> {
  return db
    .select({
      id: pages.id,
      documentId: indexedPages.documentId,
      url: pages.url,
      host: pages.host,
      path: pages.path,
      title: indexedPages.title,
      summary: indexedPages.summary,
      breadcrumbs: indexedPages.breadcrumbs,
      language: indexedPages.language,
      pageType: pages.pageType,
      kind: markdownDocuments.kind,
      depth: pages.depth,
      byteLength: indexedPages.byteLength,
      tokens: indexedPages.tokens,
      wordCount: markdownDocuments.wordCount,
      contentHash: markdownDocuments.contentHash,
      firstSeenAt: pages.firstSeenAt,
      lastChangedAt: pages.lastChangedAt,
      fetchedAt: markdownDocuments.fetchedAt,
    })
    .from(indexedPages)
    .innerJoin(pages, eq(pages.id, indexedPages.pageId))
    .innerJoin(markdownDocuments, eq(markdownDocuments.id, indexedPages.documentId))
    .where(and(isMeant, inArray(pages.state, ["live", "missing"]), notBetween(pages.status, 300, 399)))
    .orderBy(asc(indexedPages.pageId));
}
