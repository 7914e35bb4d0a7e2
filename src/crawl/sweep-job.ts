import { Type } from "@sinclair/typebox";
import { and, asc, eq, gt, inArray, isNotNull, sql } from "drizzle-orm";
import { type Db, rowsOf } from "../db/db.ts";
import { crawlHosts, crawlJobs, hosts } from "../db/schema/crawls.ts";
import { queueIndexingMeanwhile, queueUnindexed } from "../indexing/index-website-job.ts";
import { defineJob } from "../jobs/kind.ts";
import { findJobStates } from "../jobs/lookup.ts";
import { type Crawl, queueSeeding } from "./crawls.ts";
import { giveUpCrawl, isEnding, queueClosing, queueSlices, wakeHost } from "./slices.ts";

/** Crawls that one statement reads. */
const BATCH = 500;

/**
 * Looks after crawls whose next step nobody will take: whose slices were cancelled, purged or have died for good, which an
 * older version of the program left behind, or whose turn at a host was lost; and after websites that were crawled before
 * there was an index. Everything else moves on by itself.
 */
export const crawlSweep = defineJob({
  name: "crawl-sweep",
  about: "Finds crawls that nothing moves on any more",
  queue: "control",
  payload: Type.Object({}),
  retry: { limit: 0, delaySeconds: 1, maxDelaySeconds: 1 },
  timeoutSeconds: 300,
  keepSeconds: 3_600,
  isUnique: true,
  run: async ({ db, clock, log }, _payload, { signal }) => {
    let lostSlices = 0;
    let after: string | undefined;
    do {
      const crawls = await listOpen(db, after);
      after = crawls.length === BATCH ? crawls.at(-1)?.id : undefined;
      for (const crawl of crawls) {
        signal.throwIfAborted();
        lostSlices += await freeLostSlices(db, crawl.id);
        await moveOn(db, crawl);
        if (isLong(crawl, clock.now())) await queueIndexingMeanwhile(db, crawl.websiteId);
      }
    } while (after !== undefined);
    let forgottenHosts = 0;
    for (const host of await listForgottenHosts(db)) if (await wakeHost(db, host)) forgottenHosts++;
    if (lostSlices + forgottenHosts > 0) log.warn("crawls moved on again", { lostSlices, forgottenHosts });
    const unindexedWebsites = await queueUnindexed(db);
    if (unindexedWebsites > 0) log.info("websites that were never indexed queued", { unindexedWebsites });
    return { lostSlices, forgottenHosts, unindexedWebsites };
  },
});

/** What a crawl found is searchable when it ends; of one that takes longer, a while after it was found. */
const LONG_MS = 60_000;

function isLong({ startedAt, created, changed }: Crawl, now: Date): boolean {
  return created + changed > 0 && startedAt !== null && now.getTime() - startedAt.getTime() > LONG_MS;
}

/** Crawls of the service that are to be worked. */
function listOpen(db: Db, after: string | undefined): Promise<Crawl[]> {
  return db
    .select()
    .from(crawlJobs)
    .where(
      and(
        eq(crawlJobs.runner, "service"),
        inArray(crawlJobs.state, ["queued", "running"]),
        after ? gt(crawlJobs.id, after) : undefined,
      ),
    )
    .orderBy(asc(crawlJobs.id))
    .limit(BATCH);
}

/** Frees hosts from slices that are no jobs any more. One that has died for good takes the crawl with it. */
async function freeLostSlices(db: Db, crawlId: string): Promise<number> {
  const isTaken = and(eq(crawlHosts.crawlId, crawlId), isNotNull(crawlHosts.sliceId));
  const rows = await db.select({ sliceId: crawlHosts.sliceId }).from(crawlHosts).where(isTaken);
  const ids = rows.flatMap(({ sliceId }) => sliceId ?? []);
  const states = await findJobStates(db, "crawl", ids);
  if (ids.some((id) => states.get(id) === "failed")) {
    await giveUpCrawl(db, crawlId, "Given up: the processes that worked it died; its dead letters have more");
  }
  const lost = ids.filter((id) => !["created", "retry", "active"].includes(states.get(id) ?? ""));
  if (lost.length === 0) return 0;
  const freed = await db
    .update(crawlHosts)
    .set({ sliceId: null, sliceRank: null, restsUntil: null })
    .where(and(eq(crawlHosts.crawlId, crawlId), inArray(crawlHosts.sliceId, lost)))
    .returning({ host: crawlHosts.host });
  return freed.length;
}

/** Makes the jobs that the crawl lacks; those that it has are not made again. */
async function moveOn(db: Db, { id }: Crawl): Promise<void> {
  await db.transaction(async (tx) => {
    const [crawl] = await tx.select().from(crawlJobs).where(eq(crawlJobs.id, id));
    if (!crawl) return;
    if (!crawl.isSeeded) await queueSeeding(tx, id);
    if (await isEnding(tx, crawl)) await queueClosing(tx, id);
    else if (crawl.state === "queued" || crawl.state === "running") await queueSlices(tx, id);
  });
}

/** Hosts at which crawls stand in line, and which nobody works or is about to. */
async function listForgottenHosts(db: Db): Promise<string[]> {
  const isHeld = sql`exists (select 1 from ${hosts} h where h.host = c.host and h.leased_until > clock_timestamp())`;
  const isTaken = sql`exists (select 1 from ${crawlHosts} o where o.host = c.host and o.slice_id is not null)`;
  const result = await db.execute(sql`
    select distinct c.host from ${crawlHosts} c
    where c.waits_since is not null and not ${isHeld} and not ${isTaken}`);
  return rowsOf<{ host: string }>(result).map(({ host }) => host);
}
