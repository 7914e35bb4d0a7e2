import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import type { Store } from "../../src/db/db.ts";
import { enqueue } from "../../src/jobs/enqueue.ts";
import { jobTableOf } from "../../src/jobs/job-table.ts";
import { runDueJobs } from "../../src/jobs/worker.ts";
import { failingJob, goodJob, SAMPLE_KINDS } from "../jobs/sample-jobs.ts";
import { testStores } from "../testing/stores.ts";
import { readEvents, type ServerEvent } from "./event-reader.ts";
import { type RunningService, startService } from "./running-service.ts";

const [embedded] = testStores;
if (!embedded) throw new Error("There is always an embedded store");
let store: Store;
let service: RunningService;
beforeAll(async () => {
  store = await embedded.open();
  service = await startService(store);
});
afterAll(async () => {
  await service.stop();
  await store.close();
});
beforeEach(async () => {
  await store.db.delete(jobTableOf(store.db));
});

type Items = { items: Record<string, unknown>[]; next_cursor: string | null };

const ask = async (method: string, path: string, body?: unknown) => service.ask(method, `/api/v1${path}`, body);
const list = async (query = "") => (await ask("GET", `/jobs${query}`)).json as unknown as Items;
const make = async (kind = goodJob, crawlId = 1) => (await enqueue(store.db, kind, { crawlId })) ?? "";
const runDue = () => runDueJobs(service.app, SAMPLE_KINDS);
const fail = async () => {
  const id = await make(failingJob as unknown as typeof goodJob);
  await runDue();
  return id;
};

describe("jobs over REST", () => {
  test("they are listed newest first, by pages, and filtered", async () => {
    const failed = await fail();
    const ids = [await make(), await make(), await make()];

    const first = await list("?kind=good&limit=2");
    const second = await list(`?kind=good&limit=2&cursor=${first.next_cursor}`);
    const dead = await list("?state=dead&queue=crawl");
    const due = await list("?due=true&created_after=2026-01-01T00:00:00Z");
    const old = await list("?created_before=2026-01-01T00:00:00Z");

    expect([...first.items, ...second.items].map(({ id }) => id)).toEqual(ids.toReversed());
    expect(second.next_cursor).toBeNull();
    expect(first.items[0]).toMatchObject({
      ...{ queue: "crawl", kind: "good", state: "waiting", key: null, payload: { crawlId: 1 } },
      ...{ attempts: { made: 0, allowed: 2 }, started_at: null, run_ms: null },
      links: { self: `/api/v1/jobs/${ids[2]}` },
    });
    expect(dead.items).toMatchObject([{ state: "dead", kind: "failing", origin: { id: failed } }]);
    expect([due.items.length, old.items.length]).toEqual([3, 0]);
  });

  test("one is read with its progress, result and errors", async () => {
    const done = await make(goodJob, 7);
    const failed = await fail();

    const good = await ask("GET", `/jobs/${done}`);
    const bad = await ask("GET", `/jobs/${failed}`);

    expect(good.json).toMatchObject({
      state: "completed",
      progress: { done: 7 },
      result: { crawlId: 7 },
      failures: [],
    });
    expect(bad.json).toMatchObject({
      ...{ state: "failed", error: "No luck with attempt 2", result: null, dead_letter_id: expect.any(String) },
      failures: [
        { attempt: 1, message: "No luck with attempt 1", failed_at: expect.any(String) },
        { attempt: 2, message: "No luck with attempt 2" },
      ],
    });
  });

  test("they are retried and cancelled, unless their state forbids it", async () => {
    const failed = await fail();
    const waiting = await make();

    const retried = await ask("POST", `/jobs/${failed}/retry`);
    const cancelled = await ask("POST", `/jobs/${waiting}/cancel`);
    await runDue();
    const late = await ask("POST", `/jobs/${failed}/cancel`);

    expect([retried.status, retried.json.state]).toEqual([200, "retrying"]);
    expect([cancelled.status, cancelled.json.state]).toEqual([200, "cancelled"]);
    expect(late).toMatchObject({
      status: 409,
      json: { code: "conflict", detail: expect.stringContaining("is failed") },
    });
  });

  test("dead letters are replayed and what has ended is purged, as many as there are or are asked for", async () => {
    await fail();
    await fail();
    const replayed = await ask("POST", "/jobs/replay", { kind: "failing", queue: "crawl", limit: 1 });
    const rest = await ask("POST", "/jobs/replay", { limit: 100 });

    const inAMinute = new Date(Date.now() + 60_000).toISOString();
    const purged = await ask("DELETE", "/jobs?state=failed&limit=1");
    const left = await ask("DELETE", `/jobs?kind=failing&ended_before=${inAMinute}`);

    expect(replayed).toMatchObject({ status: 200, json: { replayed: 1, held: 0, has_more: true } });
    expect(rest.json).toEqual({ replayed: 1, held: 0, has_more: false });
    expect(purged.json).toEqual({ purged: 1, has_more: true });
    expect(left.json).toEqual({ purged: 1, has_more: false });
    expect((await list()).items.map(({ state }) => state)).toEqual(["waiting", "waiting"]);
  });

  test.each([
    ["GET", "/jobs/mine", undefined, 400, "id"],
    ["GET", `/jobs/${Bun.randomUUIDv7()}`, undefined, 404, undefined],
    ["POST", `/jobs/${Bun.randomUUIDv7()}/cancel`, undefined, 404, undefined],
    ["GET", "/jobs?state=stuck", undefined, 400, "state"],
    ["GET", "/jobs?queue=dead", undefined, 400, "queue"],
    ["GET", "/jobs?created_after=2026-02-30T00:00:00Z", undefined, 400, "created_after"],
    ["GET", "/jobs?due=perhaps", undefined, 400, "due"],
    ["GET", "/jobs?limit=0", undefined, 400, "limit"],
    ["GET", "/jobs?cursor=am9iczox", undefined, 400, "cursor"],
    ["POST", "/jobs/replay", { kind: 7 }, 400, "/kind"],
    ["POST", "/jobs/replay", { older: "7d" }, 400, "/older"],
    ["POST", "/jobs/replay", {}, 400, ""],
    ["DELETE", "/jobs", undefined, 400, "state"],
    ["DELETE", "/jobs?state=active", undefined, 400, "state"],
    ["POST", "/queues/nowhere/pause", undefined, 404, undefined],
  ])("%s %s is refused, and where the fault is", async (method, path, body, status, at) => {
    const answer = await ask(method, path, body);

    const faults = answer.json.errors as { at: string }[] | undefined;
    expect([answer.status, faults?.[0]?.at]).toEqual([status, at]);
  });
});

describe("queues over REST", () => {
  test("they are counted, paused and resumed", async () => {
    await fail();
    await make();

    const paused = await ask("POST", "/queues/crawl/pause");
    const { json } = await ask("GET", "/queues");
    const resumed = await ask("POST", "/queues/crawl/resume");

    expect(paused.json).toMatchObject({ queue: "crawl", paused_at: expect.any(String) });
    expect(resumed.json).toMatchObject({ queue: "crawl", paused_at: null });
    expect(json.items).toMatchObject([
      {
        ...{ queue: "crawl", paused_at: paused.json.paused_at, oldest_due_at: expect.any(String) },
        jobs: { waiting: 1, delayed: 0, active: 0, retrying: 0, completed: 0, failed: 1, cancelled: 0, dead: 1 },
        links: { jobs: "/api/v1/jobs?queue=crawl" },
      },
      { queue: "control", oldest_due_at: null, oldest_due_age_s: 0 },
      { queue: "maintenance" },
      { queue: "index" },
      { queue: "notify" },
    ]);
  });

  test("their events tell the counts and then each change, until the client leaves or the service stops", async () => {
    const other = await startService(store);
    const response = await fetch(`${other.url}/api/v1/jobs/events`);
    const events = readEvents(response);
    const waitingOf = ({ data }: ServerEvent) => (data.items as { jobs: { waiting: number } }[])[0]?.jobs.waiting;

    const first: ServerEvent = (await events.next()).value;
    await make();
    const second: ServerEvent = (await events.next()).value;
    const stopping = other.stop();
    const rest = await Array.fromAsync(events);
    await stopping;

    expect(response.headers.get("content-type")).toBe("text/event-stream");
    expect([first.event, first.id, waitingOf(first)]).toEqual(["queues", "1", 0]);
    expect([second.id, waitingOf(second)]).toEqual(["2", 1]);
    expect(rest).toEqual([]);
  });
});
