import { findTrackedWebsite, type TrackedWebsite } from "../changes/tracked-website.ts";
import type { Db } from "../db/db.ts";
import { wantsEvents } from "../notify/outbox.ts";

/** A website as its crawl sees it. */
export type WatchedWebsite = TrackedWebsite & {
  /** Somebody wants to be told of each page that is crawled. */
  wantsPages: boolean;
};

/** `undefined` when it is deleted for good. */
export async function findWatchedWebsite(db: Db, id: string): Promise<WatchedWebsite | undefined> {
  const [website, wantsPages] = await Promise.all([findTrackedWebsite(db, id), wantsEvents(db, id, "crawl.page")]);
  return website && { ...website, wantsPages };
}
