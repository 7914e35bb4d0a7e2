import { and, asc, eq, getTableColumns, gt, inArray, isNotNull, or, sql } from "drizzle-orm";
import { trustsSitemap } from "../changes/sitemap-trust.ts";
import { readTracking } from "../changes/tracking.ts";
import { type Db, rowsOf } from "../db/db.ts";
import type { AdaptiveRule } from "../db/schema/crawls.ts";
import { pages, type VisitPlan } from "../db/schema/pages.ts";
import { websites } from "../db/schema/websites.ts";
import { findAdaptiveRule } from "./adaptive-rule.ts";
import { type Circumstances, isAway, type PageToPlan, type PlannedVisit, planPages } from "./plan.ts";

const READ_BATCH = 2_000;
const WRITE_BATCH = 500;

/** A plan that moves a visit by less than this share of its interval is not worth a write. */
const NOTABLE_SHARE = 0.1;

/**
 * Plans the visits to all pages of a website, by its adaptive schedules, and writes those that moved notably; without
 * such a schedule it forgets them. Safe to repeat.
 * @returns how many pages have a plan, and how many were written
 */
export async function planWebsite(
  db: Db,
  websiteId: string,
  signal?: AbortSignal,
): Promise<{ planned: number; written: number }> {
  const rule = await findAdaptiveRule(db, websiteId);
  if (!rule) return { planned: 0, written: await forgetPlans(db, websiteId, signal) };
  const known = await listPagesToPlan(db, websiteId, signal);
  const plans = planPages(known, await findCircumstances(db, websiteId, rule));
  const moved = known.flatMap((page, at) => {
    const plan = plans[at] as PlannedVisit;
    return hasMoved(page, plan) ? [{ id: page.id, ...plan }] : [];
  });
  for (let start = 0; start < moved.length; start += WRITE_BATCH) {
    signal?.throwIfAborted();
    await writePlans(db, moved.slice(start, start + WRITE_BATCH));
  }
  return { planned: known.length, written: moved.length };
}

/** All pages of a website with what their plan needs, in the order of their ids. */
async function listPagesToPlan(db: Db, websiteId: string, signal?: AbortSignal): Promise<PageToPlan[]> {
  const known: PageToPlan[] = [];
  for (let last: string | undefined; ; ) {
    signal?.throwIfAborted();
    const rows = await listBatch(db, websiteId, last);
    for (const { visits, changes, unchangedSeconds, changedIntervals, status, ...page } of rows)
      known.push({
        ...page,
        // A crawl of few pages can't tell one that is gone from a host that is away; the next visit can.
        state: isAway({ status, state: page.state }) ? "missing" : page.state,
        history: { visits, changes, unchangedSeconds, changedIntervals },
      });
    last = rows.at(-1)?.id;
    if (last === undefined || rows.length < READ_BATCH) return known;
  }
}

/** What else a website's plan hangs on, besides its pages. */
async function findCircumstances(db: Db, websiteId: string, rule: AdaptiveRule): Promise<Circumstances> {
  const { tracking, sitemapTrust } = getTableColumns(websites);
  const [website] = await db.select({ tracking, sitemapTrust }).from(websites).where(eq(websites.id, websiteId));
  const { removed_after_s: seconds, removed_after_visits: visits } = readTracking(website?.tracking ?? {});
  const { caught, missed } = website?.sitemapTrust ?? { caught: 0, missed: 0 };
  return {
    ...rule,
    confirmSeconds: seconds / Math.max(1, visits),
    announcedShare: trustsSitemap({ caught, missed }) ? caught / (caught + missed) : 0,
  };
}

async function listBatch(db: Db, websiteId: string, after: string | undefined) {
  const { id, path, state, status, lastFetchedAt, nextVisitAt, visits, changes, unchangedSeconds, changedIntervals } =
    pages;
  return db
    .select({
      ...{ id, path, state, status, lastFetchedAt, nextVisitAt, visits, changes, unchangedSeconds, changedIntervals },
      intervalSeconds: sql<number | null>`(${pages.visitPlan} ->> ${INTERVAL})::int`,
      isDated: sql<boolean>`${pages.sitemapModifiedAt} is not null`,
    })
    .from(pages)
    .where(and(eq(pages.websiteId, websiteId), after ? gt(pages.id, after) : undefined))
    .orderBy(asc(pages.id))
    .limit(READ_BATCH);
}

const INTERVAL = "intervalSeconds" satisfies keyof VisitPlan;

function hasMoved({ nextVisitAt, intervalSeconds }: PageToPlan, { nextVisitAt: planned, plan }: PlannedVisit): boolean {
  if (!nextVisitAt || intervalSeconds === null) return true;
  return Math.abs(planned.getTime() - nextVisitAt.getTime()) > NOTABLE_SHARE * plan.intervalSeconds * 1_000;
}

/** Pages that a crawl has in hand are passed over: its end has them planned anew, and waiting for it could block both. */
async function writePlans(db: Db, planned: ({ id: string } & PlannedVisit)[]): Promise<void> {
  const rows = planned.map(({ id, nextVisitAt, plan }) => ({ id, at: nextVisitAt.toISOString(), plan }));
  await db.transaction(async (tx) => {
    const free = await lockFree(
      tx,
      planned.map(({ id }) => id),
    );
    await tx.execute(sql`
      update ${pages} p set next_visit_at = v.at, visit_plan = v.plan
      from json_to_recordset(${JSON.stringify(rows.filter(({ id }) => free.has(id)))}::text::json) as v(
        id uuid, at timestamptz, plan jsonb
      )
      where p.id = v.id`);
  });
}

async function lockFree(tx: Db, ids: string[]): Promise<Set<string>> {
  const rows = await tx
    .select({ id: pages.id })
    .from(pages)
    .where(inArray(pages.id, ids))
    .for("update", { skipLocked: true });
  return new Set(rows.map(({ id }) => id));
}

async function forgetPlans(db: Db, websiteId: string, signal?: AbortSignal): Promise<number> {
  const isPlanned = or(isNotNull(pages.nextVisitAt), isNotNull(pages.visitPlan));
  for (let total = 0; ; ) {
    signal?.throwIfAborted();
    const result = await db.execute(sql`
      with planned as (
        select id from ${pages} where ${and(eq(pages.websiteId, websiteId), isPlanned)}
        limit ${WRITE_BATCH} for update skip locked
      )
      update ${pages} p set next_visit_at = null, visit_plan = null from planned where p.id = planned.id
      returning p.id`);
    const { length } = rowsOf(result);
    total += length;
    if (length < WRITE_BATCH) return total;
  }
}
