import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { eq } from "drizzle-orm";
import { LOCAL_VIEWER } from "../../src/access/viewer.ts";
import type { App } from "../../src/app.ts";
import { JOB_KINDS } from "../../src/background.ts";
import { type Crawl, listCrawls } from "../../src/crawl/crawls.ts";
import type { Store } from "../../src/db/db.ts";
import { hosts } from "../../src/db/schema/crawls.ts";
import { pages } from "../../src/db/schema/pages.ts";
import { LOCAL_USER_ID } from "../../src/db/schema/users.ts";
import { websites } from "../../src/db/schema/websites.ts";
import { runDueJobs } from "../../src/jobs/worker.ts";
import { fireDueSchedules } from "../../src/schedules/firing.ts";
import {
  addSchedule,
  changeSchedule,
  deleteSchedule,
  getSchedule,
  type Schedule,
} from "../../src/schedules/schedules.ts";
import { addWebsite } from "../../src/websites/websites.ts";
import { outcomesOf } from "../crawl/runs.ts";
import { type Answering, createWeb, page, robots, text, type Web } from "../crawl/web.ts";
import { createFastClock, openTestApp } from "../testing/apps.ts";
import { testStores } from "../testing/stores.ts";

const SITE = "https://example.com";
const HOUR_MS = 3_600_000;

/** Time that can be put forward, and goes on by itself meanwhile for what waits in seconds. */
function createJumpingClock() {
  const clock = createFastClock();
  let ahead = 0;
  return {
    now: () => new Date(clock.now().getTime() + ahead),
    sleep: clock.sleep,
    jump: (ms: number) => {
      ahead += ms;
    },
  };
}

// PostgreSQL where there is one: planning is tested on both.
describe("crawls of due pages", () => {
  let store: Store;
  let app: App;
  let web: Web;
  let clock: ReturnType<typeof createJumpingClock>;

  beforeAll(async () => {
    store = await (testStores.at(-1) as (typeof testStores)[number]).open();
  });
  afterEach(async () => {
    await app.close();
    await store.db.delete(websites);
    await store.db.delete(hosts);
  });
  afterAll(() => store.close());

  /** A website with an adaptive schedule, crawled for the first time. */
  async function watch(answers: Record<string, Answering>, adaptive: Schedule["adaptive"] = null) {
    clock = createJumpingClock();
    web = createWeb(answers);
    app = openTestApp(store, { clock, fetch: web.fetch });
    const options = { delay_ms: 0 };
    const website = await addWebsite(store.db, { userId: LOCAL_USER_ID, url: `${SITE}/`, options });
    const schedule = await addSchedule(app, LOCAL_VIEWER, website.id, {
      adaptive: adaptive ?? { minSeconds: 3_600, maxSeconds: 86_400, fetchesPerDay: 400 },
    });
    await tick();
    const [first] = await crawls(schedule);
    await store.db.update(websites).set({ baselineCrawlId: first?.id }).where(eq(websites.id, website.id));
    return schedule;
  }

  /** Has the schedule fire once, and all that follows from it be done. */
  async function tick(hours = 1) {
    clock.jump(hours * HOUR_MS);
    await fireDueSchedules(app);
    await runDueJobs(app, JOB_KINDS);
  }

  const crawls = ({ websiteId }: Schedule): Promise<Crawl[]> =>
    listCrawls(store.db, { viewer: LOCAL_VIEWER, websiteId, limit: 50 });
  const read = ({ id }: Schedule) => getSchedule(store.db, LOCAL_VIEWER, id);
  const pageAt = async (path: string) =>
    (await store.db.select().from(pages)).find((row) => row.path === path) as typeof pages.$inferSelect;
  const makeDue = (path: string, at = new Date(0)) =>
    store.db.update(pages).set({ nextVisitAt: at }).where(eq(pages.path, path));
  const postpone = async () => {
    const later = new Date(clock.now().getTime() + 90 * 24 * HOUR_MS);
    await store.db.update(pages).set({ nextVisitAt: later });
  };

  test("the first firing crawls the website as a whole, and plans a visit to each page", async () => {
    const schedule = await watch({
      [`${SITE}/`]: page("/a", "/b"),
      [`${SITE}/a`]: text("A"),
      [`${SITE}/b`]: text("B"),
    });

    expect(await crawls(schedule)).toMatchObject([{ selection: "all", state: "completed", created: 3 }]);
    const planned = await store.db.select().from(pages);
    expect(planned).toHaveLength(3);
    for (const { nextVisitAt, lastFetchedAt, visitPlan } of planned) {
      const seconds = ((nextVisitAt?.getTime() ?? 0) - lastFetchedAt.getTime()) / 1_000;
      expect(seconds).toBeGreaterThanOrEqual(3_600 - 1);
      expect(seconds).toBeLessThanOrEqual(86_400 + 1);
      expect(visitPlan).toMatchObject({ visits: 0, prior: { path: "", pages: 0 } });
    }
  });

  test("only pages that are due are fetched again, and what they newly link to", async () => {
    const schedule = await watch({
      [`${SITE}/`]: page("/a", "/b"),
      [`${SITE}/a`]: text("A"),
      [`${SITE}/b`]: text("B"),
    });
    await postpone();
    await makeDue("/");
    web.answers[`${SITE}/`] = page("/a", "/b", "/new");
    web.answers[`${SITE}/new`] = page("/b", "/newer");
    web.answers[`${SITE}/newer`] = text("Newer");

    await tick();

    const [latest] = await crawls(schedule);
    expect(latest).toMatchObject({ selection: "due", state: "completed" });
    expect(Object.keys(await outcomesOf(store.db, latest as Crawl)).sort()).toEqual([
      `${SITE}/`,
      `${SITE}/new`,
      `${SITE}/newer`,
    ]);
    expect((await pageAt("/")).visits).toBe(1);
    expect((await pageAt("/new")).nextVisitAt).not.toBeNull();
    expect((await pageAt("/")).nextVisitAt?.getTime()).toBeGreaterThan(clock.now().getTime());
    expect(await read(schedule)).toMatchObject({ lastOutcome: "started", lastCrawlId: latest?.id });
  });

  test("a firing is skipped when nothing is due, and says when something will be", async () => {
    const schedule = await watch({ [`${SITE}/`]: text("Home") });
    await postpone();

    await tick(1);

    expect(await crawls(schedule)).toHaveLength(1);
    const { lastOutcome, lastMessage } = await read(schedule);
    expect(lastOutcome).toBe("skipped");
    expect(lastMessage).toMatch(/^No page is due; the next one is at \d{4}-/);
  });

  test("no more pages are fetched than the budget has left, the most valuable first", async () => {
    const paths = Array.from({ length: 12 }, (_, n) => `/p${n}`);
    const answers = Object.fromEntries(paths.map((path) => [SITE + path, text(path)]));
    const adaptive = { minSeconds: 3_600, maxSeconds: 86_400, fetchesPerDay: 16 };
    const schedule = await watch({ [`${SITE}/`]: page(...paths), ...answers }, adaptive);
    const daysAgo = (days: number) => new Date(clock.now().getTime() - days * 24 * HOUR_MS);
    await store.db.update(pages).set({ lastFetchedAt: daysAgo(2), nextVisitAt: daysAgo(1) });
    for (const path of ["/p3", "/p7"])
      await store.db
        .update(pages)
        .set({ lastFetchedAt: daysAgo(90) })
        .where(eq(pages.path, path));

    await tick();

    const [latest] = await crawls(schedule);
    const fetched = Object.keys(await outcomesOf(store.db, latest as Crawl));
    expect(fetched).toHaveLength(4);
    expect(fetched).toContain(`${SITE}/p3`);
    expect(fetched).toContain(`${SITE}/p7`);

    await tick();

    // An hour's share of sixteen fetches a day is less than one.
    expect(await read(schedule)).toMatchObject({
      lastOutcome: "skipped",
      lastMessage: "Pages wait, but the budget of 16 fetches a day is spent for now",
    });
  });

  test("a page whose visit fails waits for its interval before it is tried again", async () => {
    const schedule = await watch({ [`${SITE}/`]: page("/a"), [`${SITE}/a`]: text("A") });
    await postpone();
    await makeDue("/a");
    web.answers[`${SITE}/a`] = () => {
      throw new Error("the connection broke");
    };

    await tick();
    const { nextVisitAt, visitPlan } = await pageAt("/a");
    await tick();

    expect(nextVisitAt?.getTime()).toBeGreaterThan(clock.now().getTime() - 2 * HOUR_MS);
    expect(visitPlan).not.toBeNull();
    expect((await crawls(schedule)).length).toBeGreaterThan(1);
  });

  test("sitemaps bring new pages, and leave known ones alone", async () => {
    const sitemap = (...urls: string[]) => ({
      headers: { "content-type": "application/xml" },
      body: `<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">${urls
        .map((path) => `<url><loc>${SITE}${path}</loc><lastmod>2026-01-01</lastmod></url>`)
        .join("")}</urlset>`,
    });
    const schedule = await watch({
      [`${SITE}/robots.txt`]: robots(""),
      [`${SITE}/sitemap.xml`]: sitemap("/", "/a"),
      [`${SITE}/`]: text("Home"),
      [`${SITE}/a`]: text("A"),
    });
    await postpone();
    web.answers[`${SITE}/sitemap.xml`] = sitemap("/", "/a", "/b");
    web.answers[`${SITE}/b`] = text("B");

    await tick(2);

    const [latest] = await crawls(schedule);
    expect(latest).toMatchObject({ selection: "due", state: "completed", created: 1 });
    expect(Object.keys(await outcomesOf(store.db, latest as Crawl))).toEqual([`${SITE}/b`]);
    expect((await pageAt("/a")).sitemapModifiedAt?.toISOString()).toBe("2026-01-01T00:00:00.000Z");
  });

  test("the plan is forgotten with the last adaptive schedule, and comes back with another", async () => {
    const schedule = await watch({ [`${SITE}/`]: text("Home") });

    await changeSchedule(app, LOCAL_VIEWER, schedule.id, { cron: "@daily" });
    await runDueJobs(app, JOB_KINDS);
    expect(await pageAt("/")).toMatchObject({ nextVisitAt: null, visitPlan: null });

    await changeSchedule(app, LOCAL_VIEWER, schedule.id, { adaptive: { fetchesPerDay: 10 } });
    await runDueJobs(app, JOB_KINDS);
    expect((await pageAt("/")).visitPlan).not.toBeNull();

    await deleteSchedule(store.db, LOCAL_VIEWER, schedule.id);
    await runDueJobs(app, JOB_KINDS);
    expect(await pageAt("/")).toMatchObject({ nextVisitAt: null, visitPlan: null });
  });
});
