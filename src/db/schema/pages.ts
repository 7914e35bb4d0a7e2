import { sql } from "drizzle-orm";
import { bigint, index, integer, jsonb, smallint, text, uniqueIndex, uuid } from "drizzle-orm/pg-core";
import { type Breadcrumb, DOCUMENT_KINDS, PAGE_TYPES, type PageType, type Quality } from "../../content/document.ts";
import { byteCount, bytes, createdAt, digest, id, instant, orbweaver, packedText } from "./columns.ts";
import { crawlJobs } from "./crawls.ts";
import { websites } from "./websites.ts";

/** A canonical URL over time: its last answer, and which version of its document is the current one. */
export const pages = orbweaver.table(
  "pages",
  {
    id: id(),
    websiteId: uuid()
      .notNull()
      .references(() => websites.id, { onDelete: "cascade" }),
    urlHash: uuid().notNull(),
    url: text().notNull(),
    host: text().notNull(),
    /** Path and query. */
    path: text().notNull(),
    /** HTTP status of the last answer; the document below is from the last good one. */
    status: smallint().notNull(),
    contentType: text(),
    /** Links from a start URL, when it was last found. */
    depth: smallint().notNull().default(0),
    title: text(),
    language: text(),
    /** Null for what is not HTML, and for pages last read before types were told. */
    pageType: text({ enum: PAGE_TYPES }),
    wordCount: integer().notNull().default(0),
    byteLength: byteCount().notNull().default(0),
    /** Current version in `markdown_documents`; null for what is not parsed, such as a film. */
    documentId: uuid(),
    version: integer().notNull().default(0),
    contentHash: digest(),
    rawHash: digest(),
    /** How the document was made; a conditional request is worth sending only if it would be made the same way again. */
    recipe: text(),
    /** Validators for the next conditional request. */
    etag: text(),
    lastModified: text(),
    lastCrawlId: uuid(),
    firstSeenAt: instant().notNull().defaultNow(),
    lastFetchedAt: instant().notNull().defaultNow(),
    lastChangedAt: instant().notNull().defaultNow(),
  },
  (table) => [
    uniqueIndex("pages_website_url_key").on(table.websiteId, table.urlHash),
    index("pages_website_idx").on(table.websiteId, table.id),
    index("pages_path_idx").on(table.websiteId, table.path.op("text_pattern_ops")),
    index("pages_changed_idx").on(table.websiteId, table.lastChangedAt),
    index("pages_raw_idx").on(table.rawHash),
  ],
);

/** Bodies as servers sent them, content-decoded, stored once however often they are seen. Any text, not HTML alone. */
export const rawHtml = orbweaver.table("raw_html", {
  /** SHA-256 of the body. */
  hash: digest().primaryKey(),
  /** Zstandard (RFC 8878); stored out of line and as it is, since compressing it again gains nothing. */
  zstd: bytes().notNull(),
  byteLength: byteCount().notNull(),
  createdAt: createdAt(),
});

export type DocumentDetails = {
  authors: string[];
  siteName: string | null;
  canonicalUrl: string | null;
  publishedAt: string | null;
  modifiedAt: string | null;
  openGraph: Record<string, string>;
  jsonLd: unknown[];
  images: string[];
  tags: string[];
  feeds: string[];
  headings: { level: number; text: string; anchor?: string }[];
  /** Documents made before these were read lack them. */
  licence?: string | null;
  breadcrumbs?: Breadcrumb[];
  pageType?: { type: PageType; confidence: number } | null;
  quality?: Quality;
};

/** Versions of a page's document. A new one is written only when the text changed. */
export const markdownDocuments = orbweaver.table(
  "markdown_documents",
  {
    id: id(),
    pageId: uuid()
      .notNull()
      .references(() => pages.id, { onDelete: "cascade" }),
    version: integer().notNull(),
    kind: text({ enum: DOCUMENT_KINDS }).notNull(),
    title: text(),
    description: text(),
    language: text(),
    markdown: packedText().notNull(),
    details: jsonb().$type<DocumentDetails>().notNull(),
    wordCount: integer().notNull(),
    contentHash: digest().notNull(),
    /** 64-bit SimHash, signed. */
    simhash: bigint({ mode: "bigint" }).notNull(),
    rawHash: digest().notNull(),
    charset: text(),
    /** Which crawl brought it; null for a page fetched by itself. */
    crawlId: uuid().references(() => crawlJobs.id, { onDelete: "set null" }),
    fetchedAt: instant().notNull(),
  },
  (table) => [
    uniqueIndex("markdown_documents_version_key").on(table.pageId, table.version),
    index("markdown_documents_raw_idx").on(table.rawHash),
    index("markdown_documents_crawl_idx").on(table.crawlId),
  ],
);

/** What changed on a page, and when. */
export const pageChanges = orbweaver.table(
  "page_changes",
  {
    id: id(),
    websiteId: uuid()
      .notNull()
      .references(() => websites.id, { onDelete: "cascade" }),
    pageId: uuid()
      .notNull()
      .references(() => pages.id, { onDelete: "cascade" }),
    crawlId: uuid().references(() => crawlJobs.id, { onDelete: "set null" }),
    kind: text({ enum: ["new", "changed", "moved", "removed", "restored"] }).notNull(),
    fromDocumentId: uuid(),
    toDocumentId: uuid(),
    /** Counts of blocks added, removed and changed, and the share of the text they make up. */
    summary: jsonb().$type<Record<string, number>>().notNull().default(sql`'{}'`),
    detectedAt: instant().notNull().defaultNow(),
  },
  (table) => [
    index("page_changes_website_idx").on(table.websiteId, table.detectedAt, table.id),
    index("page_changes_page_idx").on(table.pageId, table.detectedAt),
    index("page_changes_crawl_idx").on(table.crawlId),
  ],
);
