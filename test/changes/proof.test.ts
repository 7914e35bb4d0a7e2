import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { asc, eq } from "drizzle-orm";
import { LOCAL_VIEWER } from "../../src/access/viewer.ts";
import type { App } from "../../src/app.ts";
import { startCrawl } from "../../src/crawl/crawls.ts";
import { runCrawl } from "../../src/crawl/engine.ts";
import type { Store } from "../../src/db/db.ts";
import { hosts } from "../../src/db/schema/crawls.ts";
import { events } from "../../src/db/schema/notifications.ts";
import { pageChanges, pages } from "../../src/db/schema/pages.ts";
import { websites } from "../../src/db/schema/websites.ts";
import type { PagePayload } from "../../src/notify/payload.ts";
import { toldUser } from "../notify/told-user.ts";
import { createFastClock, createMovedClock, openTestApp } from "../testing/apps.ts";
import { testStores } from "../testing/stores.ts";
import { type FailingReceiver, type Mood, startFailingReceiver } from "./proof/failing-receiver.ts";
import { createSite, DAYS_BETWEEN, EXPECTED, playVisit, TRACKING, VISITS } from "./proof/script.ts";
import { type ScriptedSite, serveScriptedSite } from "./proof/scripted-site.ts";

const [embedded] = testStores;
const DAY_MS = 86_400_000;

/** Politeness and retries have tests of their own. */
const OPTIONS = { delay_ms: 0, concurrency: 8, max_retries: 0 };

/** How the receiver is in a visit. A page that changes in each of the first of these has to wait for all of them. */
const MOODS: Record<number, Mood> = { 2: "refuses", 3: "cuts", 4: "hangs", 15: "refuses", 24: "cuts" };

type Told = { kind: string; path: string; to?: string; reason?: string };

describe("a website that changes by script for two months", () => {
  let store: Store;
  let site: ScriptedSite;
  let receiver: FailingReceiver;
  const found: string[] = [];

  beforeAll(async () => {
    store = (await embedded?.open()) as Store;
    site = serveScriptedSite();
    receiver = await startFailingReceiver();
    await playAll();
  }, 300_000);

  afterAll(async () => {
    receiver.stop();
    await site.stop();
    await store.close();
  });

  test("is told exactly: nothing missed, nothing false", async () => {
    const expected = EXPECTED.map(({ visit, ...told }) => describeVisit(visit, told));

    expect(found.toSorted()).toEqual(expected.toSorted());
    expect(await countEvents()).toBe(EXPECTED.length);
  });

  test("is told once and in order by a webhook that fails again and again", () => {
    const told = receiver.taken.map(({ body }) => readBody(body));

    expect(byPage(told)).toEqual(byPage(EXPECTED.toSorted((a, b) => a.visit - b.visit)));
    expect(new Set(receiver.taken.map(({ id }) => id)).size).toBe(receiver.taken.length);
    expect(receiver.failed).toBeGreaterThan(Object.keys(MOODS).length);
  });

  async function playAll(): Promise<void> {
    const clock = createMovedClock("2026-01-01T06:00:00Z");
    const app = openTestApp(store, { clock }, { FETCH_TIMEOUT_MS: 3_000 });
    // Whoever is told has two seconds to answer, so that a busy machine is not taken for a receiver that hangs.
    const patient = { ...clock, sleep: createFastClock(30).sleep };
    const teller = openTestApp(store, { clock: patient }, { WEBHOOK_TIMEOUT_MS: 60_000 });
    const user = toldUser(() => teller);
    await user.addChannel({ url: receiver.url });
    const state = createSite();
    for (let visit = 0; visit <= VISITS; visit++) {
      playVisit(state, visit);
      await site.show(state, visit);
      await visitSite(app, visit);
      receiver.be(MOODS[visit] ?? "takes");
      await user.work();
      clock.move(DAYS_BETWEEN * DAY_MS);
    }
    await teller.close();
    await app.close();
  }

  async function visitSite(app: App, visit: number): Promise<void> {
    const crawl = await startCrawl(store.db, { viewer: LOCAL_VIEWER, url: `${site.origin}/`, options: OPTIONS });
    await store.db.update(websites).set({ tracking: TRACKING });
    await runCrawl(app, crawl.id, { signal: new AbortController().signal });
    found.push(...(await listFound(visit, crawl.id)));
    // Each visit meets the host as if for the first time: politeness has tests of its own.
    await store.db.delete(hosts);
  }

  async function listFound(visit: number, crawlId: string): Promise<string[]> {
    const rows = await store.db
      .select({ kind: pageChanges.kind, url: pages.url, toUrl: pageChanges.toUrl, reason: pageChanges.reason })
      .from(pageChanges)
      .innerJoin(pages, eq(pages.id, pageChanges.pageId))
      .where(eq(pageChanges.crawlId, crawlId))
      .orderBy(asc(pageChanges.id));
    return rows.map(({ kind, url, toUrl, reason }) => describeVisit(visit, toTold(kind, url, toUrl, reason)));
  }

  const countEvents = async () =>
    (await store.db.select({ type: events.type }).from(events)).filter(({ type }) => type.startsWith("page.")).length;

  function readBody(body: string): Told {
    const { type, data } = JSON.parse(body) as { type: string; data: PagePayload };
    const { kind, to_url: toUrl, reason } = data.change;
    expect(type).toBe(`page.${kind}`);
    return toTold(kind, data.page.url, toUrl, reason);
  }

  function toTold(kind: string, url: string, toUrl: string | null, reason: string | null): Told {
    const path = (of: string) => of.slice(site.origin.length);
    return { kind, path: path(url), to: toUrl === null ? undefined : path(toUrl), reason: reason ?? undefined };
  }
});

function byPage(told: readonly Told[]): Record<string, string[]> {
  const pages = Object.groupBy(told, ({ path }) => path);
  return Object.fromEntries(Object.entries(pages).map(([path, list]) => [path, (list ?? []).map(describeChange)]));
}

/** Padded, so that they sort by visit. */
const describeVisit = (visit: number, told: Told) => `${String(visit).padStart(2, "0")} ${describeChange(told)}`;

function describeChange({ kind, path, to, reason }: Told): string {
  return [kind, path, ...(to ? ["to", to] : []), ...(reason ? [`(${reason})`] : [])].join(" ");
}
