import { sql } from "drizzle-orm";
import {
  bigint,
  boolean,
  check,
  index,
  integer,
  jsonb,
  primaryKey,
  real,
  smallint,
  text,
  uniqueIndex,
  uuid,
} from "drizzle-orm/pg-core";
import { type Breadcrumb, DOCUMENT_KINDS, PAGE_TYPES, type PageType, type Quality } from "../../content/document.ts";
import { byteCount, bytes, createdAt, digest, id, instant, orbweaver, packedText } from "./columns.ts";
import { crawlJobs } from "./crawls.ts";
import { websites } from "./websites.ts";

/**
 * `missing` when it was not there, but not for long enough to be sure; its document is the last that it had. `removed`
 * and `moved` have been told as changes.
 */
export const PAGE_STATES = ["live", "missing", "removed", "moved"] as const;
export type PageState = (typeof PAGE_STATES)[number];

/** Why a page is visited again when it is; for people. */
export type VisitPlan = {
  /** Expected changes a day. */
  changesPerDay: number;
  /** How sure that is: the changes that one would have to have watched to be as sure. */
  certainty: number;
  /** Where that comes from: visits of its own, and of pages under the same path. */
  visits: number;
  prior: { path: string; pages: number; changesPerDay: number };
  /** What set the time: the rate itself, a bound, or that the budget is spent on others. */
  boundBy: "rate" | "minimum" | "maximum" | "budget";
  intervalSeconds: number;
};

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
    state: text({ enum: PAGE_STATES }).notNull().default("live"),
    /** Since when, and in how many visits in a row, it was not there; null and 0 when it was. */
    missingSince: instant(),
    missingVisits: smallint().notNull().default(0),
    /** Where it moved to. */
    movedTo: text(),
    /** Its first appearance is yet to be told, at the end of a crawl. */
    isNew: boolean().notNull().default(false),
    /** The version that changes are measured from, where that is not the current one: the last that was told. */
    baselineDocumentId: uuid(),
    /** Hash of a text that was found to differ from the current document in noise alone. */
    comparedHash: digest(),
    /** How often it was looked at again with success, and what that showed: the change rate is estimated from these. */
    visits: integer().notNull().default(0),
    changes: integer().notNull().default(0),
    /** Seconds between visits that showed no change, summed up. */
    unchangedSeconds: bigint({ mode: "number" }).notNull().default(0),
    /** Seconds between visits that showed one: the latest, oldest first. */
    changedIntervals: integer().array().notNull().default(sql`'{}'`),
    /** Null unless the website has an adaptive schedule. */
    nextVisitAt: instant(),
    visitPlan: jsonb().$type<VisitPlan>(),
    /** What the sitemap said when the page was last fetched. */
    sitemapModifiedAt: instant(),
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
    index("pages_new_idx").on(table.websiteId, table.id).where(sql`${table.isNew}`),
    index("pages_missing_idx").on(table.websiteId, table.id).where(sql`${table.state} <> 'live'`),
    index("pages_due_idx").on(table.websiteId, table.nextVisitAt).where(sql`${table.nextVisitAt} is not null`),
    check("pages_state_check", sql`${table.state} in ('live', 'missing', 'removed', 'moved')`),
  ],
);

/** Which pages each page links to, so that those that nothing leads to any more are known. */
export const pageLinks = orbweaver.table(
  "page_links",
  {
    pageId: uuid()
      .notNull()
      .references(() => pages.id, { onDelete: "cascade" }),
    /** The first 8 bytes of the canonical URLs' hashes, sorted, one after the other; links within the website alone. */
    targets: bytes().notNull(),
    /**
     * Since when, and in how many complete crawls in a row, nothing led to the page itself, though it answers; -1 where
     * nothing that is known ever did.
     */
    unlinkedSince: instant(),
    unlinkedVisits: smallint().notNull().default(0),
  },
  (table) => [primaryKey({ name: "page_links_pkey", columns: [table.pageId] })],
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

export const CHANGE_KINDS = ["new", "changed", "moved", "removed", "restored"] as const;
export type ChangeKind = (typeof CHANGE_KINDS)[number];

/** Blocks that differ, words in them, and the share of the text that they make up, between 0 and 1. */
export type ChangeSummary = {
  added: number;
  removed: number;
  changed: number;
  moved: number;
  wordsAdded: number;
  wordsRemoved: number;
  share: number;
};

/** What changed on a page, and when: what is told. */
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
    kind: text({ enum: CHANGE_KINDS }).notNull(),
    /** Versions before and after; the documents may have been given up since. */
    fromDocumentId: uuid(),
    toDocumentId: uuid(),
    fromVersion: integer(),
    toVersion: integer(),
    /** Where the page was, and where it is, of one that moved. */
    fromUrl: text(),
    toUrl: text(),
    /** How it is known: `http_410`, `http_404`, `soft_404`, `unlinked`, `redirect`, `same_content`; null where that is plain. */
    reason: text(),
    summary: jsonb().$type<Partial<ChangeSummary>>().notNull().default(sql`'{}'`),
    /** As in the summary; null where no texts were compared. */
    share: real(),
    /** In plain words, by a language model. */
    explanation: text(),
    detectedAt: instant().notNull().defaultNow(),
  },
  (table) => [
    index("page_changes_website_idx").on(table.websiteId, table.detectedAt, table.id),
    index("page_changes_page_idx").on(table.pageId, table.detectedAt),
    index("page_changes_crawl_idx").on(table.crawlId),
    check("page_changes_kind_check", sql`${table.kind} in ('new', 'changed', 'moved', 'removed', 'restored')`),
  ],
);
