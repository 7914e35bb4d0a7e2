import { afterAll, beforeAll, expect, test } from "bun:test";
import type { Store } from "../../src/db/db.ts";
import { LOCAL_USER_ID } from "../../src/db/schema/users.ts";
import { addWebsite } from "../../src/websites/websites.ts";
import { DOCS, indexSite } from "../search/indexed-site.ts";
import { testStores } from "../testing/stores.ts";
import { type RunningService, startService } from "./running-service.ts";

const [embedded] = testStores;
if (!embedded) throw new Error("There is always an embedded store");
let store: Store;
let service: RunningService;
let websiteId: string;

beforeAll(async () => {
  store = await embedded.open();
  service = await startService(store);
  websiteId = (await addWebsite(store.db, { userId: LOCAL_USER_ID, url: "https://docs.example/" })).id;
  await indexSite(store.db, { id: websiteId, origin: "https://docs.example" }, DOCS);
}, 60_000);
afterAll(async () => {
  await service.stop();
  await store.close();
});

const get = (path: string) => service.ask("GET", `/api/v1${path}`);

test("mentions come with their number and the place of the first", async () => {
  const { status, json } = await get("/mentions?q=Advisory+LOCK");

  expect(status).toBe(200);
  expect(json).toEqual({
    items: [
      {
        page_id: expect.any(String),
        website_id: websiteId,
        url: expect.stringMatching(/^https:\/\/docs\.example\/guide\/locks/),
        ...{ title: "Advisory locks", language: "en", occurrences: 1, is_linking: false },
        heading_path: ["Advisory locks"],
        excerpt: expect.arrayContaining([{ text: "advisory lock", is_match: true }]),
      },
    ],
    next_cursor: null,
  });
  expect((await get(`/websites/${websiteId}/mentions?q=Advisory+LOCK`)).json).toEqual(json);
});

test("pages of mentions follow each other, until there are no more", async () => {
  const all = await get("/mentions?q=lock");
  const urls: unknown[] = [];
  let cursor = "";
  do {
    const { json } = await get(`/mentions?q=lock&limit=1${cursor}`);
    urls.push(...(json.items as unknown[]));
    cursor = json.next_cursor === null ? "" : `&cursor=${json.next_cursor}`;
  } while (cursor !== "");

  expect(urls).toHaveLength(3);
  expect(all.json.items).toEqual(urls);
});

test("suggestions come with where they lead", async () => {
  const { status, json } = await get("/search/suggestions?q=advis&limit=3");

  expect(status).toBe(200);
  expect(json).toEqual({
    items: [
      {
        page_id: expect.any(String),
        ...{ website_id: websiteId, text: "Advisory locks", title: "Advisory locks", kind: "title" },
        url: "https://docs.example/guide/locks",
      },
    ],
  });
});

test.each([
  ["/mentions", 400, "q"],
  ["/mentions?q=", 400, "q"],
  ["/mentions?q=%3F%21", 400, "q"],
  ["/mentions?q=a&cursor=bm9uZQ", 400, "cursor"],
  ["/mentions?q=a&website_id=x", 400, "website_id"],
  [`/mentions?q=${"a".repeat(2_100)}`, 400, "q"],
  ["/mentions?q=a&website_id=0195f3e0-5c1a-7000-8000-3f6c2b1d9e10", 404, undefined],
  ["/websites/0195f3e0-5c1a-7000-8000-3f6c2b1d9e10/mentions?q=a", 404, undefined],
  ["/search/suggestions", 400, "q"],
  ["/search/suggestions?q=lock&limit=100", 400, "limit"],
  ["/search/suggestions?q=lock&website_id=0195f3e0-5c1a-7000-8000-3f6c2b1d9e10", 404, undefined],
])("%s is a %d that names what is wrong", async (path, status, at) => {
  const answer = await get(path);

  expect(answer.status).toBe(status);
  if (at !== undefined) expect(JSON.stringify(answer.json.errors)).toContain(at);
});
