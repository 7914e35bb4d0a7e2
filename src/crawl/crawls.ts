import { and, asc, count, desc, eq, getTableColumns, gt, inArray, isNull, like, lt, sql } from "drizzle-orm";
import { isOwnedBy, type Viewer } from "../access/viewer.ts";
import type { Cache } from "../cache.ts";
import type { Clock } from "../clock.ts";
import { beginningWith, type Db } from "../db/db.ts";
import { type CrawlState, crawlJobs, type FrontierState, frontier } from "../db/schema/crawls.ts";
import { pages } from "../db/schema/pages.ts";
import { websites } from "../db/schema/websites.ts";
import { AppError } from "../errors.ts";
import { enqueue } from "../jobs/enqueue.ts";
import { currentTraceparent } from "../telemetry/scope.ts";
import { findOrAddWebsite, holdWebsite } from "../websites/websites.ts";
import { tellEnded } from "./conclusion-events.ts";
import { addUrls, toNewUrl } from "./frontier.ts";
import { readCrawlOptions } from "./options.ts";
import { crawlSeeding } from "./seeding-job.ts";
import { isEnding, queueClosing, requeueSlices } from "./slices.ts";
import { canonicalizeUrl } from "./url.ts";

export type Crawl = typeof crawlJobs.$inferSelect;
/** A URL of a crawl, with the page it is known as; `pageId` is null for what never became one. */
export type FrontierRow = typeof frontier.$inferSelect & { pageId: string | null };

export type CrawlRequest = {
  viewer: Viewer;
  /** Exactly one of these two. A URL's website is registered by this, unless it is already. */
  url?: string;
  websiteId?: string;
  options?: Record<string, unknown>;
  /** Where to start instead of the website's own URL. */
  seeds?: string[];
  runner?: Crawl["runner"];
  /** Of the known pages, `due` visits those alone whose time has come, and begins nowhere else. */
  selection?: Crawl["selection"];
  /** The key it is asked for with, to whose limit it counts. */
  apiKeyId?: string | null;
  /** Unfinished crawls that the key may have, or the user who comes without one; no limit when it is not given or 0. */
  maxUnfinished?: number;
};

/**
 * Makes a crawl with its seeds in the frontier, ready to be worked.
 * @throws AppError `invalid` for a URL or option that can't be used, `not_found`, `conflict` while another crawl of
 * the website is not over, or `rate_limited` at the limit of unfinished crawls
 */
export async function startCrawl(db: Db, request: CrawlRequest): Promise<Crawl> {
  const { viewer, runner = "service", selection = "all", apiKeyId } = request;
  // Before the transaction, which has a span of its own.
  const traceContext = currentTraceparent();
  return db.transaction(async (tx) => {
    await refuseBeyondLimit(tx, request);
    const website = request.websiteId
      ? await holdWebsite(tx, viewer, request.websiteId)
      : await findOrAddWebsite(tx, viewer.userId, readSeed(request.url));
    const options = readCrawlOptions(website.options, request.options ?? {});
    const seeds = request.seeds?.map(readSeed) ?? [website.url];
    const isBaseline = website.baselineCrawlId === null;
    const [crawl] = await tx
      .insert(crawlJobs)
      .values({ websiteId: website.id, runner, selection, isBaseline, apiKeyId, seeds, options, traceContext })
      .onConflictDoNothing()
      .returning();
    if (!crawl) throw await describeConflict(tx, website.id, runner);
    const starts = selection === "all" ? seeds : [];
    const urls = starts.map((url) => toNewUrl(url, { depth: 0, source: "seed" }));
    const added = await addUrls(tx, crawl, urls);
    if (runner === "service") await queueSeeding(tx, crawl.id);
    return { ...crawl, pending: added.values().reduce((sum, count) => sum + count, 0) };
  });
}

/** Those who start crawls side by side by the same key wait for each other here, so that each sees what the other did. */
async function refuseBeyondLimit(tx: Db, { viewer, apiKeyId = null, maxUnfinished = 0 }: CrawlRequest): Promise<void> {
  if (maxUnfinished === 0) return;
  const name = `crawls of ${apiKeyId ?? viewer.userId}`;
  await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${name}, 0))`);
  const isTheirs = apiKeyId
    ? eq(crawlJobs.apiKeyId, apiKeyId)
    : and(isNull(crawlJobs.apiKeyId), eq(websites.userId, viewer.userId));
  const isUnfinished = inArray(crawlJobs.state, ["queued", "running", "paused"]);
  const [row] = await tx
    .select({ unfinished: count() })
    .from(crawlJobs)
    .innerJoin(websites, eq(websites.id, crawlJobs.websiteId))
    .where(and(isUnfinished, isTheirs));
  if ((row?.unfinished ?? 0) < maxUnfinished) return;
  const message = `${maxUnfinished} of your crawls are not over, which is the limit; wait until one ends, or cancel one`;
  throw new AppError("rate_limited", message, { code: "too_many_crawls" });
}

/** @throws AppError `not_found` also when it belongs to somebody else */
export async function getCrawl(db: Db, viewer: Viewer, id: string): Promise<Crawl> {
  const [found] = await db
    .select({ crawl: crawlJobs })
    .from(crawlJobs)
    .innerJoin(websites, eq(websites.id, crawlJobs.websiteId))
    .where(and(eq(crawlJobs.id, id), isOwnedBy(viewer), isNull(websites.deletedAt)));
  if (!found) throw new AppError("not_found", `There is no crawl ${id}`);
  return found.crawl;
}

/** The crawl whoever owns it; `undefined` if there is none. */
export async function readCrawl(db: Db, id: string): Promise<Crawl | undefined> {
  const [crawl] = await db.select().from(crawlJobs).where(eq(crawlJobs.id, id));
  return crawl;
}

export type CrawlFilter = {
  viewer: Viewer;
  userId?: string;
  websiteId?: string;
  state?: CrawlState;
  runner?: Crawl["runner"];
  limit: number;
  /** Only crawls made before the one with this id. */
  before?: string;
};

/** Newest first. */
export async function listCrawls(db: Db, filter: CrawlFilter): Promise<Crawl[]> {
  const rows = await db
    .select({ crawl: crawlJobs })
    .from(crawlJobs)
    .innerJoin(websites, eq(websites.id, crawlJobs.websiteId))
    .where(
      and(
        isOwnedBy(filter.viewer),
        isNull(websites.deletedAt),
        filter.userId ? eq(websites.userId, filter.userId) : undefined,
        filter.websiteId ? eq(crawlJobs.websiteId, filter.websiteId) : undefined,
        filter.state ? eq(crawlJobs.state, filter.state) : undefined,
        filter.runner ? eq(crawlJobs.runner, filter.runner) : undefined,
        filter.before ? lt(crawlJobs.id, filter.before) : undefined,
      ),
    )
    .orderBy(desc(crawlJobs.id))
    .limit(filter.limit);
  return rows.map(({ crawl }) => crawl);
}

export type CrawlUrlFilter = {
  state?: FrontierState;
  outcome?: string;
  status?: number;
  pathPrefix?: string;
  limit: number;
  /** Only URLs found after the one with this `seq`. */
  after?: number;
};

/** What became of each URL of a crawl, in the order in which they were found. */
export async function listCrawlUrls(db: Db, crawlId: string, filter: CrawlUrlFilter): Promise<FrontierRow[]> {
  return db
    .select({ ...getTableColumns(frontier), pageId: pages.id })
    .from(frontier)
    .innerJoin(crawlJobs, eq(crawlJobs.id, frontier.crawlId))
    .leftJoin(pages, and(eq(pages.websiteId, crawlJobs.websiteId), eq(pages.urlHash, frontier.urlHash)))
    .where(
      and(
        eq(frontier.crawlId, crawlId),
        filter.state ? eq(frontier.state, filter.state) : undefined,
        filter.outcome ? eq(frontier.outcome, filter.outcome) : undefined,
        filter.status ? eq(frontier.status, filter.status) : undefined,
        filter.pathPrefix ? pathBeginsWith(filter.pathPrefix) : undefined,
        filter.after ? gt(frontier.seq, filter.after) : undefined,
      ),
    )
    .orderBy(asc(frontier.seq))
    .limit(filter.limit);
}

type Steering = { db: Db; cache: Cache; clock: Clock };

/** Requests in flight finish; what they bring is kept. Safe to repeat. */
export function pauseCrawl(context: Steering, viewer: Viewer, id: string): Promise<Crawl> {
  return steer(context, viewer, id, "paused", ["queued", "running"]);
}

/** Goes on where it was left. Safe to repeat. */
export function resumeCrawl(context: Steering, viewer: Viewer, id: string): Promise<Crawl> {
  return steer(context, viewer, id, "queued", ["paused"]);
}

/** Ends it; the pages it brought stay. Safe to repeat. */
export function cancelCrawl(context: Steering, viewer: Viewer, id: string): Promise<Crawl> {
  return steer(context, viewer, id, "cancelled", ["queued", "running", "paused"]);
}

/** Channel of a crawl: `order` after a pause or cancel, `progress` after anything else. The row is the truth. */
export const crawlChannel = (id: string) => `crawl:${id}`;

/** Has whoever works these crawls look at what has become of them. */
export async function tellOrders(cache: Cache, crawlIds: readonly string[]): Promise<void> {
  await Promise.all(crawlIds.map((id) => cache.publish(crawlChannel(id), "order")));
}

async function steer({ db, cache, clock }: Steering, viewer: Viewer, id: string, to: CrawlState, from: CrawlState[]) {
  await getCrawl(db, viewer, id);
  const isOver = to === "cancelled";
  const moved = await db.transaction(async (tx) => {
    const [crawl] = await tx
      .update(crawlJobs)
      .set({
        state: to,
        // A paused crawl keeps its hosts for a moment, so that what is in flight can still be stored.
        ...(isOver ? { endReason: "cancelled", finishedAt: clock.now(), leaseOwner: null, leasedUntil: null } : {}),
      })
      .where(and(eq(crawlJobs.id, id), inArray(crawlJobs.state, from)))
      .returning();
    if (crawl && to === "queued" && crawl.runner === "service") await goOn(tx, crawl);
    if (crawl && isOver) await tellEnded(tx, crawl);
    return crawl;
  });
  await tellOrders(cache, [id]);
  const crawl = moved ?? (await getCrawl(db, viewer, id));
  const isThere = crawl.state === to || (to === "queued" && crawl.state === "running");
  if (!isThere)
    throw new AppError("conflict", `Crawl ${id} is ${crawl.state}; only ${from.join(", ")} ones can be ${VERB[to]}`);
  return crawl;
}

/** Makes what it takes for a crawl of the service to be worked again. */
async function goOn(tx: Db, crawl: Crawl): Promise<void> {
  if (!crawl.isSeeded) await queueSeeding(tx, crawl.id);
  await requeueSlices(tx, crawl.id);
  if (await isEnding(tx, crawl)) await queueClosing(tx, crawl.id);
}

export async function queueSeeding(tx: Db, crawlId: string): Promise<void> {
  await enqueue(tx, crawlSeeding, { crawlId }, { key: crawlId });
}

const VERB: Partial<Record<CrawlState, string>> = { paused: "paused", queued: "resumed", cancelled: "cancelled" };

function readSeed(url: string | undefined): string {
  const seed = canonicalizeUrl(url ?? "", undefined, { mode: "keep" });
  if (seed) return seed;
  throw new AppError(
    "invalid",
    `url: ${JSON.stringify(url ?? "")} is not an http or https URL, such as https://example.com/`,
    {
      faults: [{ at: "/url", message: "must be an absolute http or https URL, without a password" }],
    },
  );
}

async function describeConflict(db: Db, websiteId: string, runner: Crawl["runner"]): Promise<AppError> {
  const [other] = await db
    .select({ id: crawlJobs.id, state: crawlJobs.state })
    .from(crawlJobs)
    .where(
      and(
        eq(crawlJobs.websiteId, websiteId),
        eq(crawlJobs.runner, runner),
        inArray(crawlJobs.state, ["queued", "running", "paused"]),
      ),
    );
  const which = other ? `crawl ${other.id} (${other.state})` : "another crawl";
  return new AppError("conflict", `The website is being crawled by ${which}; wait for it, or cancel it`);
}

/** URLs are stored whole: the path begins after the third slash. */
function pathBeginsWith(prefix: string) {
  const path = sql<string>`substring(${frontier.url} from '^[^/]+//[^/]+(.*)$')`;
  return like(path, beginningWith(prefix));
}
