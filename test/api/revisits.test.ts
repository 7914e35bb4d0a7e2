import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import type { Store } from "../../src/db/db.ts";
import { websites } from "../../src/db/schema/websites.ts";
import { planWebsite } from "../../src/revisits/planning.ts";
import { createManualClock } from "../manual-clock.ts";
import { storePage } from "../pages/stored-pages.ts";
import { testStores } from "../testing/stores.ts";
import { type RunningService, startService } from "./running-service.ts";

// PostgreSQL where there is one: what differs between the stores is tested below the API.
describe("adaptive schedules over the API", () => {
  let store: Store;
  let service: RunningService;
  let websiteId: string;

  beforeAll(async () => {
    store = await (testStores.at(-1) as (typeof testStores)[number]).open();
    service = await startService(store, { clock: createManualClock("2026-03-28T12:00:00.000Z") });
  });
  beforeEach(async () => {
    await store.db.delete(websites);
    websiteId = (await ask("POST", "/websites", { url: "https://docs.example.com/" })).json.id as string;
  });
  afterAll(async () => {
    await service.stop();
    await store.close();
  });

  const ask = (method: string, path: string, body?: unknown) => service.ask(method, `/api/v1${path}`, body);
  const add = (adaptive: unknown, more: Record<string, unknown> = {}) =>
    ask("POST", "/schedules", { website_id: websiteId, adaptive, ...more });

  test("an adaptive schedule is made in place of cron and interval, and fires as often as it takes", async () => {
    const added = await add({ min_interval_s: 1_800, max_interval_s: 86_400, fetches_per_day: 200 });

    expect(added.status).toBe(201);
    expect(added.json).toMatchObject({
      cron: null,
      interval_seconds: null,
      adaptive: { min_interval_s: 1_800, max_interval_s: 86_400, fetches_per_day: 200 },
      next_run_at: "2026-03-28T12:15:00.000Z",
    });
    expect((await ask("GET", `/schedules/${added.json.id}`)).json).toEqual(added.json);
  });

  test("what is left out of it has its default, and later stays what it is", async () => {
    const { json } = await add({});
    const path = `/schedules/${json.id}`;
    expect(json.adaptive).toEqual({ min_interval_s: 3_600, max_interval_s: 2_592_000, fetches_per_day: 1_000 });

    const changed = await ask("PATCH", path, { adaptive: { fetches_per_day: 50 } });
    expect(changed.json.adaptive).toEqual({ min_interval_s: 3_600, max_interval_s: 2_592_000, fetches_per_day: 50 });

    expect((await ask("PATCH", path, { enabled: false })).json).toMatchObject({ adaptive: changed.json.adaptive });
    expect((await ask("PATCH", path, { cron: "@daily" })).json).toMatchObject({ adaptive: null, cron: "@daily" });
    expect((await ask("PATCH", path, { adaptive: {} })).json).toMatchObject({ cron: null, interval_seconds: null });
    expect((await ask("PATCH", path, { interval_seconds: 60 })).json).toMatchObject({
      adaptive: null,
      interval_seconds: 60,
    });
  });

  test.each([
    [{ min_interval_s: 7_200, max_interval_s: 3_600 }, {}, "/adaptive/max_interval_s"],
    [{ min_interval_s: 60 }, {}, "/adaptive/min_interval_s"],
    [{ fetches_per_day: 0 }, {}, "/adaptive/fetches_per_day"],
    [{}, { cron: "@daily" }, "/adaptive"],
    [{}, { interval_seconds: 600 }, "/adaptive"],
  ])("%j with %j is refused, naming the field", async (adaptive, more, at) => {
    const { status, json } = await add(adaptive, more);

    expect(status).toBe(400);
    expect((json.errors as { at: string }[]).map((fault) => fault.at)).toContain(at);
  });

  test("leaving it without another form is refused", async () => {
    const { json } = await add({});

    expect((await ask("PATCH", `/schedules/${json.id}`, { adaptive: null })).status).toBe(400);
  });

  test("a preview tells when due pages are looked for", async () => {
    const { json } = await ask("POST", "/schedules/preview", { adaptive: { min_interval_s: 600 }, count: 2 });

    expect((json.items as { at: string }[]).map(({ at }) => at)).toEqual([
      "2026-03-28T12:05:00.000Z",
      "2026-03-28T12:10:00.000Z",
    ]);
  });

  test("the plan of a page and of its website can be read, with the reason in words", async () => {
    const pageId = await storePage(store.db, {
      websiteId,
      url: "https://docs.example.com/a",
      body: "<h1>A</h1>",
      markdown: "# A\n",
    });
    expect((await ask("GET", `/pages/${pageId}/visit-plan`)).json).toMatchObject({ status: 404, code: "not_planned" });
    expect((await ask("GET", `/websites/${websiteId}/visit-plan`)).status).toBe(404);

    await add({});
    await planWebsite(store.db, websiteId);

    const page = await ask("GET", `/pages/${pageId}/visit-plan`);
    expect(page.json).toMatchObject({
      page_id: pageId,
      prior: { path: null, pages: 0 },
      evidence: { visits: 0, changes: 0 },
      because: expect.stringMatching(/it was not visited again yet\. It is visited after .+\.$/),
    });
    const website = await ask("GET", `/websites/${websiteId}/visit-plan`);
    expect(website.json).toMatchObject({ pages: 1, adaptive: { fetches_per_day: 1_000 } });
    expect((website.json.by_interval as { pages: number }[]).reduce((sum, { pages }) => sum + pages, 0)).toBe(1);
  });
});
