import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { crawlChannel } from "../../src/crawl/crawls.ts";
import type { Store } from "../../src/db/db.ts";
import { testStores } from "../testing/stores.ts";
import { type RunningService, startService } from "./running-service.ts";

for (const { name, open } of testStores) {
  describe(`the API's websites on the ${name} store`, () => {
    let store: Store;
    let service: RunningService;

    beforeAll(async () => {
      store = await open();
      service = await startService(store);
    });
    afterAll(async () => {
      await service.stop();
      await store.close();
    });

    const add = async (url: string) => (await service.ask("POST", "/api/v1/websites", { url })).json.id as string;

    test("a website is registered under its URL's canonical spelling", async () => {
      const { status, json, headers } = await service.ask("POST", "/api/v1/websites", {
        url: "HTTPS://Docs.Example.com:443/a/../?utm_source=x#top",
        name: "Docs",
        options: { max_pages: 5, include: ["/docs/**"] },
      });

      expect(status).toBe(201);
      expect(headers.get("location")).toBe(`/api/v1/websites/${json.id}`);
      expect(json).toMatchObject({
        url: "https://docs.example.com/",
        name: "Docs",
        options: { max_pages: 5, include: ["/docs/**"] },
      });
      expect((await service.ask("GET", `/api/v1/websites/${json.id}`)).json).toEqual(json);
    });

    test("a host as long as they come is a name like any other", async () => {
      const url = `https://${"long.".repeat(45)}example.com/`;

      const { status, json } = await service.ask("POST", "/api/v1/websites", { url });

      expect([status, json.name]).toEqual([201, new URL(url).host]);
      expect((await service.ask("GET", "/api/v1/websites")).status).toBe(200);
    });

    test("a URL that is too long once it is percent-encoded is refused", async () => {
      const { status, json } = await service.ask("POST", "/api/v1/websites", {
        url: `https://example.com/${"中".repeat(300)}`,
      });

      expect([status, json.detail]).toEqual([400, "/url may be 2048 characters long at the most, percent-encoded"]);
    });

    test("a name of nothing but white space is refused", async () => {
      const { status, json } = await service.ask("POST", "/api/v1/websites", { url: "https://x.example/", name: " " });

      expect([status, json.detail]).toEqual([400, '/name must be a text such as "Docs", not " "']);
    });

    test("a URL that is registered is a conflict that names the website", async () => {
      const id = await add("https://twice.example/");

      const { status, json } = await service.ask("POST", "/api/v1/websites", { url: "https://twice.example/#again" });

      expect(status).toBe(409);
      expect(json).toMatchObject({ code: "website_exists", detail: expect.stringContaining(id) });
    });

    test("a list is walked to its end by its cursors, each website once", async () => {
      for (const host of ["one", "two", "three"]) await add(`https://${host}.example/`);
      const seen: string[] = [];

      for (let cursor: string | null = ""; cursor !== null; ) {
        const { json } = await service.ask("GET", `/api/v1/websites?limit=2${cursor && `&cursor=${cursor}`}`);
        seen.push(...(json.items as { url: string }[]).map(({ url }) => url));
        cursor = json.next_cursor as string | null;
      }

      expect(seen.slice(0, 3)).toEqual(["https://three.example/", "https://two.example/", "https://one.example/"]);
      expect(new Set(seen).size).toBe(seen.length);
    });

    test("its name and options can be changed, its URL can't", async () => {
      const id = await add("https://change.example/");

      const changed = await service.ask("PATCH", `/api/v1/websites/${id}`, { name: "New", options: { max_depth: 2 } });
      const refused = await service.ask("PATCH", `/api/v1/websites/${id}`, { url: "https://other.example/" });

      expect(changed.json).toMatchObject({ name: "New", options: { max_depth: 2 }, url: "https://change.example/" });
      expect(refused.status).toBe(400);
      expect(refused.json.errors).toEqual([{ at: "/url", message: "is not known" }]);
    });

    test("deleting one cancels its crawl and leaves nothing to be found", async () => {
      const id = await add("https://deleted.example/");
      const crawl = await service.ask("POST", "/api/v1/crawls", { website_id: id });

      const orders: string[] = [];
      service.app.cache.subscribe(crawlChannel(String(crawl.json.id)), (message) => orders.push(message));

      const deleted = await service.ask("DELETE", `/api/v1/websites/${id}`);

      expect(orders).toEqual(["order"]);
      expect([deleted.status, deleted.text]).toEqual([204, ""]);
      for (const path of [
        `/websites/${id}`,
        `/websites/${id}/pages`,
        `/websites/${id}/crawls`,
        `/crawls/${crawl.json.id}`,
      ])
        expect((await service.ask("GET", `/api/v1${path}`)).status).toBe(404);
      expect((await service.ask("DELETE", `/api/v1/websites/${id}`)).status).toBe(404);
    });

    test("each bad field is named with what would be right", async () => {
      const { status, json } = await service.ask("POST", "/api/v1/websites", {
        url: 7,
        name: "",
        speed: "fast",
        options: { max_pages: 0, scope: "world", depth: 1 },
      });

      expect(status).toBe(400);
      expect(json.errors).toEqual([
        { at: "/speed", message: "is not known" },
        { at: "/url", message: 'must be a text such as "https://docs.example.com/", not 7' },
        { at: "/name", message: "may not be empty" },
        { at: "/options/depth", message: "is not known" },
        { at: "/options/scope", message: 'must be one of host, domain, any, not "world"' },
        { at: "/options/max_pages", message: "must be a whole number from 1 to 10000000, not 0" },
      ]);
    });

    test("a pattern that can't be one is refused where it stands", async () => {
      const body = { url: "https://pattern.example/", options: { include: ["/ok/**", "re:("] } };

      const { status, json } = await service.ask("POST", "/api/v1/websites", body);

      expect(status).toBe(400);
      expect(json.errors).toMatchObject([{ at: "/options/include/1" }]);
    });

    test.each(["ftp://example.com/", "https://me:secret@example.com/", "example.com", "https://", "http://a b/"])(
      "%s is no website",
      async (url) => {
        const { status, json } = await service.ask("POST", "/api/v1/websites", { url });

        expect(status).toBe(400);
        expect(json.errors).toMatchObject([{ at: "/url" }]);
      },
    );

    test("a deleted website is listed as such, and restored unless its URL is taken", async () => {
      const id = await add("https://restored.example/");
      await service.ask("DELETE", `/api/v1/websites/${id}`);

      const listed = await service.ask("GET", "/api/v1/websites?deleted=true&limit=1");
      const second = await add("https://restored.example/");
      const taken = await service.ask("POST", `/api/v1/websites/${id}/restore`);
      await service.ask("DELETE", `/api/v1/websites/${second}`);
      const restored = await service.ask("POST", `/api/v1/websites/${id}/restore`);

      expect(listed.json.items).toMatchObject([{ id, deleted_at: expect.any(String) }]);
      expect([taken.status, taken.json.code]).toEqual([409, "website_exists"]);
      expect([restored.status, restored.json.deleted_at]).toEqual([200, null]);
      expect((await service.ask("GET", `/api/v1/websites/${id}`)).status).toBe(200);
    });
  });
}
