import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { Store } from "../../../src/db/db.ts";
import { bringUpToDate } from "../../../src/indexing/bring-up-to-date.ts";
import { addPage, addVersion, day, tell } from "../../changes/page-history.ts";
import { testStores } from "../../testing/stores.ts";
import { openToolApp, type ToolApp } from "../tool-app.ts";

for (const { name, open } of testStores)
  describe(`finding and comparing by tools in the ${name} store`, () => {
    let store: Store;
    let tools: ToolApp;
    let pricesId: string;
    let changeId: string;

    beforeAll(async () => {
      store = await open();
      tools = await openToolApp(store);
      const { adas, bobs, app } = tools;
      const url = "https://docs.example.com/prices";
      pricesId = await addPage(store.db, adas.id, url, { 1: "# Prices\n\nA wheel costs 10 euros.\n" });
      await addVersion(store.db, pricesId, day(5), "# Prices\n\nA wheel costs 12 euros.\n\nShipping is free.\n");
      changeId = await tell(store.db, { pageId: pricesId, kind: "changed", at: day(5), from: 1, to: 2, share: 0.4 });
      for (let n = 0; n < 12; n++)
        await addPage(store.db, adas.id, `https://docs.example.com/wheels/${n}`, { 2: `# Wheel ${n}\n\nIt turns.\n` });
      const secretId = await addPage(store.db, bobs.id, "https://secret.example.net/plan", {
        1: "# Plan\n\nWheels in secret.\n",
      });
      await tell(store.db, { pageId: secretId, kind: "new", at: day(1) });
      await bringUpToDate(app, [adas.id, bobs.id]);
    }, 60_000);
    afterAll(async () => {
      await tools.close();
      await store.close();
    });

    test("what is found can be fetched, in the form that connectors for research ask for", async () => {
      const { structured, text } = await tools.call("search", { query: "shipping" });

      expect(JSON.parse(text)).toEqual(structured);
      expect(structured.results).toMatchObject([{ id: pricesId, title: expect.any(String), url: expect.any(String) }]);
      expect(structured.results[0].passages[0].text).toContain("Shipping is free");
      const fetched = await tools.call("fetch", { id: structured.results[0].id });
      expect(JSON.parse(fetched.text).text).toContain("Shipping is free.");
    });

    test("results go on by cursor, each once, also where fewer fit than were asked for", async () => {
      const seen: string[] = [];
      let cursor: string | null = null;
      do {
        const input = { query: "wheel", limit: 5, max_tokens: 400, ...(cursor === null ? {} : { cursor }) };
        const { structured } = await tools.call("search", input);
        expect(structured.results.length).toBeGreaterThan(0);
        seen.push(...structured.results.map(({ id }: { id: string }) => id));
        cursor = structured.next_cursor;
      } while (cursor !== null);

      expect(new Set(seen).size).toBe(seen.length);
      expect(seen).toHaveLength(13);
    });

    test("nothing of another user's is found, and an empty answer says what was searched", async () => {
      const { structured } = await tools.call("search", { query: "secret" });

      expect(structured.results).toEqual([]);
      expect(structured.notes[0]).toMatch(/^Nothing was found in 13 pages of 1 website/);
    });

    test("a query that means nothing is told with its fault", async () => {
      const { isError, text } = await tools.call("search", { query: '"never closed' });

      expect([isError, text]).toEqual([true, expect.stringContaining("(invalid)")]);
    });

    test("changes are listed, one's own alone, and lead to what they changed", async () => {
      const { structured, text } = await tools.call("list_changes");
      const diff = await tools.call("get_diff", { change: structured.changes[0].id });

      expect(structured.changes).toMatchObject([{ id: changeId, kind: "changed", page_id: pricesId, share: 0.4 }]);
      expect(text).toContain("docs.example.com/prices");
      expect(diff.structured).toMatchObject({ page_id: pricesId, from: { version: 1 }, to: { version: 2 } });
      expect(diff.structured.untrusted_diff).toContain("[-10-]{+12+}");
      expect(diff.text).toContain("+ Shipping is free.");
    });

    test("changes are narrowed by website, page, kind, time and path", async () => {
      for (const [input, count] of [
        [{ website: "docs.example.com" }, 1],
        [{ page: "https://docs.example.com/prices" }, 1],
        [{ kinds: ["removed"] }, 0],
        [{ since: "2026-01-06" }, 0],
        [{ until: "2026-01-06" }, 1],
        [{ path: "/pri" }, 1],
        [{ path: "/*ces" }, 1],
        [{ path: "/wheels/**" }, 0],
        [{ min_share: 0.5 }, 0],
      ] as const) {
        const { structured } = await tools.call("list_changes", input);
        expect([input, structured.changes.length]).toEqual([input, count]);
      }
    });

    test("versions of a page are compared by their numbers or by time", async () => {
      const byNumber = await tools.call("get_diff", { page: pricesId, from: "1", to: "2" });
      const byTime = await tools.call("get_diff", { page: pricesId, from: "2026-01-02", to: "2026-01-06" });
      const same = await tools.call("get_diff", { page: pricesId, from: "2", to: "2" });

      expect(byTime.structured).toEqual(byNumber.structured);
      expect(same.structured).toMatchObject({ summary: "", untrusted_diff: "" });
      expect(same.text).toContain("nothing differs");
    });
  });
