import { expect, test } from "bun:test";
import { LOCAL_PRINCIPAL } from "../../src/access/principal.ts";
import { startMetricsServer } from "../../src/api/metrics.ts";
import { observeRequests } from "../../src/api/observed-requests.ts";
import { setContext } from "../../src/api/request-context.ts";
import { createRouteFinder } from "../../src/api/route-finder.ts";
import { readConfig } from "../../src/config/config.ts";
import type { Config } from "../../src/config/settings.ts";
import { createLog } from "../../src/telemetry/log.ts";
import { createRecorder } from "../../src/telemetry/recorder.ts";
import { createTelemetry, SILENT } from "../../src/telemetry/telemetry.ts";
import { createManualClock } from "../manual-clock.ts";
import { noStore, startService } from "./running-service.ts";

const counting = () => createTelemetry({ recorder: createRecorder(0) });

const TYPE = "text/plain; version=0.0.4; charset=utf-8";

test("metrics are told on the service's port, requests counted by the pattern of their route", async () => {
  const service = await startService(noStore, { telemetry: counting() });
  await service.ask("GET", "/api/v1/nowhere/at/all");
  await service.ask("GET", "/api/v1/websites/nonsense");
  await service.ask("PROPFIND", "/api/v1/websites/other");
  await service.ask("GET", "/health");

  const { status, headers, text } = await service.ask("GET", "/metrics");

  const count = "http_server_request_duration_seconds_count";
  expect([status, headers.get("content-type"), headers.get("cache-control")]).toEqual([200, TYPE, "no-store"]);
  expect(text).toContain(`${count}{method="GET",route="none",status="4xx"} 1\n`);
  expect(text).toContain(`${count}{method="GET",route="/api/v1/websites/:id",status="4xx"} 1\n`);
  expect(text).toContain(`${count}{method="_OTHER",route="/api/v1/websites/:id",status="4xx"} 1\n`);
  expect(text).toContain("\nhttp_server_active_requests 1\n");
  expect(text).not.toContain('route="/health"');
  await service.stop();
});

test("on a closed service strangers are not told", async () => {
  const service = await startService(noStore, { telemetry: counting(), isClosed: true });

  const { status } = await service.ask("GET", "/metrics");

  expect(status).toBe(401);
  await service.stop();
});

test("there is no route where metrics are off, or have a port of their own", async () => {
  for (const config of [{ METRICS: "off" }, { METRICS_PORT: freePort() }] as Partial<Config>[]) {
    const service = await startService(noStore, { telemetry: counting(), config });

    expect((await service.ask("GET", "/metrics")).status).toBe(404);
    await service.stop();
  }
  const silent = await startService(noStore, { telemetry: SILENT });
  expect((await silent.ask("GET", "/metrics")).status).toBe(404);
  await silent.stop();
});

test("a port of their own has the metrics and nothing else, and is freed when the service stops", async () => {
  const port = freePort();
  const service = await startService(noStore, { telemetry: counting(), config: { METRICS_PORT: port } });
  const ask = (path: string, method = "GET") => fetch(`http://127.0.0.1:${port}${path}`, { method });

  const metrics = await ask("/metrics");

  expect([metrics.status, metrics.headers.get("content-type")]).toEqual([200, TYPE]);
  expect(await metrics.text()).toContain("# TYPE orbweaver_crawl_pages_total counter");
  expect((await ask("/api/v1/websites")).status).toBe(404);
  expect((await ask("/metrics", "POST")).status).toBe(405);
  await service.stop();
  await expect(ask("/metrics")).rejects.toThrow();
});

test("a port that is taken is named", () => {
  const taken = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response() });
  const config = readConfig({}, { METRICS_PORT: taken.port });

  expect(() => startMetricsServer({ config, telemetry: counting() })).toThrow(
    `Can't listen for metrics on port ${taken.port}: it is taken`,
  );
  taken.stop(true);
});

test("the log's level is told and set, and one that is none refused", async () => {
  const service = await startService(noStore);

  const before = await service.ask("GET", "/api/v1/log-level");
  const set = await service.ask("PUT", "/api/v1/log-level", { level: "debug" });
  const wrong = await service.ask("PUT", "/api/v1/log-level", { level: "loud" });

  expect([before.json, set.json, service.app.log.level]).toEqual([{ level: "info" }, { level: "debug" }, "debug"]);
  expect([wrong.status, wrong.json.code]).toEqual([400, "invalid"]);
  expect(service.lines.join("")).toContain('"from":"info","to":"debug"');
  await service.stop();
});

test("routes are found by their patterns, a fixed one before an open one", () => {
  const routes = ["/", "/a", "/a/:id", "/a/new", "/a/:id/b"].map((path) => ({ method: "GET", path }));
  const find = createRouteFinder(() => routes);

  const found = ["/", "/a", "/a/", "/a/1", "/a/new", "/a/1/b", "/a/1/c", "/b", "/a/1/b/c"].map((path) => find(path));

  expect(found).toEqual(["/", "/a", "/a", "/a/:id", "/a/new", "/a/:id/b", undefined, undefined, undefined]);
});

function observe(answer: (request: Request) => Response | Promise<Response>) {
  const lines: string[] = [];
  const log = createLog("debug", createManualClock("2026-01-01T00:00:00Z"), (line) => lines.push(line));
  const telemetry = counting();
  const handle = observeRequests({ log, telemetry }, () => [{ method: "GET", path: "/a/:id" }], answer);
  return { handle, log, events: () => lines.map((line) => JSON.parse(line)), telemetry };
}

test("a line tells of each request, at a level by what it was", async () => {
  const { handle, events } = observe(({ url }) => new Response("ok", { status: Number(url.slice(-3)) }));
  const asked: [method: string, status: number, level: string][] = [
    ["GET", 200, "debug"],
    ["GET", 404, "debug"],
    ["GET", 503, "info"],
    ["POST", 201, "info"],
    ["POST", 400, "debug"],
    ["DELETE", 204, "info"],
  ];

  for (const [method, status] of asked)
    await handle(new Request(`http://localhost/a/${status}?q=/a/${status}`, { method }));

  expect(events().map(({ method, status, level }) => [method, status, level])).toEqual(asked);
  expect(events()[0]).toMatchObject({ event: "request answered", path: "/a/200", route: "/a/:id" });
});

test("lines that are written for a request have its id and user, as soon as they are known", async () => {
  const { handle, log, events } = observe((request) => {
    log.debug("early");
    setContext(request, {
      ...{ requestId: "r1", address: "192.0.2.1", isSecure: false },
      principal: { ...LOCAL_PRINCIPAL, userId: "u1", keyId: "k1" },
    });
    log.debug("late");
    return new Response();
  });

  await handle(new Request("http://localhost/a/1"));

  const [early, late, answered] = events();
  expect(early.requestId).toBeUndefined();
  expect(late).toMatchObject({ requestId: "r1", userId: "u1", keyId: "k1" });
  expect(answered).toMatchObject({ requestId: "r1", userId: "u1", address: "192.0.2.1" });
});

test("refusals for coming too fast are counted, and a handler's own failure is passed on", async () => {
  const { handle, telemetry } = observe(({ url }) => {
    if (url.endsWith("broken")) throw new Error("broken");
    return new Response(null, { status: 429 });
  });

  await handle(new Request("http://localhost/a/1"));

  await expect(handle(new Request("http://localhost/a/broken"))).rejects.toThrow("broken");
  const readings = await telemetry.recorder?.read();
  expect(readings?.find(({ name }) => name === "orbweaver.rate_limit.refusals")?.series).toMatchObject([
    { labels: { route: "/a/:id" }, value: 1 },
  ]);
});

function freePort(): number {
  const server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response() });
  const { port } = server;
  server.stop(true);
  if (!port) throw new Error("There is no free port");
  return port;
}
