import { sql } from "drizzle-orm";
import type { App } from "../../src/app.ts";
import { hashUrl } from "../../src/crawl/url.ts";
import { type Db, rowsOf } from "../../src/db/db.ts";
import { markdownDocuments, pages } from "../../src/db/schema/pages.ts";
import { LOCAL_USER_ID } from "../../src/db/schema/users.ts";
import { websites } from "../../src/db/schema/websites.ts";
import { indexWebsite } from "../../src/passages/index-website.ts";
import { createWordIndex } from "../../src/search/known-words.ts";
import { findOrAddWebsite } from "../../src/websites/websites.ts";
import { type ManualPage, urlOf } from "./search-corpus.ts";

const BATCH = 200;

/** Stores pages as a crawl would have, each manual a website. */
export async function storeManuals(db: Db, manualPages: readonly ManualPage[], now: Date): Promise<void> {
  const siteOf = new Map<string, string>();
  for (let at = 0; at < manualPages.length; at += BATCH) {
    const batch = manualPages.slice(at, at + BATCH);
    for (const { manual } of batch) {
      if (siteOf.has(manual)) continue;
      siteOf.set(manual, (await findOrAddWebsite(db, LOCAL_USER_ID, urlOf(manual, ""))).id);
    }
    const rows = batch.map((page) => toRows(page, siteOf.get(page.manual) ?? "", now));
    await db.insert(pages).values(rows.map(({ page }) => page));
    await db.insert(markdownDocuments).values(rows.map(({ document }) => document));
  }
}

function toRows({ manual, path, document }: ManualPage, websiteId: string, now: Date) {
  const [id, documentId] = [Bun.randomUUIDv7(), Bun.randomUUIDv7()];
  const url = urlOf(manual, path);
  const { title, description, language, markdown, wordCount, contentHash, simhash, kind, charset } = document;
  const { authors, siteName, canonicalUrl, publishedAt, modifiedAt, headings, metadata } = document;
  const current = { documentId, version: 1, contentHash, title, language, wordCount };
  return {
    page: {
      ...{ id, websiteId, url, urlHash: hashUrl(url), host: new URL(url).host, path: `/${path}`, status: 200 },
      ...{ depth: path.split("/").length, pageType: document.pageType?.type ?? null, lastFetchedAt: now },
      ...{ firstSeenAt: now, lastChangedAt: now, ...current },
    },
    document: {
      ...{ id: documentId, pageId: id, version: 1, kind, title, description, language, markdown, wordCount },
      ...{ contentHash, simhash, rawHash: contentHash, charset, fetchedAt: now },
      details: { authors, siteName, canonicalUrl, publishedAt, modifiedAt, ...metadata, headings },
    },
  };
}

/** Indexes all websites. @returns CPU seconds of this process alone, and wall seconds */
export async function indexManuals(app: App): Promise<{ cpuSeconds: number; seconds: number }> {
  const startedAt = performance.now();
  const before = process.cpuUsage();
  for (const { id } of await app.db.select({ id: websites.id }).from(websites)) {
    await indexWebsite(app, id, { signal: new AbortController().signal });
  }
  await createWordIndex(app);
  const { user, system } = process.cpuUsage(before);
  return { cpuSeconds: (user + system) / 1e6, seconds: (performance.now() - startedAt) / 1_000 };
}

/**
 * The plain way to search the same texts: one `tsvector` a document, made by PostgreSQL, ranked by `ts_rank`.
 */
export async function makePlainIndex(db: Db, manualPages: readonly ManualPage[]): Promise<void> {
  await db.execute(sql`create table plain_documents (url text primary key, terms tsvector not null)`);
  for (let at = 0; at < manualPages.length; at += BATCH) {
    const rows = manualPages.slice(at, at + BATCH).map(({ manual, path, document }) => ({
      url: urlOf(manual, path),
      // What a tsvector can hold ends at a megabyte.
      text: `${document.title ?? ""}\n${document.markdown}`.slice(0, 400_000).replaceAll("\0", ""),
    }));
    await db.execute(sql`
      insert into plain_documents select v.url, to_tsvector('english', v.text)
      from json_to_recordset(${JSON.stringify(rows)}::text::json) as v(url text, text text)
      on conflict do nothing`);
  }
  await db.execute(sql`create index plain_documents_terms_idx on plain_documents using gin (terms)`);
  await db.execute(sql`analyze plain_documents`);
}

/** The ten best pages of the plain way. */
export async function searchPlainly(db: Db, query: string): Promise<string[]> {
  const found = await db.execute(sql`
    select url from plain_documents, websearch_to_tsquery('english', ${query}) q
    where terms @@ q order by ts_rank(terms, q) desc, url limit 10`);
  return rowsOf<{ url: string }>(found).map(({ url }) => url);
}

/** Bytes of what each way keeps to search in: rows, indexes and all. */
export async function measureSizes(db: Db): Promise<{ passages: number; plain: number; documents: number }> {
  const [sizes] = rowsOf<Record<"passages" | "plain" | "documents", string>>(
    await db.execute(sql`
      select pg_total_relation_size('orbweaver.passages') as passages,
        pg_total_relation_size('plain_documents') as plain,
        pg_total_relation_size('orbweaver.markdown_documents') as documents`),
  );
  const { passages = 0, plain = 0, documents = 0 } = sizes ?? {};
  return { passages: Number(passages), plain: Number(plain), documents: Number(documents) };
}
