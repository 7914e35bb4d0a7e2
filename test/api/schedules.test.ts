import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { createKey } from "../../src/access/keys.ts";
import { LOCAL_PRINCIPAL } from "../../src/access/principal.ts";
import { createUser } from "../../src/access/users.ts";
import { listCrawls } from "../../src/crawl/crawls.ts";
import type { Store } from "../../src/db/db.ts";
import { LOCAL_USER_ID } from "../../src/db/schema/users.ts";
import { websites } from "../../src/db/schema/websites.ts";
import { runDueJobs } from "../../src/jobs/worker.ts";
import { systemSchedulesOf, UPKEEP_KINDS } from "../../src/retention/upkeep.ts";
import { fireDueSchedules } from "../../src/schedules/firing.ts";
import { recrawl } from "../../src/schedules/recrawl-job.ts";
import { keepSystemSchedules } from "../../src/schedules/system-schedules.ts";
import { createManualClock, type ManualClock } from "../manual-clock.ts";
import { testStores } from "../testing/stores.ts";
import { type Answer, type RunningService, startService } from "./running-service.ts";

const NOON = "2026-03-28T12:00:00.000Z";
const LONG_AGO = "0195f3e0-5c1a-7000-8000-3f6c2b1d9e10";

// PostgreSQL where there is one: what differs between the stores is tested below the API.
describe("the API's schedules", () => {
  let store: Store;
  let service: RunningService;
  let clock: ManualClock;

  beforeAll(async () => {
    store = await (testStores.at(-1) as (typeof testStores)[number]).open();
    clock = createManualClock(NOON);
    service = await startService(store, { clock });
  });
  beforeEach(async () => {
    await store.db.delete(websites);
  });
  afterAll(async () => {
    await service.stop();
    await store.close();
  });

  const ask = (method: string, path: string, body?: unknown, headers?: Record<string, string>) =>
    service.ask(method, `/api/v1${path}`, body, headers);
  const addSite = async (url = "https://docs.example.com/") => {
    const { json } = await ask("POST", "/websites", { url, options: { max_pages: 50 } });
    return json.id as string;
  };
  const add = async (fields: Record<string, unknown>) =>
    ask("POST", "/schedules", { website_id: await addSite(), ...fields });
  const faultsOf = ({ status, json }: Answer) => [status, json.errors];

  test("a schedule is made, read, listed, changed and deleted", async () => {
    const added = await add({
      cron: " 30 2 * * * ",
      time_zone: "Europe/Berlin",
      overlap: "queue",
      missed: "skip",
      jitter_seconds: 0,
      ends_at: "2027-01-01T00:00:00Z",
      options: { max_pages: 5 },
    });
    const path = `/schedules/${added.json.id}`;

    expect(added.status).toBe(201);
    expect(added.headers.get("location")).toBe(`/api/v1${path}`);
    expect(added.json).toMatchObject({
      cron: "30 2 * * *",
      interval_seconds: null,
      time_zone: "Europe/Berlin",
      overlap: "queue",
      missed: "skip",
      enabled: true,
      starts_at: null,
      ends_at: "2027-01-01T00:00:00.000Z",
      options: { max_pages: 5 },
      next_run_at: "2026-03-29T01:00:00.000Z",
      last_run_at: null,
      last_outcome: null,
      links: { self: `/api/v1${path}`, firings: `/api/v1${path}/firings`, last_crawl: null },
    });
    expect((await ask("GET", path)).json).toEqual(added.json);
    expect((await ask("GET", "/schedules")).json).toMatchObject({ items: [added.json], next_cursor: null });

    const changed = await ask("PATCH", path, { interval_seconds: 3_600, ends_at: null, enabled: false });
    const enabled = await ask("PATCH", path, { enabled: true });
    const deleted = await ask("DELETE", path);

    expect(changed.json).toMatchObject({ cron: null, interval_seconds: 3_600, ends_at: null, next_run_at: null });
    expect(enabled.json).toMatchObject({ interval_seconds: 3_600, next_run_at: "2026-03-28T13:00:00.000Z" });
    expect(deleted.status).toBe(204);
    expect((await ask("GET", path)).status).toBe(404);
    expect((await ask("DELETE", path)).status).toBe(404);
  });

  test("they are listed by website, by whether they fire, and page by page", async () => {
    const [one, other] = [await addSite("https://one.example/"), await addSite("https://other.example/")];
    const ids: unknown[] = [];
    for (const [website_id, enabled] of [
      [one, true],
      [one, false],
      [other, true],
    ])
      ids.push((await ask("POST", "/schedules", { website_id, cron: "@daily", enabled })).json.id);
    const list = async (query: string) =>
      ((await ask("GET", `/schedules?${query}`)).json.items as { id: string }[]).map(({ id }) => ids.indexOf(id));

    const first = (await ask("GET", "/schedules?limit=2")).json;
    const rest = await list(`limit=2&cursor=${first.next_cursor}`);

    expect((first.items as { id: string }[]).map(({ id }) => ids.indexOf(id))).toEqual([2, 1]);
    expect(rest).toEqual([0]);
    expect(await list(`website_id=${one}`)).toEqual([1, 0]);
    expect(await list("enabled=false")).toEqual([1]);
    expect(await list(`user_id=${LOCAL_USER_ID}&enabled=true`)).toEqual([2, 0]);
  });

  test.each([
    [{ cron: "61 * * * *" }, "/cron", "minute 61 is not 0–59"],
    [{ cron: "0 0 30 2 *" }, "/cron", "never fires"],
    [{ cron: "@daily", interval_seconds: 60 }, "/cron", "and not both"],
    [{}, "/cron", "is needed, or interval_seconds"],
    [{ interval_seconds: 9 }, "/interval_seconds", "10"],
    [{ cron: "@daily", time_zone: "Mars/Phobos" }, "/time_zone", "is no time zone"],
    [{ cron: "@daily", ends_at: "2026-03-01T00:00:00Z" }, "/ends_at", "is in the past"],
    [{ cron: "@daily", starts_at: "2026-02-30T00:00:00Z" }, "/starts_at", "must be an instant"],
    [{ cron: "@daily", overlap: "wait" }, "/overlap", "skip"],
    [{ cron: "@daily", options: { include: ["re:("] } }, "/options/include/0", "re:("],
    [{ cron: "@daily", every: 5 }, "/every", ""],
  ])("%p is refused by what is wrong with it", async (fields, at, message) => {
    expect(faultsOf(await add(fields))).toEqual([400, [{ at, message: expect.stringContaining(message) }]]);
  });

  test("a change is checked like a new schedule; one that leaves the rule alone is not", async () => {
    const { json } = await add({ cron: "@daily", ends_at: "2026-03-30T00:00:00Z" });
    const path = `/schedules/${json.id}`;

    expect(faultsOf(await ask("PATCH", path, { cron: "0 25 * * *" }))).toEqual([
      400,
      [{ at: "/cron", message: "hour 25 is not 0–23" }],
    ]);
    expect(faultsOf(await ask("PATCH", path, { interval_seconds: null, cron: null }))).toMatchObject([
      400,
      [{ at: "/cron" }],
    ]);
    expect(faultsOf(await ask("PATCH", path, { options: { max_pages: 0 } }))).toMatchObject([
      400,
      [{ at: "/options/max_pages" }],
    ]);
    expect((await ask("PATCH", path, {})).status).toBe(400);
    expect((await ask("GET", path)).json).toEqual(json);
    expect((await ask("PATCH", path, { overlap: "replace" })).json).toMatchObject({ next_run_at: json.next_run_at });
  });

  test("what is not there is a 404 that says so", async () => {
    const added = await ask("POST", "/schedules", { website_id: LONG_AGO, cron: "@daily" });

    expect([added.status, added.json.detail]).toEqual([404, `There is no website ${LONG_AGO}`]);
    for (const [method, path] of [
      ["GET", ""],
      ["GET", "/firings"],
      ["POST", "/run"],
      ["PATCH", ""],
    ] as const) {
      const body = method === "PATCH" ? { enabled: false } : undefined;
      const { status, json } = await ask(method, `/schedules/${LONG_AGO}${path}`, body);
      expect([status, json.detail]).toEqual([404, `There is no schedule ${LONG_AGO}`]);
    }
  });

  test("a preview tells the firings of a rule in UTC and local time, across a change of clocks", async () => {
    const rule = { cron: "30 2 * * *", time_zone: "Europe/Berlin" };

    const { json } = await ask("POST", "/schedules/preview", { ...rule, count: 3 });
    const ten = await ask("POST", "/schedules/preview", rule);
    const later = await ask("POST", "/schedules/preview", {
      interval_seconds: 86_400,
      from: "2026-10-24T12:00:00Z",
      count: 1,
    });
    const refused = await ask("POST", "/schedules/preview", { ...rule, time_zone: "Nowhere" });

    expect(json.items).toEqual([
      { at: "2026-03-29T01:00:00.000Z", local: "2026-03-29T03:00:00+02:00" },
      { at: "2026-03-30T00:30:00.000Z", local: "2026-03-30T02:30:00+02:00" },
      { at: "2026-03-31T00:30:00.000Z", local: "2026-03-31T02:30:00+02:00" },
    ]);
    expect(ten.json.items).toHaveLength(10);
    expect(later.json.items).toEqual([{ at: "2026-10-25T12:00:00.000Z", local: "2026-10-25T12:00:00+00:00" }]);
    expect(faultsOf(refused)).toMatchObject([400, [{ at: "/time_zone" }]]);
    expect((await ask("POST", "/schedules/preview", { ...rule, count: 101 })).status).toBe(400);
  });

  test("a schedule's firings end where it ends, enabled or not", async () => {
    const { json } = await add({ cron: "@daily", ends_at: "2026-03-31T00:00:00Z", enabled: false });

    const { json: firings } = await ask("GET", `/schedules/${json.id}/firings?count=50`);

    expect((firings.items as { at: string }[]).map(({ at }) => at)).toEqual([
      "2026-03-29T00:00:00.000Z",
      "2026-03-30T00:00:00.000Z",
    ]);
    expect((await ask("GET", `/schedules/${json.id}/firings?count=0`)).status).toBe(400);
  });

  test("it is run now, once under one key, and shows what came of it", async () => {
    const { json } = await add({ cron: "@yearly", options: { max_pages: 5 } });
    const run = (key: string) => ask("POST", `/schedules/${json.id}/run`, undefined, { "idempotency-key": key });

    const first = await run("one");
    const replayed = await run("one");
    const second = await run("two");
    const queued = (await ask("GET", `/schedules/${json.id}`)).json;
    await runDueJobs(service.app, [recrawl]);
    const started = (await ask("GET", `/schedules/${json.id}`)).json;

    expect([first.status, replayed.json, second.status]).toEqual([202, first.json, 409]);
    expect(first.json.job_id).toEqual(expect.any(String));
    expect(queued).toMatchObject({ last_outcome: "queued", last_run_at: NOON, last_crawl_id: null });
    expect(started).toMatchObject({ last_outcome: "started", next_run_at: "2027-01-01T00:00:00.000Z" });
    const crawl = (await ask("GET", `/crawls/${started.last_crawl_id}`)).json;
    expect(crawl).toMatchObject({ website_id: json.website_id, options: { max_pages: 5 } });
    expect(started.links).toMatchObject({ last_crawl: `/api/v1/crawls/${started.last_crawl_id}` });
  });

  test("the service's own schedules are listed with what they last brought, and run when asked to", async () => {
    await keepSystemSchedules(service.app, systemSchedulesOf(service.app.config));

    const run = await ask("POST", "/system-schedules/purge/run");
    const again = await ask("POST", "/system-schedules/purge/run");
    const unknown = await ask("POST", "/system-schedules/nothing/run");
    await runDueJobs(service.app, UPKEEP_KINDS);
    const { items } = (await ask("GET", "/system-schedules")).json as { items: Record<string, unknown>[] };

    expect([run.status, again.status, unknown.status]).toEqual([202, 409, 404]);
    const purge = items.find(({ name }) => name === "purge");
    expect(purge).toMatchObject({
      cron: "17 3 * * *",
      about: expect.any(String),
      next_run_at: expect.stringMatching(/^2026-03-29T03:[12]/),
      last_run_at: NOON,
      last_job_id: run.json.job_id,
      last_success_at: NOON,
      last_result: { websites: 0 },
    });
    expect(items.map(({ name }) => name)).toContainValues(["crawl-log-retention", "job-records", "health-check"]);
  });

  test("schedules are their owner's; others find none, and crawls are made in the owner's name", async () => {
    const closed = await startService(store, { clock, isClosed: true });
    try {
      const keyOf = async (name: string) => {
        const { id: userId } = await createUser(store.db, { name });
        const made = { maker: LOCAL_PRINCIPAL, userId, name, permissions: ["write" as const], expiresAt: null };
        return {
          userId,
          headers: { authorization: `Bearer ${(await createKey(store.db, made, clock.now())).secret}` },
        };
      };
      const [owner, stranger] = [await keyOf("Owner"), await keyOf("Stranger")];
      const as = (who: typeof owner, method: string, path: string, body?: unknown) =>
        closed.ask(method, `/api/v1${path}`, body, who.headers);
      const website_id = (await as(owner, "POST", "/websites", { url: "https://owned.example/" })).json.id;
      const { json: schedule } = await as(owner, "POST", "/schedules", { website_id, cron: "@hourly" });

      const path = `/schedules/${schedule.id}`;
      const answers = [
        await as(stranger, "POST", "/schedules", { website_id, cron: "@hourly" }),
        await as(stranger, "GET", path),
        await as(stranger, "GET", `${path}/firings`),
        await as(stranger, "PATCH", path, { enabled: false }),
        await as(stranger, "POST", `${path}/run`),
        await as(stranger, "DELETE", path),
      ];
      const listed = await as(stranger, "GET", "/schedules");
      const system = await as(owner, "GET", "/system-schedules");
      await clock.advance(3_600_000);
      await fireDueSchedules(service.app);
      await runDueJobs(service.app, [recrawl]);

      expect(answers.map(({ status }) => status)).toEqual([404, 404, 404, 404, 404, 404]);
      expect(listed.json.items).toEqual([]);
      expect(system.status).toBe(403);
      const theirs = { viewer: { userId: owner.userId, seesAll: false }, limit: 10 };
      expect(await listCrawls(store.db, theirs)).toHaveLength(1);
    } finally {
      await closed.stop();
    }
  });
});
