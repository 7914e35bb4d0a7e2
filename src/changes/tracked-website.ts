import { eq } from "drizzle-orm";
import type { Db } from "../db/db.ts";
import { type SitemapTrust, websites } from "../db/schema/websites.ts";
import { AppError } from "../errors.ts";
import { readTracking, type Tracking } from "./tracking.ts";

/** What a crawl has to know of its website to tell changes. */
export type TrackedWebsite = {
  id: string;
  userId: string;
  name: string;
  url: string;
  tracking: Tracking;
  sitemapTrust: SitemapTrust;
};

/** `undefined` when it is deleted for good. */
export async function findTrackedWebsite(db: Db, id: string): Promise<TrackedWebsite | undefined> {
  const { userId, name, url, tracking, sitemapTrust } = websites;
  const [row] = await db
    .select({ id: websites.id, userId, name, url, tracking, sitemapTrust })
    .from(websites)
    .where(eq(websites.id, id));
  return row && { ...row, tracking: readStoredTracking(row.tracking) };
}

/** Rules that were right once and are refused by now, as after an update, must not keep the website from being crawled. */
function readStoredTracking(stored: Record<string, unknown>): Tracking {
  try {
    return readTracking(stored);
  } catch (error) {
    if (error instanceof AppError) return readTracking();
    throw error;
  }
}
