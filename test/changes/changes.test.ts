import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createUser } from "../../src/access/users.ts";
import { LOCAL_VIEWER } from "../../src/access/viewer.ts";
import { eachChange, readPathFilter, searchChanges } from "../../src/changes/change-search.ts";
import { type ChangeFilter, countChangesOf, getChange, listChanges } from "../../src/changes/changes.ts";
import type { Store } from "../../src/db/db.ts";
import { type ChangeKind, pageChanges } from "../../src/db/schema/pages.ts";
import { LOCAL_USER_ID } from "../../src/db/schema/users.ts";
import { addWebsite, deleteWebsite } from "../../src/websites/websites.ts";
import { storePage } from "../pages/stored-pages.ts";
import { testStores } from "../testing/stores.ts";
import { addCrawl, day } from "./page-history.ts";

for (const { name, open } of testStores) {
  describe(`changes in the ${name} store`, () => {
    let store: Store;
    let websiteId: string;
    let otherId: string;
    let crawlId: string;
    let pageIds: Record<string, string>;

    beforeAll(async () => {
      store = await open();
      const { db } = store;
      websiteId = (await addWebsite(db, { userId: LOCAL_USER_ID, url: "https://example.com/" })).id;
      const stranger = await createUser(db, { name: "Stranger" });
      otherId = (await addWebsite(db, { userId: stranger.id, url: "https://other.example/" })).id;
      const deleted = await addWebsite(db, { userId: LOCAL_USER_ID, url: "https://deleted.example/" });
      crawlId = await addCrawl(db, websiteId, day(4));
      const add = async (owner: string, url: string, title: string) => storePage(db, { websiteId: owner, url, title });
      pageIds = {
        start: await add(websiteId, "https://example.com/", "Start"),
        docs: await add(websiteId, "https://example.com/docs/a", "How to 100 %"),
        deep: await add(websiteId, "https://example.com/docs/v2/b", "Deep"),
        other: await add(otherId, "https://other.example/docs/", "Other"),
        deleted: await add(deleted.id, "https://deleted.example/", "Deleted"),
      };
      const told = (page: string, kind: ChangeKind, on: number, more = {}) => ({
        ...{ websiteId, pageId: pageIds[page] ?? "", kind, detectedAt: day(on), ...more },
      });
      await db
        .insert(pageChanges)
        .values([
          told("start", "changed", 1, { share: 0.5 }),
          told("docs", "new", 2),
          told("docs", "changed", 3, { share: 0.01, crawlId }),
          told("deep", "removed", 3, { crawlId, reason: "http_410" }),
          told("deep", "restored", 5),
          told("other", "changed", 4, { websiteId: otherId }),
          told("deleted", "changed", 4, { websiteId: deleted.id }),
        ]);
      await deleteWebsite(db, LOCAL_VIEWER, deleted.id, day(6));
    });
    afterAll(() => store.close());

    const search = async (filter: Partial<ChangeFilter> & { path?: string } = {}) => {
      const { path, ...rest } = filter;
      const paths = path === undefined ? {} : readPathFilter(path, (prefix) => prefix);
      const asked = { viewer: LOCAL_VIEWER, websiteId, ...rest, ...paths };
      const { changes } = await searchChanges(store.db, asked, { limit: 50 });
      return changes.map(({ kind, url }) => `${kind} ${new URL(url).pathname}`).sort();
    };

    test("they come newest first, of one website or of all that the viewer may see", async () => {
      const of = async (filter: ChangeFilter) =>
        (await listChanges(store.db, filter, { limit: 50 })).map(({ detectedAt }) => detectedAt.getUTCDate());

      expect(await of({ viewer: LOCAL_VIEWER, websiteId })).toEqual([5, 3, 3, 2, 1]);
      expect(await of({ viewer: LOCAL_VIEWER })).toEqual([5, 4, 3, 3, 2, 1]);
      expect(await of({ viewer: { userId: LOCAL_USER_ID, seesAll: false } })).toEqual([5, 3, 3, 2, 1]);
      expect(await of({ viewer: { userId: LOCAL_USER_ID, seesAll: false }, websiteId: otherId })).toEqual([]);
    });

    test("they are found by kind, time, crawl, page, share and text, together or alone", async () => {
      const docs = ["changed /docs/a", "new /docs/a"];

      expect(await search({ kinds: ["new", "removed"] })).toEqual(["new /docs/a", "removed /docs/v2/b"]);
      expect(await search({ since: day(2), until: day(3) })).toEqual(["new /docs/a"]);
      expect(await search({ crawlId })).toEqual(["changed /docs/a", "removed /docs/v2/b"]);
      expect(await search({ pageId: pageIds.docs })).toEqual(docs);
      expect(await search({ minShare: 0.1, kinds: ["changed"] })).toEqual(["changed /"]);
      expect(await search({ minShare: 0.1, kinds: ["new"] })).toEqual(["new /docs/a"]);
      expect(await search({ text: "100 %" })).toEqual(docs);
      expect(await search({ text: "EXAMPLE.com/DOCS/A" })).toEqual(docs);
      expect(await search({ text: "1__" })).toEqual([]);
      expect(await search({ crawlId, kinds: ["removed"], since: day(4) })).toEqual([]);
    });

    test("paths are told by their beginning, a glob or a regular expression", async () => {
      const deep = ["removed /docs/v2/b", "restored /docs/v2/b"];

      expect(await search({ path: "/docs/v" })).toEqual(deep);
      expect(await search({ path: "/docs/*" })).toEqual(["changed /docs/a", "new /docs/a"]);
      expect(await search({ path: "/docs/**" })).toHaveLength(4);
      expect(await search({ path: "re:v[0-9]+/" })).toEqual(deep);
      expect(await search({ path: "https://example.com/" })).toEqual(["changed /"]);
      expect(() => readPathFilter("re:(", (prefix) => prefix)).toThrow(/is bad at character/);
    });

    test("a list goes on after the last of its items, also where a pattern leaves most of them out", async () => {
      const filter = { viewer: LOCAL_VIEWER, websiteId };
      const pages = async (asked: typeof filter, limit: number) => {
        const ids: string[][] = [];
        for (let after: Parameters<typeof searchChanges>[2]["after"]; ; ) {
          const { changes, next } = await searchChanges(store.db, asked, { limit, after });
          ids.push(changes.map(({ id }) => id));
          if (!next) return ids;
          after = next;
        }
      };
      const all = (await listChanges(store.db, filter, { limit: 50 })).map(({ id }) => id);
      const docs = { ...filter, ...readPathFilter("/docs/*", (prefix) => prefix) };

      expect((await pages(filter, 2)).map((ids) => ids.length)).toEqual([2, 2, 1]);
      expect((await pages(filter, 2)).flat()).toEqual(all);
      expect((await pages(docs, 1)).flat()).toHaveLength(2);
      expect((await Array.fromAsync(eachChange(store.db, filter))).flat().map(({ id }) => id)).toEqual(all);
      expect((await Array.fromAsync(eachChange(store.db, filter, 3))).flat()).toHaveLength(3);
    });

    test("a crawl's are counted by kind, and one is read by its id unless it is a stranger's", async () => {
      const [change] = await listChanges(store.db, { viewer: LOCAL_VIEWER, websiteId: otherId }, { limit: 1 });
      const id = change?.id ?? "";

      expect(await countChangesOf(store.db, crawlId)).toEqual({
        ...{ new: 0, changed: 1, moved: 0, removed: 1, restored: 0 },
      });
      expect(await getChange(store.db, LOCAL_VIEWER, id)).toMatchObject({ id, title: "Other", kind: "changed" });
      const asked = getChange(store.db, { userId: LOCAL_USER_ID, seesAll: false }, id);
      await expect(asked).rejects.toMatchObject({ reason: "not_found" });
    });
  });
}
