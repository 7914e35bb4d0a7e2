import { describe, expect, test } from "bun:test";
import { changesPerDay, DAY_SECONDS, estimateRate, NO_PRIOR } from "../../src/revisits/change-rate.ts";
import { fitPriors, listPrefixes } from "../../src/revisits/priors.ts";
import { addVisit, type VisitHistory } from "../../src/revisits/visit-history.ts";
import { seededRandom } from "../bench/chance.ts";

const NOTHING: VisitHistory = { visits: 0, changes: 0, unchangedSeconds: 0, changedIntervals: [] };
const PRIOR = { shape: 0.5, seconds: 15 * DAY_SECONDS };

/** Visits at irregular times to a page of a known rate. */
function watch(perDay: number, visits: number, random: () => number, meanDays = 1 / perDay): VisitHistory {
  let history = NOTHING;
  for (let visit = 0; visit < visits; visit++) {
    const days = meanDays * (0.2 + 1.6 * random());
    history = addVisit(history, { seconds: days * DAY_SECONDS, isChanged: random() < 1 - Math.exp(-perDay * days) });
  }
  return history;
}

const historyOf = (changedDays: number[], unchangedDays: number): VisitHistory => ({
  ...NOTHING,
  visits: changedDays.length + 1,
  changes: changedDays.length,
  changedIntervals: changedDays.map((days) => days * DAY_SECONDS),
  unchangedSeconds: unchangedDays * DAY_SECONDS,
});

describe("the estimate of a change rate", () => {
  test("it solves the equation of maximum likelihood for irregular visits", () => {
    const history = historyOf([1, 3, 0.5, 7], 9);

    const rate = changesPerDay(estimateRate(history, NO_PRIOR));

    const changed = [1, 3, 0.5, 7].reduce((sum, days) => sum + days / Math.expm1(rate * days), 0);
    expect(changed).toBeCloseTo(9, 2);
  });

  test.each([0.02, 0.3, 5])("it finds a rate of %p a day within its bounds of error", (perDay) => {
    const random = seededRandom(Math.round(perDay * 1_000));

    const estimates = Array.from({ length: 300 }, () =>
      changesPerDay(estimateRate(watch(perDay, 40, random), { shape: 0.5, seconds: (0.5 / perDay) * DAY_SECONDS })),
    );

    const mean = estimates.reduce((sum, one) => sum + one, 0) / estimates.length;
    const error = Math.sqrt(estimates.reduce((sum, one) => sum + (one - perDay) ** 2, 0) / estimates.length);
    expect(Math.abs(mean - perDay) / perDay).toBeLessThan(0.08);
    expect(error / perDay).toBeLessThan(0.4);
  });

  test("it is not fooled by visits too seldom to see each change, as the share of changes would be", () => {
    const random = seededRandom(4);
    const prior = { shape: 0.5, seconds: DAY_SECONDS };

    const estimates = Array.from({ length: 100 }, () => changesPerDay(estimateRate(watch(1, 40, random, 2), prior)));

    // Of visits two days apart each sees one change at most: half a change a day.
    const mean = estimates.reduce((sum, one) => sum + one, 0) / estimates.length;
    expect(mean).toBeGreaterThan(0.9);
    expect(mean).toBeLessThan(1.15);
  });

  test("a page that always changed gets a rate that is bounded, and higher the shorter the intervals", () => {
    const daily = changesPerDay(estimateRate(historyOf(Array(24).fill(1), 0), PRIOR));
    const hourly = changesPerDay(estimateRate(historyOf(Array(24).fill(1 / 24), 0), PRIOR));

    expect(daily).toBeGreaterThan(0.7);
    expect(hourly).toBeGreaterThan(daily);
    expect(changesPerDay(estimateRate(historyOf([1], 0), NO_PRIOR))).toBeCloseTo(1_440, 5);
  });

  test("a page that never changed gets a rate that falls as long as that goes on, but not to nothing", () => {
    const rates = [0, 10, 100, 1_000].map((days) => changesPerDay(estimateRate(historyOf([], days), PRIOR)));

    expect(rates.toSorted((one, other) => other - one)).toEqual(rates);
    expect(rates.at(-1)).toBeGreaterThan(0);
    expect(changesPerDay(estimateRate(historyOf([], 10), NO_PRIOR))).toBeCloseTo(1 / 3_650, 8);
  });

  test("one visit moves the estimate from the prior a little, and many leave little of the prior", () => {
    const prior = { shape: 2, seconds: 20 * DAY_SECONDS };
    const one = changesPerDay(estimateRate(historyOf([1], 0), prior));
    const many = changesPerDay(estimateRate(watch(0.5, 200, seededRandom(3)), prior));

    expect(one).toBeGreaterThan(0.1);
    expect(one).toBeLessThan(0.2);
    expect(many).toBeGreaterThan(0.3);
  });

  test("intervals of seconds and of years do not break it", () => {
    for (const history of [historyOf([1e-5, 4_000], 0), historyOf([4_000, 4_000], 1e-5), historyOf([1e-5], 4_000)])
      for (const prior of [NO_PRIOR, PRIOR]) {
        const { shape, seconds } = estimateRate(history, prior);
        expect(shape).toBeGreaterThan(0);
        expect(Number.isFinite(shape / seconds)).toBe(true);
      }
  });
});

describe("what a page's history keeps", () => {
  test("a page that fell asleep is known for it after some visits, and one that woke up too", () => {
    const random = seededRandom(8);
    const awake = watch(2, 60, random, 1);
    let asleep = awake;
    for (let visit = 0; visit < 40; visit++) asleep = addVisit(asleep, { seconds: 2 * DAY_SECONDS, isChanged: false });
    let woken = asleep;
    for (let visit = 0; visit < 30; visit++) woken = addVisit(woken, { seconds: DAY_SECONDS, isChanged: true });

    const [before, quiet, after] = [awake, asleep, woken].map((it) => changesPerDay(estimateRate(it, PRIOR)));

    expect(quiet).toBeLessThan((before ?? 0) / 5);
    expect(after).toBeGreaterThan((quiet ?? 0) * 3);
  });

  test("it stays small, and counts all visits and changes", () => {
    const history = watch(1, 500, seededRandom(5));

    expect(history.visits).toBe(500);
    expect(history.changedIntervals.length).toBeLessThanOrEqual(24);
    expect(history.changes).toBeGreaterThan(200);
    expect(Number.isInteger(history.unchangedSeconds)).toBe(true);
  });
});

describe("what is believed of a page before its own visits", () => {
  const random = seededRandom(6);
  const pagesUnder = (path: string, perDay: number, count: number) =>
    Array.from({ length: count }, (_, n) => ({
      path: `${path}${n}`,
      history: watch(perDay * (0.5 + random()), 20, random, 2),
    }));
  const known = [...pagesUnder("/news/", 1, 30), ...pagesUnder("/docs/api/", 0.02, 30), ...pagesUnder("/few/", 5, 9)];
  const priorOf = fitPriors(known);

  test("it is that of the nearest path with ten pages that were visited again", () => {
    expect(priorOf("/news/today?page=2")).toMatchObject({ path: "/news/", pages: 30 });
    expect(priorOf("/docs/api/v2/list")).toMatchObject({ path: "/docs/api/", pages: 30 });
    expect(priorOf("/few/one")).toMatchObject({ path: "/", pages: 69 });
    expect(fitPriors(known.slice(0, 9))("/news/x")).toMatchObject({ path: "", pages: 0 });
  });

  test("it is near the rates of those pages, and surer where they are alike", () => {
    expect(changesPerDay(priorOf("/news/x"))).toBeGreaterThan(0.6);
    expect(changesPerDay(priorOf("/news/x"))).toBeLessThan(1.6);
    expect(changesPerDay(priorOf("/docs/api/x"))).toBeLessThan(0.06);
    expect(priorOf("/news/x").shape).toBeGreaterThan(priorOf("/other").shape);
  });

  test("a page with few visits leans on its neighbours", () => {
    const history = historyOf([], 2);

    const amongNews = changesPerDay(estimateRate(history, priorOf("/news/x")));
    const amongDocs = changesPerDay(estimateRate(history, priorOf("/docs/api/x")));

    expect(amongNews).toBeGreaterThan(5 * amongDocs);
  });

  test("paths are folders, without what a query says", () => {
    expect(listPrefixes("/a/b/c?d=/e/f")).toEqual(["/", "/a/", "/a/b/"]);
    expect(listPrefixes("/1/2/3/4/5/6")).toEqual(["/", "/1/", "/1/2/", "/1/2/3/"]);
    expect(listPrefixes("/")).toEqual(["/"]);
  });
});
