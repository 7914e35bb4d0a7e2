import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { InstanceRole } from "../../src/config/roles.ts";
import type { Store } from "../../src/db/db.ts";
import { instances } from "../../src/db/schema/jobs.ts";
import { createInstances } from "../../src/instances/membership.ts";
import { createManualClock } from "../manual-clock.ts";
import { testStores } from "../testing/stores.ts";
import { type RunningService, startService } from "./running-service.ts";

const clock = createManualClock();
const self = (...roles: InstanceRole[]) => ({
  ...{ roles: new Set(roles), runningJobs: () => ({ crawl: 3 }), busyParserThreads: () => 2 },
  url: roles.includes("api") ? "http://host:3000" : undefined,
});
/** Roles can be split with a server alone; which one the service is told of does not matter to it here. */
const as = (ROLE: string) => ({ clock, config: { ROLE, DATABASE_URL: "postgres://nowhere/nothing" } });

let store: Store;
let service: RunningService;
beforeAll(async () => {
  // The kinds of stores differ below this, and the one on a server opens faster.
  store = { ...((await testStores.at(-1)?.open()) as Store), kind: "postgres" };
  service = await startService(store, as("api"));
});
afterAll(async () => {
  await service.stop();
  await store.close();
});

const ready = async ({ ask }: RunningService) => {
  const { status, json } = await ask("GET", "/health/ready");
  const components = json.components as { name: string; state: string; message?: string }[];
  return { status, state: json.status, ...Object.fromEntries(components.map((one) => [one.name, one])) };
};

test("processes are listed with what they do, how much, and whether they live", async () => {
  const [worker, dead] = [Bun.randomUUIDv7(), Bun.randomUUIDv7()].map((id) =>
    createInstances(id, { clock, log: service.app.log }),
  );
  await dead?.join(store, self("worker"));
  await clock.advance(31_000);
  await worker?.join(store, self("worker", "scheduler"));
  await worker?.announceEnd();
  await service.app.instances.join(store, self("api"));
  await clock.advance(2_000);

  const { status, json } = await service.ask("GET", "/api/v1/instances");
  const first = await service.ask("GET", "/api/v1/instances?limit=2");
  const rest = await service.ask("GET", `/api/v1/instances?limit=2&cursor=${first.json.next_cursor}`);
  await Promise.all([worker, dead, service.app.instances].map((one) => one?.leave()));

  const items = json.items as Record<string, unknown>[];
  expect([status, json.next_cursor]).toEqual([200, null]);
  const states = items.map(({ roles, state, url, uptime_s, stopping_at }) => ({
    roles,
    state,
    url,
    uptime_s,
    stopping_at,
  }));
  expect(states).toContainEqual({
    roles: ["api"],
    state: "alive",
    url: "http://host:3000",
    uptime_s: 33,
    stopping_at: null,
  });
  const isStopping = { state: "stopping", url: null, uptime_s: 33, stopping_at: expect.any(String) };
  expect(states).toContainEqual({ roles: ["worker", "scheduler"], ...isStopping });
  expect(states).toContainEqual({ roles: ["worker"], state: "gone", url: null, uptime_s: 0, stopping_at: null });
  expect(items[0]?.load).toEqual({
    ...{ cpu: expect.any(Number), memory_bytes: expect.any(Number), event_loop_delay_ms: expect.any(Number) },
    ...{ parser_threads_busy: 2, jobs: { crawl: 3 } },
  });
  expect([...(first.json.items as unknown[]), ...(rest.json.items as unknown[])]).toHaveLength(3);
});

test("what an older or newer version tells of its load is not guessed at", async () => {
  const at = clock.now();
  const row = {
    host: "h",
    pid: 1,
    version: "9",
    roles: ["api", "cook"],
    load: { cores: 3 },
    startedAt: at,
    seenAt: at,
  };
  await store.db.insert(instances).values(row);

  const { json } = await service.ask("GET", "/api/v1/instances");
  await store.db.delete(instances);

  expect(json.items).toMatchObject([{ version: "9", roles: ["api"], load: null }]);
});

test("who answers requests alone is ready, and degraded once it is known that nobody works", async () => {
  const others = createInstances(Bun.randomUUIDv7(), { clock, log: service.app.log });

  const unknown = await ready(service);
  await service.app.instances.join(store, self("api"));
  await clock.advance(1_000);
  const alone = await ready(service);
  await others.join(store, self("worker", "scheduler"));
  await service.app.instances.beat();
  await clock.advance(1_000);
  const together = await ready(service);
  await Promise.all([others, service.app.instances].map((one) => one.leave()));

  expect(unknown).toMatchObject({ status: 200, state: "ok", worker: { state: "skipped" } });
  expect(alone).toMatchObject({ status: 200, state: "degraded", scheduler: { state: "degraded" } });
  expect(alone).toMatchObject({ worker: { state: "degraded", message: expect.stringContaining("orbweaver worker") } });
  expect(together).toMatchObject({ status: 200, state: "ok", worker: { state: "skipped" } });
});

describe("a process without an API", () => {
  test("answers probes and Prometheus, and says of everything else that it is the wrong one", async () => {
    const worker = await startService(store, as("worker,scheduler"));
    const statusOf = async (path: string) => (await worker.ask("GET", path)).status;

    const [alive, isReady, database] = [
      await statusOf("/health"),
      await statusOf("/health/ready"),
      await statusOf("/health/db"),
    ];
    const metrics = await worker.ask("GET", "/metrics");
    const others = [
      await worker.ask("GET", "/api/v1/crawls"),
      await worker.ask("POST", "/api/v1/crawls", { url: "https://a.example/" }),
      await worker.ask("GET", "/swagger"),
      await worker.ask("GET", "/"),
    ];
    await worker.stop();

    expect([alive, isReady, database]).toEqual([200, 200, 200]);
    // Nothing is counted in a test, which only a route that is there can say.
    expect(metrics.json).toMatchObject({ code: "not_found", detail: "Nothing is counted here" });
    for (const { status, json, headers } of others) {
      expect([status, json.code]).toEqual([404, "no_api"]);
      expect(headers.get("content-type")).toBe("application/problem+json");
      expect(json.detail).toContain("the role api");
    }
  });

  test("shows metrics to nobody without a key where access is on, and lets probes in", async () => {
    const worker = await startService(store, { ...as("worker"), isClosed: true });

    const [metrics, crawls, health] = [
      await worker.ask("GET", "/metrics"),
      await worker.ask("GET", "/api/v1/crawls"),
      await worker.ask("GET", "/health/ready"),
    ];
    await worker.stop();

    expect([metrics.status, crawls.status, health.status]).toEqual([401, 401, 200]);
  });
});
