import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { eq, sql } from "drizzle-orm";
import { storePageLinks } from "../../src/crawl/page-links.ts";
import { hashUrl } from "../../src/crawl/url.ts";
import type { Store } from "../../src/db/db.ts";
import { crawlHosts } from "../../src/db/schema/crawls.ts";
import { pageLinks } from "../../src/db/schema/pages.ts";
import { testStores } from "../testing/stores.ts";
import { type Answered, gone, recordSite, redirect } from "./recorded-site.ts";

describe.each(testStores)("links between pages on the $name store", ({ open }) => {
  let store: Store;

  beforeAll(async () => {
    store = await open();
  });

  afterAll(() => store.close());

  const ALL = ["/", "/a", "/b", "/c"];
  const allOk: Record<string, Answered> = Object.fromEntries(ALL.map((path) => [path, "ok"]));
  const LINKED = { "/": ["/", "/a", "/b"], "/a": ["/c"], "/b": ["/"], "/c": ["/c"] };

  /** Of four pages that a complete crawl has found linked. */
  async function linkedSite() {
    const site = await recordSite(store.db);
    for (const path of ALL) await site.addPage(path);
    await site.setLinks(LINKED);
    await site.setTracking({ removed_after_visits: 2, removed_after_s: 0 });
    await site.crawl(allOk, { isBaseline: true });
    return site;
  }

  test("a page that answers is told as removed when nothing has led to it for as many crawls as it takes", async () => {
    const site = await linkedSite();
    await site.setLinks({ ...LINKED, "/a": ["/"] });

    await site.crawl(allOk);
    const before = await site.told();
    await site.crawl(allOk);

    expect(before).toEqual([]);
    expect(await site.told()).toEqual(["removed /c (unlinked)"]);
  });

  test("it is counted anew when something leads to it again", async () => {
    const site = await linkedSite();

    for (const links of [{ ...LINKED, "/a": [] }, LINKED, { ...LINKED, "/a": [] }]) {
      await site.setLinks(links);
      await site.crawl(allOk);
    }

    expect(await site.told()).toEqual([]);
  });

  test("what a page linked to is linked no more when that page is gone", async () => {
    const site = await linkedSite();

    await site.crawl({ ...allOk, "/a": gone(410) });
    await site.crawl({ "/": "ok", "/b": "ok", "/c": "ok" });

    expect(await site.told()).toEqual(["removed /a (http_410)", "removed /c (unlinked)"]);
  });

  test.each<[string, Parameters<Awaited<ReturnType<typeof linkedSite>>["crawl"]>]>([
    ["a sitemap names it", [allOk, { sitemap: ["/c"] }]],
    ["a seed is it", [allOk, { seeds: [] }]],
    ["a redirect leads to it", [{ ...allOk, "/old": redirect(302, "/c") }]],
    ["a limit ended the crawl", [allOk, { endReason: "max_pages" }]],
    ["the frontier was full", [allOk, { bySkip: { limit: 3 } }]],
    ["only pages that were due were visited", [allOk, { selection: "due" }]],
  ])("nothing is concluded when %s", async (name, [answers, more]) => {
    const site = await linkedSite();
    await site.setLinks({ ...LINKED, "/a": [] });
    const options = name === "a seed is it" ? { seeds: [site.urlOf("/"), site.urlOf("/c")] } : more;

    for (let crawl = 0; crawl < 3; crawl++) await site.crawl(answers, options);

    expect(await site.told()).toEqual([]);
  });

  test("nothing is concluded when a host was given up, or a sitemap has lost most of its URLs", async () => {
    const site = await linkedSite();
    await site.setTracking({ removed_after_visits: 1, removed_after_s: 0 });
    await site.crawl(allOk, { sitemap: ["/b", "/c"] });
    await site.setLinks({ ...LINKED, "/a": [] });
    const crawl = await site.record(allOk, { sitemap: ["/c"] });
    await store.db.insert(crawlHosts).values({ crawlId: crawl.id, host: "other.example", stopReason: "It was away" });

    await site.conclude(crawl);
    await site.crawl(allOk, { endReason: "max_pages" });

    expect(await site.told()).toEqual([]);
  });

  test("nothing is concluded while links of a page were never read, or when that is not wanted", async () => {
    const site = await linkedSite();
    await site.setLinks({ ...LINKED, "/a": [] });
    await site.setTracking({ removed_after_visits: 1, removed_after_s: 0, unlinked_is_removed: false });
    await site.crawl(allOk);
    await site.setTracking({ removed_after_visits: 1, removed_after_s: 0 });
    await store.db.delete(pageLinks).where(eq(pageLinks.pageId, (await site.pageAt("/b"))?.id ?? ""));
    await site.crawl(allOk);

    expect(await site.told()).toEqual([]);
  });

  test("a page that nothing known ever led to is left alone", async () => {
    const site = await linkedSite();
    const crawl = await site.record({ ...allOk, "/found-otherwise": "new" });
    await site.setLinks(LINKED);
    await site.conclude(crawl);

    for (let crawl = 0; crawl < 4; crawl++) await site.crawl({ ...allOk, "/found-otherwise": "ok" });

    expect(await site.told()).toEqual(["new /found-otherwise"]);
  });

  test("links are kept once each, and rows stay as they are while a page's links do", async () => {
    const site = await recordSite(store.db);
    const pageId = await site.addPage("/");
    const hashes = ["/b", "/a", "/b"].map((path) => hashUrl(site.urlOf(path)));
    const keep = (urlHashes: string[]) => store.db.transaction((tx) => storePageLinks(tx, [{ pageId, urlHashes }]));
    const read = async () => {
      const { targets } = pageLinks;
      const place = { pageId: pageLinks.pageId, targets, at: sql<string>`ctid::text` };
      const [row] = await store.db.select(place).from(pageLinks).where(eq(pageLinks.pageId, pageId));
      return row;
    };

    await keep(hashes);
    const first = await read();
    await keep(hashes.toReversed());
    const same = await read();
    await keep(hashes.slice(0, 1));

    expect(first?.targets).toHaveLength(16);
    expect(same?.at).toEqual(first?.at as string);
    expect((await read())?.targets).toHaveLength(8);
  });
});
