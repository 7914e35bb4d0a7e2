import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { LOCAL_PRINCIPAL, type Principal } from "../../../src/access/principal.ts";
import type { Store } from "../../../src/db/db.ts";
import { bringUpToDate } from "../../../src/indexing/bring-up-to-date.ts";
import { complete } from "../../../src/mcp/resources/completion.ts";
import { listResources, readResource } from "../../../src/mcp/resources/resources.ts";
import { type ResourceEvent, watchResources } from "../../../src/mcp/resources/watching.ts";
import { announceWebsite } from "../../../src/websites/announcements.ts";
import { addWebsite } from "../../../src/websites/websites.ts";
import { addPage, addVersion, day, tell } from "../../changes/page-history.ts";
import { createManualClock, type ManualClock } from "../../manual-clock.ts";
import { testStores } from "../../testing/stores.ts";
import { openToolApp, type ToolApp, toPrincipal } from "../tool-app.ts";

for (const { name, open } of testStores)
  describe(`resources in the ${name} store`, () => {
    let store: Store;
    let clock: ManualClock;
    let tools: ToolApp;
    let guideId: string;
    let secretId: string;

    beforeAll(async () => {
      store = await open();
      clock = createManualClock("2026-01-10T00:00:00.000Z");
      tools = await openToolApp(store, {}, clock);
      const { adas, bobs, app } = tools;
      guideId = await addPage(store.db, adas.id, "https://docs.example.com/guide", { 1: "# Guide\n\nOld words.\n" });
      await addVersion(store.db, guideId, day(5), "# Guide\n\nNew words.\n");
      await tell(store.db, { pageId: guideId, kind: "changed", at: day(5), from: 1, to: 2, share: 0.5 });
      await addPage(store.db, adas.id, "https://docs.example.com/guide/part?b=1", { 1: "# Part\n\nWords.\n" });
      secretId = await addPage(store.db, bobs.id, "https://secret.example.net/plan", { 1: "# Plan\n\nHush.\n" });
      await bringUpToDate(app, [adas.id]);
    }, 60_000);
    afterAll(async () => {
      await tools.close();
      await store.close();
    });

    const as = (principal: Principal = tools.ada) => ({ principal, signal: new AbortController().signal });
    const read = async (uri: string, who?: Principal) => (await readResource(tools.app, uri, as(who))).text;

    test("websites are listed with their llms.txt, one's own alone", async () => {
      const { resources, nextCursor } = await listResources(tools.app, undefined, as());

      expect(resources.map(({ uri }) => uri)).toEqual([
        "orbweaver://websites",
        `orbweaver://websites/${tools.adas.id}`,
        `orbweaver://websites/${tools.adas.id}/llms.txt`,
      ]);
      expect(resources[2]?.size).toBeGreaterThan(0);
      expect(nextCursor).toBeUndefined();
    });

    test("a long list comes in pages, each website once", async () => {
      const userId = tools.bob.userId;
      for (let n = 0; n < 60; n++) await addWebsite(store.db, { userId, url: `https://n${n}.example.net/` });
      const seen: string[] = [];
      let cursor: string | undefined;
      do {
        const { resources, nextCursor } = await listResources(tools.app, cursor, as(tools.bob));
        seen.push(...resources.map(({ uri }) => uri));
        cursor = nextCursor;
      } while (cursor);

      expect([seen.length, new Set(seen).size]).toEqual([62, 62]);
      expect(listResources(tools.app, "nonsense", as())).rejects.toMatchObject({ reason: "invalid" });
    });

    test("every listed resource can be read, and is marked as what strangers wrote", async () => {
      const { resources } = await listResources(tools.app, undefined, as());

      for (const { uri } of resources) expect(await read(uri)).toContain("<web-text ");
    });

    test("a page is read by id and by URL, plain or encoded", async () => {
      const byId = await read(`orbweaver://pages/${guideId}`);
      const byUrl = await read("https://docs.example.com/guide");
      const byEncoded = await read(`orbweaver://pages/${encodeURIComponent("https://docs.example.com/guide")}`);

      for (const text of [byId, byUrl, byEncoded]) expect(text).toContain("New words.");
    });

    test("a website is read by its host, with what changed since a day", async () => {
      expect(await read("orbweaver://websites/docs.example.com")).toContain("Handbook");
      expect(await read("orbweaver://websites/docs.example.com/llms.txt")).toContain("https://docs.example.com/guide");
      const changes = await read("orbweaver://websites/docs.example.com/changes?since=2026-01-02");
      expect(changes).toContain("1 changed");
      expect(changes).toContain("+ New words.");
    });

    test.each([
      "orbweaver://pages",
      "orbweaver://pages/",
      "orbweaver://pages/%zz",
      "orbweaver://websites/a%00b",
      "orbweaver://websites/docs.example.com/robots.txt",
      "orbweaver://users",
      "file:///etc/passwd",
      "",
      "https://docs.example.com/nowhere",
      "https://secret.example.net/plan",
      "orbweaver://websites/secret.example.net",
    ])("%p is not there", async (uri) => {
      await expect(read(uri)).rejects.toMatchObject({ reason: expect.stringMatching(/^not_found$/) });
    });

    test("what is another user's is there for an administrator, and nothing for who may not read", async () => {
      await expect(read(`orbweaver://pages/${secretId}`)).rejects.toMatchObject({ reason: "not_found" });
      expect(await read(`orbweaver://pages/${secretId}`, LOCAL_PRINCIPAL)).toContain("Hush.");
      await expect(read("orbweaver://websites", toPrincipal(tools.ada.userId))).rejects.toMatchObject({
        reason: "forbidden",
      });
    });

    test("arguments are completed: hosts, pages, paths, ids and days, of one's own", async () => {
      const ref = { type: "ref/resource", uri: "orbweaver://pages/{page}{?offset}" } as const;
      const values = async (argument: string, value: string, settled?: Record<string, string>, who?: Principal) =>
        (await complete(tools.app, { ref, argument: { name: argument, value }, settled }, as(who))).values;

      expect(await values("website", "")).toEqual(["docs.example.com"]);
      expect(await values("website", "hand")).toEqual(["docs.example.com"]);
      expect(await values("website", "sec")).toEqual([]);
      expect(await values("website", tools.adas.id.slice(0, 12))).toContain(tools.adas.id);
      expect(await values("host", "doc")).toEqual(["docs.example.com"]);
      expect(await values("path", "gui", { host: "docs.example.com" })).toEqual(["guide", "guide/part?b=1"]);
      expect(await values("page", "https://docs.example.com/guide/")).toEqual([
        "https://docs.example.com/guide/part?b=1",
      ]);
      expect(await values("page", "docs.ex")).toHaveLength(2);
      expect(await values("page", guideId.slice(0, 13))).toContain(guideId);
      expect(await values("page", secretId)).toEqual([]);
      expect(await values("page", "100%_\\")).toEqual([]);
      expect(await values("website", "a\0b")).toEqual([]);
      expect(await values("path", "a", { host: "a\0b" })).toEqual([]);
      expect(await values("since", "2026")).toEqual(["2026-01-09", "2026-01-03"]);
      expect(await values("question", "what")).toEqual([]);
      expect(await values("website", "", {}, toPrincipal(tools.ada.userId))).toEqual([]);
    });

    test("who watches hears of one's own websites, and of what is subscribed to", async () => {
      const told: ResourceEvent[] = [];
      const subscribed = new Set([
        `orbweaver://websites/${tools.adas.id}/llms.txt`,
        `orbweaver://pages/${guideId}`,
        "https://docs.example.com/guide/part?b=1",
        `orbweaver://pages/${secretId}`,
      ]);
      const leave = watchResources(tools.app, tools.ada, subscribed, (event) => told.push(event));
      const heard = async (count: number) => {
        while (told.length < count) await Bun.sleep(1);
        return told.splice(0);
      };

      await announceWebsite(tools.app, "list", tools.bobs.id);
      await announceWebsite(tools.app, "list", tools.adas.id);
      expect(await heard(1)).toEqual([{ kind: "list" }]);
      clock.advance(60_000);
      await addVersion(store.db, guideId, clock.now(), "# Guide\n\nThe newest words.\n");
      await announceWebsite(tools.app, "index", tools.bobs.id);
      await announceWebsite(tools.app, "index", tools.adas.id);
      expect(await heard(3)).toEqual([
        { kind: "list" },
        { kind: "updated", uri: `orbweaver://websites/${tools.adas.id}/llms.txt` },
        { kind: "updated", uri: `orbweaver://pages/${guideId}` },
      ]);
      leave();
      await announceWebsite(tools.app, "list", tools.adas.id);
      expect(told).toEqual([]);
    });

    test("who watches misses nothing where a name fits two websites, or another is built in between", async () => {
      const other = await addWebsite(store.db, { userId: tools.ada.userId, url: "https://docs.example.com/guide/" });
      const told: string[] = [];
      const host = "orbweaver://websites/docs.example.com";
      const page = `orbweaver://pages/${guideId}`;
      const leave = watchResources(tools.app, tools.ada, new Set([host, page]), (event) => {
        if (event.kind === "updated") told.push(event.uri);
      });
      clock.advance(60_000);
      await addVersion(store.db, guideId, clock.now(), "# Guide\n\nWords of a minute later.\n");

      clock.advance(60_000);
      await announceWebsite(tools.app, "index", other.id);
      while (told.length < 1) await Bun.sleep(1);
      await announceWebsite(tools.app, "index", tools.adas.id);
      while (told.length < 3) await Bun.sleep(1);
      leave();

      expect(told).toEqual([host, host, page]);
    });
  });
