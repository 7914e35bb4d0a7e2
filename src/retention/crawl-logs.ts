import { Type } from "@sinclair/typebox";
import { and, asc, eq, exists, gt, gte, inArray, lt, sql } from "drizzle-orm";
import { alias } from "drizzle-orm/pg-core";
import { daysBefore } from "../clock.ts";
import type { Db } from "../db/db.ts";
import { crawlJobs, frontier } from "../db/schema/crawls.ts";
import { defineJob } from "../jobs/kind.ts";
import { withResultKept } from "../schedules/system-schedules.ts";
import { inBatches, LOCKS } from "./batches.ts";

/** Rows that one statement deletes: the embedded database answers nobody else meanwhile. */
const BATCH = 200;

export const crawlLogRetention = withResultKept(
  defineJob({
    name: "crawl-log-retention",
    about: "Deletes the lists of URLs of crawls that ended long ago",
    queue: "maintenance",
    payload: Type.Object({}),
    retry: { limit: 2, delaySeconds: 60, maxDelaySeconds: 600 },
    timeoutSeconds: 4 * 3_600,
    keepSeconds: 30 * 86_400,
    isUnique: true,
    run: async ({ db, clock, config }, _, { signal }) => {
      const days = config.CRAWL_LOG_RETENTION_DAYS;
      return days === 0 ? { crawls: 0, urls: 0 } : purgeCrawlLogs(db, daysBefore(clock.now(), days), signal);
    },
  }),
);

/**
 * Deletes the rows of the frontier of crawls that ended before an instant. What a website's last completed crawl met is
 * kept for ever, and so is what later ones met that did not complete: it says how the website is. A crawl's counts stay.
 */
export async function purgeCrawlLogs(db: Db, before: Date, signal?: AbortSignal) {
  const counts = { crawls: 0, urls: 0 };
  let from: string | undefined;
  await inBatches(
    db,
    signal,
    async (tx) => {
      const crawlId = await findOutdated(tx, before, from);
      if (crawlId === undefined) return "done";
      if (crawlId !== from) counts.crawls++;
      from = crawlId;
      counts.urls += await deleteSome(tx, crawlId);
      return "more";
    },
    LOCKS.crawlLogs,
  );
  return counts;
}

/** The next crawl that has a list and needs it no longer. */
async function findOutdated(tx: Db, before: Date, from: string | undefined): Promise<string | undefined> {
  const later = alias(crawlJobs, "later");
  const laterCompleted = tx
    .select({ id: later.id })
    .from(later)
    .where(
      and(
        eq(later.websiteId, crawlJobs.websiteId),
        eq(later.state, "completed"),
        gt(later.finishedAt, crawlJobs.finishedAt),
      ),
    );
  const urls = tx.select({ crawlId: frontier.crawlId }).from(frontier).where(eq(frontier.crawlId, crawlJobs.id));
  const [crawl] = await tx
    .select({ id: crawlJobs.id })
    .from(crawlJobs)
    .where(
      and(
        inArray(crawlJobs.state, ["completed", "failed", "cancelled"]),
        lt(crawlJobs.finishedAt, before),
        from === undefined ? undefined : gte(crawlJobs.id, from),
        exists(laterCompleted),
        exists(urls),
      ),
    )
    .orderBy(asc(crawlJobs.id))
    .limit(1);
  return crawl?.id;
}

async function deleteSome(tx: Db, crawlId: string): Promise<number> {
  const { urlHash } = frontier;
  const some = tx.select({ urlHash }).from(frontier).where(eq(frontier.crawlId, crawlId)).limit(BATCH);
  const deleted = await tx
    .delete(frontier)
    .where(and(eq(frontier.crawlId, crawlId), sql`${urlHash} in ${some}`))
    .returning({ urlHash });
  return deleted.length;
}
