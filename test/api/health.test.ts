import { afterAll, beforeAll, expect, test } from "bun:test";
import type { Store } from "../../src/db/db.ts";
import { noStore, type RunningService, startService } from "./running-service.ts";

let service: RunningService;
let asked = 0;

beforeAll(async () => {
  const db = {
    execute: async () => {
      asked++;
      throw Object.assign(new Error("connect ECONNREFUSED 10.1.2.3:5432"), { code: "ECONNREFUSED" });
    },
  };
  service = await startService({ ...noStore, db, kind: "postgres" } as unknown as Store);
});
afterAll(() => service.stop());

test("a process is alive without anybody being asked, under both paths", async () => {
  for (const path of ["/health", "/api/v1/public/health"]) {
    const { status, json, headers } = await service.ask("GET", path);

    expect([status, json]).toEqual([200, { status: "ok" }]);
    expect(headers.get("cache-control")).toBe("no-store");
  }
  expect(asked).toBe(0);
});

test("readiness names every part and its mend, the same under both paths, and nothing for strangers' eyes", async () => {
  const [short, long] = [
    await service.ask("GET", "/health/ready"),
    await service.ask("GET", "/api/v1/public/health/ready"),
  ];

  expect([short.status, long.status]).toEqual([503, 503]);
  expect(short.json).toEqual({
    status: "failed",
    components: [
      { name: "database", state: "failed", latency_ms: expect.any(Number), message: expect.stringContaining("server") },
      { name: "migrations", state: "failed", latency_ms: expect.any(Number), message: expect.any(String) },
      { name: "redis", state: "skipped", latency_ms: expect.any(Number), message: "No Redis is configured" },
      { name: "worker", state: "skipped", latency_ms: expect.any(Number), message: expect.any(String) },
      { name: "scheduler", state: "skipped", latency_ms: expect.any(Number), message: expect.any(String) },
      { name: "disk", state: "skipped", latency_ms: expect.any(Number), message: "The database is on a server" },
    ],
  });
  expect(long.json.status).toBe("failed");
  expect(short.text + long.text).not.toMatch(/10\.1\.2\.3|ECONN|stack/);
  expect(short.headers.get("content-type")).toStartWith("application/json");
});

test("a part can be asked for alone: 503 when it is wrong, 200 when it is right or there is none", async () => {
  const database = await service.ask("GET", "/health/db");
  const redis = await service.ask("GET", "/health/redis");

  expect([database.status, database.json.name, database.json.state]).toEqual([503, "database", "failed"]);
  expect([redis.status, redis.json.name, redis.json.state]).toEqual([200, "redis", "skipped"]);
});

test("hundreds of probes at a time don't each ask the database", async () => {
  const before = asked;
  const answers = await Promise.all(Array.from({ length: 300 }, () => service.ask("GET", "/health/db")));

  expect(answers.every(({ status }) => status === 503)).toBe(true);
  expect(asked - before).toBeLessThan(10);
});

test("HEAD says the same without its body, and what there was at /api/v1/health is gone", async () => {
  const head = await service.ask("HEAD", "/health/ready");
  const gone = await service.ask("GET", "/api/v1/health");

  expect([head.status, head.text]).toEqual([503, ""]);
  expect(gone.status).toBe(404);
});
