import { and, eq, gt, isNull, or } from "drizzle-orm";
import type { Db } from "../db/db.ts";
import { crawlJobs } from "../db/schema/crawls.ts";

const DAY_MS = 86_400_000;

/** Spending further back than this has no bearing on what is left: a day's sum, and what piles up over a part of one. */
const WINDOW_MS = 2 * DAY_MS;

/** Of a day's budget, what piles up unspent: so much may be fetched at once, and the rest is spread over the day. */
const PILE_SHARE = 1 / 4;

/** What went beyond the budget, as new pages may, is made up for by the fetches of so many days at most. */
const MOST_DEBT_DAYS = 1;

export type Spending = { at: Date; fetches: number };

/**
 * How many fetches of a day's budget are left now. They come in evenly over the day and pile up for a quarter of one;
 * within any 24 hours no more are spent than the budget has.
 * @param spendings oldest first
 */
export function budgetLeft(fetchesPerDay: number, spendings: readonly Spending[], now: Date): number {
  // A budget of a few fetches still has to come to a whole one.
  const most = Math.max(1, fetchesPerDay * PILE_SHARE);
  let at = now.getTime() - WINDOW_MS;
  let left = 0;
  let lastDay = 0;
  const accrue = (until: number) => {
    left = Math.min(most, left + (fetchesPerDay * Math.max(0, until - at)) / DAY_MS);
    at = Math.max(at, until);
  };
  for (const spending of spendings) {
    accrue(spending.at.getTime());
    left = Math.max(-fetchesPerDay * MOST_DEBT_DAYS, left - spending.fetches);
    if (now.getTime() - spending.at.getTime() < DAY_MS) lastDay += spending.fetches;
  }
  accrue(now.getTime());
  return Math.max(0, Math.floor(Math.min(left, fetchesPerDay - lastDay) + ROUNDING));
}

/** Sums of shares of a day must not lack the last of a whole fetch. */
const ROUNDING = 1e-6;

/** What a website's budget has left for its crawls of due pages. */
export async function findBudgetLeft(db: Db, websiteId: string, fetchesPerDay: number, now: Date): Promise<number> {
  const since = new Date(now.getTime() - WINDOW_MS);
  return budgetLeft(fetchesPerDay, await listSpendings(db, websiteId, since, now), now);
}

/** What is in line counts as spent. By the crawls' ends, since those are told by the clock that schedules go by. */
async function listSpendings(db: Db, websiteId: string, since: Date, now: Date): Promise<Spending[]> {
  const { finishedAt, done, failed, pending } = crawlJobs;
  const rows = await db
    .select({ finishedAt, done, failed, pending })
    .from(crawlJobs)
    .where(
      and(
        eq(crawlJobs.websiteId, websiteId),
        eq(crawlJobs.selection, "due"),
        or(isNull(finishedAt), gt(finishedAt, since)),
      ),
    );
  return rows
    .map((row) => ({ at: row.finishedAt ?? now, fetches: row.done + row.failed + row.pending }))
    .sort((one, other) => one.at.getTime() - other.at.getTime());
}
