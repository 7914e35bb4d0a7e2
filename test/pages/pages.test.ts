import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createParserPool } from "../../src/content/parser-pool.ts";
import { hashUrl } from "../../src/crawl/url.ts";
import type { Store } from "../../src/db/db.ts";
import { LOCAL_USER_ID } from "../../src/db/schema/users.ts";
import { getDocument, getLinks, getRaw, remakeDocument } from "../../src/pages/document.ts";
import { getPage, listPages, type PageFilter } from "../../src/pages/pages.ts";
import { addWebsite, deleteWebsite } from "../../src/websites/websites.ts";
import { testStores } from "../testing/stores.ts";
import { storePage } from "./stored-pages.ts";

const userId = LOCAL_USER_ID;
const viewer = { userId, seesAll: false };
const strangerId = "00000000-0000-7000-8000-00000000beef";

for (const { name, open } of testStores) {
  describe(`pages in the ${name} store`, () => {
    const parser = createParserPool({ threads: 1 });
    let store: Store;
    let websiteId: string;

    beforeAll(async () => {
      store = await open();
      websiteId = (await addWebsite(store.db, { userId, url: "https://example.com/" })).id;
    });
    afterAll(async () => {
      parser.close();
      await store.close();
    });

    const pathsOf = async (filter: Partial<PageFilter>) =>
      (await listPages(store.db, { viewer, limit: 100, ...filter })).map(({ path }) => path);

    test("a path prefix is taken literally, wildcards and backslashes included", async () => {
      const { id } = await addWebsite(store.db, { userId, url: "https://wild.example/" });
      for (const path of ["/a_b/1", "/axb/1", "/100%25/x", "/100/x", "/q?x=a_b"])
        await storePage(store.db, { websiteId: id, url: `https://wild.example${path}` });

      expect(await pathsOf({ websiteId: id, pathPrefix: "/a_b" })).toEqual(["/a_b/1"]);
      expect(await pathsOf({ websiteId: id, pathPrefix: "/100%" })).toEqual(["/100%25/x"]);
      expect(await pathsOf({ websiteId: id, pathPrefix: "/q?x=a_" })).toEqual(["/q?x=a_b"]);
      expect(await pathsOf({ websiteId: id, pathPrefix: "\\" })).toEqual([]);
      expect(await pathsOf({ websiteId: id, pathPrefix: "/" })).toHaveLength(5);
    });

    test("pages are found by status, URL and time of change, together or alone", async () => {
      const { id } = await addWebsite(store.db, { userId, url: "https://filter.example/" });
      const old = new Date("2026-01-01T00:00:00Z");
      const recent = new Date("2026-02-01T00:00:00Z");
      await storePage(store.db, { websiteId: id, url: "https://filter.example/old", changedAt: old });
      await storePage(store.db, { websiteId: id, url: "https://filter.example/new", changedAt: recent });
      await storePage(store.db, { websiteId: id, url: "https://filter.example/gone", changedAt: recent, status: 404 });

      expect(await pathsOf({ websiteId: id, status: 404 })).toEqual(["/gone"]);
      expect(await pathsOf({ websiteId: id, changedSince: recent })).toEqual(["/new", "/gone"]);
      expect(await pathsOf({ websiteId: id, changedSince: recent, status: 200 })).toEqual(["/new"]);
      expect(await pathsOf({ urlHash: hashUrl("https://filter.example/old") })).toEqual(["/old"]);
      expect(await pathsOf({ urlHash: hashUrl("https://filter.example/never") })).toEqual([]);
    });

    test("a list goes on after the last of its items and skips none", async () => {
      const { id } = await addWebsite(store.db, { userId, url: "https://paging.example/" });
      for (const path of ["/1", "/2", "/3"])
        await storePage(store.db, { websiteId: id, url: `https://paging.example${path}` });

      const first = await listPages(store.db, { viewer, websiteId: id, limit: 2 });
      const rest = await pathsOf({ websiteId: id, limit: 2, after: first.at(-1)?.id });

      expect(first.map(({ path }) => path)).toEqual(["/1", "/2"]);
      expect(rest).toEqual(["/3"]);
    });

    test("pages of others and of deleted websites are not there", async () => {
      const { id } = await addWebsite(store.db, { userId, url: "https://hidden.example/" });
      const pageId = await storePage(store.db, { websiteId: id, url: "https://hidden.example/", body: "<p>x</p>" });

      await expect(getPage(store.db, { userId: strangerId, seesAll: false }, pageId)).rejects.toMatchObject({
        reason: "not_found",
      });
      await expect(getRaw(store.db, { userId: strangerId, seesAll: false }, pageId)).rejects.toMatchObject({
        reason: "not_found",
      });
      expect(await listPages(store.db, { viewer: { userId: strangerId, seesAll: false }, limit: 5 })).toEqual([]);

      await deleteWebsite(store.db, viewer, id, new Date("2026-01-01T00:00:00Z"));
      await expect(getDocument(store.db, viewer, pageId)).rejects.toMatchObject({ reason: "not_found" });
      expect(await pathsOf({ websiteId: id })).toEqual([]);
    });

    test("the body comes back byte for byte, with the encoding it was read by", async () => {
      const body = new Uint8Array([0x3c, 0x70, 0x3e, 0xe9, 0x00, 0xff]);
      const url = "https://example.com/latin";
      const pageId = await storePage(store.db, { websiteId, url, body, charset: "windows-1252" });

      const raw = await getRaw(store.db, viewer, pageId);

      expect(raw.body).toEqual(body);
      expect(raw.contentType).toBe("text/html; charset=windows-1252");
      expect(raw.hash).toBe(new Bun.CryptoHasher("sha256").update(body).digest("hex"));
    });

    test("a page without a document says so, and why", async () => {
      const url = "https://example.com/paper.pdf";
      const pageId = await storePage(store.db, { websiteId, url, contentType: "application/pdf" });

      for (const get of [getDocument, getRaw])
        await expect(get(store.db, viewer, pageId)).rejects.toMatchObject({
          reason: "not_found",
          code: "no_document",
          message: `Page ${pageId} has no document: its last answer was 200 with application/pdf`,
        });
    });

    test("links are read from the stored body, absolute and in order", async () => {
      const body = '<a href="b">B</a><a href="/c" rel="nofollow">C</a><a href="b">again</a>';
      const pageId = await storePage(store.db, { websiteId, url: "https://example.com/a/", body });

      const { links } = await getLinks({ db: store.db, parser }, viewer, pageId);

      await expect(links).toEqual([
        { url: "https://example.com/a/b", text: "B" },
        { url: "https://example.com/c", text: "C", rel: "nofollow" },
      ]);
    });

    test("the whole page's Markdown has the navigation that the stored document lacks", async () => {
      const body =
        "<title>T</title><nav><a href=/x>Somewhere else</a></nav><main><h1>Title</h1><p>What the page is about.</p></main>";
      const pageId = await storePage(store.db, { websiteId, url: "https://example.com/whole", body });

      const stored = await getDocument(store.db, viewer, pageId);
      const whole = await remakeDocument({ db: store.db, parser }, stored, { content: "page" });

      expect(stored.document.markdown).toBe("# Title\n");
      expect(whole.document.markdown).toContain("[Somewhere else](https://example.com/x)");
      expect(whole.document.markdown).toContain("What the page is about.");
      expect(whole.document.contentHash).not.toBe(stored.document.contentHash);
    });

    test("a parser that is closed is a part of ours that is away", async () => {
      const closed = createParserPool({ threads: 1 });
      closed.close();
      const pageId = await storePage(store.db, { websiteId, url: "https://example.com/closed", body: "<p>x</p>" });

      const links = getLinks({ db: store.db, parser: closed }, viewer, pageId);

      await expect(links).rejects.toMatchObject({ reason: "unavailable", code: "cancelled" });
    });
  });
}
