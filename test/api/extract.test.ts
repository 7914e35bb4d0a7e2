import { afterAll, beforeAll, expect, test } from "bun:test";
import type { Store } from "../../src/db/db.ts";
import { LOCAL_USER_ID } from "../../src/db/schema/users.ts";
import { addWebsite } from "../../src/websites/websites.ts";
import { storePage } from "../pages/stored-pages.ts";
import { testStores } from "../testing/stores.ts";
import { type RunningService, startService } from "./running-service.ts";

const html = `<!doctype html><html lang="en"><title>Webs</title><body><nav><a href="/x">Elsewhere</a></nav><main><h1>Webs</h1>
<p>An orb web is spun anew each night, which takes about an hour.</p>
<div class="comments"><p>Nice spider, and a very nice web it has made there.</p></div></main></body></html>`;

let store: Store;
let service: RunningService;

beforeAll(async () => {
  const [kind] = testStores;
  if (!kind) throw new Error("There is always the embedded store");
  store = await kind.open();
  service = await startService(store);
});
afterAll(async () => {
  await service.stop();
  await store.close();
});

const preview = (body: unknown) => service.ask("POST", "/api/v1/extract/preview", body);

test("a preview shows the Markdown, and of each part of the page whether it is kept, and why", async () => {
  const options = { include_selectors: ["main"], exclude_selectors: [".comments"], links: false };

  const { status, json } = await preview({ html, base_url: "https://a.example/webs", options });

  expect(status).toBe(200);
  expect(json).toMatchObject({
    url: "https://a.example/webs",
    options: { ...options, content: "main", images: true, navigation: false },
    markdown: "# Webs\n\nAn orb web is spun anew each night, which takes about an hour.\n",
    quality: { chosen: "selection", rule: "include-selectors" },
    metadata: { title: "Webs" },
    characters: { kept: 54, removed: 50 },
    decisions: {
      total: 3,
      items: [
        { is_kept: false, rule: "not-selected", selector: "nav", text: "Elsewhere" },
        { is_kept: true, rule: "include-selectors", selector: "main", text: expect.stringMatching(/^Webs An orb web/) },
        { is_kept: false, rule: "exclude-selectors", selector: "div.comments" },
      ],
    },
    comparisons: [],
  });
});

test("a preview is held against other options, block by block", async () => {
  const options = { content: "page", exclude_selectors: [".comments"] };

  const { json } = await preview({ html, options, compare: [{ content: "page" }, options] });

  expect(json.comparisons).toMatchObject([
    {
      of: "request",
      options: { content: "page", exclude_selectors: [] },
      only_in_preview: { count: 0, first: [] },
      only_here: { count: 1, first: ["Nice spider, and a very nice web it has made there."] },
    },
    { only_in_preview: { count: 0 }, only_here: { count: 0 } },
  ]);
});

test("of a stored page the body is read again, and its website's options hold where none is given", async () => {
  const url = "https://a.example/";
  const { id: websiteId } = await addWebsite(store.db, {
    ...{ userId: LOCAL_USER_ID, url },
    options: { content: "page", exclude_selectors: [".comments"] },
  });
  const pageId = await storePage(store.db, { websiteId, url, body: html });

  const { json } = await preview({ page_id: pageId, options: { exclude_selectors: ["nav"] } });

  expect(json).toMatchObject({
    url,
    options: { content: "page", exclude_selectors: ["nav"] },
    comparisons: [
      { of: "website", only_in_preview: { count: 1 }, only_here: { first: ["[Elsewhere](https://a.example/x)"] } },
    ],
  });
  expect((await service.ask("GET", `/api/v1/pages/${pageId}`)).json.version).toBe(1);
});

test.each([
  [{}, "/url"],
  [{ html: "", url: "https://a.example/" }, "/url"],
  [{ url: "https://a.example/", base_url: "https://a.example/" }, "/base_url"],
  [{ html: "", base_url: "file:///etc/passwd" }, "/base_url"],
  [{ html: "", options: { include_selectors: ["p", ":hover"] } }, "/options/include_selectors/1"],
  [{ html: "", compare: [{}, { exclude_selectors: ["p["] }] }, "/compare/1/exclude_selectors/0"],
  [{ html: "", compare: [{}, {}, {}, {}] }, "/compare"],
  [{ html: "", options: { scope: "any" } }, "/options/scope"],
])("%j is refused at %s", async (body, at) => {
  const { status, json } = await preview(body);

  expect([status, json.errors]).toMatchObject([400, [{ at }]]);
});

test("a page that can't be had, or is not the caller's, is a problem as elsewhere", async () => {
  const away = await preview({ url: "https://nowhere.example/", robots: false });
  const missing = await preview({ page_id: Bun.randomUUIDv7() });

  expect([away.status, away.json.code]).toEqual([502, "dns"]);
  expect([missing.status, missing.json.code]).toEqual([404, "not_found"]);
});
