import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type RunningApi, startApi } from "../../src/api/server.ts";
import { type App, openApp } from "../../src/app.ts";
import { type Background, startBackground } from "../../src/background.ts";
import { readConfig } from "../../src/config/config.ts";
import type { Store } from "../../src/db/db.ts";
import { createLog } from "../../src/telemetry/log.ts";
import { type DatabaseProxy, openProxy, urlOf } from "../crawl/server.ts";
import { createFastClock } from "../testing/apps.ts";
import { canReach, REDIS } from "../testing/servers.ts";
import { hasPostgres, testStores } from "../testing/stores.ts";

const hasServers = hasPostgres && (await canReach(REDIS));

describe.skipIf(!hasServers)("a service whose PostgreSQL and Redis go away and come back", () => {
  let direct: Store;
  let database: DatabaseProxy;
  let redis: DatabaseProxy;
  let app: App;
  let background: Background;
  let api: RunningApi;
  const events: string[] = [];
  const stopping = new AbortController();

  beforeAll(async () => {
    direct = (await testStores[1]?.open()) as Store;
    database = await openProxy(urlOf(direct));
    redis = await openProxy(REDIS.url.href);
    const config = readConfig({
      DATABASE_URL: database.url,
      REDIS_URL: redis.url,
      REDIS_KEY_PREFIX: "orbweaver-test:outage:",
      PORT: "0",
    });
    const clock = createFastClock(4);
    const log = createLog("info", clock, (line) => events.push(line));
    app = await openApp(config, { clock, log });
    background = startBackground(app);
    api = await startApi(app, background, "open", stopping.signal);
  });

  afterAll(async () => {
    await background.stop();
    await api.stop();
    // A broken connection keeps its pool from closing for some seconds, which need not be waited for.
    void app.close();
    await Promise.all([database.close(), redis.close()]);
    await direct.close();
  });

  type Answer = { status: number; body: { status?: string; components?: { name: string; state: string }[] } };

  async function ask(path: string): Promise<Answer> {
    const response = await fetch(api.url + path);
    return { status: response.status, body: (await response.json()) as Answer["body"] };
  }

  async function until(path: string, isSo: (answer: Answer) => boolean): Promise<Answer> {
    for (;;) {
      const answer = await ask(path);
      if (isSo(answer)) return answer;
      await Bun.sleep(20);
    }
  }

  const stateOf = ({ body }: Answer, name: string) => body.components?.find((one) => one.name === name)?.state;

  test("is ready as long as both are there", async () => {
    const ready = await until("/api/v1/public/health/ready", ({ body }) => body.status === "ok");
    const parts = [await ask("/health/db"), await ask("/health/redis")];

    expect(ready.status).toBe(200);
    expect(ready.body.components).toMatchObject([
      { name: "database", state: "ok" },
      { name: "migrations", state: "ok" },
      { name: "redis", state: "ok" },
      { name: "worker", state: "ok" },
      { name: "scheduler", state: "ok" },
      { name: "disk", state: "skipped" },
    ]);
    expect(parts.map(({ status }) => status)).toEqual([200, 200]);
  });

  test("does its work without Redis, which it says, and has it back by itself", async () => {
    redis.cut();
    const degraded = await until("/health/ready", ({ body }) => body.status === "degraded");
    const part = await ask("/health/redis");
    const work = await ask("/api/v1/websites");
    redis.restore();
    const recovered = await until("/health/ready", ({ body }) => body.status === "ok");

    expect(degraded.status).toBe(200);
    expect(stateOf(degraded, "redis")).toBe("degraded");
    expect(stateOf(degraded, "database")).toBe("ok");
    expect([part.status, work.status]).toEqual([503, 200]);
    expect(JSON.stringify(degraded.body)).not.toMatch(/127\.0\.0\.1|ECONN|ioredis|stack/i);
    expect(stateOf(recovered, "redis")).toBe("ok");
  });

  test("is alive and not ready without its database, and ready again once that is back", async () => {
    database.cut();
    const failed = await until("/health/ready", (answer) => stateOf(answer, "database") === "failed");
    const alive = [await ask("/health"), await ask("/api/v1/public/health")];
    const part = await ask("/health/db");
    database.restore();
    const recovered = await until("/health/ready", ({ body }) => body.status === "ok");

    expect([failed.status, failed.body.status]).toEqual([503, "failed"]);
    expect(JSON.stringify(failed.body)).not.toMatch(/127\.0\.0\.1|CONNECT|postgres:|select 1|stack/);
    expect(alive.map(({ status, body }) => [status, body.status])).toEqual([
      [200, "ok"],
      [200, "ok"],
    ]);
    expect(part.status).toBe(503);
    expect(recovered.status).toBe(200);
    expect(events.some((line) => line.includes("component failed"))).toBe(true);
    expect(events.some((line) => line.includes("component recovered"))).toBe(true);
  });

  test("may not be kept by a cache on the way", async () => {
    for (const path of ["/health", "/health/ready", "/health/db", "/health/redis", "/api/v1/public/health"])
      expect((await fetch(api.url + path)).headers.get("cache-control")).toBe("no-store");
  });

  test("is not ready as soon as it is told to stop, and still answers", async () => {
    stopping.abort();

    expect(await ask("/health/ready")).toEqual({ status: 503, body: { status: "stopping", components: [] } });
    expect((await ask("/health")).status).toBe(200);
    expect((await ask("/api/v1/websites")).status).toBe(200);
  });
});
