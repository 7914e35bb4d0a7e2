import { expect, test } from "bun:test";
import { systemClock } from "../../src/clock.ts";
import { readConfig } from "../../src/config/config.ts";
import type { Config } from "../../src/config/settings.ts";
import { createLog } from "../../src/telemetry/log.ts";
import { openTelemetry } from "../../src/telemetry/open.ts";
import { createManualClock } from "../manual-clock.ts";
import { startCollector } from "./collector.ts";

const SERVER = 2;
const CLIENT = 3;
const FAILED = 2;

async function open(endpoint: string, settings: Partial<Config> = {}) {
  const lines: string[] = [];
  const clock = createManualClock("2026-01-01T00:00:00Z");
  const log = createLog("debug", clock, (line) => lines.push(line));
  const config = readConfig({}, { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, ...settings });
  return {
    telemetry: await openTelemetry(config, clock, log),
    log,
    clock,
    events: () => lines.map((line) => JSON.parse(line)),
  };
}

test("spans are sent as a tree, with their attributes, and log lines name the span they were written under", async () => {
  const collector = startCollector();
  const { telemetry, log, events } = await open(collector.url, {
    OTEL_SERVICE_NAME: "spider",
    OTEL_EXPORTER_OTLP_HEADERS: "Authorization=Bearer%20collector-secret",
  });
  const upstream = { traceId: "0af7651916cd43dd8448eb211c80319c", spanId: "b7ad6b7169203331", isSampled: true };

  await telemetry.span("GET /pages", { kind: "server", parent: upstream }, async (span) => {
    await telemetry.span("select", { kind: "client", attributes: { "db.query.text": "select $1" } }, async () => {
      log.info("inner");
    });
    span.set({ "http.response.status_code": 200, ignored: undefined });
  });
  await telemetry.span("alone", { link: upstream }, async () => {});
  await telemetry.close();

  const [select, request, alone] = collector.spans;
  expect(request).toMatchObject({
    name: "GET /pages",
    kind: SERVER,
    traceId: upstream.traceId,
    parentSpanId: upstream.spanId,
    attributes: { "http.response.status_code": 200 },
  });
  expect(select).toMatchObject({ kind: CLIENT, traceId: upstream.traceId, parentSpanId: request?.spanId });
  expect(select?.attributes).toEqual({ "db.query.text": "select $1" });
  expect(alone?.traceId).not.toBe(upstream.traceId);
  expect(alone?.links).toMatchObject([{ traceId: upstream.traceId, spanId: upstream.spanId }]);
  expect(events()).toMatchObject([{ event: "inner", trace_id: upstream.traceId, span_id: select?.spanId }]);
  expect(collector.resource).toMatchObject({ "service.name": "spider", "deployment.environment.name": "development" });
  expect(collector.authorizations[0]).toBe("Bearer collector-secret");
  await collector.stop();
});

test("what failed says so, and no secret is told by attributes, messages or stacks", async () => {
  const collector = startCollector();
  const { telemetry } = await open(collector.url, {
    DATABASE_URL: "postgres://someone:known-password@db/x",
    LOGFIRE_TOKEN: "pylf_v1_eu_known-token-1234",
  });
  const refused = Object.assign(new Error("Failed query: select $1\nparams: the page's text"), {
    params: ["the page's text"],
  });

  await telemetry
    .span("fetch", { attributes: { "url.full": "https://u:hunter2@a.example/?token=hunter2" } }, async () => {
      throw new Error("no answer from https://u:hunter2@a.example/ with known-password");
    })
    .catch(() => {});
  await telemetry.span("settle", {}, () => Promise.reject(refused)).catch(() => {});
  await telemetry.close();

  const [fetched, settled] = collector.spans;
  expect(fetched?.status.code).toBe(FAILED);
  expect(fetched?.events[0]).toMatchObject({ name: "exception", attributes: { "exception.type": "Error" } });
  expect(settled?.status.message).toBe("Failed query: select $1");
  for (const secret of ["hunter2", "known-password", "known-token", "page's text"])
    expect(collector.text()).not.toContain(secret);
  await collector.stop();
});

test("metrics are sent as they were counted", async () => {
  const collector = startCollector();
  const { telemetry } = await open(collector.url);

  telemetry.count("orbweaver.crawl.pages", { outcome: "created" }, 3);
  telemetry.observe("orbweaver.parse.duration", { outcome: "ok" }, 0.02);
  telemetry.watch("orbweaver.parse.queue", () => [{ labels: {}, value: 7 }]);
  await telemetry.close();

  const find = (name: string) => collector.metrics.find((metric) => metric.name === name);
  expect(find("orbweaver.crawl.pages")).toMatchObject({
    unit: "{page}",
    sum: { isMonotonic: true, dataPoints: [{ asDouble: 3, attributes: [{ key: "outcome" }] }] },
  });
  expect(find("orbweaver.parse.duration")).toMatchObject({ histogram: { dataPoints: [{ count: 1, sum: 0.02 }] } });
  expect(find("orbweaver.parse.queue")).toMatchObject({ gauge: { dataPoints: [{ asDouble: 7 }] } });
  expect(find("process.cpu.time")).toBeDefined();
  await collector.stop();
});

test("of the traces begun here only the share that is set is sent, and others as their beginning decided", async () => {
  const collector = startCollector();
  const { telemetry } = await open(collector.url, { OTEL_TRACES_SAMPLER_ARG: 0 });
  const ids = { traceId: "0af7651916cd43dd8448eb211c80319c", spanId: "b7ad6b7169203331" };

  await telemetry.span("own", {}, async () => telemetry.span("own child", {}, async () => {}));
  await telemetry.span("wanted", { parent: { ...ids, isSampled: true } }, async () => {});
  await telemetry.span("unwanted", { parent: { ...ids, isSampled: false } }, async () => {});
  await telemetry.close();

  expect(collector.spans.map(({ name }) => name)).toEqual(["wanted"]);
  await collector.stop();
});

test("with the collector away or silent the work goes on, and the end waits little", async () => {
  const never = Promise.withResolvers<Response>();
  const silent = startCollector(() => never.promise);
  const unheard = await open(silent.url);
  const { telemetry } = await open("http://127.0.0.1:9");
  const more = 5_000;

  for (let n = 0; n < more; n++) {
    await telemetry.span("work", { attributes: { n } }, async () => n);
    await unheard.telemetry.span("work", {}, async () => n);
  }
  const startedAt = performance.now();
  await Promise.all([telemetry.close(), unheard.telemetry.close()]);

  expect(performance.now() - startedAt).toBeLessThan(4_000);
  await silent.stop();
});

test("a collector that refuses or answers nonsense is no more trouble", async () => {
  const answers = [() => new Response("<html>no</html>", { status: 200 }), () => new Response("no", { status: 401 })];
  for (const answer of answers) {
    const collector = startCollector(answer);
    const { telemetry } = await open(collector.url);

    const result = await telemetry.span("work", {}, async () => "done");
    await telemetry.close();

    expect(result).toBe("done");
    await collector.stop();
  }
});

test("of a collector that refuses, one warning a minute is told", async () => {
  const collector = startCollector(() => new Response("who are you?", { status: 401 }));
  const { telemetry, events, clock } = await open(collector.url);
  // A batch is sent as soon as it is full.
  const work = async () => {
    const before = collector.authorizations.length;
    for (let n = 0; n < 512; n++) await telemetry.span("work", {}, async () => n);
    while (collector.authorizations.length === before) await Bun.sleep(5);
  };

  await work();
  await work();
  clock.advance(61_000);
  await work();
  await telemetry.close();

  const [first, second, ...others] = events();
  expect(first).toMatchObject({ level: "warn", event: "telemetry not delivered", untold: 0 });
  expect(first.reason).toMatch(/^[^{]+$/);
  expect(second).toMatchObject({ level: "warn", event: "telemetry not delivered" });
  expect(others).toEqual([]);
  await collector.stop();
});

test("nothing is told, and nothing done, where neither metrics nor a collector is set", async () => {
  const log = createLog("debug", systemClock, () => {});
  const telemetry = await openTelemetry(readConfig({}, { METRICS: "off" }), systemClock, log);

  const seen = await telemetry.span("work", {}, async (span) => span.context);
  telemetry.count("orbweaver.crawl.pages", { outcome: "created" });
  telemetry.watch("orbweaver.parse.queue", () => [])();

  expect([seen, telemetry.recorder, telemetry.isTracing]).toEqual([undefined, undefined, false]);
  await telemetry.close();
});

test("neither OpenTelemetry nor prom-client is loaded before it is asked for", async () => {
  const script = `
    const { openTelemetry } = await import("${import.meta.dir}/../../src/telemetry/open.ts");
    const { readConfig } = await import("${import.meta.dir}/../../src/config/config.ts");
    const { systemClock } = await import("${import.meta.dir}/../../src/clock.ts");
    await import("${import.meta.dir}/../../src/api/server.ts");
    const heavy = () => Object.keys(require.cache).filter((path) => /@opentelemetry|prom-client/.test(path)).length > 0;
    const modules = () => [...Loader.registry.keys()].filter((path) => /@opentelemetry|prom-client/.test(path)).length;
    const count = () => (typeof Loader === "undefined" ? Number(heavy()) : modules());
    const log = { warn() {}, error() {} };
    await openTelemetry(readConfig({}), systemClock, log);
    const before = count();
    await openTelemetry(readConfig({ OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:9" }), systemClock, log);
    console.log(JSON.stringify([before, count() > 0]));
    process.exit(0);`;

  const output = await new Response(Bun.spawn([process.execPath, "-e", script]).stdout).json();

  expect(output).toEqual([0, true]);
});
