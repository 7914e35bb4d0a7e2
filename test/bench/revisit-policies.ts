import { worthOf } from "../../src/revisits/allocation.ts";
import { DAY_SECONDS } from "../../src/revisits/change-rate.ts";
import { beliefOf, type PageToPlan, type PlannedVisit, planPages } from "../../src/revisits/plan.ts";
import { addVisit } from "../../src/revisits/visit-history.ts";
import { seededRandom } from "./chance.ts";

/** Who decides which pages are fetched next. Times are days. */
export type Policy = {
  name: string;
  /** Pages that are due, the first of which are fetched. */
  due(day: number): number[];
  fetched(page: number, day: number, isChanged: boolean): void;
};

export type Site = { paths: string[]; fetchesPerDay: number };

/** All pages in turn. */
export function fixedPolicy({ paths, fetchesPerDay }: Site): Policy {
  const interval = paths.length / fetchesPerDay;
  // Each page has had its place in the line from the beginning.
  const next = paths.map((_, page) => ((page + 1) / paths.length) * interval);
  return {
    name: "fixed",
    due: (day) => listDue(next, day).sort((one, other) => at(next, one) - at(next, other)),
    fetched: (page) => {
      next[page] = at(next, page) + interval;
    },
  };
}

/** Defaults of `db.fetch.schedule.adaptive.*` in nutch-default.xml. */
const NUTCH = { increase: 0.4, decrease: 0.2, least: 60 / DAY_SECONDS, most: 365, syncRate: 0.3 };

/** Apache Nutch's AdaptiveFetchSchedule, whose generator takes what has been due for longest. */
export function nutchPolicy({ paths, fetchesPerDay }: Site): Policy {
  const start = paths.length / fetchesPerDay;
  const interval = paths.map(() => start);
  const next = paths.map((_, page) => ((page + 1) / paths.length) * start);
  const modified = paths.map(() => 0);
  return {
    name: "nutch",
    due: (day) => listDue(next, day).sort((one, other) => at(next, one) - at(next, other)),
    fetched: (page, day, isChanged) => {
      let length = at(interval, page) * (isChanged ? 1 - NUTCH.decrease : 1 + NUTCH.increase);
      if (isChanged) modified[page] = day;
      const delta = day - at(modified, page);
      length = Math.min(NUTCH.most, Math.max(NUTCH.least, length, delta));
      interval[page] = length;
      next[page] = day - delta * NUTCH.syncRate + length;
    },
  };
}

/** The real estimate and plan, made anew every `replanDays`, as it is when a crawl closes. */
export function adaptivePolicy(
  { paths, fetchesPerDay }: Site,
  bounds: { minDays: number; maxDays: number; replanDays?: number },
): Policy {
  const { replanDays = 0.5 } = bounds;
  const random = seededRandom(99);
  const circumstances = {
    minSeconds: bounds.minDays * DAY_SECONDS,
    maxSeconds: bounds.maxDays * DAY_SECONDS,
    ...{ fetchesPerDay, confirmSeconds: DAY_SECONDS / 3, announcedShare: 0 },
  };
  const pages = paths.map(
    (path): PageToPlan => ({
      id: Math.floor(random() * 0x1_0000_0000)
        .toString(16)
        .padStart(8, "0"),
      path,
      state: "live",
      history: { visits: 0, changes: 0, unchangedSeconds: 0, changedIntervals: [] },
      lastFetchedAt: dateOf(0),
      nextVisitAt: null,
      intervalSeconds: null,
      isDated: false,
    }),
  );
  let plans: PlannedVisit[] = [];
  let plannedAt = Number.NEGATIVE_INFINITY;
  const next: number[] = [];

  function plan(day: number) {
    plans = planPages(pages, circumstances);
    plannedAt = day;
    for (const [page, { nextVisitAt }] of plans.entries()) next[page] = nextVisitAt.getTime() / DAY_MS;
  }

  const worth = (page: number, day: number) => {
    const belief = beliefOf((plans[page] as PlannedVisit).plan);
    const elapsed = (day - (pages[page] as PageToPlan).lastFetchedAt.getTime() / DAY_MS) * DAY_SECONDS;
    return worthOf(belief, elapsed, circumstances.maxSeconds).worth;
  };

  return {
    name: "adaptive",
    due: (day) => {
      if (day - plannedAt >= replanDays) plan(day);
      const due = listDue(next, day).map((page) => ({ page, worth: worth(page, day) }));
      return due.sort((one, other) => other.worth - one.worth).map(({ page }) => page);
    },
    fetched: (page, day, isChanged) => {
      const known = pages[page] as PageToPlan;
      const seconds = (day - known.lastFetchedAt.getTime() / DAY_MS) * DAY_SECONDS;
      known.history = addVisit(known.history, { seconds, isChanged });
      known.lastFetchedAt = dateOf(day);
      next[page] = day + (plans[page] as PlannedVisit).plan.intervalSeconds / DAY_SECONDS;
    },
  };
}

const DAY_MS = DAY_SECONDS * 1_000;
const dateOf = (day: number) => new Date(Math.round(day * DAY_MS));
const at = (list: number[], index: number) => list[index] as number;

function listDue(next: number[], day: number): number[] {
  const due: number[] = [];
  for (let page = 0; page < next.length; page++) if (at(next, page) <= day) due.push(page);
  return due;
}
