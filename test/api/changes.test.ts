import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { eq } from "drizzle-orm";
import type { Store } from "../../src/db/db.ts";
import { markdownDocuments, pageChanges, pages } from "../../src/db/schema/pages.ts";
import { LOCAL_USER_ID } from "../../src/db/schema/users.ts";
import { addWebsite } from "../../src/websites/websites.ts";
import { addCrawl, addPage, day, tell } from "../changes/page-history.ts";
import { testStores } from "../testing/stores.ts";
import { type RunningService, startService } from "./running-service.ts";

const WAS = "# Prices\n\nIt costs 10 € a month.\n";
const IS = "# Prices\n\nIt costs <b>12 €</b> a month.\n";

describe("the API's versions and changes", () => {
  let store: Store;
  let service: RunningService;
  let websiteId: string;
  let pageId: string;
  let crawlIds: string[];
  let changeId: string;

  beforeAll(async () => {
    store = await (testStores.at(-1) as (typeof testStores)[number]).open();
    service = await startService(store);
    const { db } = store;
    websiteId = (await addWebsite(db, { userId: LOCAL_USER_ID, url: "https://example.com/" })).id;
    crawlIds = [await addCrawl(db, websiteId, day(4)), await addCrawl(db, websiteId, day(6))];
    pageId = await addPage(db, websiteId, "https://example.com/prices", { 1: WAS, 5: IS });
    const crawlId = crawlIds[1];
    changeId = await tell(db, { pageId, kind: "changed", at: day(5), from: 1, to: 2, share: 0.25, crawlId });
    const gone = await addPage(db, websiteId, "https://example.com/gone", { 1: "A" });
    await db.update(pages).set({ title: "=cmd|' /C calc'!A0" }).where(eq(pages.id, gone));
    await tell(db, { pageId: gone, kind: "removed", at: day(6), from: 1, reason: "http_410", crawlId });
    await db
      .update(pages)
      .set({ state: "removed", missingSince: day(6) })
      .where(eq(pages.id, gone));
  });
  afterAll(async () => {
    await service.stop();
    await store.close();
  });

  const get = (path: string, headers: Record<string, string> = {}) =>
    service.ask("GET", `/api/v1${path}`, undefined, headers);
  const ofPage = (path: string, headers = {}) => get(`/pages/${pageId}${path}`, headers);

  test("versions are listed page by page, newest first", async () => {
    const { json } = await ofPage("/versions?limit=1");
    const rest = await ofPage(`/versions?cursor=${json.next_cursor}`);

    expect(json.items).toMatchObject([
      {
        ...{
          number: 2,
          page_id: pageId,
          fetched_at: "2026-01-05T00:00:00.000Z",
          is_current: true,
          change_id: changeId,
        },
        links: { self: `/api/v1/pages/${pageId}/versions/2`, diff: `/api/v1/pages/${pageId}/diff?to=2` },
      },
    ]);
    expect(rest.json).toMatchObject({
      items: [{ number: 1, is_current: false, links: { diff: null } }],
      next_cursor: null,
    });
  });

  test("a version is given in every form that a document has, with a tag", async () => {
    const markdown = await ofPage("/versions/1", { accept: "text/markdown" });
    const json = await ofPage("/versions/1");
    const html = await ofPage("/versions/1?format=html");
    const again = await ofPage("/versions/1?format=markdown", { "if-none-match": markdown.headers.get("etag") ?? "" });
    const raw = await ofPage("/versions/1/raw");
    const missing = await ofPage("/versions/3");

    expect([markdown.text, again.status]).toEqual([WAS, 304]);
    expect(json.json).toMatchObject({ version: 1, markdown: WAS, page_id: pageId });
    expect(html.headers.get("content-security-policy")).toStartWith("sandbox;");
    expect(raw.text).toContain("It costs 10 €");
    expect([missing.status, missing.json.detail]).toEqual([404, expect.stringContaining("its latest is 2")]);
  });

  test.each([
    ["2026-01-01", WAS],
    ["2026-01-04T23:59:59.999Z", WAS],
    ["2026-01-05T01:00+02:00", WAS],
    ["2026-01-05T00:00Z", IS],
    ["2030-01-01", IS],
  ])("the document at %s is the version of then", async (at, text) => {
    const document = await ofPage(`/document?format=markdown&at=${at}`);
    const raw = await ofPage(`/raw?at=${encodeURIComponent(at)}`);

    expect([document.status, document.text]).toEqual([200, text]);
    expect(raw.text).toContain(text === WAS ? "It costs 10 €" : "12 €");
  });

  test("what is made anew from the body is made of the version of then", async () => {
    const { text } = await ofPage("/document?format=text&at=2026-01-02&exclude_selectors=h1");

    expect(text.trim()).toBe("It costs 10 € a month.");
  });

  test("a time before the first version is told apart from one that is none", async () => {
    const early = await ofPage("/document?at=2025-12-31");
    const wrong = await Promise.all(
      ["yesterday", "2026-02-30", "2026-01-31T12:00"].map((at) => ofPage(`/raw?at=${at}`)),
    );

    expect([early.status, early.json.code]).toEqual([404, "not_yet"]);
    for (const { status, json } of wrong) {
      expect(status).toBe(400);
      expect(json.errors).toEqual([{ at: "at", message: expect.stringContaining("2026-01-31T") }]);
    }
  });

  test("a version's number out of bounds is refused by its name", async () => {
    const { status, json } = await ofPage("/versions/0");

    expect(status).toBe(400);
    expect(json.errors).toMatchObject([{ at: "number" }]);
  });

  test("two versions are compared in every form", async () => {
    const json = await ofPage("/diff");
    const unified = await ofPage("/diff?from=1&to=2", { accept: "text/x-diff" });
    const html = await ofPage("/diff?format=html&view=side_by_side");
    const others = await Promise.all(["text", "markdown"].map((format) => ofPage(`/diff?format=${format}`)));
    const same = await ofPage("/diff?from=2026-01-02&to=1&format=diff");
    const again = await ofPage("/diff", { "if-none-match": json.headers.get("etag") ?? "" });

    expect(json.json).toMatchObject({
      ...{ page_id: pageId, from: { version: 1 }, to: { version: 2, page_id: pageId }, ignores_noise: false },
      ...{ grain: "fine", summary: { changed: 1 }, changes: [{ kind: "changed" }] },
    });
    expect(unified.headers.get("content-type")).toBe("text/x-diff; charset=utf-8");
    expect(unified.text).toContain("-It costs 10 € a month.\n+It costs <b>12 €</b> a month.\n");
    expect(html.headers.get("content-security-policy")).toBe("sandbox; default-src 'none'; style-src 'unsafe-inline'");
    expect(html.text).not.toContain("<b>");
    for (const { status, text } of others) expect([status, text]).toEqual([200, expect.stringContaining("12")]);
    expect([same.text, again.status]).toEqual(["", 304]);
  });

  test("a diff that can't be is told by its reason", async () => {
    const bad = await ofPage("/diff?from=one");
    const unknown = await ofPage("/diff?from=7");
    const nothing = await ofPage("/diff", { accept: "image/png" });

    expect([bad.status, bad.json.errors]).toEqual([400, [{ at: "from", message: expect.any(String) }]]);
    expect([unknown.status, nothing.status]).toEqual([404, 406]);
  });

  test("changes are listed with their page, and found by what they are", async () => {
    const all = await get(`/websites/${websiteId}/changes`);
    const changed = await get("/changes?kind=changed,new&path=/pri*&min_share=0.2&q=PRICES&since=2026-01-05");
    const none = await get(`/changes?until=2026-01-05&website_id=${websiteId}`);
    const wrong = await Promise.all(
      ["kind=gone", "path=x", "since=soon", "min_share=2", "cursor=x"].map((query) => get(`/changes?${query}`)),
    );

    expect(all.json.items).toMatchObject([
      { kind: "removed", reason: "http_410", summary: null, page: { url: "https://example.com/gone" } },
      {
        ...{ id: changeId, kind: "changed", from_version: 1, to_version: 2, share: 0.25, crawl_id: crawlIds[1] },
        ...{ summary: { changed: 1, words_added: 0 }, detected_at: "2026-01-05T00:00:00.000Z" },
        links: { diff: `/api/v1/changes/${changeId}/diff`, page: `/api/v1/pages/${pageId}` },
      },
    ]);
    expect(changed.json.items).toMatchObject([{ id: changeId }]);
    expect(none.json).toEqual({ items: [], next_cursor: null });
    expect(wrong.map(({ status, json }) => [status, (json.errors as { at: string }[])[0]?.at])).toEqual(
      ["kind", "path", "since", "min_share", "cursor"].map((at) => [400, at]),
    );
  });

  test("a change is read by itself, with what it changed", async () => {
    const change = await get(`/changes/${changeId}`);
    const diff = await get(`/changes/${changeId}/diff`, { accept: "text/x-diff" });
    const nobodys = await get(`/changes/${websiteId}/diff`);

    expect(change.json).toMatchObject({ id: changeId, website_id: websiteId, page: { id: pageId, title: "Title" } });
    expect(diff.text).toContain("+It costs <b>12 €</b> a month.");
    expect(nobodys.status).toBe(404);
  });

  test("all changes come as rows or lines, and no title becomes a formula", async () => {
    const csv = await get(`/websites/${websiteId}/changes?limit=1`, { accept: "text/csv", "accept-encoding": "gzip" });
    const lines = await get("/changes?format=jsonl&kind=removed");
    const wrong = await get("/changes?format=csv&kind=gone");

    const [head, first, second, end] = csv.text.split("\r\n");
    expect(csv.headers.get("content-disposition")).toBe('attachment; filename="changes.csv"');
    expect(head).toStartWith("detected_at,kind,url,title,share,");
    expect(first).toContain(`,removed,https://example.com/gone,"'=cmd|' /C calc'!A0",,`);
    expect(second).toContain(",changed,https://example.com/prices,Title,0.25,");
    expect(end).toBe("");
    expect(lines.headers.get("content-type")).toBe("application/jsonl");
    expect(lines.text.split("\n").map((line) => line && JSON.parse(line).kind)).toEqual(["removed", ""]);
    expect(wrong.status).toBe(400);
  });

  test("an export of more than one batch has each change once", async () => {
    const many = await addWebsite(store.db, { userId: LOCAL_USER_ID, url: "https://many.example/" });
    const page = await addPage(store.db, many.id, "https://many.example/", { 1: "A" });
    const rows = Array.from({ length: 1_203 }, () => ({ websiteId: many.id, pageId: page, kind: "changed" as const }));
    await store.db.insert(pageChanges).values(rows);

    const { text } = await get(`/websites/${many.id}/changes?format=csv`);

    const ids = text
      .split("\r\n")
      .slice(1, -1)
      .map((line) => line.split(",")[13]);
    expect([ids.length, new Set(ids).size]).toEqual([1_203, 1_203]);
  });

  test("a website is compared at the ends of its last two crawls, or when one says", async () => {
    const { json } = await get(`/websites/${websiteId}/diff?limit=1`);
    const rest = await get(`/websites/${websiteId}/diff?cursor=${json.next_cursor}`);
    const before = await get(`/websites/${websiteId}/diff?to_crawl=${crawlIds[0]}&from=2026-01-01`);
    const wrong = await get(`/websites/${websiteId}/diff?to_crawl=${crawlIds[0]}&to=2026-01-01`);

    expect(json).toMatchObject({
      from: { at: "2026-01-04T00:00:00.000Z", crawl_id: crawlIds[0] },
      to: { at: "2026-01-06T00:00:00.000Z", crawl_id: crawlIds[1] },
      counts: { new: 0, changed: 1, moved: 0, removed: 1, restored: 0 },
      largest: [{ page: { page_id: pageId, share: 0.25 }, removed: ["It costs 10 € a month."] }],
      items: [{ kind: "changed", from_version: 1, to_version: 2, changes: 1 }],
    });
    expect(rest.json).toMatchObject({
      ...{ from: json.from, to: json.to, largest: [], items: [{ kind: "removed", reason: "http_410" }] },
      next_cursor: null,
    });
    expect(before.json.items).toEqual([]);
    expect([wrong.status, wrong.json.errors]).toEqual([400, [{ at: "to", message: expect.any(String) }]]);
  });

  test("a website's changes are a report for people, and rows", async () => {
    const report = await get(`/websites/${websiteId}/diff`, { accept: "text/markdown" });
    const rows = await get(`/websites/${websiteId}/diff?format=csv&kind=removed`);

    expect(report.text).toContain("1 changed, 1 removed.");
    expect(report.text).toContain("### [Title](<https://example.com/prices>), 25 %");
    expect(report.text).toContain("    - It costs 10 € a month.\n");
    expect(report.text).toContain("- [=cmd\\|' /C calc'\\!A0](<https://example.com/gone>) (http 410)");
    expect(rows.text.split("\r\n")).toHaveLength(3);
  });

  test("pages tell where they stand, and a crawl what it found", async () => {
    const removed = await get(`/websites/${websiteId}/pages?state=removed`);
    const crawl = await get(`/crawls/${crawlIds[1]}`);

    expect(removed.json.items).toMatchObject([
      { state: "removed", missing_since: "2026-01-06T00:00:00.000Z", visits: 0 },
    ]);
    expect(crawl.json.changes).toEqual({ new: 0, changed: 1, moved: 0, removed: 1, restored: 0 });
  });

  test("what was given up is gone", async () => {
    await store.db.delete(markdownDocuments).where(eq(markdownDocuments.contentHash, hashOf(WAS)));

    const answers = await Promise.all(
      ["/versions/1", "/versions/1/raw", "/diff?from=1", "/document?at=2026-01-02"].map((path) => ofPage(path)),
    );
    const change = await get(`/changes/${changeId}/diff`);

    for (const { status, json } of [...answers, change]) expect([status, json.code]).toEqual([410, "version_removed"]);
  });
});

const hashOf = (text: string) => new Bun.CryptoHasher("sha256").update(text).digest("hex");
