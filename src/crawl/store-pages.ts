import { and, asc, eq, inArray, sql } from "drizzle-orm";
import { type Db, takeOver } from "../db/db.ts";
import { markdownDocuments, pages, rawHtml } from "../db/schema/pages.ts";
import type { NewChange } from "../notify/record-changes.ts";
import type { Crawl } from "./crawls.ts";
import { storePageLinks } from "./page-links.ts";
import {
  type BodyRow,
  type DocumentRow,
  describePage,
  describeReturn,
  historyAfter,
  type PageRow,
  type StoredPage,
} from "./page-rows.ts";
import type { PageOutcome } from "./settle.ts";
import { statusOf, type Visit } from "./visit-result.ts";

/** For each page that answered well, by URL hash, whether it is new or changed; and what of it is to be told. */
export type StoredPages = { outcomes: Map<string, PageOutcome>; changes: NewChange[] };

/**
 * Stores what visits say of their pages: a new version of the document when its text changed, the body it was made from,
 * and the page's last answer. To be called in a transaction.
 * @throws BaselineMovedError when a page has to be compared with another version than it was
 */
export async function storePages(tx: Db, crawl: Crawl, visits: Visit[]): Promise<StoredPages> {
  const answered = visits.filter((visit) => visit.outcome.kind !== "retry" && statusOf(visit) !== undefined);
  const known = await findKnown(tx, crawl.websiteId, answered);
  const outcomes = new Map<string, PageOutcome>();
  const rows: PageRow[] = [];
  const documents: DocumentRow[] = [];
  const bodies = new Map<string, BodyRow>();
  const links: { pageId: string; urlHashes: string[] }[] = [];
  const changes: NewChange[] = [];
  const touched: Touched[] = [];
  for (const visit of visits) if (visit.outcome.kind === "spared") outcomes.set(visit.entry.urlHash, "unchanged");
  for (const visit of answered) {
    const before = known.get(visit.entry.urlHash);
    if (visit.outcome.kind !== "page") {
      if (before) touched.push({ visit, before });
      if (visit.outcome.kind === "not_modified") outcomes.set(visit.entry.urlHash, "unchanged");
      continue;
    }
    const { outcome, page, document, body, change } = describePage(crawl, visit, visit.outcome, before);
    outcomes.set(visit.entry.urlHash, outcome);
    rows.push(page);
    if (document) documents.push(document);
    if (body) bodies.set(body.hash, body);
    if (change) changes.push(change);
    if (visit.links) links.push({ pageId: page.id, urlHashes: visit.links });
  }
  // In one order everywhere, so that crawls that meet in the same bodies can't block each other.
  const sorted = [...bodies.values()].sort((a, b) => (a.hash < b.hash ? -1 : 1));
  if (sorted.length > 0) await tx.insert(rawHtml).values(sorted).onConflictDoNothing();
  await upsertPages(tx, rows);
  if (documents.length > 0) await tx.insert(markdownDocuments).values(documents);
  await storePageLinks(tx, links);
  const { same, failed } = Object.groupBy(touched, ({ visit }) =>
    visit.outcome.kind === "not_modified" ? "same" : "failed",
  );
  await touchSame(tx, crawl, same ?? []);
  await touchFailed(tx, crawl, failed ?? []);
  for (const { visit, before } of same ?? []) {
    const change = describeReturn(before, before, undefined, visit.at);
    if (change) changes.push(change);
  }
  return { outcomes, changes };
}

async function findKnown(tx: Db, websiteId: string, visits: Visit[]): Promise<Map<string, StoredPage>> {
  if (visits.length === 0) return new Map();
  const hashes = visits.map(({ entry }) => entry.urlHash);
  const rows = await tx
    .select({
      id: pages.id,
      urlHash: pages.urlHash,
      url: pages.url,
      title: pages.title,
      version: pages.version,
      state: pages.state,
      contentHash: pages.contentHash,
      comparedHash: pages.comparedHash,
      documentId: pages.documentId,
      baselineDocumentId: pages.baselineDocumentId,
      rawHash: pages.rawHash,
      lastFetchedAt: pages.lastFetchedAt,
      visits: pages.visits,
      changes: pages.changes,
      unchangedSeconds: pages.unchangedSeconds,
      changedIntervals: pages.changedIntervals,
    })
    .from(pages)
    .where(and(eq(pages.websiteId, websiteId), inArray(pages.urlHash, hashes)))
    // Another worker may bring the same page at the same time: versions are given out one after the other. And in one order
    // everywhere, so that crawls that meet in the same pages can't block each other.
    .orderBy(asc(pages.id))
    .for("update");
  return new Map(rows.map((row) => [row.urlHash, row]));
}

/** What a visit writes of a page that is there already, whether its text changed or not. */
const VISITED: readonly (keyof PageRow)[] = [
  ...(["status", "depth", "contentType", "title", "language", "pageType", "wordCount", "byteLength"] as const),
  ...(["documentId", "version", "contentHash", "rawHash", "comparedHash", "baselineDocumentId"] as const),
  ...(["recipe", "etag", "lastModified", "lastCrawlId", "sitemapModifiedAt", "lastFetchedAt"] as const),
  ...(["visits", "changes", "unchangedSeconds", "changedIntervals"] as const),
];

const TAKEN_OVER = takeOver(VISITED);

/** What holds of a page that is there again. */
const THERE = { state: "live", missingSince: null, missingVisits: 0, movedTo: null } as const;

async function upsertPages(tx: Db, rows: PageRow[]): Promise<void> {
  if (rows.length === 0) return;
  await tx
    .insert(pages)
    .values(rows)
    .onConflictDoUpdate({
      target: [pages.websiteId, pages.urlHash],
      set: {
        ...TAKEN_OVER,
        ...THERE,
        // A crawl that read no sitemap knows nothing of its dates.
        sitemapModifiedAt: sql`coalesce(excluded.sitemap_modified_at, ${pages.sitemapModifiedAt})`,
        lastChangedAt: sql`case when excluded.content_hash is distinct from ${pages.contentHash}
          then excluded.last_changed_at else ${pages.lastChangedAt} end`,
      },
    });
}

type Touched = { visit: Visit; before: StoredPage };

/** Pages that the server says have not changed (304): as they were when they last answered well. */
async function touchSame(tx: Db, crawl: Crawl, touched: Touched[]): Promise<void> {
  if (touched.length === 0) return;
  const rows = touched.map(({ visit, before }) => {
    const { visits, changes, unchangedSeconds, changedIntervals } = historyAfter(before, visit.at, false);
    return {
      ...{ id: before.id, at: visit.at, sitemap_modified_at: visit.entry.sitemapModifiedAt },
      ...{ visits, changes, unchanged_seconds: unchangedSeconds, changed_intervals: changedIntervals },
    };
  });
  await tx.execute(sql`
    update ${pages} p set
      status = case when p.status between 200 and 299 then p.status else 200 end,
      state = 'live', missing_since = null, missing_visits = 0, moved_to = null,
      visits = v.visits, changes = v.changes, unchanged_seconds = v.unchanged_seconds,
      changed_intervals = v.changed_intervals, sitemap_modified_at = coalesce(v.sitemap_modified_at, p.sitemap_modified_at),
      last_fetched_at = v.at, last_crawl_id = ${crawl.id}::uuid
    from json_to_recordset(${JSON.stringify(rows)}::text::json) as v(
      id uuid, at timestamptz, sitemap_modified_at timestamptz,
      visits integer, changes integer, unchanged_seconds bigint, changed_intervals integer[]
    )
    where p.id = v.id`);
}

/** Pages that answered with an error, or that they are elsewhere: it shows in their status, and changes nothing else. */
async function touchFailed(tx: Db, crawl: Crawl, touched: Touched[]): Promise<void> {
  if (touched.length === 0) return;
  const rows = touched.map(({ visit, before }) => ({ id: before.id, status: statusOf(visit), at: visit.at }));
  await tx.execute(sql`
    update ${pages} p set status = v.status, last_fetched_at = v.at, last_crawl_id = ${crawl.id}::uuid
    from json_to_recordset(${JSON.stringify(rows)}::text::json) as v(id uuid, status smallint, at timestamptz)
    where p.id = v.id`);
}
