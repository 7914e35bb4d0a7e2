import { eq } from "drizzle-orm";
import { countChangesOf } from "../changes/changes.ts";
import type { Db } from "../db/db.ts";
import { websites } from "../db/schema/websites.ts";
import { recordEvents } from "../notify/outbox.ts";
import type { Crawl } from "./crawls.ts";

/** Tells that a crawl is worked for the first time, in the transaction that makes it so. */
export async function tellStarted(tx: Db, crawl: Crawl): Promise<void> {
  await tell(tx, crawl, "crawl.started", {});
}

/**
 * Tells how a crawl ended, in the transaction that ends it. A cancelled one counts as failed, with that for its reason, so
 * that whoever was told of its start is told of its end; of one that was never started nobody was told.
 */
export async function tellEnded(tx: Db, crawl: Crawl): Promise<void> {
  if (crawl.state === "cancelled" && crawl.startedAt === null) return;
  const type = crawl.state === "completed" ? "crawl.completed" : "crawl.failed";
  await tell(tx, crawl, type, {
    ...{ end_reason: crawl.endReason, error: crawl.state === "failed" ? crawl.lastError : null },
    ...{ pages: crawl.created + crawl.changed + crawl.unchanged, failed: crawl.failed, skipped: crawl.skipped },
    ...(await countChangesOf(tx, crawl.id)),
    finished_at: crawl.finishedAt?.toISOString() ?? null,
  });
}

type CrawlEvent = "crawl.started" | "crawl.completed" | "crawl.failed";

async function tell(tx: Db, crawl: Crawl, type: CrawlEvent, more: Record<string, unknown>): Promise<void> {
  const { id, name, url, userId } = websites;
  const isIt = eq(websites.id, crawl.websiteId);
  const [website] = await tx.select({ id, name, url, userId }).from(websites).where(isIt);
  if (!website) return;
  const { userId: owner, ...named } = website;
  const described = {
    ...{ id: crawl.id, state: crawl.state, is_baseline: crawl.isBaseline, selection: crawl.selection },
    ...{ started_at: crawl.startedAt?.toISOString() ?? null, ...more },
  };
  const payload = { website: named, crawl: described };
  await recordEvents(tx, [{ userId: owner, websiteId: website.id, crawlId: crawl.id, type, payload }]);
}
