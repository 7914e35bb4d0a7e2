import { and, desc, eq, gt, isNotNull, min, sql } from "drizzle-orm";
import { daysBefore } from "../clock.ts";
import type { CrawlRequest } from "../crawl/crawls.ts";
import type { Db } from "../db/db.ts";
import { type AdaptiveRule, crawlJobs } from "../db/schema/crawls.ts";
import { pages } from "../db/schema/pages.ts";
import { websites } from "../db/schema/websites.ts";
import { findAdaptiveRule } from "../revisits/adaptive-rule.ts";
import { findBudgetLeft } from "../revisits/budget.ts";

/** Sitemaps are read with due pages at most so often, and where no page is due but they date pages. */
const MIN_SITEMAP_SECONDS = 3_600;

/** Where they date none, they are read for their own sake, which is new pages, so often. */
const BARE_SITEMAP_SECONDS = 86_400;

/** How a firing of an adaptive schedule crawls; in words when it does not. */
export type DueFiring = Pick<CrawlRequest, "selection" | "options"> | { skipped: string };

/**
 * What is to be done now for a website by its plan. A website that was never crawled to the end is crawled as a whole,
 * which is what all later visits are planned from.
 */
export async function findDueFiring(
  db: Db,
  { websiteId, adaptive, options }: { websiteId: string; adaptive: AdaptiveRule; options: Record<string, unknown> },
  now: Date,
): Promise<DueFiring> {
  const [website] = await db
    .select({ baselineCrawlId: websites.baselineCrawlId, own: websites.options })
    .from(websites)
    .where(eq(websites.id, websiteId));
  if (!website?.baselineCrawlId) return findFirstFiring(db, websiteId, options, now);
  // A disabled schedule that somebody runs all the same goes by its own rule.
  const rule = (await findAdaptiveRule(db, websiteId)) ?? adaptive;
  const nextAt = await findNextVisit(db, websiteId);
  const isDue = nextAt !== undefined && nextAt <= now;
  const readAt = await findSitemapReading(db, websiteId);
  const elapsed = readAt ? (now.getTime() - readAt.getTime()) / 1_000 : Number.POSITIVE_INFINITY;
  const between = Math.max(MIN_SITEMAP_SECONDS, rule.minSeconds);
  const takesSitemaps = { ...website.own, ...options }.sitemaps !== false;
  const readsSitemaps = elapsed >= between;
  const wantsSitemaps = async () =>
    takesSitemaps && readsSitemaps && (elapsed >= BARE_SITEMAP_SECONDS || (await hasDatedPages(db, websiteId)));
  if (!isDue && !(await wantsSitemaps())) return { skipped: describeNothing(nextAt) };
  if ((await findBudgetLeft(db, websiteId, rule.fetchesPerDay, now)) < 1)
    return { skipped: `Pages wait, but the budget of ${rule.fetchesPerDay} fetches a day is spent for now` };
  return { selection: "due", options: readsSitemaps ? options : { ...options, sitemaps: false, sitemap_urls: [] } };
}

async function findFirstFiring(
  db: Db,
  websiteId: string,
  options: Record<string, unknown>,
  now: Date,
): Promise<DueFiring> {
  const [failed] = await db
    .select({ at: crawlJobs.finishedAt })
    .from(crawlJobs)
    .where(and(eq(crawlJobs.websiteId, websiteId), gt(crawlJobs.finishedAt, daysBefore(now, 1))))
    .limit(1);
  if (!failed) return { selection: "all", options };
  return { skipped: "The website was not crawled to the end yet; that is tried again a day after the last time" };
}

function describeNothing(nextAt: Date | undefined): string {
  if (!nextAt) return "No page is due: their visits are yet to be planned";
  return `No page is due; the next one is at ${nextAt.toISOString()}`;
}

async function findNextVisit(db: Db, websiteId: string): Promise<Date | undefined> {
  const [first] = await db
    .select({ at: min(pages.nextVisitAt) })
    .from(pages)
    .where(and(eq(pages.websiteId, websiteId), isNotNull(pages.nextVisitAt)));
  return first?.at ?? undefined;
}

/** Reads all pages of a website that has none: to be asked last. */
async function hasDatedPages(db: Db, websiteId: string): Promise<boolean> {
  const [dated] = await db
    .select({ id: pages.id })
    .from(pages)
    .where(and(eq(pages.websiteId, websiteId), isNotNull(pages.sitemapModifiedAt)))
    .limit(1);
  return dated !== undefined;
}

/** When a crawl of the website last ended that read its sitemaps. */
async function findSitemapReading(db: Db, websiteId: string): Promise<Date | undefined> {
  const reads = sql`coalesce(${crawlJobs.options} ->> 'sitemaps', 'true') = 'true'`;
  const [latest] = await db
    .select({ at: crawlJobs.finishedAt })
    .from(crawlJobs)
    .where(and(eq(crawlJobs.websiteId, websiteId), isNotNull(crawlJobs.finishedAt), reads))
    .orderBy(desc(crawlJobs.finishedAt))
    .limit(1);
  return latest?.at ?? undefined;
}
