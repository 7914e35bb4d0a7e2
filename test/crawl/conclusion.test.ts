import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { eq } from "drizzle-orm";
import { systemClock } from "../../src/clock.ts";
import { concludeCrawl } from "../../src/crawl/conclusion.ts";
import type { Store } from "../../src/db/db.ts";
import { events } from "../../src/db/schema/notifications.ts";
import { pageChanges } from "../../src/db/schema/pages.ts";
import { createLog } from "../../src/telemetry/log.ts";
import { testStores } from "../testing/stores.ts";
import { gone, type RecordedSite, recordSite, redirect, wordsOf } from "./recorded-site.ts";

const log = createLog("error", systemClock, () => {});

describe.each(testStores)("a crawl's conclusion on the $name store", ({ open }) => {
  let store: Store;

  beforeAll(async () => {
    store = await open();
  });

  afterAll(() => store.close());

  /** With a start page and pages `/1` to `/n`. */
  async function siteOf(count: number): Promise<RecordedSite> {
    const site = await recordSite(store.db);
    for (const path of pathsOf(count)) await site.addPage(path);
    return site;
  }

  const pathsOf = (count: number) => ["/", ...Array.from({ length: count }, (_, at) => `/${at + 1}`)];
  const allOk = (count: number) => Object.fromEntries(pathsOf(count).map((path) => [path, "ok" as const]));

  test("tells a page that answers 410 as removed at once, and once", async () => {
    const site = await siteOf(3);

    const first = await site.crawl({ ...allOk(3), "/1": gone(410) });
    await site.crawl({ ...allOk(3), "/1": gone(410) });

    expect(first).toEqual({ new: 0, moved: 0, removed: 1 });
    expect(await site.told()).toEqual(["removed /1 (http_410)"]);
    expect(await site.pageAt("/1")).toMatchObject({ state: "removed" });
  });

  test("tells a page that is not there as removed in the third crawl, and not before", async () => {
    const site = await siteOf(9);
    const answers = { "/1": gone(404), "/2": gone(451), "/3": { code: "soft_404", status: 200 } };

    await site.crawl({ ...allOk(9), ...answers });
    const once = await site.pageAt("/1");
    await site.crawl({ ...allOk(9), ...answers });
    const before = await site.told();
    await site.crawl({ ...allOk(9), ...answers });

    expect(once).toMatchObject({ state: "missing", missingVisits: 1 });
    expect(before).toEqual([]);
    expect((await site.told()).sort()).toEqual([
      "removed /1 (http_404)",
      "removed /2 (http_451)",
      "removed /3 (soft_404)",
    ]);
  });

  test("counts anew when the page answered meanwhile", async () => {
    const site = await siteOf(3);

    for (const answer of [gone(404), gone(404), "ok" as const, gone(404), gone(404)])
      await site.crawl({ ...allOk(3), "/1": answer });

    expect(await site.told()).toEqual([]);
    expect(await site.pageAt("/1")).toMatchObject({ state: "missing", missingVisits: 2 });
  });

  test("waits for the time that a page has to be missing, however many visits", async () => {
    const site = await siteOf(3);
    await site.setTracking({ removed_after_visits: 1, removed_after_s: 86_400 * 3 });

    for (let crawl = 0; crawl < 3; crawl++) await site.crawl({ ...allOk(3), "/1": gone(404) });
    const before = await site.told();
    await site.crawl({ ...allOk(3), "/1": gone(404) });

    expect(before).toEqual([]);
    expect(await site.told()).toEqual(["removed /1 (http_404)"]);
  });

  test("takes no error, wall, sign-in or empty page for a word about the page", async () => {
    const site = await siteOf(15);
    await site.setTracking({ removed_after_visits: 1, removed_after_s: 0 });
    const codes = ["http_500", "http_403", "http_401", "timeout", "bot_wall", "login_page", "empty_page"];

    await site.crawl({ ...allOk(15), ...Object.fromEntries(codes.map((code, at) => [`/${at + 1}`, { code }])) });

    expect(await site.told()).toEqual([]);
    expect(await site.pageAt("/1")).toMatchObject({ state: "live", missingVisits: 0 });
  });

  test("counts nothing of a host of which most pages are missing", async () => {
    const site = await siteOf(5);
    await site.setTracking({ removed_after_visits: 2, removed_after_s: 0 });
    const broken = { ...allOk(5), "/1": gone(404), "/2": gone(404), "/3": gone(410), "/4": { code: "http_500" } };

    await site.crawl(broken);

    expect(await site.told()).toEqual([]);
    expect(await site.pageAt("/1")).toMatchObject({ state: "live", missingVisits: 0 });
  });

  test("believes a host that keeps saying so, once it has for as many crawls as it takes", async () => {
    const site = await siteOf(5);
    const broken = { ...allOk(5), "/1": gone(404), "/2": gone(404), "/3": gone(410), "/4": { code: "http_500" } };

    await site.crawl(broken);
    await site.crawl(broken);
    const before = await site.told();
    await site.crawl(broken);

    expect(before).toEqual([]);
    expect((await site.told()).sort()).toEqual([
      "removed /1 (http_404)",
      "removed /2 (http_404)",
      "removed /3 (http_410)",
    ]);
    expect(await site.pageAt("/4")).toMatchObject({ state: "live" });
  });

  test("takes twice as many where nothing of the host answers", async () => {
    const site = await siteOf(0);
    await site.setTracking({ removed_after_visits: 2, removed_after_s: 0 });

    for (let crawl = 0; crawl < 3; crawl++) await site.crawl({ "/": gone(404) });
    const before = await site.told();
    await site.crawl({ "/": gone(404) });

    expect(before).toEqual([]);
    expect(await site.told()).toEqual(["removed / (http_404)"]);
  });

  test("believes nothing of a host that was away meanwhile", async () => {
    const site = await siteOf(0);
    await site.setTracking({ removed_after_visits: 1, removed_after_s: 0 });

    for (const answer of [gone(404), { code: "http_500", status: 500 }, gone(404)]) await site.crawl({ "/": answer });

    expect(await site.told()).toEqual([]);
  });

  test("tells a permanent redirect as a move to the last page that it leads to", async () => {
    const site = await siteOf(4);

    await site.crawl({
      ...allOk(4),
      ...{ "/1": redirect(301, "/hop"), "/hop": redirect(308, "/2"), "/3": redirect(301, "/3/"), "/3/": "new" },
    });
    await site.crawl({ ...allOk(4), "/1": redirect(301, "/2"), "/3": redirect(301, "/3/"), "/3/": "ok" });

    expect(await site.told()).toEqual(["moved /1 to /2 (redirect)", "moved /3 to /3/ (redirect)"]);
    expect(await site.pageAt("/1")).toMatchObject({ state: "moved", movedTo: site.urlOf("/2") });
    expect(await site.pageAt("/3/")).toMatchObject({ isNew: false });
  });

  test("tells a move out of the website", async () => {
    const site = await siteOf(2);

    await site.crawl({ ...allOk(2), "/1": { to: "https://elsewhere.example/1", status: 301, isOutside: true } });

    expect(await site.told()).toEqual(["moved /1 to https://elsewhere.example/1 (redirect)"]);
  });

  test("takes a redirect to the start page, or to where most lead, for a page that is not there", async () => {
    const site = await siteOf(12);
    await site.setTracking({ removed_after_visits: 1, removed_after_s: 0 });
    const away = Object.fromEntries(["/1", "/2", "/3", "/4"].map((path) => [path, redirect(301, "/12")]));

    await site.crawl({ ...allOk(12), ...away, "/5": redirect(301, "/") });

    expect((await site.told()).sort()).toEqual(
      ["/1", "/2", "/3", "/4", "/5"].map((path) => `removed ${path} (soft_404)`),
    );
  });

  test("takes a redirect to a page that is not there for one itself, and says nothing of one to an error", async () => {
    const site = await siteOf(5);
    await site.setTracking({ removed_after_visits: 1, removed_after_s: 0 });

    await site.crawl({
      ...{ ...allOk(5), "/1": redirect(301, "/lost"), "/lost": gone(404) },
      ...{ "/2": redirect(301, "/broken"), "/broken": { code: "http_500" } },
    });

    expect(await site.told()).toEqual(["removed /1 (http_404)"]);
  });

  test("tells a temporary redirect as a move when it lasts", async () => {
    const site = await siteOf(3);

    for (let crawl = 0; crawl < 2; crawl++) await site.crawl({ ...allOk(3), "/1": redirect(302, "/2") });
    const before = await site.told();
    await site.crawl({ ...allOk(3), "/1": redirect(302, "/2") });

    expect(before).toEqual([]);
    expect(await site.told()).toEqual(["moved /1 to /2 (redirect)"]);
  });

  test("tells a page whose text is new elsewhere as moved there, the best first, and the others as new", async () => {
    const site = await siteOf(3);
    const text = wordsOf("guide");
    await site.addPage("/docs/guide", text);
    const crawl = await site.record({ ...allOk(3), "/docs/guide": gone(404) });
    await site.addPage("/other/thing", text, { isNew: true });
    await site.addPage("/manual/guide", text, { isNew: true });

    const conclusion = await site.conclude(crawl);

    expect(conclusion).toEqual({ new: 1, moved: 1, removed: 0 });
    expect(await site.told()).toEqual(["moved /docs/guide to /manual/guide (same_content)", "new /other/thing"]);
  });

  test("finds the text also where it changed a little, with what differs", async () => {
    const site = await siteOf(3);
    const text = Array.from({ length: 40 }, (_, at) => wordsOf(`part ${at}`)).join("\n\n");
    await site.addPage("/guide", text);
    const crawl = await site.record({ ...allOk(3), "/guide": gone(404) });
    await site.addPage("/manual", `${text}\n\nAnd one more.`, { isNew: true });

    await site.conclude(crawl);

    expect(await site.told()).toEqual(["moved /guide to /manual (same_content)"]);
    const [change] = await store.db.select().from(pageChanges).where(eq(pageChanges.websiteId, site.website.id));
    expect(change).toMatchObject({ fromVersion: 1, toVersion: 1, summary: { added: 1, removed: 0 } });
  });

  test("takes no short text, and no page that still answers, for moved", async () => {
    const site = await siteOf(3);
    await site.addPage("/short", "Nothing but this");
    const crawl = await site.record({ ...allOk(3), "/short": gone(404) });
    await site.addPage("/brief", "Nothing but this", { isNew: true });
    await site.addPage("/copy", wordsOf("/1"), { isNew: true });

    await site.conclude(crawl);

    expect(await site.told()).toEqual(["new /brief", "new /copy"]);
  });

  test("tells a website that was put in another order as moved, however few of its old pages are left", async () => {
    const site = await siteOf(6);
    const crawl = await site.record({
      ...allOk(0),
      ...Object.fromEntries(
        pathsOf(6)
          .slice(1)
          .map((path) => [path, gone(404)]),
      ),
    });
    for (const path of pathsOf(6).slice(1)) await site.addPage(`/new${path}`, wordsOf(path), { isNew: true });

    const conclusion = await site.conclude(crawl);

    expect(conclusion).toEqual({ new: 0, moved: 6, removed: 0 });
  });

  test("tells new pages with their events, and nothing of a website's first crawl", async () => {
    const site = await siteOf(1);

    await site.crawl({ ...allOk(1), "/new": "new" });
    await site.crawl({ ...allOk(1), "/new": gone(410) }, { isBaseline: true });

    expect(await site.told()).toEqual(["new /new"]);
    const rows = await store.db.select().from(events).where(eq(events.websiteId, site.website.id));
    expect(rows).toMatchObject([{ type: "page.new", payload: { page: { url: site.urlOf("/new") } } }]);
  });

  test("comes to the same when it is made again, also after it was broken off half way", async () => {
    const site = await siteOf(6);
    await site.addPage("/guide", wordsOf("guide"));
    const crawl = await site.record({
      ...{ ...allOk(6), "/1": gone(410), "/2": gone(404), "/3": redirect(301, "/4"), "/guide": gone(404), "/n": "new" },
    });
    await site.addPage("/manual", wordsOf("guide"), { isNew: true });
    const { db } = store;
    for (let allowed = 1; allowed < 5; allowed++) {
      let left = allowed;
      const dying: typeof db = Object.create(db, {
        transaction: {
          value: (...given: Parameters<typeof db.transaction>) => {
            if (left-- === 0) throw new Error("Killed");
            return db.transaction(...given);
          },
        },
      });
      await concludeCrawl({ db: dying, log }, crawl, new Date()).catch(() => {});
    }

    await site.conclude(crawl);
    await site.conclude(crawl);

    expect((await site.told()).sort()).toEqual([
      "moved /3 to /4 (redirect)",
      "moved /guide to /manual (same_content)",
      "new /n",
      "removed /1 (http_410)",
    ]);
    expect(await site.pageAt("/2")).toMatchObject({ state: "missing", missingVisits: 1 });
  });
});
