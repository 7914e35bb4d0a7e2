import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { Store } from "../../src/db/db.ts";
import { LOCAL_USER_ID } from "../../src/db/schema/users.ts";
import { addWebsite } from "../../src/websites/websites.ts";
import { storePage } from "../pages/stored-pages.ts";
import { testStores } from "../testing/stores.ts";
import { type RunningService, startService } from "./running-service.ts";

const BODY =
  "<title>Title</title><nav><a href=/menu>Menu</a></nav><main><h1>Title</h1><script>steal()</script><p>Said.</p></main>";

for (const { name, open } of testStores) {
  describe(`the API's pages on the ${name} store`, () => {
    let store: Store;
    let service: RunningService;
    let websiteId: string;
    let pageId: string;

    beforeAll(async () => {
      store = await open();
      service = await startService(store);
      websiteId = (await addWebsite(store.db, { userId: LOCAL_USER_ID, url: "https://example.com/" })).id;
      const markdown = "# Title\n\nSaid, with <script>alert(1)</script>.\n";
      pageId = await storePage(store.db, { websiteId, url: "https://example.com/", body: BODY, markdown });
    });
    afterAll(async () => {
      await service.stop();
      await store.close();
    });

    const read = (path: string, headers: Record<string, string> = {}) =>
      service.ask("GET", `/api/v1/pages/${pageId}${path}`, undefined, headers);

    test("a page tells of its last answer and where its document is", async () => {
      const { status, json } = await read("");

      expect(status).toBe(200);
      expect(json).toMatchObject({
        id: pageId,
        website_id: websiteId,
        url: "https://example.com/",
        status: 200,
        content_type: "text/html",
        version: 1,
        links: { document: `/api/v1/pages/${pageId}/document`, website: `/api/v1/websites/${websiteId}` },
      });
    });

    test.each([
      [{}, "application/json"],
      [{ accept: "text/markdown" }, "text/markdown"],
      [{ accept: "text/html,application/xhtml+xml,*/*;q=0.8" }, "text/html"],
      [{ accept: "text/plain" }, "text/plain"],
      [{ accept: "text/*;q=0.5, application/json;q=0.4" }, "text/markdown"],
      [{ accept: "text/markdown;q=0, */*" }, "application/json"],
      [{ accept: "text/html; charset=utf-8" }, "text/html"],
      [{ accept: 'text/markdown;variant="GFM";q=0.5, text/html;level=1;q=0.4' }, "text/markdown"],
      [{ accept: "" }, "application/json"],
    ])("Accept %j gets %s", async (headers, type) => {
      const answer = await read("/document", headers as Record<string, string>);

      expect(answer.status).toBe(200);
      expect(answer.headers.get("content-type")).toBe(`${type}; charset=utf-8`);
      expect(answer.headers.get("vary")).toContain("accept");
    });

    test("a format by name goes before Accept, and what fits nothing is a 406", async () => {
      const named = await read("/document?format=markdown", { accept: "image/png" });
      const nothing = await read("/document", { accept: "image/png" });
      const unknown = await read("/document?format=pdf");

      expect([named.status, named.text]).toEqual([200, "# Title\n\nSaid, with <script>alert(1)</script>.\n"]);
      expect([nothing.status, nothing.json.code]).toEqual([406, "not_acceptable"]);
      expect([unknown.status, unknown.json.detail]).toEqual([
        400,
        'format must be one of json, markdown, html, text, not "pdf"',
      ]);
    });

    test("the JSON document has the Markdown and what the page says of itself", async () => {
      const { json } = await read("/document");

      expect(json).toMatchObject({
        page_id: pageId,
        version: 1,
        simhash: "-5",
        metadata: {
          kind: "html",
          title: "Title",
          authors: ["Ada"],
          site_name: "Example",
          open_graph: { "og:type": "article" },
          headings: [{ level: 1, text: "Title" }],
        },
      });
    });

    test("the HTML document can run nothing", async () => {
      const { headers, text } = await read("/document?format=html");

      expect(headers.get("content-security-policy")).toStartWith("sandbox; default-src 'none'");
      expect(text).toContain("<h1");
      expect(text).not.toContain("<script");
    });

    test("the text document has no marks", async () => {
      const { headers, text } = await read("/document?format=text");

      expect(headers.get("content-type")).toBe("text/plain; charset=utf-8");
      expect(text).toStartWith("Title\n\nSaid, with ");
    });

    test("the whole page is made anew from the stored body", async () => {
      const { status, text } = await read("/document?content=page&format=markdown");

      expect(status).toBe(200);
      expect(text).toContain("[Menu](https://example.com/menu)");
      expect(text).not.toContain("steal");
    });

    test("selectors and switches make the document anew, and say how it was chosen", async () => {
      const { json, headers } = await read("/document?include_selectors=nav,%20p&links=false");
      const stored = await read("/document");

      expect(json.markdown).toBe("Menu\n\nSaid.\n");
      expect(json.metadata).toMatchObject({ quality: { chosen: "selection", text_share: expect.any(Number) } });
      expect(stored.json.metadata).toMatchObject({ quality: null, page_type: null, licence: null, breadcrumbs: [] });
      expect(headers.get("etag")).not.toBe(stored.headers.get("etag"));
    });

    test("a selector that is none is refused by the parameter's name", async () => {
      const { status, json } = await read("/document?exclude_selectors=p%5B");

      expect(status).toBe(400);
      expect(json.errors).toMatchObject([{ at: "exclude_selectors", message: expect.stringContaining('"p["') }]);
    });

    test("the document comes in passages too, in JSON alone", async () => {
      const { json, headers } = await read("/document?chunks=true&chunk_tokens=32", { accept: "text/markdown" });
      const others = await read("/document?chunks=true&chunk_tokens=64&format=json");
      const refused = await read("/document?chunks=true&format=markdown");

      expect(json.chunks).toMatchObject([
        { index: 0, heading_path: ["Title"], start: 0, end: (json.markdown as string).length },
      ]);
      expect(others.headers.get("etag")).not.toBe(headers.get("etag"));
      expect([refused.status, refused.json.errors]).toMatchObject([400, [{ at: "chunks" }]]);
    });

    test("pages are listed by their type", async () => {
      const url = "https://example.com/forum";
      const forumId = await storePage(store.db, { websiteId, url, body: BODY, pageType: "forum" });

      const { json } = await service.ask("GET", "/api/v1/pages?type=forum");
      const other = await service.ask("GET", "/api/v1/pages?type=poem");

      expect(json.items).toMatchObject([{ id: forumId, page_type: "forum" }]);
      expect([other.status, other.json.errors]).toMatchObject([400, [{ at: "type" }]]);
    });

    test("the raw body comes as it was, as a download in a sandbox", async () => {
      const { status, headers, text } = await read("/raw");

      expect([status, text]).toEqual([200, BODY]);
      expect(headers.get("content-type")).toBe("text/html; charset=utf-8");
      expect(headers.get("content-security-policy")).toBe("sandbox; default-src 'none'");
      expect(headers.get("content-disposition")).toBe("attachment");
      const digest = new Bun.CryptoHasher("sha256").update(BODY).digest("base64");
      expect(headers.get("repr-digest")).toBe(`sha-256=:${digest}:`);
    });

    test("who has it already gets a 304", async () => {
      for (const path of ["/raw", "/document", "/document?format=html"]) {
        const etag = (await read(path)).headers.get("etag") ?? "";

        expect((await read(path, { "if-none-match": `"other", W/${etag}` })).status).toBe(304);
        expect((await read(path, { "if-none-match": '"other"' })).status).toBe(200);
      }
    });

    test("a content type that could break a header is not passed on", async () => {
      const url = "https://example.com/odd";
      const id = await storePage(store.db, { websiteId, url, body: "x", contentType: "text/html; x\u00e9=1" });

      const { status, headers } = await service.ask("GET", `/api/v1/pages/${id}/raw`);

      expect([status, headers.get("content-type")]).toEqual([200, "application/octet-stream"]);
    });

    test("links are given in the page's order", async () => {
      const { json } = await read("/links");

      expect(json).toEqual({
        page_id: pageId,
        url: "https://example.com/",
        items: [{ url: "https://example.com/menu", text: "Menu" }],
      });
    });

    test("a page without a document is a 404 that says why", async () => {
      const url = "https://example.com/paper.pdf";
      const id = await storePage(store.db, { websiteId, url, contentType: "application/pdf" });

      for (const path of ["document", "raw", "links"]) {
        const { status, json } = await service.ask("GET", `/api/v1/pages/${id}/${path}`);
        expect([status, json.code]).toEqual([404, "no_document"]);
      }
    });

    test("pages are found by website, URL, status, path and time of change", async () => {
      const late = new Date("2026-03-01T00:00:00Z");
      const found = { websiteId, changedAt: late };
      await storePage(store.db, { ...found, url: "https://example.com/find/me" });
      await storePage(store.db, { ...found, url: "https://example.com/find/lost", status: 404 });
      await storePage(store.db, { websiteId, url: "https://example.com/caf%C3%A9%20au/lait" });
      const paths = async (query: string) =>
        ((await service.ask("GET", `/api/v1${query}`)).json.items as { url: string }[]).map(
          ({ url }) => new URL(url).pathname,
        );

      expect(await paths("/pages?url=https://EXAMPLE.com/find/me%23part")).toEqual(["/find/me"]);
      for (const prefix of ["/caf%C3%A9%20au/", "/caf%25C3%25A9+au/", "/caf%25C3%25A9%2520au/"])
        expect(await paths(`/pages?path_prefix=${prefix}`)).toEqual(["/caf%C3%A9%20au/lait"]);
      expect(await paths("/pages?path_prefix=/find/&status=404")).toEqual(["/find/lost"]);
      expect(await paths(`/websites/${websiteId}/pages?changed_since=2026-03-01T00:00:00Z`)).toEqual([
        "/find/me",
        "/find/lost",
      ]);
      expect(await paths(`/pages?website_id=${websiteId}&changed_since=2026-03-01T01:00:00%2B01:00&limit=1`)).toEqual([
        "/find/me",
      ]);
      expect(await paths(`/pages?website_id=${Bun.randomUUIDv7()}`)).toEqual([]);
    });

    test.each([
      "status=99",
      "status=abc",
      "changed_since=yesterday",
      "changed_since=2026-02-30T00:00:00Z",
      "changed_since=0000-01-01T00:00:00Z",
      "changed_since=0001-01-01T00:00:00%2B01:00",
      "changed_since=9999-12-31T23:59:59-01:00",
      "url=nowhere",
      "website_id=1",
      "path=/x",
      "path_prefix=docs",
    ])("%s is refused by its name", async (query) => {
      const { status, json } = await service.ask("GET", `/api/v1/pages?${query}`);

      expect(status).toBe(400);
      expect(json.errors).toMatchObject([{ at: query.split("=")[0] }]);
    });

    test("a cursor of another list is refused", async () => {
      await storePage(store.db, { websiteId, url: "https://example.com/more" });
      const { json } = await service.ask("GET", "/api/v1/pages?limit=1");

      for (const path of [`/websites?cursor=${json.next_cursor}`, "/pages?cursor=zzz", "/pages?cursor="]) {
        const refused = await service.ask("GET", `/api/v1${path}`);
        expect([refused.status, refused.json.errors]).toEqual([400, [expect.objectContaining({ at: "cursor" })]]);
      }
    });
  });
}
