import { Cron, CronPattern } from "croner";
import { AppError, type Fault } from "../errors.ts";
import { CRON_MODE, findCronFault } from "./cron-faults.ts";

/** When something is due: by a cron expression or at an interval, within bounds. */
export type Rule = {
  cron: string | null;
  intervalSeconds: number | null;
  /** IANA; where the hours of a cron expression are told. */
  timeZone: string;
  /** Each firing comes up to so much later. */
  jitterSeconds: number;
  /** Nothing is due before. */
  startsAt: Date | null;
  /** Nothing is due then or later. */
  endsAt: Date | null;
  /** Whose rule it is: two rules with one jitter don't come together because of it. */
  key: string;
  /** Where intervals are counted from when nothing is said of a start; the first firing is one interval later. */
  anchorAt: Date;
};

/** Less than it takes to crawl anything, and more than it takes to start it. */
export const MIN_GAP_SECONDS = 10;
export const MAX_INTERVAL_SECONDS = 31_622_400;
export const MAX_JITTER_SECONDS = 86_400;

/** Firings between which the shortest time is looked for, to compare the jitter with. */
const COMPARED = 12;

/**
 * The first firing after an instant; `undefined` when there is none any more. Pure: all who ask for the same rule get
 * the same answer, its jitter included.
 *
 * Where clocks are put forward, a time that does not exist is due when they jump (02:30 becomes 03:00); where they are
 * put back, one that comes twice is due the first time. Expressions with `*` or a step among seconds, minutes or hours
 * mean "each so often" instead: they leave out what does not exist, and fire both times. Intervals know no time zone.
 * @throws RangeError for a time zone, TypeError for an expression that `checkRule` refuses
 */
export function nextFiring(rule: Rule, after: Date): Date | undefined {
  const find = finderOf(rule);
  const endsAt = rule.endsAt?.getTime() ?? Number.POSITIVE_INFINITY;
  let next = Number.POSITIVE_INFINITY;
  let due = find(after.getTime() - rule.jitterSeconds * 1_000);
  // A later one may have the shorter delay.
  while (due !== undefined && due < next && due < endsAt) {
    const at = due + delayOf(rule, due);
    if (at > after.getTime()) next = Math.min(next, at);
    due = find(due);
  }
  return next < endsAt ? new Date(next) : undefined;
}

/** The firings after an instant, as many as there are up to `count`. */
export function listFirings(rule: Rule, from: Date, count: number): Date[] {
  const firings: Date[] = [];
  for (let at = nextFiring(rule, from); at && firings.length < count; at = nextFiring(rule, at)) firings.push(at);
  return firings;
}

/** What is wrong with a rule, each at the field of the API; nothing when it will fire. */
export function findRuleFaults(rule: Rule, now: Date): Fault[] {
  const faults = [...findTimingFaults(rule), ...findZoneFaults(rule.timeZone), ...findBoundFaults(rule, now)];
  // What follows asks when it fires, which a rule at fault can't say.
  if (faults.length > 0) return faults;
  const unbounded = { ...rule, jitterSeconds: 0, startsAt: null, endsAt: null };
  if (!nextFiring(unbounded, now)) return [{ at: "/cron", message: "never fires: there is no such date" }];
  if (!nextFiring(rule, now)) return [{ at: "/ends_at", message: "leaves no firing before it" }];
  return findJitterFaults(rule, unbounded, now);
}

/** @throws AppError `invalid` naming each field at fault */
export function checkRule(rule: Rule, now: Date): void {
  const faults = findRuleFaults(rule, now);
  if (faults.length === 0) return;
  throw new AppError("invalid", faults.map(({ at, message }) => `${at} ${message}`).join("; "), { faults });
}

/** As the clocks of a time zone show it: `2026-03-29T03:00:00+02:00`. */
export function toLocalTime(at: Date, timeZone: string): string {
  const options = { timeZone, hourCycle: "h23", timeZoneName: "longOffset", year: "numeric" } as const;
  const two = { month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit" } as const;
  const parts = new Intl.DateTimeFormat("en-US", { ...options, ...two }).formatToParts(at);
  const of = (type: string) => parts.find((part) => part.type === type)?.value ?? "";
  const offset = of("timeZoneName").slice("GMT".length) || "+00:00";
  return `${of("year")}-${of("month")}-${of("day")}T${of("hour")}:${of("minute")}:${of("second")}${offset}`;
}

/** Gives the first due time after another, before any delay. */
function finderOf(rule: Rule): (after: number) => number | undefined {
  const { cron, intervalSeconds, startsAt } = rule;
  const start = startsAt?.getTime();
  if (cron !== null) {
    // So that 02:30 and 14:30 are two fixed times of day, as either would be alone.
    const options = { ...zoneOf(rule), mode: CRON_MODE, fixedTimeRule: "no-wildcard" } as const;
    const pattern = new Cron(cron, options);
    const earliest = (start ?? Number.NEGATIVE_INFINITY) - 1;
    return (after) => pattern.nextRun(new Date(Math.max(after, earliest)))?.getTime();
  }
  const stepMs = (intervalSeconds ?? 0) * 1_000;
  if (!(stepMs > 0)) throw new TypeError("A rule has neither an expression nor an interval");
  const first = start ?? rule.anchorAt.getTime() + stepMs;
  return (after) => first + Math.max(0, Math.floor((after - first) / stepMs) + 1) * stepMs;
}

/** The zone that most rules have needs no calendar, which takes forty milliseconds to be loaded. */
function zoneOf({ timeZone }: Rule): { timezone: string } | { utcOffset: number } {
  return timeZone === UTC ? { utcOffset: 0 } : { timezone: timeZone };
}

const UTC = "UTC";

/** Milliseconds. By the rule and the time alone, so that all instances agree. */
function delayOf({ jitterSeconds, key }: Rule, due: number): number {
  if (jitterSeconds === 0) return 0;
  return Math.floor((Bun.hash.xxHash32(`${key} ${due}`) / 2 ** 32) * jitterSeconds * 1_000);
}

function findTimingFaults({ cron, intervalSeconds: seconds }: Rule): Fault[] {
  if ((cron === null) === (seconds === null))
    return [{ at: "/cron", message: "is needed, or interval_seconds, and not both" }];
  if (cron !== null) {
    const message = findCronFault(cron) ?? describeHaste(cron);
    return message ? [{ at: "/cron", message }] : [];
  }
  const isLong = seconds !== null && seconds >= MIN_GAP_SECONDS && seconds <= MAX_INTERVAL_SECONDS;
  if (isLong && Number.isInteger(seconds)) return [];
  return [{ at: "/interval_seconds", message: `must be a whole number, ${MIN_GAP_SECONDS}–${MAX_INTERVAL_SECONDS}` }];
}

function describeHaste(cron: string): string | undefined {
  const gap = shortestGap(new CronPattern(cron.trim(), undefined, { mode: CRON_MODE }));
  return gap < MIN_GAP_SECONDS ? `fires again after ${gap} s; ${MIN_GAP_SECONDS} s is the least` : undefined;
}

/** Seconds between two firings, as far as they are within neighbouring minutes. */
function shortestGap({ second, minute }: CronPattern): number {
  const seconds = second.flatMap((isSet, at) => (isSet ? [at] : []));
  const gaps = seconds.slice(1).map((at, index) => at - (seconds[index] ?? 0));
  const hasNeighbours = minute.some((isSet, at) => isSet && minute[(at + 1) % 60]);
  if (hasNeighbours) gaps.push(60 - (seconds.at(-1) ?? 0) + (seconds[0] ?? 0));
  return Math.min(...gaps);
}

function findZoneFaults(timeZone: string): Fault[] {
  if (timeZone === UTC) return [];
  try {
    new Intl.DateTimeFormat("en-US", { timeZone });
    return [];
  } catch {
    const message = `${JSON.stringify(timeZone)} is no time zone; take a name such as UTC or Europe/Berlin`;
    return [{ at: "/time_zone", message }];
  }
}

function findBoundFaults({ jitterSeconds, startsAt, endsAt }: Rule, now: Date): Fault[] {
  const faults: Fault[] = [];
  const isJitter = Number.isInteger(jitterSeconds) && jitterSeconds >= 0 && jitterSeconds <= MAX_JITTER_SECONDS;
  if (!isJitter) faults.push({ at: "/jitter_seconds", message: `must be a whole number, 0–${MAX_JITTER_SECONDS}` });
  if (endsAt && startsAt && endsAt <= startsAt) faults.push({ at: "/ends_at", message: "must be after starts_at" });
  else if (endsAt && endsAt <= now) faults.push({ at: "/ends_at", message: "is in the past: it would never fire" });
  return faults;
}

/** With a longer one, a firing would come after the one that is due next. */
function findJitterFaults({ jitterSeconds }: Rule, unbounded: Rule, now: Date): Fault[] {
  if (jitterSeconds === 0) return [];
  const firings = listFirings(unbounded, now, COMPARED).map((at) => at.getTime());
  const gaps = firings.slice(1).map((at, index) => (at - (firings[index] ?? 0)) / 1_000);
  const shortest = Math.min(...gaps);
  if (jitterSeconds <= shortest) return [];
  return [{ at: "/jitter_seconds", message: `must be ${shortest} at the most, the seconds between two firings` }];
}
