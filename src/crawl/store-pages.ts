import { and, eq, inArray, sql } from "drizzle-orm";
import type { Document } from "../content/document.ts";
import type { Db } from "../db/db.ts";
import { type DocumentDetails, markdownDocuments, pages, rawHtml } from "../db/schema/pages.ts";
import type { Crawl } from "./crawls.ts";
import type { PageOutcome } from "./settle.ts";
import { statusOf, type Visit } from "./visit-result.ts";

type PageRow = typeof pages.$inferInsert;
type Known = Pick<typeof pages.$inferSelect, "id" | "urlHash" | "version" | "contentHash" | "documentId" | "rawHash">;

/**
 * Stores what visits say of their pages: a new version of the document when its text changed, the body it was made from,
 * and the page's last answer. To be called in a transaction.
 * @returns for each page that answered well, by URL hash, whether it is new or changed
 */
export async function storePages(tx: Db, crawl: Crawl, visits: Visit[]): Promise<Map<string, PageOutcome>> {
  const answered = visits.filter((visit) => visit.outcome.kind !== "retry" && statusOf(visit) !== undefined);
  const known = await findKnown(tx, crawl.websiteId, answered);
  const outcomes = new Map<string, PageOutcome>();
  const rows: PageRow[] = [];
  const documents: (typeof markdownDocuments.$inferInsert)[] = [];
  const bodies = new Map<string, typeof rawHtml.$inferInsert>();
  const touched: Visit[] = [];
  for (const visit of answered) {
    const before = known.get(visit.entry.urlHash);
    if (visit.outcome.kind !== "page") {
      if (before) touched.push(visit);
      if (visit.outcome.kind === "not_modified") outcomes.set(visit.entry.urlHash, "unchanged");
      continue;
    }
    const { outcome, page, document, body } = describePage(crawl, visit, visit.outcome, before);
    outcomes.set(visit.entry.urlHash, outcome);
    rows.push(page);
    if (document) documents.push(document);
    if (body) bodies.set(body.hash, body);
  }
  // In one order everywhere, so that crawls that meet in the same bodies can't block each other.
  const sorted = [...bodies.values()].sort((a, b) => (a.hash < b.hash ? -1 : 1));
  if (sorted.length > 0) await tx.insert(rawHtml).values(sorted).onConflictDoNothing();
  await upsertPages(tx, rows);
  if (documents.length > 0) await tx.insert(markdownDocuments).values(documents);
  await touchPages(tx, crawl, touched);
  return outcomes;
}

async function findKnown(tx: Db, websiteId: string, visits: Visit[]): Promise<Map<string, Known>> {
  if (visits.length === 0) return new Map();
  const hashes = visits.map(({ entry }) => entry.urlHash);
  const rows = await tx
    .select({
      id: pages.id,
      urlHash: pages.urlHash,
      version: pages.version,
      contentHash: pages.contentHash,
      documentId: pages.documentId,
      rawHash: pages.rawHash,
    })
    .from(pages)
    .where(and(eq(pages.websiteId, websiteId), inArray(pages.urlHash, hashes)))
    // Another worker may bring the same page at the same time: versions are given out one after the other.
    .for("update");
  return new Map(rows.map((row) => [row.urlHash, row]));
}

type Answer = Extract<Visit["outcome"], { kind: "page" }>;

function describePage(crawl: Crawl, { entry, at }: Visit, answer: Answer, before: Known | undefined) {
  const { parsed } = answer;
  const hasText = parsed !== null && parsed.document.kind !== "other";
  const isSame = before !== undefined && before.contentHash === (hasText ? parsed.document.contentHash : null);
  const outcome: PageOutcome = before === undefined ? "created" : isSame ? "unchanged" : "changed";
  const pageId = before?.id ?? Bun.randomUUIDv7();
  const needsDocument = hasText && !isSame;
  const documentId = needsDocument ? Bun.randomUUIDv7() : hasText ? (before?.documentId ?? null) : null;
  const version = (before?.version ?? 0) + (needsDocument ? 1 : 0);
  const { host, pathname, search } = new URL(entry.url);
  const page: PageRow = {
    id: pageId,
    websiteId: crawl.websiteId,
    urlHash: entry.urlHash,
    url: entry.url,
    host,
    path: pathname + search,
    status: answer.status,
    depth: entry.depth,
    contentType: parsed?.document.contentType ?? answer.contentType,
    title: parsed?.document.title,
    language: parsed?.document.language,
    pageType: parsed?.document.pageType?.type,
    wordCount: parsed?.document.wordCount ?? 0,
    byteLength: answer.byteLength,
    documentId,
    version,
    contentHash: hasText ? parsed.document.contentHash : null,
    rawHash: needsDocument ? parsed.raw.hash : hasText ? before?.rawHash : null,
    recipe: answer.recipe,
    etag: answer.etag,
    lastModified: answer.lastModified,
    lastCrawlId: crawl.id,
    firstSeenAt: at,
    lastFetchedAt: at,
    lastChangedAt: at,
  };
  if (!needsDocument || documentId === null) return { outcome, page };
  const document = {
    id: documentId,
    pageId,
    version,
    crawlId: crawl.id,
    fetchedAt: at,
    ...describeDocument(parsed.document),
  };
  const { hash, zstd, byteLength } = parsed.raw;
  return { outcome, page, document: { ...document, rawHash: hash }, body: { hash, zstd, byteLength } };
}

function describeDocument(document: Document) {
  const { kind, title, description, language, markdown, wordCount, contentHash, simhash, charset } = document;
  const details: DocumentDetails = {
    authors: document.authors,
    siteName: document.siteName,
    canonicalUrl: document.canonicalUrl,
    publishedAt: document.publishedAt,
    modifiedAt: document.modifiedAt,
    ...document.metadata,
    headings: document.headings,
    pageType: document.pageType,
    quality: document.quality,
  };
  return { kind, title, description, language, markdown, wordCount, contentHash, simhash, charset, details };
}

async function upsertPages(tx: Db, rows: PageRow[]): Promise<void> {
  if (rows.length === 0) return;
  const taken = (name: string) => sql.raw(`excluded.${name}`);
  await tx
    .insert(pages)
    .values(rows)
    .onConflictDoUpdate({
      target: [pages.websiteId, pages.urlHash],
      set: {
        status: taken("status"),
        depth: taken("depth"),
        contentType: taken("content_type"),
        title: taken("title"),
        language: taken("language"),
        pageType: taken("page_type"),
        wordCount: taken("word_count"),
        byteLength: taken("byte_length"),
        documentId: taken("document_id"),
        version: taken("version"),
        contentHash: taken("content_hash"),
        rawHash: taken("raw_hash"),
        recipe: taken("recipe"),
        etag: taken("etag"),
        lastModified: taken("last_modified"),
        lastCrawlId: taken("last_crawl_id"),
        lastFetchedAt: taken("last_fetched_at"),
        lastChangedAt: sql`case when excluded.content_hash is distinct from ${pages.contentHash}
          then excluded.last_changed_at else ${pages.lastChangedAt} end`,
      },
    });
}

/** A page that answered without a document: 304 leaves it as it was when it last answered well, an error shows in its status. */
async function touchPages(tx: Db, crawl: Crawl, visits: Visit[]): Promise<void> {
  if (visits.length === 0) return;
  const rows = visits.map((visit) => ({ url_hash: visit.entry.urlHash, status: statusOf(visit), at: visit.at }));
  await tx.execute(sql`
    update ${pages} p set
      status = case when v.status <> 304 then v.status when p.status between 200 and 299 then p.status else 200 end,
      last_fetched_at = v.at, last_crawl_id = ${crawl.id}::uuid
    from json_to_recordset(${JSON.stringify(rows)}::text::json) as v(url_hash uuid, status smallint, at timestamptz)
    where p.website_id = ${crawl.websiteId}::uuid and p.url_hash = v.url_hash`);
}
