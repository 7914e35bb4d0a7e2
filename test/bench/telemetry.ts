import { parseArgs } from "node:util";
import { systemClock } from "../../src/clock.ts";
import { readConfig } from "../../src/config/config.ts";
import { createLog } from "../../src/telemetry/log.ts";
import { openTelemetry } from "../../src/telemetry/open.ts";
import { SILENT, type Telemetry } from "../../src/telemetry/telemetry.ts";

/** The request, three below it, and one by itself. */
const SPANS = 5;
const SAMPLE = JSON.stringify(Array.from({ length: 100 }, (_, id) => ({ id, url: `https://example.com/${id}` })));

// What telling of work costs it, in one run: without any of it, with what is always counted, with spans that are sent, and
// with spans whose collector is away. Work is as a request's: a span with five attributes, three below it, one observation.
const { values } = parseArgs({
  options: { requests: { type: "string", default: "20000" }, json: { type: "boolean", default: false } },
});
const requests = Number(values.requests);
const log = createLog("error", systemClock, () => {});

const collector = Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  fetch: async (request) => {
    await request.arrayBuffer();
    return Response.json({});
  },
});
const sending = (endpoint: string) =>
  openTelemetry(readConfig({}, { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint }), systemClock, log);
const contenders: [name: string, open: () => Promise<Telemetry>][] = [
  ["off", async () => SILENT],
  ["metrics", () => openTelemetry(readConfig({}), systemClock, log)],
  ["spans", () => sending(`http://127.0.0.1:${collector.port}`)],
  ["collector down", () => sending("http://127.0.0.1:9")],
];

const rows: { name: string; microsPerRequest: number; worstSpanMs: number }[] = [];
for (const [name, open] of contenders) {
  const telemetry = await open();
  await run(telemetry, Math.ceil(requests / 10));
  const { ms, worstMs } = await run(telemetry, requests);
  await telemetry.close();
  rows.push({ name, microsPerRequest: (ms * 1_000) / requests, worstSpanMs: worstMs });
}
collector.stop(true);

const off = rows[0]?.microsPerRequest ?? 0;
const table = rows.map((row) => ({ ...row, microsPerSpan: (row.microsPerRequest - off) / SPANS }));
if (values.json) console.log(JSON.stringify({ requests, rows: table }));
else {
  const heads = ["µs a request", "× off", "µs a span", "worst span, ms"];
  console.log("".padEnd(16) + heads.map((head) => head.padStart(16)).join(""));
  for (const { name, microsPerRequest, microsPerSpan, worstSpanMs } of table) {
    const cells = [microsPerRequest, microsPerRequest / off, microsPerSpan, worstSpanMs].map((cell) => cell.toFixed(2));
    console.log(name.padEnd(16) + cells.map((cell) => cell.padStart(16)).join(""));
  }
}
process.exit(0);

/** The same work, told of to `telemetry`; the worst is the longest that any single span took to begin and end. */
async function run(telemetry: Telemetry, count: number): Promise<{ ms: number; worstMs: number }> {
  let worstMs = 0;
  const startedAt = performance.now();
  for (let n = 0; n < count; n++) {
    await telemetry.span("GET /api/v1/pages/:id", { kind: "server", attributes: describe(n) }, async (span) => {
      for (const name of ["select", "fetch", "parse"]) await telemetry.span(name, { kind: "client" }, work);
      span.set({ "http.response.status_code": 200 });
    });
    const beganAt = performance.now();
    telemetry.startSpan("single", { attributes: { n } }).end();
    worstMs = Math.max(worstMs, performance.now() - beganAt);
    telemetry.observe(
      "http.server.request.duration",
      { method: "GET", route: "/api/v1/pages/:id", status: "2xx" },
      0.01,
    );
    // Lets what sends the spans have its turn, as a service's event loop does.
    if (n % 100 === 99) await Bun.sleep(0);
  }
  return { ms: performance.now() - startedAt, worstMs };
}

/** About what a small answer costs to make: some JSON, there and back. */
async function work(): Promise<number> {
  return JSON.stringify(JSON.parse(SAMPLE)).length;
}

function describe(n: number) {
  return {
    "http.request.method": "GET",
    "http.route": "/api/v1/pages/:id",
    "url.path": `/api/v1/pages/${n}`,
    "server.address": "localhost:3000",
    "user_agent.original": "bench",
  };
}
