import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import type { Store } from "../../src/db/db.ts";
import { LOCAL_USER_ID } from "../../src/db/schema/users.ts";
import { addWebsite } from "../../src/websites/websites.ts";
import { DOCS, indexSite } from "../search/indexed-site.ts";
import { testStores } from "../testing/stores.ts";
import { type RunningService, startService } from "./running-service.ts";

// On a machine that is at its limit, as where all tests run.
setDefaultTimeout(60_000);

// Which store it is makes no difference here.
const kind = testStores.at(-1) as (typeof testStores)[number];
let store: Store;
let service: RunningService;
let websiteId: string;

beforeAll(async () => {
  store = await kind.open();
  service = await startService(store);
  websiteId = (await addWebsite(store.db, { userId: LOCAL_USER_ID, url: "https://docs.example/" })).id;
  await indexSite(store.db, { id: websiteId, origin: "https://docs.example" }, DOCS);
});
afterAll(async () => {
  await service.stop();
  await store.close();
});

const get = async (path: string) => service.ask("GET", `/api/v1${path}`);

test("results come with snippets in parts, links, and what was searched", async () => {
  const { status, json } = await get(`/search?q=advisory+lock&facets=true&limit=3&website_id=${websiteId}`);

  expect(status).toBe(200);
  expect(json).toMatchObject({
    items: [{ url: "https://docs.example/guide/locks", title: "Advisory locks", website_id: websiteId }, {}, {}],
    total: { pages: 4, is_exact: true },
    facets: { websites: [{ value: websiteId, label: "docs.example" }] },
    searched: { mode: "text", websites: 1, pages: 6, is_loose: true, corrections: [], at: null },
    next_cursor: expect.any(String),
  });
  const [{ passages, links }] = json.items as [
    { passages: { snippet: { text: string; is_match: boolean }[] }[]; links: object },
  ];
  expect(passages[0]?.snippet.filter((part) => part.is_match).map(({ text }) => text)).toContain("advisory");
  expect(links).toMatchObject({ document: expect.stringMatching(/^\/api\/v1\/pages\/.*\/document$/) });
});

test("a website's own search finds the same there", async () => {
  const all = await get("/search?q=standby");
  const own = await get(`/websites/${websiteId}/search?q=standby`);

  expect(own.json).toEqual(all.json);
});

test("pages of results follow each other, until there are no more", async () => {
  const first = await get("/search?q=lock&limit=3");
  const second = await get(`/search?q=lock&limit=3&cursor=${first.json.next_cursor}`);
  const urls = [first, second].flatMap(({ json }) => (json.items as { url: string }[]).map(({ url }) => url));

  expect(new Set(urls).size).toBe(urls.length);
  expect(second.json.next_cursor).toBeNull();
});

test("the past is searched by a day", async () => {
  const { json } = await get("/search?q=lock&at=2025-12-31");

  expect(json).toMatchObject({ items: [], searched: { at: "2025-12-31T00:00:00.000Z" } });
});

test.each([
  ["?q=%22open", "query:1", "closed"],
  ["?q=lock+type:nonsense", "query:6", "nonsense"],
  ["?q=lock&cursor=bm8", "cursor", "next_cursor"],
  ["?q=lock&website_id=1", "website_id", "ids"],
  ["?q=lock&limit=51", "limit", ""],
  ["?q=lock&mode=guess", "mode", ""],
  ["?q=lock&at=never", "at", "instant"],
  [`?q=${"a".repeat(5_000)}`, "query:1001", "1000"],
])("/search%s is refused at %s", async (path, at, said) => {
  const { status, json } = await get(`/search${path}`);

  expect(status).toBe(400);
  expect(json).toMatchObject({ code: "invalid", errors: [{ at }] });
  expect(String(json.detail)).toContain(said);
});

test("a website that is not there is a 404", async () => {
  const { status } = await get(`/search?q=lock&website_id=${Bun.randomUUIDv7()}`);

  expect(status).toBe(404);
});
