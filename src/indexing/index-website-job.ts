import { Type } from "@sinclair/typebox";
import { and, asc, eq, exists, inArray, isNotNull, isNull, notExists, sql } from "drizzle-orm";
import type { Db } from "../db/db.ts";
import { crawlJobs } from "../db/schema/crawls.ts";
import { pages } from "../db/schema/pages.ts";
import { indexedWebsites } from "../db/schema/passages.ts";
import { websites } from "../db/schema/websites.ts";
import { queueEmbedding } from "../embeddings/embed-website-job.ts";
import { enqueue } from "../jobs/enqueue.ts";
import { defineJob } from "../jobs/kind.ts";
import { lookAfter } from "../jobs/look-after.ts";
import { buildWebsiteIndexes } from "../llms/build-indexes.ts";
import { indexWebsite } from "../passages/index-website.ts";
import { createWordIndex } from "../search/known-words.ts";
import { announceWebsite } from "../websites/announcements.ts";

/** Brings all that is built from a website's pages up to them. */
export const indexWebsiteJob = defineJob({
  name: "index-website",
  about: "Brings a website's search index and llms.txt up to its pages",
  queue: "index",
  payload: Type.Object({
    websiteId: Type.String(),
    /** A crawl still brings pages: they are made searchable, and no list is built of what is not all. */
    isCrawled: Type.Optional(Type.Boolean()),
  }),
  retry: { limit: 5, delaySeconds: 10, maxDelaySeconds: 600 },
  timeoutSeconds: 3_600,
  keepSeconds: 86_400,
  isUnique: true,
  run: async ({ db, clock, parser, cache, embedder }, { websiteId, isCrawled }, { signal, progress }) => {
    const result = await indexWebsite({ db, clock }, websiteId, { signal, onProgress: progress });
    await createWordIndex({ db, clock });
    if (!isCrawled) await buildWebsiteIndexes({ db, clock, parser }, websiteId, signal);
    // Also when nothing is new: the endpoint may be, or what it was given may have been lost.
    if (embedder) await queueEmbedding(db, websiteId);
    if (!isCrawled) await announceWebsite({ db, cache }, "index", websiteId);
    return result;
  },
});

/** Has what is built from a website's pages brought up to them. Commits with the transaction. */
export async function queueIndexing(tx: Db, websiteId: string): Promise<void> {
  await lookAfter(tx, indexWebsiteJob, [{ key: websiteId, payload: { websiteId } }]);
}

/** Has what a crawl has brought so far made searchable, unless that is under way. */
export async function queueIndexingMeanwhile(tx: Db, websiteId: string): Promise<void> {
  await enqueue(tx, indexWebsiteJob, { websiteId, isCrawled: true }, { key: `${websiteId}/crawled`, priority: -1 });
}

/** Websites that one look has indexed: the next one, a minute later, goes on. */
const BATCH = 100;

/**
 * Has websites indexed that have pages and were never: those that a release without an index crawled. What is crawled
 * now is left to the end of its crawl.
 * @returns how many jobs were made
 */
export async function queueUnindexed(db: Db): Promise<number> {
  const one = { one: sql`1` };
  const hasPages = and(eq(pages.websiteId, websites.id), isNotNull(pages.documentId));
  const isCrawled = and(eq(crawlJobs.websiteId, websites.id), inArray(crawlJobs.state, ["queued", "running"]));
  const unindexed = await db
    .select({ id: websites.id })
    .from(websites)
    .leftJoin(indexedWebsites, eq(indexedWebsites.websiteId, websites.id))
    .where(
      and(
        isNull(indexedWebsites.websiteId),
        isNull(websites.deletedAt),
        exists(db.select(one).from(pages).where(hasPages)),
        notExists(db.select(one).from(crawlJobs).where(isCrawled)),
      ),
    )
    .orderBy(asc(websites.id))
    .limit(BATCH);
  let made = 0;
  for (const { id: websiteId } of unindexed) {
    if (await enqueue(db, indexWebsiteJob, { websiteId }, { key: websiteId })) made++;
  }
  return made;
}
