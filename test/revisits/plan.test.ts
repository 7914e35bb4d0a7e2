import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { allocateVisits, type Share } from "../../src/revisits/allocation.ts";
import { budgetLeft } from "../../src/revisits/budget.ts";
import { DAY_SECONDS } from "../../src/revisits/change-rate.ts";
import { type PageToPlan, planPages } from "../../src/revisits/plan.ts";

const DAY_MS = DAY_SECONDS * 1_000;
const NOW = new Date("2026-01-01T00:00:00.000Z");
const BOUNDS = { minSeconds: 3_600, maxSeconds: 30 * DAY_SECONDS, fetchesPerDay: 10 };

/** What is known for sure of a page. */
const sure = (perDay: number) => ({ shape: 200, seconds: (200 / perDay) * DAY_SECONDS });

const costOf = (shares: readonly Share[]) => shares.reduce((sum, { seconds }) => sum + DAY_SECONDS / seconds, 0);
const freshnessOf = (shares: readonly Share[]) => shares.reduce((sum, { freshness }) => sum + freshness, 0);

const beliefs = fc.array(
  fc.record({
    shape: fc.double({ min: 0.1, max: 20, noNaN: true }),
    seconds: fc.double({ min: 600, max: 4_000 * DAY_SECONDS, noNaN: true }),
  }),
  { minLength: 1, maxLength: 40 },
);
const budgets = fc.integer({ min: 1, max: 2_000 });

describe("how a budget of visits is shared out", () => {
  test("it is kept, and so are the bounds, unless the budget is too small for the greatest interval", () => {
    fc.assert(
      fc.property(beliefs, budgets, (pages, fetchesPerDay) => {
        const shares = allocateVisits(pages, { ...BOUNDS, fetchesPerDay });

        expect(costOf(shares)).toBeLessThanOrEqual(fetchesPerDay * (1 + 1e-6));
        const suffices = pages.length / 30 < fetchesPerDay;
        for (const { seconds } of shares) {
          expect(seconds).toBeGreaterThanOrEqual(BOUNDS.minSeconds);
          if (suffices) expect(seconds).toBeLessThanOrEqual(BOUNDS.maxSeconds * (1 + 1e-9));
        }
      }),
      { seed: 1, numRuns: 60 },
    );
  });

  test("more of it never makes a page wait longer, nor copies less current", () => {
    fc.assert(
      fc.property(beliefs, budgets, budgets, (pages, one, other) => {
        const [less, more] = [Math.min(one, other), Math.max(one, other)].map((fetchesPerDay) =>
          allocateVisits(pages, { ...BOUNDS, fetchesPerDay }),
        ) as [Share[], Share[]];

        for (const [page, { seconds }] of more.entries())
          expect(seconds).toBeLessThanOrEqual((less[page]?.seconds ?? 0) * (1 + 1e-3));
        expect(freshnessOf(more)).toBeGreaterThanOrEqual(freshnessOf(less) - 1e-3);
      }),
      { seed: 2, numRuns: 60 },
    );
  });

  test("it beats visiting all pages alike, and visiting them in proportion to their rates", () => {
    const rates = [0.01, 0.03, 0.1, 0.3, 1, 3, 30];
    const bounds = { minSeconds: 300, maxSeconds: 300 * DAY_SECONDS, fetchesPerDay: 4 };
    const total = rates.reduce((sum, rate) => sum + rate, 0);
    const freshness = (rate: number, perDay: number) => (perDay / rate) * -Math.expm1(-rate / perDay);
    const sumOf = (perDayOf: (rate: number) => number) =>
      rates.reduce((sum, rate) => sum + freshness(rate, perDayOf(rate)), 0);

    const shares = allocateVisits(rates.map(sure), bounds);

    const planned = sumOf((rate) => DAY_SECONDS / (shares[rates.indexOf(rate)]?.seconds ?? 1));
    expect(planned).toBeGreaterThan(sumOf(() => 4 / rates.length));
    expect(planned).toBeGreaterThan(sumOf((rate) => (4 * rate) / total));
  });

  test("pages that change faster than they can be followed are visited less than some that change seldom, but are", () => {
    const shares = allocateVisits([...Array(50).fill(sure(0.2)), ...Array(50).fill(sure(100))], {
      ...BOUNDS,
      fetchesPerDay: 15,
    });

    const [slow, fast] = [shares[0]?.seconds ?? 0, shares[50]?.seconds ?? 0];
    expect(fast).toBeGreaterThan(slow);
    expect(fast).toBeLessThan(BOUNDS.maxSeconds);
  });

  test("a budget that is more than visits are worth is left over", () => {
    const [page] = allocateVisits([sure(0.1)], { ...BOUNDS, fetchesPerDay: 10_000 });

    expect(page?.boundBy).toBe("rate");
    expect(page?.chance).toBeCloseTo(0.02, 2);
    expect(page?.freshness).toBeGreaterThan(0.98);
  });

  test("each bound is named", () => {
    const boundOf = (perDay: number, fetchesPerDay: number) =>
      allocateVisits([sure(perDay)], { ...BOUNDS, fetchesPerDay })[0]?.boundBy;

    expect(boundOf(50, 1_000)).toBe("minimum");
    expect(boundOf(0.000_1, 1_000)).toBe("maximum");
    expect(boundOf(1, 1)).toBe("budget");
  });

  test("100,000 pages take less than a second of work", () => {
    const pages = Array.from({ length: 100_000 }, (_, n) => ({
      shape: 0.2 + (n % 97) / 10,
      seconds: DAY_SECONDS * (1 + (n % 1_009)),
    }));
    const before = process.cpuUsage();

    allocateVisits(pages, { ...BOUNDS, fetchesPerDay: 20_000 });

    expect(process.cpuUsage(before).user / 1e6).toBeLessThan(1);
  });
});

describe("the plan of a page", () => {
  const page = (over: Partial<PageToPlan> = {}): PageToPlan => ({
    id: "0195f3e0-5c1a-7000-8000-000080000000",
    path: "/a",
    state: "live",
    history: { visits: 3, changes: 1, unchangedSeconds: 20 * DAY_SECONDS, changedIntervals: [DAY_SECONDS] },
    lastFetchedAt: NOW,
    nextVisitAt: null,
    intervalSeconds: null,
    isDated: false,
    ...over,
  });
  const circumstances = { ...BOUNDS, confirmSeconds: 28_800, announcedShare: 0 };
  const planOf = (pages: PageToPlan[], over: Partial<typeof circumstances> = {}) =>
    planPages(pages, { ...circumstances, ...over });
  const daysOf = (over: Partial<PageToPlan>, more: Partial<typeof circumstances> = {}) =>
    ((planOf([page(over)], more)[0]?.nextVisitAt.getTime() ?? 0) - NOW.getTime()) / DAY_MS;

  test("it counts from the last visit, and is the same when it is made again", () => {
    const [plan] = planOf([page()]);

    expect(planOf([page()])).toEqual([plan as NonNullable<typeof plan>]);
    expect(plan?.nextVisitAt.getTime()).toBe(NOW.getTime() + (plan?.plan.intervalSeconds ?? 0) * 1_000);
  });

  test("a missing page is looked for soon, to be sure; one that is gone at the greatest interval", () => {
    expect(daysOf({ state: "missing" })).toBeCloseTo(1 / 3, 1);
    expect(daysOf({ state: "removed" })).toBeGreaterThan(26);
    expect(daysOf({ state: "moved" })).toBeLessThanOrEqual(30);
  });

  test("missing pages take no more than half of the budget", () => {
    const pages = Array.from({ length: 100 }, () => page({ state: "missing" }));

    const plans = planOf([...pages, page()]);

    const cost = plans.slice(0, 100).reduce((sum, { plan }) => sum + DAY_SECONDS / plan.intervalSeconds, 0);
    expect(cost).toBeLessThanOrEqual(5.01);
    expect(plans[0]?.plan.boundBy).toBe("budget");
    expect(plans[100]?.plan.intervalSeconds).toBeLessThan(30 * DAY_SECONDS);
  });

  test("pages never revisited come due at different times", () => {
    const fresh = { visits: 0, changes: 0, unchangedSeconds: 0, changedIntervals: [] };
    const plans = planOf(
      Array.from({ length: 8 }, (_, n) => page({ id: `0195f3e0-5c1a-7000-8000-0000${n}0000000`, history: fresh })),
    );

    const times = plans.map(({ plan }) => plan.intervalSeconds);
    expect(new Set(times).size).toBe(8);
    expect(Math.max(...times)).toBeGreaterThan(2.5 * Math.min(...times));
  });

  test("a visit that was tried and failed is not planned at once again", () => {
    const tried = new Date(NOW.getTime() + 40 * DAY_MS);
    const nextVisitAt = new Date(tried.getTime() + 20 * DAY_MS);

    const days = daysOf({ nextVisitAt, intervalSeconds: 20 * DAY_SECONDS });

    expect(days).toBeGreaterThan(40);
  });

  test("changes that sitemaps announce need no visits of their own", () => {
    const blind = daysOf({ isDated: true });
    const announced = daysOf({ isDated: true }, { announcedShare: 0.98 });

    expect(announced).toBeGreaterThan(blind);
    expect(daysOf({ isDated: false }, { announcedShare: 0.98 })).toBe(blind);
  });
});

describe("what is left of a day's budget", () => {
  const at = (hours: number) => new Date(NOW.getTime() - hours * 3_600_000);
  const left = (spendings: { at: Date; fetches: number }[]) => budgetLeft(240, spendings, NOW);

  test("unspent, it piles up for a quarter of a day", () => {
    expect(left([])).toBe(60);
  });

  test("it comes in evenly over the day", () => {
    expect(left([{ at: at(1), fetches: 60 }])).toBe(10);
    expect(left(Array.from({ length: 40 }, (_, hour) => ({ at: at(40 - hour), fetches: 10 })))).toBe(10);
  });

  test("within any day no more is spent than it has", () => {
    const spendings = [{ at: at(23), fetches: 60 }, ...[17, 11, 5].map((hours) => ({ at: at(hours), fetches: 60 }))];

    expect(left(spendings)).toBe(0);
  });

  test("what went beyond it is made up for, by a day at the most", () => {
    expect(left([{ at: at(2), fetches: 300 }])).toBe(0);
    expect(left([{ at: at(30), fetches: 100_000 }])).toBe(60);
  });

  test("a budget of a few fetches comes to whole ones", () => {
    expect(budgetLeft(2, [], NOW)).toBe(1);
    expect(budgetLeft(2, [{ at: at(11), fetches: 1 }], NOW)).toBe(0);
    expect(budgetLeft(2, [{ at: at(12), fetches: 1 }], NOW)).toBe(1);
  });
});
