import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { eq, sql } from "drizzle-orm";
import { LOCAL_PRINCIPAL } from "../../../src/access/principal.ts";
import { estimateTokens } from "../../../src/content/token-estimate.ts";
import type { Store } from "../../../src/db/db.ts";
import { markdownDocuments, pages } from "../../../src/db/schema/pages.ts";
import { addPage } from "../../changes/page-history.ts";
import { testStores } from "../../testing/stores.ts";
import { openToolApp, type ToolApp, toPrincipal } from "../tool-app.ts";

const LONG = Array.from({ length: 400 }, (_, n) => `Paragraph ${n} says that wheels turn and rivers run.`).join("\n\n");

const GUIDE = `# Guide

Welcome.

## Install

Take it.

### On Linux

Use the package.

## Use

Run it.
`;

for (const { name, open } of testStores)
  describe(`reading by tools in the ${name} store`, () => {
    let store: Store;
    let tools: ToolApp;
    let guideId: string;
    let longId: string;
    let secretId: string;

    beforeAll(async () => {
      store = await open();
      tools = await openToolApp(store);
      const { adas, bobs } = tools;
      guideId = await addPage(store.db, adas.id, "https://docs.example.com/guide", {
        1: "# Guide\n\nOld.\n",
        5: GUIDE,
      });
      longId = await addPage(store.db, adas.id, "https://docs.example.com/long", { 2: LONG });
      for (let n = 0; n < 30; n++)
        await addPage(store.db, adas.id, `https://docs.example.com/many/${n}`, { 3: `# Page ${n}\n\nWords.\n` });
      secretId = await addPage(store.db, bobs.id, "https://secret.example.net/plan", { 1: "# Plan\n\nKeep quiet.\n" });
    }, 60_000);
    afterAll(async () => {
      await tools.close();
      await store.close();
    });

    test("websites are listed with what is known of them, one's own alone", async () => {
      const { structured, text } = await tools.call("list_websites");

      expect(structured.websites).toEqual([
        expect.objectContaining({ id: tools.adas.id, name: "Handbook", pages: 0, last_crawl: null }),
      ]);
      expect(text).toContain("https://docs.example.com/");
      expect(text).not.toContain("secret");
    });

    test("an administrator sees everybody's websites", async () => {
      const { structured } = await tools.call("list_websites", {}, { principal: LOCAL_PRINCIPAL });

      expect(structured.websites).toHaveLength(2);
    });

    test.each([["Handbook"], ["docs.example.com"], ["https://docs.example.com/"], ["https://docs.example.com/guide"]])(
      "a website is found by %s",
      async (website) => {
        const { structured } = await tools.call("list_pages", { website, limit: 1 });

        expect(structured.website_id).toBe(tools.adas.id);
      },
    );

    test("pages are listed page by page, each once", async () => {
      const seen: string[] = [];
      let cursor: string | null = null;
      do {
        const input = { website: tools.adas.id, limit: 20, max_tokens: 500, ...(cursor === null ? {} : { cursor }) };
        const { structured, text } = await tools.call("list_pages", input);
        seen.push(...structured.pages.map(({ url }: { url: string }) => url));
        cursor = structured.next_cursor;
        expect(estimateTokens(JSON.stringify(structured))).toBeLessThan(800);
        expect(text.includes("There are more")).toBe(cursor !== null);
      } while (cursor !== null);

      expect(seen).toHaveLength(32);
      expect(new Set(seen).size).toBe(32);
    });

    test("pages are narrowed by path and by when they changed", async () => {
      const byPath = await tools.call("list_pages", { website: "Handbook", path_prefix: "/gui" });
      const since = await tools.call("list_pages", { website: "Handbook", changed_since: "2026-01-04" });

      for (const { structured } of [byPath, since]) expect(structured.pages).toMatchObject([{ id: guideId }]);
    });

    test("a cursor of another list is refused, and so is nonsense", async () => {
      const { structured } = await tools.call("list_pages", { website: "Handbook", limit: 1 });

      for (const cursor of [structured.next_cursor, "%%%", "AAAA"]) {
        const { isError, text } = await tools.call("list_websites", { cursor });
        expect([isError, text]).toEqual([true, expect.stringContaining("cursor must be the next_cursor")]);
      }
    });

    test("a document is read by id or URL, between marks", async () => {
      const byId = await tools.call("get_document", { page: guideId });
      const byUrl = await tools.call("get_document", { page: "https://docs.example.com/guide" });

      expect(byId.structured).toMatchObject({ page_id: guideId, version: 2, untrusted_text: GUIDE, next_offset: null });
      expect(byUrl.structured).toEqual(byId.structured);
      expect(byId.text).toMatch(
        /<web-text (\S{12}) from="https:\/\/docs\.example\.com\/guide">\n# Guide[\s\S]*<\/web-text \1>/,
      );
      expect(byId.text).not.toBe(byUrl.text);
    });

    test.each([
      ["Install", "## Install\n\nTake it.\n\n### On Linux\n\nUse the package.\n\n"],
      ["install", "## Install\n\nTake it.\n\n### On Linux\n\nUse the package.\n\n"],
      ["Install > On Linux", "### On Linux\n\nUse the package.\n\n"],
      ["linux", "### On Linux\n\nUse the package.\n\n"],
      ["Use", "## Use\n\nRun it.\n"],
    ])("the section %s is read alone", async (section, text) => {
      const { structured } = await tools.call("get_document", { page: guideId, section });

      expect(structured).toMatchObject({ untrusted_text: text, length: text.length, next_offset: null });
    });

    test("the anchor of a URL names the section, where there is one", async () => {
      const url = "https://docs.example.com/anchors";
      const markdown = "# One\n\nFirst.\n\n# Two\n\nSecond.\n";
      const id = await addPage(store.db, tools.adas.id, url, { 1: markdown });
      const headings = [{ level: 1, text: "Two", anchor: "zwei-ß" }];
      await store.db
        .update(markdownDocuments)
        .set({ details: sql`${markdownDocuments.details} || ${JSON.stringify({ headings })}::jsonb` })
        .where(eq(markdownDocuments.pageId, id));

      const section = await tools.call("get_document", { page: `${url}#zwei-%C3%9F` });
      const whole = await tools.call("get_document", { page: `${url}#main` });
      await store.db.delete(pages).where(eq(pages.id, id));

      expect(section.structured).toMatchObject({ untrusted_text: "# Two\n\nSecond.\n", section: { anchor: "zwei-ß" } });
      expect(whole.structured).toMatchObject({ untrusted_text: markdown, section: null });
    });

    test("a section that is not there is told with those that are", async () => {
      const { isError, text } = await tools.call("get_document", { page: guideId, section: "Uninstall" });

      expect([isError, text]).toEqual([true, expect.stringContaining('"Install", "On Linux", "Use"')]);
      expect(text).toContain("<web-text ");
    });

    test("an outline has the headings with the size of what is below them", async () => {
      const { structured, text } = await tools.call("get_document", { page: guideId, outline: true });

      expect(structured.outline.map(({ path }: { path: string[] }) => path.join(" > "))).toEqual([
        "Guide",
        "Guide > Install",
        "Guide > Install > On Linux",
        "Guide > Use",
      ]);
      const [all, install, linux] = structured.outline.map(({ tokens }: { tokens: number }) => tokens);
      expect(all).toBeGreaterThan(install);
      expect(install).toBeGreaterThan(linux);
      expect(structured.untrusted_text).toBeUndefined();
      expect(text).toContain("  - Install");
    });

    test("a long document is read in parts that make up the whole", async () => {
      let whole = "";
      let offset: number | null = 0;
      while (offset !== null) {
        const { structured, text } = await tools.call("get_document", { page: longId, offset, max_tokens: 1_000 });
        expect(structured.untrusted_text.length).toBeGreaterThan(0);
        expect(estimateTokens(structured.untrusted_text)).toBeLessThanOrEqual(1_000);
        expect(text.includes("Go on with offset")).toBe(structured.next_offset !== null);
        whole += structured.untrusted_text;
        offset = structured.next_offset;
      }

      expect(whole).toBe(LONG);
    });

    test("an older text is read by its version, or by when it was current", async () => {
      const byVersion = await tools.call("get_document", { page: guideId, version: 1 });
      const byTime = await tools.call("get_document", { page: guideId, at: "2026-01-03" });

      for (const { structured } of [byVersion, byTime])
        expect(structured).toMatchObject({ version: 1, untrusted_text: "# Guide\n\nOld.\n" });
    });

    test("fetch answers with one text that is JSON, as connectors ask for it", async () => {
      const { structured, text } = await tools.call("fetch", { id: guideId });

      expect(structured).toMatchObject({ id: guideId, url: "https://docs.example.com/guide", text: GUIDE });
      expect(JSON.parse(text)).toMatchObject({ id: guideId, title: "Title", url: "https://docs.example.com/guide" });
      expect(JSON.parse(text).text).toContain(GUIDE.trimEnd());
    });

    test("URLs are mapped from what is stored", async () => {
      const { structured } = await tools.call("map", { website: "Handbook", path_prefix: "/many/1", limit: 5 });

      expect(structured.urls).toHaveLength(5);
      expect(structured).toMatchObject({ is_complete: false, next_cursor: expect.any(String) });
    });

    test("what is another user's is not there, whatever it is asked for by", async () => {
      const asked: [string, Record<string, unknown>][] = [
        ["get_document", { page: secretId }],
        ["get_document", { page: "https://secret.example.net/plan" }],
        ["get_diff", { page: secretId }],
        ["fetch", { id: secretId }],
        ["list_pages", { website: tools.bobs.id }],
        ["list_pages", { website: "Secret" }],
        ["list_pages", { website: "secret.example.net" }],
        ["map", { website: "https://secret.example.net/" }],
        ["list_changes", { website: tools.bobs.id }],
        ["list_changes", { page: secretId }],
        ["search", { query: "plan", website: tools.bobs.id }],
        ["crawl", { website: tools.bobs.id }],
      ];

      for (const [tool, input] of asked) {
        const { isError, text } = await tools.call(tool, input);
        expect([tool, isError, text]).toEqual([tool, true, expect.stringContaining("(not_found)")]);
        expect(text).not.toContain("quiet");
      }
    });

    test("what can't be called so is told with each fault", async () => {
      const { isError, text } = await tools.call("get_document", { page: "", max_tokens: 5, colour: "red" });

      expect(isError).toBe(true);
      for (const field of ["page", "max_tokens", "colour"]) expect(text).toContain(`- ${field}: `);
    });

    test.each([
      ["get_document", { page: "nowhere" }, "neither a page's id nor"],
      ["get_document", { page: "https://docs.example.com/nowhere" }, "is not stored"],
      ["get_document", { page: "https://docs.example.com/guide", offset: 9_999 }, "offset must be less than"],
      ["get_document", { page: "https://docs.example.com/guide", version: 9 }, "its latest is 2"],
      ["get_document", { page: "https://docs.example.com/guide", version: 1, at: "2026-01-01" }, "can't stand beside"],
      ["get_document", { page: "https://docs.example.com/guide", at: "2026-02-30" }, "at must be an instant"],
      ["list_pages", { website: "Handbook", path_prefix: "docs" }, "must begin with a slash"],
      ["list_changes", { path: "/a\0b" }, "the character NUL"],
      ["search", { query: "a\0b" }, "the character NUL"],
      ["list_changes", { path: "[" }, "path must be the beginning of a path"],
      ["get_diff", {}, "change is needed, or page"],
      ["get_diff", { change: "7" }, "must be a change's id"],
    ])("%s with %j says what to do", async (tool, input, message) => {
      const { isError, text } = await tools.call(tool, input);

      expect([isError, text]).toEqual([true, expect.stringContaining(message)]);
    });

    test("who may not read may do nothing", async () => {
      const { isError, text } = await tools.call("list_websites", {}, { principal: toPrincipal(tools.ada.userId) });

      expect([isError, text]).toEqual([true, expect.stringContaining("needs the permission read")]);
    });
  });
