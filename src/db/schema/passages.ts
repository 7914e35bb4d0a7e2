import { sql } from "drizzle-orm";
import {
  bigint,
  check,
  customType,
  index,
  integer,
  jsonb,
  primaryKey,
  smallint,
  text,
  uniqueIndex,
  uuid,
} from "drizzle-orm/pg-core";
import { byteCount, createdAt, id, instant, orbweaver, packedText, updatedAt } from "./columns.ts";
import { pages } from "./pages.ts";
import { websites } from "./websites.ts";

/** Lexemes with places and weights, written as PostgreSQL reads them: `'lock':3A,7C`. */
const lexemes = customType<{ data: string; driverData: string }>({ dataType: () => "tsvector" });

/**
 * What is searched: the documents of pages in pieces, by their headings. A piece that is the same in the next version stays
 * the row that it is; one that is not there any more is kept as long as a version that had it is.
 */
export const passages = orbweaver.table(
  "passages",
  {
    id: id(),
    websiteId: uuid()
      .notNull()
      .references(() => websites.id, { onDelete: "cascade" }),
    pageId: uuid()
      .notNull()
      .references(() => pages.id, { onDelete: "cascade" }),
    /** Its place among those of the current version, from 0; among those of the last that had it, of a former one. */
    place: integer().notNull(),
    /** First half of the SHA-256 of heading path and text: what is the same has the same. */
    hash: uuid().notNull(),
    headingPath: text().array().notNull().default(sql`'{}'`),
    /** Of the nearest heading that has one. */
    anchor: text(),
    /** Markdown. */
    text: packedText().notNull(),
    /** How its words were reduced to stems: a dictionary of PostgreSQL's, or `simple` for none. */
    dictionary: text().notNull(),
    /** Stems weighted A for the page's title, B for headings, C for text and D for code; beside them the markers that a
     * search is narrowed by. */
    terms: lexemes().notNull(),
    tokens: integer().notNull(),
    /** The first version that has it, and when that was fetched. */
    fromVersion: integer().notNull(),
    fromAt: instant().notNull(),
    /** The first version after it that has it no more, and when that was fetched; null while it is current. */
    toVersion: integer(),
    toAt: instant(),
  },
  (table) => [
    index("passages_terms_idx").using("gin", table.terms).where(sql`${table.toAt} is null`),
    index("passages_former_terms_idx").using("gin", table.terms).where(sql`${table.toAt} is not null`),
    index("passages_page_idx").on(table.pageId),
    index("passages_website_idx").on(table.websiteId, table.id),
  ],
);

/** What the index has of each page, so that it is known what it lacks; and what lists of pages are made from. */
export const indexedPages = orbweaver.table(
  "indexed_pages",
  {
    pageId: uuid()
      .notNull()
      .references(() => pages.id, { onDelete: "cascade" }),
    websiteId: uuid()
      .notNull()
      .references(() => websites.id, { onDelete: "cascade" }),
    /** The version that is indexed. */
    documentId: uuid().notNull(),
    version: integer().notNull(),
    /** Grows when the same document would be indexed in another way. */
    make: smallint().notNull(),
    title: text(),
    /** One line: what the page says of itself, or its first sentence. */
    summary: text(),
    /** Names of what is above it, outermost first. */
    breadcrumbs: text().array().notNull().default(sql`'{}'`),
    language: text(),
    /** Of its Markdown, in UTF-8. */
    byteLength: byteCount().notNull(),
    tokens: integer().notNull(),
    passages: integer().notNull(),
    simhash: bigint({ mode: "bigint" }).notNull(),
    indexedAt: instant().notNull().defaultNow(),
  },
  (table) => [
    primaryKey({ name: "indexed_pages_pkey", columns: [table.pageId] }),
    index("indexed_pages_website_idx").on(table.websiteId, table.pageId),
  ],
);

/** What the index has of each website, and how fresh that is. */
export const indexedWebsites = orbweaver.table(
  "indexed_websites",
  {
    websiteId: uuid()
      .notNull()
      .references(() => websites.id, { onDelete: "cascade" }),
    pages: integer().notNull(),
    passages: integer().notNull(),
    /** Passages by the dictionary of their stems. */
    dictionaries: jsonb().$type<Record<string, number>>().notNull(),
    /** All that was stored before then is in it. */
    indexedAt: instant().notNull(),
  },
  (table) => [primaryKey({ name: "indexed_websites_pkey", columns: [table.websiteId] })],
);

/** The words of each website as they are written, in lower case: what a misspelt one may have meant. */
export const websiteWords = orbweaver.table(
  "website_words",
  {
    websiteId: uuid()
      .notNull()
      .references(() => websites.id, { onDelete: "cascade" }),
    word: text().notNull(),
  },
  (table) => [primaryKey({ name: "website_words_pkey", columns: [table.websiteId, table.word] })],
);

export const EMBEDDING_STATES = ["building", "serving", "retired"] as const;

/** Why a model's endpoint did not do its work. */
export type EmbeddingFailure = { code: string; message: string; at: string };

/** Models that passages were embedded by: one serves, and the next is built beside it until it has all. */
export const embeddingModels = orbweaver.table(
  "embedding_models",
  {
    id: id(),
    /** Host and path of the endpoint, and the model's name as it is asked for. */
    endpoint: text().notNull(),
    model: text().notNull(),
    /** As the endpoint answered. */
    dimensions: integer().notNull(),
    state: text({ enum: EMBEDDING_STATES }).notNull().default("building"),
    lastFailure: jsonb().$type<EmbeddingFailure>(),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [
    uniqueIndex("embedding_models_model_key").on(table.endpoint, table.model, table.dimensions),
    check("embedding_models_state_check", sql`${table.state} in ('building', 'serving', 'retired')`),
  ],
);
