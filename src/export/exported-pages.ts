import { and, asc, between, eq, gt, inArray, sql } from "drizzle-orm";
import type { Db } from "../db/db.ts";
import { crawlJobs, frontier } from "../db/schema/crawls.ts";
import { markdownDocuments, pages } from "../db/schema/pages.ts";

export type ExportedPage = { id: string; url: string; byteLength: number };

export type PageDocument = {
  url: string;
  status: number;
  title: string | null;
  description: string | null;
  language: string | null;
  pageType: string | null;
  markdown: string;
  contentHash: string;
  fetchedAt: Date;
};

const batchRows = 1_000;

/**
 * Pages whose last answer was good and that have text, in order of their id; with a crawl, those that it reached.
 * Batch by batch, so that a large website passes through little memory.
 */
export async function* listExportedPages(
  db: Db,
  { websiteId, crawlId }: { websiteId: string; crawlId?: string | undefined },
): AsyncGenerator<ExportedPage[]> {
  for (let after: string | undefined; ; ) {
    const query = db
      .select({ id: pages.id, url: pages.url, byteLength: pages.byteLength })
      .from(pages)
      .innerJoin(markdownDocuments, eq(markdownDocuments.id, pages.documentId));
    const reached = and(eq(frontier.crawlId, crawlId ?? ""), eq(frontier.urlHash, pages.urlHash));
    const rows = await (crawlId === undefined ? query : query.innerJoin(frontier, reached))
      .where(
        and(
          eq(pages.websiteId, websiteId),
          between(pages.status, 200, 299),
          sql`octet_length(${markdownDocuments.markdown}) > 0`,
          crawlId === undefined ? undefined : eq(frontier.state, "done"),
          after === undefined ? undefined : gt(pages.id, after),
        ),
      )
      .orderBy(asc(pages.id))
      .limit(batchRows);
    if (rows.length > 0) yield rows;
    if (rows.length < batchRows) return;
    after = rows.at(-1)?.id;
  }
}

export async function readDocuments(db: Db, pageIds: string[]): Promise<PageDocument[]> {
  return db
    .select({
      url: pages.url,
      status: pages.status,
      title: markdownDocuments.title,
      description: markdownDocuments.description,
      language: markdownDocuments.language,
      pageType: pages.pageType,
      markdown: markdownDocuments.markdown,
      contentHash: markdownDocuments.contentHash,
      // Of this version of the text, not of the last look at it: an unchanged page leaves its file unchanged.
      fetchedAt: markdownDocuments.fetchedAt,
    })
    .from(pages)
    .innerJoin(markdownDocuments, eq(markdownDocuments.id, pages.documentId))
    .where(inArray(pages.id, pageIds))
    .orderBy(asc(pages.id));
}

/**
 * URLs that led a crawl of the website to another, by redirect or canonical link: each with where it led last, one step.
 * Of all its crawls, since a recrawl does not visit what only unchanged pages link to.
 */
export async function readAliases(db: Db, websiteId: string): Promise<Map<string, string>> {
  const aliases = new Map<string, string>();
  let last: { crawlId: string; seq: number } | undefined;
  for (;;) {
    const rows = await db
      .select({ crawlId: frontier.crawlId, seq: frontier.seq, url: frontier.url, message: frontier.message })
      .from(frontier)
      .innerJoin(crawlJobs, eq(crawlJobs.id, frontier.crawlId))
      .where(
        and(
          eq(crawlJobs.websiteId, websiteId),
          inArray(frontier.outcome, ["redirected", "canonical"]),
          last && sql`(${frontier.crawlId}, ${frontier.seq}) > (${last.crawlId}::uuid, ${last.seq}::bigint)`,
        ),
      )
      .orderBy(asc(frontier.crawlId), asc(frontier.seq))
      .limit(batchRows);
    for (const { url, message } of rows) {
      // The message is the target, or ends with it; a canonical URL has no spaces.
      const target = message?.slice(message.lastIndexOf(" ") + 1);
      if (target) aliases.set(url, target);
    }
    last = rows.at(-1);
    if (rows.length < batchRows) return aliases;
  }
}

/** Those of the URLs whose page has left the website: it answers 404 or 410, or leads elsewhere. */
export async function findGoneUrls(db: Db, websiteId: string, urlHashes: string[]): Promise<Set<string>> {
  const gone = new Set<string>();
  for (let start = 0; start < urlHashes.length; start += batchRows) {
    const rows = await db
      .select({ url: pages.url })
      .from(pages)
      .where(
        and(
          eq(pages.websiteId, websiteId),
          inArray(pages.urlHash, urlHashes.slice(start, start + batchRows)),
          sql`(${pages.status} in (404, 410) or ${pages.status} between 300 and 399)`,
        ),
      );
    for (const { url } of rows) gone.add(url);
  }
  return gone;
}
