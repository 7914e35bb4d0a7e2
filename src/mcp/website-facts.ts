import { desc, inArray } from "drizzle-orm";
import type { Db } from "../db/db.ts";
import { type CrawlState, crawlJobs } from "../db/schema/crawls.ts";
import { indexedWebsites } from "../db/schema/passages.ts";
import type { Website } from "../websites/websites.ts";

export type KnownWebsite = {
  website: Website;
  /** Pages that can be searched, and how fresh that is. */
  pages: number;
  indexedAt: Date | null;
  lastCrawl: { id: string; state: CrawlState; finishedAt: Date | null } | undefined;
};

/** What is told of websites wherever they are listed, in their order. */
export async function lookUpWebsites(db: Db, websites: readonly Website[]): Promise<KnownWebsite[]> {
  if (websites.length === 0) return [];
  const ids = websites.map(({ id }) => id);
  const indexed = await db.select().from(indexedWebsites).where(inArray(indexedWebsites.websiteId, ids));
  const { id, websiteId, state, finishedAt } = crawlJobs;
  const crawls = await db
    .selectDistinctOn([websiteId], { id, websiteId, state, finishedAt })
    .from(crawlJobs)
    .where(inArray(websiteId, ids))
    .orderBy(websiteId, desc(id));
  const indexOf = new Map(indexed.map((row) => [row.websiteId, row]));
  const crawlOf = new Map(crawls.map((row) => [row.websiteId, row]));
  return websites.map((website) => {
    const { pages = 0, indexedAt = null } = indexOf.get(website.id) ?? {};
    return { website, pages, indexedAt, lastCrawl: crawlOf.get(website.id) };
  });
}
