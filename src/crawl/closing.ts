import { and, eq, inArray, isNull } from "drizzle-orm";
import type { App } from "../app.ts";
import type { Db } from "../db/db.ts";
import { type CrawlFailure, crawlJobs } from "../db/schema/crawls.ts";
import { websites } from "../db/schema/websites.ts";
import { queueIndexing } from "../indexing/index-website-job.ts";
import { queuePlanning } from "../revisits/planning-job.ts";
import { concludeCrawl } from "./conclusion.ts";
import { tellEnded } from "./conclusion-events.ts";
import { type Crawl, crawlChannel, listCrawlUrls, readCrawl } from "./crawls.ts";
import { skipPending } from "./frontier.ts";
import { hasLeases } from "./host-leases.ts";
import { LeaseLostError } from "./lease.ts";
import { INTERNAL, isEnding, workedTime } from "./slices.ts";

export type ClosingContext = Pick<App, "db" | "cache" | "clock" | "log">;

/**
 * Ends a crawl that has nothing left to do or has reached a limit: what is still pending is skipped with the reason, and
 * what the crawl as a whole has shown is told, and it gets its last state. Each step is safe to repeat.
 * @returns `busy` while slices store what they have in hand; `going` when the crawl goes on, or is over already
 */
export async function closeCrawl(context: ClosingContext, crawlId: string): Promise<"closed" | "busy" | "going"> {
  const { db, cache, clock, log } = context;
  const crawl = await readCrawl(db, crawlId);
  if (!crawl || !(await isEnding(db, crawl))) return "going";
  if (await hasLeases(db, crawlId)) return "busy";
  // A crawl that was given up is left as it is: it may be the database that refuses its rows.
  if (crawl.endReason !== INTERNAL && !(await skipRest(context, crawl))) return "going";
  if (crawl.endReason !== INTERNAL) {
    const settled = await readCrawl(db, crawlId);
    if (!settled || settled.pending > 0) return "busy";
    await concludeCrawl({ db, log }, settled, clock.now());
  }
  const ended = await settleState(db, crawlId, clock.now());
  if (!ended) return "busy";
  await cache.publish(crawlChannel(crawlId), "progress");
  log.info("crawl ended", {
    crawlId,
    state: ended.state,
    endReason: ended.endReason,
    done: ended.done,
    failed: ended.failed,
  });
  return "closed";
}

/** False when it is over already. */
async function skipRest({ db, clock }: ClosingContext, crawl: Crawl): Promise<boolean> {
  const at = clock.now();
  const skip =
    crawl.endReason === null
      ? // Links to a host that was given up may have come in afterwards.
        { reason: "host_stopped", message: "Its host was given up before", at }
      : { reason: "limit", message: `${crawl.endReason} was reached`, at };
  try {
    await skipPending(db, crawl, skip);
    return true;
  } catch (error) {
    if (error instanceof LeaseLostError) return false;
    throw error;
  }
}

/** `undefined` when a slice brought something new after all. */
async function settleState(db: Db, id: string, now: Date): Promise<Crawl | undefined> {
  const crawl = await readCrawl(db, id);
  const isGivenUp = crawl?.endReason === INTERNAL;
  if (!crawl || (crawl.pending > 0 && !isGivenUp)) return undefined;
  const isFailed = isGivenUp || (crawl.done === crawl.redirected && crawl.failed + crawl.skipped > 0);
  const lastError = isFailed ? (crawl.lastError ?? (await findFirstSkip(db, id))) : crawl.lastError;
  const endReason = isFailed ? (lastError?.code ?? "failed") : (crawl.endReason ?? "done");
  return db.transaction(async (tx) => {
    const [ended] = await tx
      .update(crawlJobs)
      .set({
        ...{ state: isFailed ? "failed" : "completed", endReason, lastError, finishedAt: now },
        ...{ leaseOwner: null, leasedUntil: null, ...workedTime },
      })
      .where(
        and(
          eq(crawlJobs.id, id),
          inArray(crawlJobs.state, ["queued", "running"]),
          isGivenUp ? undefined : eq(crawlJobs.pending, 0),
        ),
      )
      .returning();
    if (!ended) return undefined;
    await setBaseline(tx, ended);
    await tellEnded(tx, ended);
    await queuePlanning(tx, ended.websiteId);
    await queueIndexing(tx, ended.websiteId);
    return ended;
  });
}

/** What the first crawl found that found anything is where the website's changes are counted from. */
async function setBaseline(tx: Db, crawl: Crawl): Promise<void> {
  const hasPages = crawl.created + crawl.changed + crawl.unchanged > 0;
  if (!crawl.isBaseline || crawl.state !== "completed" || !hasPages) return;
  const isIt = and(eq(websites.id, crawl.websiteId), isNull(websites.baselineCrawlId));
  await tx.update(websites).set({ baselineCrawlId: crawl.id }).where(isIt);
}

/** Why the first URL was not fetched: what a crawl that brought nothing has to say for itself. */
async function findFirstSkip(db: Db, crawlId: string): Promise<CrawlFailure | null> {
  const [first] = await listCrawlUrls(db, crawlId, { state: "skipped", limit: 1 });
  if (!first) return null;
  return { code: first.outcome ?? "skipped", message: first.message ?? "It was skipped", url: first.url };
}
