import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { eq } from "drizzle-orm";
import {
  countNetChanges,
  eachNetChange,
  listLargest,
  listNetChanges,
  resolveSpan,
  type Span,
} from "../../src/changes/website-diff.ts";
import type { Store } from "../../src/db/db.ts";
import { markdownDocuments } from "../../src/db/schema/pages.ts";
import { LOCAL_USER_ID } from "../../src/db/schema/users.ts";
import { addWebsite } from "../../src/websites/websites.ts";
import { testStores } from "../testing/stores.ts";
import { addCrawl, addPage, day, tell } from "./page-history.ts";

const span = (from: number, to: number): Span => ({
  from: { at: day(from), crawlId: null },
  to: { at: day(to), crawlId: null },
});

for (const { name, open } of testStores) {
  describe(`a website at two times, in the ${name} store`, () => {
    let store: Store;
    let websiteId: string;
    let sites = 0;

    beforeAll(async () => {
      store = await open();
    });
    beforeEach(async () => {
      const url = `https://site-${sites++}.example/`;
      websiteId = (await addWebsite(store.db, { userId: LOCAL_USER_ID, url })).id;
    });
    afterAll(() => store.close());

    const add = (path: string, texts: Record<number, string>) =>
      addPage(store.db, websiteId, `https://site.example${path}`, texts);
    const list = async (from: number, to: number) => {
      const rows = await listNetChanges(store.db, websiteId, span(from, to), { limit: 50 });
      return rows.map(({ kind, url, fromVersion, toVersion, toUrl }) => ({
        ...{ kind, path: new URL(url).pathname, versions: [fromVersion, toVersion] },
        ...(toUrl === null ? {} : { to: new URL(toUrl).pathname }),
      }));
    };

    test("what changed and changed back is not there, and what changed twice is one change", async () => {
      const back = await add("/back", { 1: "A", 5: "B", 6: "A" });
      await tell(store.db, { pageId: back, kind: "changed", at: day(5), from: 1, to: 2, share: 1 });
      await tell(store.db, { pageId: back, kind: "changed", at: day(6), from: 2, to: 3, share: 1 });
      const twice = await add("/twice", { 1: "A", 5: "B", 6: "C" });
      await tell(store.db, { pageId: twice, kind: "changed", at: day(5), from: 1, to: 2, share: 0.25 });
      await tell(store.db, { pageId: twice, kind: "changed", at: day(6), from: 2, to: 3, share: 0.5 });

      expect(await list(4, 10)).toEqual([{ kind: "changed", path: "/twice", versions: [1, 3] }]);
      expect(await list(5, 10)).toEqual([
        { kind: "changed", path: "/back", versions: [2, 3] },
        { kind: "changed", path: "/twice", versions: [2, 3] },
      ]);
      const [row] = await listNetChanges(store.db, websiteId, span(4, 10), { limit: 1 });
      expect(row).toMatchObject({ pageId: twice, share: 0.5, changes: 2, changedAt: day(6) });
    });

    test("what came and went is not there, and what went and came back only if its text is another", async () => {
      const brief = await add("/brief", { 5: "A" });
      await tell(store.db, { pageId: brief, kind: "new", at: day(5), to: 1 });
      await tell(store.db, { pageId: brief, kind: "removed", at: day(6), from: 1, reason: "http_410" });
      const same = await add("/same", { 1: "A" });
      await tell(store.db, { pageId: same, kind: "removed", at: day(5), from: 1 });
      await tell(store.db, { pageId: same, kind: "restored", at: day(6), from: 1, to: 1 });
      const other = await add("/other", { 1: "A", 6: "B" });
      await tell(store.db, { pageId: other, kind: "removed", at: day(5), from: 1 });
      await tell(store.db, { pageId: other, kind: "restored", at: day(6), from: 1, to: 2, share: 1 });
      const gone = await add("/gone", { 1: "A", 5: "B" });
      await tell(store.db, { pageId: gone, kind: "changed", at: day(5), from: 1, to: 2 });
      await tell(store.db, { pageId: gone, kind: "removed", at: day(6), from: 2 });
      const grown = await add("/grown", { 5: "A", 6: "B" });
      await tell(store.db, { pageId: grown, kind: "new", at: day(5), to: 1 });
      await tell(store.db, { pageId: grown, kind: "changed", at: day(6), from: 1, to: 2 });

      expect(await list(4, 10)).toEqual([
        { kind: "changed", path: "/other", versions: [1, 2] },
        { kind: "removed", path: "/gone", versions: [1, 2] },
        { kind: "new", path: "/grown", versions: [1, 2] },
      ]);
      expect(await countNetChanges(store.db, websiteId, span(4, 10))).toEqual({
        ...{ new: 1, changed: 1, moved: 0, removed: 1, restored: 0 },
      });
      // The day on which it was missing.
      expect((await list(5, 10)).filter(({ path }) => path === "/same")).toEqual([
        { kind: "restored", path: "/same", versions: [1, 1] },
      ]);
    });

    test("a page that moved is one move, whatever became of it in its new place", async () => {
      const old = await add("/old", { 1: "A" });
      const fresh = await add("/fresh", { 5: "A", 6: "B" });
      const move = { kind: "moved", at: day(5), from: 1, reason: "same_content" } as const;
      await tell(store.db, { ...move, pageId: old, toUrl: "https://site.example/fresh" });
      await tell(store.db, { pageId: fresh, kind: "changed", at: day(6), from: 1, to: 2, share: 0.5 });
      const lost = await add("/lost", { 1: "A" });
      const shelter = await add("/shelter", { 5: "A" });
      await tell(store.db, { ...move, pageId: lost, toUrl: "https://site.example/shelter" });
      await tell(store.db, { pageId: shelter, kind: "removed", at: day(6), from: 1 });

      expect(await list(4, 10)).toEqual([
        { kind: "moved", path: "/old", versions: [1, 2], to: "/fresh" },
        { kind: "removed", path: "/lost", versions: [1, null] },
      ]);
    });

    test("of what was given up the change is still known, without its text", async () => {
      const pageId = await add("/page", { 1: "It cost 10 €.", 5: "It costs 12 €.", 6: "It costs 13 €." });
      await tell(store.db, { pageId, kind: "changed", at: day(5), from: 1, to: 2, share: 0.5 });
      await tell(store.db, { pageId, kind: "changed", at: day(6), from: 2, to: 3, share: 0.25 });
      const [kept] = await listLargest(store.db, websiteId, span(4, 10), 5);
      await store.db.delete(markdownDocuments).where(eq(markdownDocuments.version, 1));
      const [givenUp] = await listLargest(store.db, websiteId, span(4, 10), 5);

      expect(kept?.excerpt).toEqual({ added: ["It costs 13 €."], removed: ["It cost 10 €."] });
      expect(givenUp).toMatchObject({ change: { kind: "changed", share: 0.5 }, excerpt: { added: [], removed: [] } });
    });

    test("the largest come first, and all come in batches", async () => {
      for (const share of [0.1, 0.9, 0.5]) {
        const pageId = await add(`/${share}`, { 1: "A", 5: `${share}` });
        await tell(store.db, { pageId, kind: "changed", at: day(5), from: 1, to: 2, share });
      }

      const largest = await listLargest(store.db, websiteId, span(1, 9), 2);
      const all = (
        await Array.fromAsync(eachNetChange(store.db, websiteId, span(1, 9), { kinds: ["changed"] }))
      ).flat();
      const [, ...rest] = await listNetChanges(store.db, websiteId, span(1, 9), { limit: 3 });
      const after = await listNetChanges(store.db, websiteId, span(1, 9), { limit: 3, after: all[0]?.pageId });

      expect(largest.map(({ change }) => change.share)).toEqual([0.9, 0.5].map((share) => expect.closeTo(share, 5)));
      expect(all).toHaveLength(3);
      expect(after).toEqual(rest);
      expect(await Array.fromAsync(eachNetChange(store.db, websiteId, span(1, 9), { kinds: ["new"] }))).toEqual([]);
    });

    test("unless told otherwise the last two completed crawls are compared, and what they found at their end counts", async () => {
      const ask = (request = {}) => resolveSpan(store.db, websiteId, request, day(20));
      await expect(ask()).rejects.toMatchObject({ reason: "not_found", code: "not_yet" });
      const first = await addCrawl(store.db, websiteId, day(2));
      await expect(ask()).rejects.toMatchObject({ code: "not_yet" });
      const second = await addCrawl(store.db, websiteId, day(4));
      await addCrawl(store.db, websiteId, day(5), "failed");
      const running = await addCrawl(store.db, websiteId, null, "running");
      const pageId = await add("/page", { 1: "A" });
      const late = new Date(day(4).getTime() + 5);
      await tell(store.db, { pageId, kind: "removed", at: late, from: 1, crawlId: second });

      expect(await ask()).toEqual({ from: { at: day(2), crawlId: first }, to: { at: late, crawlId: second } });
      expect(await ask({ toCrawl: second })).toEqual(await ask());
      expect(await ask({ fromCrawl: first })).toMatchObject({ to: { at: day(20), crawlId: null } });
      expect(await ask({ from: day(3), to: day(9) })).toEqual(span(3, 9));
      expect(await ask({ to: day(3) })).toEqual({
        from: { at: day(2), crawlId: first },
        to: { at: day(3), crawlId: null },
      });
      await expect(ask({ toCrawl: running })).rejects.toMatchObject({ reason: "conflict" });
      await expect(ask({ toCrawl: websiteId })).rejects.toMatchObject({ reason: "not_found" });
      await expect(ask({ from: day(9), to: day(3) })).rejects.toMatchObject({
        ...{ reason: "invalid", faults: [{ at: "from" }] },
      });
    });
  });
}
