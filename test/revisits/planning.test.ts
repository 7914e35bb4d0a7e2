import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { eq } from "drizzle-orm";
import { LOCAL_VIEWER } from "../../src/access/viewer.ts";
import type { Store } from "../../src/db/db.ts";
import { type AdaptiveRule, crawlSchedules } from "../../src/db/schema/crawls.ts";
import { pages } from "../../src/db/schema/pages.ts";
import { LOCAL_USER_ID } from "../../src/db/schema/users.ts";
import { websites } from "../../src/db/schema/websites.ts";
import { AppError } from "../../src/errors.ts";
import { combineRules } from "../../src/revisits/adaptive-rule.ts";
import { planWebsite } from "../../src/revisits/planning.ts";
import { getPagePlan, getWebsitePlan } from "../../src/revisits/visit-plan.ts";
import { addWebsite, type Website } from "../../src/websites/websites.ts";
import { testStores } from "../testing/stores.ts";

const DAY_SECONDS = 86_400;
const NOW = new Date("2026-01-01T00:00:00.000Z");
const RULE: AdaptiveRule = { minSeconds: 3_600, maxSeconds: 30 * DAY_SECONDS, fetchesPerDay: 20 };

for (const { name, open } of testStores)
  describe(`the plan of a website's visits, ${name}`, () => {
    let store: Store;
    let website: Website;

    beforeAll(async () => {
      store = await open();
    });
    beforeEach(async () => {
      await store.db.delete(websites);
      website = await addWebsite(store.db, { userId: LOCAL_USER_ID, url: "https://planned.example/" });
    });
    afterAll(() => store.close());

    const addRule = (adaptive: AdaptiveRule | null, isEnabled = true) =>
      store.db
        .insert(crawlSchedules)
        .values({ websiteId: website.id, intervalSeconds: 3_600, adaptive, isEnabled })
        .returning();

    async function addPages(count: number, of: (n: number) => Partial<typeof pages.$inferInsert>) {
      const rows = Array.from({ length: count }, (_, n) => ({
        websiteId: website.id,
        urlHash: Bun.randomUUIDv7(),
        url: `https://planned.example/p${n}`,
        host: "planned.example",
        path: `/p${n}`,
        status: 200,
        lastFetchedAt: NOW,
        ...of(n),
      }));
      await store.db.insert(pages).values(rows);
    }

    const list = () => store.db.select().from(pages).orderBy(pages.path);
    const plan = () => planWebsite(store.db, website.id);

    test("pages that change often are visited sooner than those that never did", async () => {
      await addRule(RULE);
      await addPages(30, (n) =>
        n % 2 === 0
          ? {
              visits: 20,
              changes: 10,
              changedIntervals: Array(10).fill(DAY_SECONDS),
              unchangedSeconds: 10 * DAY_SECONDS,
            }
          : { visits: 20, unchangedSeconds: 200 * DAY_SECONDS },
      );

      expect(await plan()).toEqual({ planned: 30, written: 30 });

      const rows = await list();
      const days = (isChanging: boolean) =>
        rows
          .filter(({ changes }) => changes > 0 === isChanging)
          .map(({ nextVisitAt }) => ((nextVisitAt?.getTime() ?? 0) - NOW.getTime()) / 1_000 / DAY_SECONDS);
      expect(Math.max(...days(true))).toBeLessThan(Math.min(...days(false)));
      expect(rows[0]?.visitPlan).toMatchObject({ visits: 20, prior: { path: "/", pages: 30 } });
    });

    test("a plan that says the same is not written again, and one that moved is", async () => {
      await addRule(RULE);
      await addPages(12, () => ({ visits: 5, unchangedSeconds: 40 * DAY_SECONDS }));
      await plan();

      expect(await plan()).toEqual({ planned: 12, written: 0 });

      await store.db
        .update(pages)
        .set({ lastFetchedAt: new Date(NOW.getTime() + 20 * DAY_SECONDS * 1_000) })
        .where(eq(pages.path, "/p3"));
      expect(await plan()).toEqual({ planned: 12, written: 1 });
    });

    test("a page that answered with an error last is looked for soon, whatever its rate", async () => {
      await addRule(RULE);
      await addPages(12, (n) => ({ visits: 9, unchangedSeconds: 200 * DAY_SECONDS, status: n === 3 ? 404 : 200 }));
      await plan();

      const away = (await list()).find(({ path }) => path === "/p3");
      expect(away?.visitPlan?.intervalSeconds).toBeLessThan(DAY_SECONDS / 2);
      expect((await getPagePlan(store.db, LOCAL_VIEWER, away?.id ?? "")).because).toMatch(
        /^It was not there; it is looked for again after [\d.]+ hours/,
      );
    });

    test("it is forgotten when no enabled schedule goes by it", async () => {
      const [schedule] = await addRule(RULE);
      await addPages(3, () => ({}));
      await plan();
      await store.db
        .update(crawlSchedules)
        .set({ isEnabled: false })
        .where(eq(crawlSchedules.id, schedule?.id ?? ""));

      expect(await plan()).toEqual({ planned: 0, written: 3 });

      for (const row of await list()) expect(row).toMatchObject({ nextVisitAt: null, visitPlan: null });
      expect(await plan()).toEqual({ planned: 0, written: 0 });
    });

    test("a page in another transaction's hands is passed over", async () => {
      if (store.kind === "embedded") return;
      await addRule(RULE);
      await addPages(4, () => ({}));

      await store.db.transaction(async (tx) => {
        await tx.select().from(pages).where(eq(pages.path, "/p1")).for("update");
        await plan();
      });

      expect((await list()).map(({ nextVisitAt }) => nextVisitAt !== null)).toEqual([true, false, true, true]);
    });

    test("what it comes to is told for the website, within the budget", async () => {
      await addRule(RULE);
      await addPages(40, (n) => ({
        ...(n < 30
          ? {
              visits: 9,
              changes: 3,
              changedIntervals: Array(3).fill(3 * DAY_SECONDS),
              unchangedSeconds: 18 * DAY_SECONDS,
            }
          : { visits: 9, unchangedSeconds: 200 * DAY_SECONDS }),
        ...(n === 0 ? { state: "missing" as const } : {}),
      }));
      await plan();

      const told = await getWebsitePlan(store.db, LOCAL_VIEWER, website.id);

      expect(told).toMatchObject({ rule: RULE, pages: 40 });
      // Intervals are spread by a tenth to either side.
      expect(told.fetchesPerDay).toBeGreaterThan(10);
      expect(told.fetchesPerDay).toBeLessThan(22);
      expect(told.changesFoundPerDay).toBeLessThan(told.changesPerDay);
      expect(told.freshness).toBeGreaterThan(0.7);
      expect(told.freshness).toBeLessThan(1);
      expect(told.byInterval.reduce((sum, count) => sum + count, 0)).toBe(40);
      expect(Object.values(told.byBound).reduce((sum, count) => sum + count, 0)).toBe(40);
    });

    test("a page's plan is told in words, and there is none without a schedule", async () => {
      const [schedule] = await addRule(RULE);
      await addPages(1, () => ({
        visits: 4,
        changes: 1,
        changedIntervals: [DAY_SECONDS],
        unchangedSeconds: 9 * DAY_SECONDS,
      }));
      await plan();
      const id = (await list())[0]?.id ?? "";

      const { because } = await getPagePlan(store.db, LOCAL_VIEWER, id);
      expect(because).toMatch(
        /^It is expected to change once in [\d.]+ days, going by 4 visits of its own, which found a change once, and by what is usual/,
      );

      await store.db.delete(crawlSchedules).where(eq(crawlSchedules.id, schedule?.id ?? ""));
      await plan();
      const refused = getPagePlan(store.db, LOCAL_VIEWER, id);
      await expect(refused).rejects.toThrow(AppError);
      await expect(refused).rejects.toThrow("are not planned");
      await expect(getWebsitePlan(store.db, LOCAL_VIEWER, website.id)).rejects.toThrow("are not planned");
    });
  });

test("several adaptive schedules count as one with the tighter bounds and all their budgets", () => {
  const other = { minSeconds: 600, maxSeconds: 7 * DAY_SECONDS, fetchesPerDay: 5 };

  expect(combineRules([RULE, other])).toEqual({ minSeconds: 600, maxSeconds: 7 * DAY_SECONDS, fetchesPerDay: 25 });
  expect(combineRules([])).toBeUndefined();
});
