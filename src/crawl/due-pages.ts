import { and, asc, desc, eq, inArray, lte, sql } from "drizzle-orm";
import { trustsSitemap } from "../changes/sitemap-trust.ts";
import type { Db } from "../db/db.ts";
import type { AdaptiveRule } from "../db/schema/crawls.ts";
import { pages, type VisitPlan } from "../db/schema/pages.ts";
import { findAdaptiveRule } from "../revisits/adaptive-rule.ts";
import { worthOf } from "../revisits/allocation.ts";
import { findBudgetLeft } from "../revisits/budget.ts";
import { beliefOf, isAway } from "../revisits/plan.ts";
import type { Crawl } from "./crawls.ts";
import { type NewUrl, toNewUrl } from "./frontier.ts";
import type { Session } from "./session.ts";

/** Pages of one transaction. */
const BATCH = 500;

/** Due pages that are weighed against each other, for each that may be fetched; those due for longest. */
const WEIGHED = 4;

/** Dates of sitemaps that are remembered until the pages are added. */
const MAX_DATES = 50_000;

/** The last place in line. */
const LAST_PRIORITY = 30_000;

/** What a crawl of due pages takes of those that its website knows. */
export type DueSelection = {
  /** Adds those of a sitemap's URLs that are new, or have changed by a date that can be believed. */
  addListed(urls: NewUrl[]): Promise<void>;
  /** Adds the pages whose time has come, the most valuable first, as many as the day's budget has left. */
  seed(signal: AbortSignal): Promise<void>;
};

/**
 * A page that is taken has its next visit put off by its interval in the same transaction: one that fails, or never gets
 * its turn, is not taken again and again.
 */
export async function openDueSelection(session: Session): Promise<DueSelection> {
  const { context, crawl } = session;
  const { db, clock } = context;
  const dates = new Map<string, Date>();
  const website = await session.readWebsite();
  const believesDates = website !== undefined && trustsSitemap(website.sitemapTrust);
  const findLeft = (rule: AdaptiveRule) =>
    session.throughOutage(() => findBudgetLeft(db, crawl.websiteId, rule.fetchesPerDay, clock.now()));
  const rule = await session.throughOutage(() => findAdaptiveRule(db, crawl.websiteId));
  let left = rule ? await findLeft(rule) : 0;

  async function addListed(urls: NewUrl[]): Promise<void> {
    const known = await session.throughOutage(() => findKnown(db, crawl.websiteId, urls));
    const announced: string[] = [];
    const wanted = urls.filter((url) => {
      const page = known.get(url.urlHash);
      if (!page) return true;
      const { sitemapModifiedAt: at } = url;
      if (at && dates.size < MAX_DATES) dates.set(url.urlHash, at);
      const isNewer = at !== undefined && at > (page.sitemapModifiedAt ?? page.lastFetchedAt);
      if (!believesDates || !isNewer || left <= 0) return false;
      left--;
      announced.push(page.id);
      return true;
    });
    await session.addFound(wanted, (tx) => putOff(tx, announced, clock.now()));
  }

  async function seed(signal: AbortSignal): Promise<void> {
    if (!rule) return;
    left = await findLeft(rule);
    const now = clock.now();
    const due = await session.throughOutage(() => listDue(db, crawl.websiteId, now, left * WEIGHED));
    const best = due.toSorted(byWorth(rule, now)).slice(0, left);
    for (let start = 0; start < best.length && !signal.aborted; start += BATCH) {
      const some = best.slice(start, start + BATCH);
      const urls = some.flatMap(({ url, depth }, at): NewUrl[] => {
        const weighed = session.discovery.weigh(url, depth);
        if (!("url" in weighed)) return [];
        const found = toNewUrl(weighed.url, { depth, source: "known" });
        const priority = Math.min(LAST_PRIORITY, 1 + start + at);
        return [{ ...found, priority, sitemapModifiedAt: dates.get(found.urlHash) }];
      });
      const ids = some.map(({ id }) => id);
      await session.addFound(urls, (tx) => putOff(tx, ids, now));
    }
  }

  return { addListed, seed };
}

/** Of URLs that a visit led to, those that its crawl wants: one of due pages does without what the website knows already. */
export async function keepWanted(tx: Db, crawl: Crawl, urls: NewUrl[]): Promise<NewUrl[]> {
  if (crawl.selection === "all" || urls.length === 0) return urls;
  const known = await findKnown(tx, crawl.websiteId, urls);
  return urls.filter(({ urlHash }) => !known.has(urlHash));
}

type KnownPage = Pick<typeof pages.$inferSelect, "id" | "urlHash" | "sitemapModifiedAt" | "lastFetchedAt">;

async function findKnown(db: Db, websiteId: string, urls: NewUrl[]): Promise<Map<string, KnownPage>> {
  const known = new Map<string, KnownPage>();
  for (let start = 0; start < urls.length; start += BATCH) {
    const hashes = urls.slice(start, start + BATCH).map(({ urlHash }) => urlHash);
    const rows = await db
      .select({
        id: pages.id,
        urlHash: pages.urlHash,
        sitemapModifiedAt: pages.sitemapModifiedAt,
        lastFetchedAt: pages.lastFetchedAt,
      })
      .from(pages)
      .where(and(eq(pages.websiteId, websiteId), inArray(pages.urlHash, hashes)));
    for (const row of rows) known.set(row.urlHash, row);
  }
  return known;
}

type DuePage = Awaited<ReturnType<typeof listDue>>[number];

function listDue(db: Db, websiteId: string, now: Date, limit: number) {
  const { id, url, depth, state, status, lastFetchedAt, visitPlan } = pages;
  return db
    .select({ id, url, depth, state, status, lastFetchedAt, visitPlan })
    .from(pages)
    .where(and(eq(pages.websiteId, websiteId), lte(pages.nextVisitAt, now)))
    .orderBy(desc(sql`${state} = 'missing' or ${status} >= 400`), asc(pages.nextVisitAt))
    .limit(limit);
}

/** Those that are missing first, since it takes several visits to be sure of that. */
function byWorth(rule: AdaptiveRule, now: Date) {
  const worthBy = ({ state, status, visitPlan, lastFetchedAt }: DuePage) => {
    if (isAway({ state, status })) return Number.POSITIVE_INFINITY;
    const elapsed = Math.max(1, (now.getTime() - lastFetchedAt.getTime()) / 1_000);
    return visitPlan ? worthOf(beliefOf(visitPlan), elapsed, rule.maxSeconds).worth : 0;
  };
  const worths = new Map<DuePage, number>();
  const worth = (page: DuePage) => {
    const known = worths.get(page) ?? worthBy(page);
    worths.set(page, known);
    return known;
  };
  return (one: DuePage, other: DuePage) => (worth(other) > worth(one) ? 1 : worth(other) < worth(one) ? -1 : 0);
}

const intervalOf = sql`(${pages.visitPlan} ->> ${"intervalSeconds" satisfies keyof VisitPlan})::float8`;

async function putOff(tx: Db, ids: string[], now: Date): Promise<void> {
  if (ids.length === 0) return;
  const nextVisitAt = sql`${now.toISOString()}::timestamptz + make_interval(secs => coalesce(${intervalOf}, 86400))`;
  await tx.update(pages).set({ nextVisitAt }).where(inArray(pages.id, ids));
}
