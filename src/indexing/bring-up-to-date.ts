import { asc, eq, isNull, sql } from "drizzle-orm";
import type { App } from "../app.ts";
import { type Db, toUuids } from "../db/db.ts";
import { websiteIndexes, websites } from "../db/schema/websites.ts";
import { buildWebsiteIndexes } from "../llms/build-indexes.ts";
import { type IndexingProgress, type IndexingResult, indexWebsite } from "../passages/index-website.ts";
import { addCounts, noCounts } from "../passages/store-passages.ts";

/**
 * Brings all that is built from the pages of some websites up to them, in this process: for commands, beside which no
 * service may run. It is little where nothing is new, and safe beside a service that does the same. Vectors are left to
 * the service.
 * @param websiteIds all that are not deleted when absent
 */
export async function bringUpToDate(
  { db, clock, parser }: Pick<App, "db" | "clock" | "parser">,
  websiteIds?: readonly string[],
  signal = new AbortController().signal,
  onProgress?: (progress: IndexingProgress & { websiteId: string }) => void,
): Promise<IndexingResult> {
  const total = noCounts();
  const isMeant = websiteIds && sql`${websites.id} = any(${toUuids(websiteIds)})`;
  const rows = await db
    .select({ id: websites.id })
    .from(websites)
    .where(isMeant ?? isNull(websites.deletedAt))
    .orderBy(asc(websites.id));
  for (const { id: websiteId } of rows) {
    signal.throwIfAborted();
    const tell = (progress: IndexingProgress) => onProgress?.({ ...progress, websiteId });
    const result = await indexWebsite({ db, clock }, websiteId, { signal, onProgress: tell });
    const isNew = result.pages + result.removed > 0;
    if (isNew || !(await isBuilt(db, websiteId))) await buildWebsiteIndexes({ db, clock, parser }, websiteId, signal);
    addCounts(total, result);
  }
  return total;
}

async function isBuilt(db: Db, websiteId: string): Promise<boolean> {
  const isOurs = eq(websiteIndexes.websiteId, websiteId);
  return (await db.select({ id: websiteIndexes.id }).from(websiteIndexes).where(isOurs).limit(1)).length > 0;
}
