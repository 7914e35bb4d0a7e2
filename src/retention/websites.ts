import { and, asc, eq, inArray, lt, sql } from "drizzle-orm";
import type { Db } from "../db/db.ts";
import { crawlJobs, frontier } from "../db/schema/crawls.ts";
import { pages } from "../db/schema/pages.ts";
import { websiteWords } from "../db/schema/passages.ts";
import { websites } from "../db/schema/websites.ts";
import { inBatches } from "./batches.ts";

/** Rows that one statement deletes, a page's documents aside: the embedded database answers nobody else meanwhile. */
const BATCH = 100;

/**
 * Websites that were deleted before an instant, with all that hangs on them: first pages and frontiers, which may be
 * hundreds of thousands of rows, then the website, with which the database deletes the rest.
 */
export async function purgeWebsites(db: Db, before: Date, signal?: AbortSignal) {
  const counts = { websites: 0, pages: 0 };
  await inBatches(db, signal, async (tx) => {
    // Whoever restores it waits for the lock, and finds then that it is too late.
    const [website] = await tx
      .select({ id: websites.id })
      .from(websites)
      .where(lt(websites.deletedAt, before))
      .orderBy(asc(websites.deletedAt))
      .limit(1)
      .for("update", { skipLocked: true });
    if (!website) return "done";
    const deletedPages = await deletePages(tx, website.id);
    counts.pages += deletedPages;
    if (deletedPages === BATCH) return "more";
    if ((await deleteFrontierRows(tx, website.id)) === BATCH) return "more";
    if ((await deleteWords(tx, website.id)) === WORDS) return "more";
    await tx.delete(websites).where(eq(websites.id, website.id));
    counts.websites++;
    return "more";
  });
  return counts;
}

async function deletePages(tx: Db, websiteId: string): Promise<number> {
  const some = tx.select({ id: pages.id }).from(pages).where(eq(pages.websiteId, websiteId)).limit(BATCH);
  return (await tx.delete(pages).where(inArray(pages.id, some)).returning({ id: pages.id })).length;
}

/** More of these, which nothing hangs on. */
const WORDS = 5_000;

async function deleteWords(tx: Db, websiteId: string): Promise<number> {
  const { word } = websiteWords;
  const isOurs = eq(websiteWords.websiteId, websiteId);
  const some = tx.select({ word }).from(websiteWords).where(isOurs).limit(WORDS);
  return (
    await tx
      .delete(websiteWords)
      .where(and(isOurs, inArray(word, some)))
      .returning({ word })
  ).length;
}

async function deleteFrontierRows(tx: Db, websiteId: string): Promise<number> {
  const some = tx
    .select({ crawlId: frontier.crawlId, urlHash: frontier.urlHash })
    .from(frontier)
    .innerJoin(crawlJobs, and(eq(crawlJobs.id, frontier.crawlId), eq(crawlJobs.websiteId, websiteId)))
    .limit(BATCH);
  const deleted = await tx
    .delete(frontier)
    .where(sql`(${frontier.crawlId}, ${frontier.urlHash}) in ${some}`)
    .returning({ crawlId: frontier.crawlId });
  return deleted.length;
}
