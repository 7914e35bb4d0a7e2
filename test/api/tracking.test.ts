import { afterAll, beforeAll, expect, test } from "bun:test";
import { eq } from "drizzle-orm";
import type { Store } from "../../src/db/db.ts";
import { LOCAL_USER_ID } from "../../src/db/schema/users.ts";
import { websites } from "../../src/db/schema/websites.ts";
import { addWebsite } from "../../src/websites/websites.ts";
import { addPage } from "../changes/page-history.ts";
import { testStores } from "../testing/stores.ts";
import { type Answer, type RunningService, startService } from "./running-service.ts";

const UNKNOWN = "0195f3e0-5c1a-7000-8000-3f6c2b1d9e10";

let store: Store;
let service: RunningService;
let websiteId: string;
let pageId: string;

beforeAll(async () => {
  const [kind] = testStores;
  if (!kind) throw new Error("There is always the embedded store");
  store = await kind.open();
  service = await startService(store);
  websiteId = (await addWebsite(store.db, { userId: LOCAL_USER_ID, url: "https://site.example/" })).id;
  const texts = [1, 2, 3, 4].map((day): [number, string] => [day, `# A\n\n${day * 31} people are here\n\nText`]);
  pageId = await addPage(store.db, websiteId, "https://site.example/a", Object.fromEntries(texts));
});
afterAll(async () => {
  await service.stop();
  await store.close();
});

const ask = (method: string, path = "", body?: unknown, id = websiteId) =>
  service.ask(method, `/api/v1/websites/${id}/tracking${path}`, body);
const placesOf = ({ json }: Answer) =>
  (json.errors as { pointer?: string; parameter?: string }[]).map((fault) => Object.values(fault));

const byDefault = {
  rules: [],
  ...{ removed_after_visits: 3, removed_after_s: 86_400, unlinked_is_removed: true },
  keep_versions: { max_count: 0, max_age_days: 0, first_of_month: true },
};

test("tracking is set as a whole, and shown with its defaults", async () => {
  expect((await ask("GET")).json).toEqual(byDefault);

  const set = await ask("PUT", "", {
    rules: [{ path: "/a", ignore_text: ["re:^x"] }],
    keep_versions: { max_count: 9 },
  });

  expect(set.status).toBe(200);
  expect(set.json).toMatchObject({
    ...byDefault,
    rules: [{ path: "/a", ignore_text: ["re:^x"], ignore_numbers: false, min_share: 0, trigger_text: [] }],
    keep_versions: { max_count: 9, max_age_days: 0, first_of_month: true },
  });
  expect((await ask("GET")).json).toEqual(set.json);

  expect((await ask("PUT", "", {})).json).toEqual(byDefault);
  const [row] = await store.db.select().from(websites).where(eq(websites.id, websiteId));
  expect(row?.tracking).toEqual({});
});

test.each([
  [{ rules: [{}, { ignore_text: ["a", "re:(b"] }] }, "/rules/1/ignore_text/1"],
  [{ rules: [{ include_selectors: ["a["] }] }, "/rules/0/include_selectors/0"],
  [{ rules: [{ path: "[" }] }, "/rules/0/path"],
  [{ rules: [{ min_share: 2 }] }, "/rules/0/min_share"],
  [{ rules: [{ ignore_number: true }] }, "/rules/0/ignore_number"],
  [{ removed_after_visits: "many" }, "/removed_after_visits"],
])("%j is refused by the place of what is wrong, also to be tried", async (given, at) => {
  const [set, tried] = [await ask("PUT", "", given), await ask("POST", "/preview", { tracking: given })];

  expect([set.status, tried.status]).toEqual([400, 400]);
  expect(JSON.stringify(placesOf(set))).toContain(at);
  expect(JSON.stringify(placesOf(tried))).toContain(`/tracking${at}`);
  expect((await ask("GET")).json).toEqual(byDefault);
});

test("rules are tried on what was stored, and nothing is changed by it", async () => {
  const { status, json } = await ask("POST", "/preview", {
    tracking: { rules: [{ ignore_numbers: true }] },
    page_id: pageId,
    limit: 1,
  });

  expect(status).toBe(200);
  expect(json).toEqual({
    ...{ pages: 1, compared: 3 },
    present: { told: 3, noise: 0, min_share: 0, trigger_text: 0 },
    given: { told: 0, noise: 3, min_share: 0, trigger_text: 0 },
    versions: [
      {
        page: { id: pageId, url: "https://site.example/a", title: "Title" },
        ...{ from_version: 1, to_version: 2, fetched_at: "2026-01-02T00:00:00.000Z" },
        present: { is_told: true, reason: null, summary: expect.objectContaining({ changed: 1, words_added: 1 }) },
        given: { is_told: false, reason: "noise", summary: null },
        left_out: ["62 people are here"],
      },
    ],
  });
  expect((await ask("GET")).json).toEqual(byDefault);
});

test("what changes all the time is suggested with a rule, and adopted by its id", async () => {
  const { json } = await ask("GET", "/suggestions");

  const [suggestion] = json.items as { id: string; links: { adopt: string } }[];
  expect(json.items).toMatchObject([
    {
      rule: { path: "/a", ignore_text: ["re:^[\\d.,:%+-]+ people are here$"] },
      examples: ["124 people are here", "93 people are here", "62 people are here"],
      ...{ share: 1, changed: 3, spared: 3, pages: { count: 1, urls: ["https://site.example/a"] } },
    },
  ]);

  const adopted = await service.ask("POST", suggestion?.links.adopt ?? "");

  expect(adopted.status).toBe(200);
  expect(adopted.json.rules).toMatchObject([{ path: "/a", ignore_text: ["re:^[\\d.,:%+-]+ people are here$"] }]);
  expect((await ask("GET")).json).toEqual(adopted.json);
  expect((await ask("GET", "/suggestions")).json).toEqual({ items: [] });
});

test("what is not there is not found", async () => {
  expect((await ask("GET", "", undefined, UNKNOWN)).status).toBe(404);
  expect((await ask("PUT", "", {}, UNKNOWN)).status).toBe(404);
  expect((await ask("POST", "/preview", { tracking: {} }, UNKNOWN)).status).toBe(404);
  expect((await ask("POST", "/preview", { tracking: {}, page_id: UNKNOWN })).status).toBe(404);
  expect((await ask("POST", `/suggestions/${"0".repeat(16)}/adopt`)).status).toBe(404);
  expect((await ask("POST", "/suggestions/nonsense/adopt")).status).toBe(400);
});
