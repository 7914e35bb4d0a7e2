import { sql } from "drizzle-orm";
import { index, integer, jsonb, text, uniqueIndex, uuid } from "drizzle-orm/pg-core";
import { byteCount, createdAt, digest, id, instant, orbweaver, updatedAt } from "./columns.ts";
import { users } from "./users.ts";

/** Changes of pages that a newer date announced, and those that none did. */
export type SitemapTrust = { caught: number; missed: number };

/** A registered website: where a crawl of it starts and the options its crawls take unless told otherwise. */
export const websites = orbweaver.table(
  "websites",
  {
    id: id(),
    userId: uuid()
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    /** Canonical start URL; a user registers each once. */
    url: text().notNull(),
    name: text().notNull(),
    /** Crawl options that differ from the defaults, as the API takes them. */
    options: jsonb().$type<Record<string, unknown>>().notNull().default({}),
    /** How its changes are tracked, as the API takes it, where that differs from the defaults. */
    tracking: jsonb().$type<Record<string, unknown>>().notNull().default({}),
    /** How its `llms.txt` is made, as the API takes it, where that differs from the defaults. */
    llms: jsonb().$type<Record<string, unknown>>().notNull().default({}),
    /** The first crawl that was completed: what it found is where changes are counted from. */
    baselineCrawlId: uuid(),
    /** How well the dates of its sitemaps told what had changed. */
    sitemapTrust: jsonb().$type<SitemapTrust>().notNull().default({ caught: 0, missed: 0 }),
    deletedAt: instant(),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [
    uniqueIndex("websites_user_url_key").on(table.userId, table.url).where(sql`${table.deletedAt} is null`),
    index("websites_deleted_idx").on(table.deletedAt).where(sql`${table.deletedAt} is not null`),
    index("websites_user_idx").on(table.userId, table.id),
  ],
);

/**
 * What is built from a website as a whole: `llms.txt`, `llms-full.txt` and the site map. Kept in versions, of which one is
 * written only when it differs. The full text is kept as the list of documents that it is put together from.
 */
export const websiteIndexes = orbweaver.table(
  "website_indexes",
  {
    id: id(),
    websiteId: uuid()
      .notNull()
      .references(() => websites.id, { onDelete: "cascade" }),
    kind: text({ enum: ["llms_txt", "llms_full", "site_map"] }).notNull(),
    version: integer().notNull(),
    content: text().notNull(),
    contentHash: digest().notNull(),
    /** Of what is served. */
    byteLength: byteCount().notNull().default(0),
    pages: integer().notNull().default(0),
    /** The crawl whose pages it was built from. */
    crawlId: uuid(),
    createdAt: createdAt(),
  },
  (table) => [uniqueIndex("website_indexes_version_key").on(table.websiteId, table.kind, table.version)],
);
