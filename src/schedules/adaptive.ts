import type { AdaptiveRule } from "../db/schema/crawls.ts";
import { AppError, type Fault } from "../errors.ts";

/** Between visits to a page: what is asked for more often is no longer a crawl. */
export const MIN_VISIT_SECONDS = 300;
export const MAX_VISIT_SECONDS = 31_622_400;
export const MAX_FETCHES_PER_DAY = 10_000_000;

const HOUR_SECONDS = 3_600;

export const DEFAULT_ADAPTIVE: AdaptiveRule = {
  minSeconds: HOUR_SECONDS,
  maxSeconds: 30 * 24 * HOUR_SECONDS,
  fetchesPerDay: 1_000,
};

/** How often it is looked for due pages: often enough for the least interval, and no crawl for each page. */
export function tickOf({ minSeconds }: AdaptiveRule): number {
  return Math.round(Math.min(HOUR_SECONDS, Math.max(MIN_VISIT_SECONDS, minSeconds / 2)));
}

/** @throws AppError `invalid` naming each field at fault */
export function checkAdaptive({ minSeconds, maxSeconds, fetchesPerDay }: AdaptiveRule): void {
  const faults: Fault[] = [];
  const refuse = (field: string, message: string) => faults.push({ at: `/adaptive/${field}`, message });
  const isWithin = (value: number, least: number, most: number) =>
    Number.isInteger(value) && value >= least && value <= most;
  const seconds = `must be a whole number, ${MIN_VISIT_SECONDS}–${MAX_VISIT_SECONDS}`;
  if (!isWithin(minSeconds, MIN_VISIT_SECONDS, MAX_VISIT_SECONDS)) refuse("min_interval_s", seconds);
  if (!isWithin(maxSeconds, MIN_VISIT_SECONDS, MAX_VISIT_SECONDS)) refuse("max_interval_s", seconds);
  else if (maxSeconds < minSeconds) refuse("max_interval_s", `must be min_interval_s, ${minSeconds}, or more`);
  if (!isWithin(fetchesPerDay, 1, MAX_FETCHES_PER_DAY))
    refuse("fetches_per_day", `must be a whole number, 1–${MAX_FETCHES_PER_DAY}`);
  throwFaults(faults);
}

/** @throws AppError `invalid` when an adaptive rule stands beside another form */
export function refuseOtherForms(cron: string | null | undefined, intervalSeconds: number | null | undefined): void {
  if (!cron && !intervalSeconds) return;
  throwFaults([{ at: "/adaptive", message: `can't stand beside ${cron ? "cron" : "interval_seconds"}` }]);
}

function throwFaults(faults: Fault[]): void {
  if (faults.length === 0) return;
  throw new AppError("invalid", faults.map(({ at, message }) => `${at} ${message}`).join("; "), { faults });
}
