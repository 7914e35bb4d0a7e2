import { eq, sql } from "drizzle-orm";
import type { Db } from "../../src/db/db.ts";
import { type CrawlState, crawlJobs } from "../../src/db/schema/crawls.ts";
import { type ChangeKind, markdownDocuments, pageChanges, pages, rawHtml } from "../../src/db/schema/pages.ts";
import { storePage } from "../pages/stored-pages.ts";

/** 00:00 UTC of a day of January 2026. */
export const day = (day: number) => new Date(Date.UTC(2026, 0, day));

/** A page whose text became each of these, on these days of January; as crawls leave it. */
export async function addPage(db: Db, websiteId: string, url: string, texts: Record<number, string>): Promise<string> {
  const [first, ...later] = Object.entries(texts);
  if (!first) throw new Error("A page has at least one text");
  const [firstDay, markdown] = first;
  const pageId = await storePage(db, { websiteId, url, markdown, body: bodyOf(markdown), changedAt: day(+firstDay) });
  for (const [on, text] of later) await addVersion(db, pageId, day(Number(on)), text);
  return pageId;
}

/** Another text of a page, current from then on. */
export async function addVersion(db: Db, pageId: string, fetchedAt: Date, markdown: string): Promise<string> {
  const [former] = await db
    .select()
    .from(markdownDocuments)
    .where(eq(markdownDocuments.pageId, pageId))
    .orderBy(sql`version desc`)
    .limit(1);
  if (!former) throw new Error(`Page ${pageId} has no document`);
  const id = Bun.randomUUIDv7();
  const version = former.version + 1;
  const body = bodyOf(markdown);
  const [contentHash, rawHash] = [hash(markdown), hash(body)];
  await db
    .insert(rawHtml)
    .values({ hash: rawHash, zstd: Bun.zstdCompressSync(body), byteLength: body.length })
    .onConflictDoNothing();
  await db.insert(markdownDocuments).values({ ...former, id, version, markdown, contentHash, rawHash, fetchedAt });
  await db
    .update(pages)
    .set({ documentId: id, version, contentHash, rawHash, lastChangedAt: fetchedAt, lastFetchedAt: fetchedAt })
    .where(eq(pages.id, pageId));
  return id;
}

export type ToldChange = {
  pageId: string;
  kind: ChangeKind;
  at: Date;
  from?: number;
  to?: number;
  share?: number;
  toUrl?: string;
  reason?: string;
  crawlId?: string;
};

/** A change that was told, between two of the page's versions. */
export async function tell(db: Db, change: ToldChange): Promise<string> {
  const { pageId, kind, at, from, to, share, toUrl, reason, crawlId } = change;
  const [page] = await db.select().from(pages).where(eq(pages.id, pageId));
  if (!page) throw new Error(`There is no page ${pageId}`);
  const versions = await db
    .select({ id: markdownDocuments.id, version: markdownDocuments.version })
    .from(markdownDocuments)
    .where(eq(markdownDocuments.pageId, pageId));
  const idOf = (number?: number) => versions.find(({ version }) => version === number)?.id;
  const id = Bun.randomUUIDv7();
  await db.insert(pageChanges).values({
    ...{ id, websiteId: page.websiteId, pageId, crawlId, kind, detectedAt: at, reason, share },
    ...{ fromVersion: from, toVersion: to, fromDocumentId: idOf(from), toDocumentId: idOf(to) },
    ...(toUrl === undefined ? {} : { fromUrl: page.url, toUrl }),
    summary: share === undefined ? {} : { changed: 1, share },
  });
  return id;
}

/** A crawl that is over, or not. */
export async function addCrawl(db: Db, websiteId: string, endedAt: Date | null, state: CrawlState = "completed") {
  const [crawl] = await db
    .insert(crawlJobs)
    .values({ websiteId, seeds: [], options: {}, state, finishedAt: endedAt })
    .returning({ id: crawlJobs.id });
  if (!crawl) throw new Error("Nothing was inserted");
  return crawl.id;
}

const bodyOf = (markdown: string) => `<main>${Bun.markdown.html(markdown)}</main>`;
const hash = (text: string) => new Bun.CryptoHasher("sha256").update(text).digest("hex");
