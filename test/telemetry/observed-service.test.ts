import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { LOCAL_VIEWER } from "../../src/access/viewer.ts";
import { type RunningApi, startApi } from "../../src/api/server.ts";
import type { App } from "../../src/app.ts";
import { type Background, startBackground } from "../../src/background.ts";
import { readConfig } from "../../src/config/config.ts";
import { getCrawl } from "../../src/crawl/crawls.ts";
import type { Store } from "../../src/db/db.ts";
import { observeStatements, watchConnections } from "../../src/db/observed-statements.ts";
import dashboard from "../../src/telemetry/grafana-dashboard.json";
import { createLog } from "../../src/telemetry/log.ts";
import { openTelemetry } from "../../src/telemetry/open.ts";
import { createWeb, text } from "../crawl/web.ts";
import { createFastClock, openTestApp } from "../testing/apps.ts";
import { testStores } from "../testing/stores.ts";
import { type CollectedSpan, type Collector, startCollector } from "./collector.ts";

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const PARENT = "b7ad6b7169203331";
const SECRET = "hunter2-in-a-query";

/** A crawl asked for over HTTP, worked to its end, with all that was told of it; one run for all tests of a store. */
describe.each(testStores)("a crawl on the $name store, observed", ({ open }) => {
  const lines: string[] = [];
  let store: Store;
  let collector: Collector;
  let app: App;
  let api: RunningApi;
  let background: Background;
  let crawlId: string;
  let metrics: string;

  beforeAll(async () => {
    store = await open();
    collector = startCollector();
    // A request that takes a second by it is told of as slow.
    const clock = createFastClock(2);
    const config = readConfig({}, { PORT: 0, PARSER_THREADS: 1, OTEL_EXPORTER_OTLP_ENDPOINT: collector.url });
    const log = createLog("debug", clock, (line) => lines.push(line));
    const telemetry = await openTelemetry(config, clock, log);
    observeStatements(store.db, telemetry);
    watchConnections(store, telemetry);
    const { fetch } = createWeb({
      "https://a.example/": text(`<p>Hello <a href="/b?token=${SECRET}">there</a><a href="/gone">gone</a>`),
      [`https://a.example/b?token=${SECRET}`]: text("<p>There"),
    });
    app = openTestApp(store, { clock, log, telemetry, fetch }, config);
    background = startBackground(app);
    api = await startApi(app, background, "open");
    const asked = await globalThis.fetch(`${api.url}/api/v1/crawls`, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        traceparent: `00-${TRACE}-${PARENT}-01`,
        "x-request-id": "asked-1",
      },
      body: JSON.stringify({ url: "https://a.example/", options: { delay_ms: 0, sitemaps: false } }),
    });
    crawlId = ((await asked.json()) as { id: string }).id;
    while ((await getCrawl(store.db, LOCAL_VIEWER, crawlId)).state !== "completed") await Bun.sleep(5);
    await globalThis.fetch(`${api.url}/api/v1/crawls/${crawlId}`);
    metrics = await (await globalThis.fetch(`${api.url}/metrics`)).text();
    await background.stop();
    await api.stop();
    await app.close();
    await telemetry.close();
  });

  afterAll(async () => {
    await store.close();
    await collector.stop();
  });

  const named = (name: string) => collector.spans.filter((span) => span.name === name);
  const parentOf = (span: CollectedSpan | undefined) =>
    collector.spans.find(({ spanId }) => spanId === span?.parentSpanId)?.name;

  test("is one trace from the request through the crawl to the fetches, parses and statements", () => {
    const [request] = named("POST /api/v1/crawls");
    const [crawl] = named("crawl");
    const fetches = named("GET").filter(({ attributes }) =>
      String(attributes["url.full"]).startsWith("https://a.example/"),
    );

    expect(request).toMatchObject({ traceId: TRACE, parentSpanId: PARENT });
    expect(request?.attributes).toMatchObject({
      "http.request.method": "POST",
      "http.route": "/api/v1/crawls",
      "http.response.status_code": 202,
      "orbweaver.request.id": "asked-1",
    });
    expect(crawl).toMatchObject({ traceId: TRACE, attributes: { "orbweaver.crawl.id": crawlId } });
    expect(crawl?.parentSpanId).toBe(request?.spanId ?? "");
    expect(fetches.length).toBeGreaterThanOrEqual(3);
    // What is built of a website afterwards reads pages again, in a job of its own.
    const parses = named("parse").filter((span) => parentOf(span) === "visit");
    for (const span of [...fetches, ...parses, ...named("visit"), ...named("settle")]) expect(span.traceId).toBe(TRACE);
    expect(named("visit").map(parentOf)).toEqual(["crawl slice", "crawl slice", "crawl slice"]);
    expect(parses).toHaveLength(2);
    expect(parentOf(named("settle")[0])).toBe("POST /api/v1/crawls");
    expect(parentOf(named("transaction").find((span) => parentOf(span) === "settle"))).toBe("settle");
  });

  test("shows statements by their text without values", () => {
    const insert = collector.spans.find(({ attributes }) =>
      String(attributes["db.query.text"]).includes('"crawl_jobs"'),
    );

    expect(insert?.attributes).toMatchObject({ "db.system.name": "postgresql" });
    expect(collector.text()).toContain("$1");
    expect(collector.text()).not.toContain("Hello");
  });

  test("tells no secret, in spans, metrics or logs", () => {
    expect(collector.text()).toContain("token=[redacted]");
    for (const told of [collector.text(), lines.join(""), metrics]) expect(told).not.toContain(SECRET);
  });

  test("has its ids in every line of the log, and those of its request only in the request's", () => {
    const events = lines.map((line) => JSON.parse(line));
    const ofCrawl = events.filter(({ event }) => String(event).startsWith("crawl "));

    expect(ofCrawl.length).toBeGreaterThanOrEqual(2);
    for (const event of ofCrawl) {
      expect(event).toMatchObject({ crawlId, trace_id: TRACE });
      expect(event.requestId).toBeUndefined();
    }
    expect(events.find(({ event, method }) => event === "request answered" && method === "POST")).toMatchObject({
      ...{ level: "info", requestId: "asked-1", route: "/api/v1/crawls", status: 202, trace_id: TRACE },
    });
    expect(events.find(({ event, method }) => event === "request answered" && method === "GET")).toMatchObject({
      level: "debug",
      route: "/api/v1/crawls/:id",
    });
  });

  test("is counted, by labels that are few", () => {
    expect(metrics).toContain('orbweaver_crawl_pages_total{outcome="created"} 2\n');
    expect(metrics).toContain('orbweaver_crawl_pages_total{outcome="failed"} 1\n');
    expect(metrics).toContain('orbweaver_crawl_run_duration_seconds_count{outcome="completed"} 1\n');
    expect(metrics).toContain('orbweaver_queue_crawls{state="running"} 0\n');
    expect(metrics).toMatch(/orbweaver_fetch_duration_seconds_count\{outcome="2xx"\} 2\n/);
    // What is built of the website afterwards may have read its start page again by now.
    expect(metrics).toMatch(/orbweaver_parse_duration_seconds_count\{outcome="ok"\} [2-9]\n/);
    expect(metrics).toMatch(/db_client_operation_duration_seconds_count\{operation="insert",outcome="ok"\} \d+\n/);
    expect(metrics).toMatch(/^db_client_connection_max \d+$/m);
    expect(metrics).toContain('orbweaver_cache_available{kind="memory"} 1\n');
    expect(metrics).toContain(
      'http_server_request_duration_seconds_count{method="POST",route="/api/v1/crawls",status="2xx"} 1\n',
    );
    expect(metrics).not.toContain(crawlId);
    expect(metrics).not.toContain("a.example");
  });

  test("has metrics by every name that the dashboard asks for", () => {
    const known = new Set(
      [...metrics.matchAll(/^# TYPE (\S+) (\S+)$/gm)].flatMap(([, name = "", type]) =>
        type === "histogram" ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name],
      ),
    );
    const expressions = dashboard.panels.flatMap((panel) => (panel.targets ?? []).map(({ expr }) => expr));
    const asked = expressions.flatMap(
      (expr) => expr.match(/\b(?:orbweaver|http_server|db_client|process)_[a-z_]+/g) ?? [],
    );

    expect(expressions.length).toBeGreaterThan(10);
    expect(asked.length).toBeGreaterThanOrEqual(expressions.length);
    expect([...new Set(asked)].filter((name) => !known.has(name))).toEqual([]);
  });
});
