import { Elysia } from "elysia";
import type { App } from "../app.ts";
import { AppError } from "../errors.ts";
import type { Recorder } from "../telemetry/recorder.ts";
import { permissions } from "./permissions.ts";

/** Where they are, on whichever port. */
export const METRICS_PATH = "/metrics";

/** Metrics for Prometheus on the service's own port, unless they have one of theirs or are off: then there is no route. */
export const metricsApi = ({ config, telemetry }: Pick<App, "config" | "telemetry">) => {
  const plugin = new Elysia({ name: "metrics" }).use(permissions);
  if (config.METRICS === "off" || config.METRICS_PORT !== undefined) return plugin;
  return plugin.get(METRICS_PATH, () => answerMetrics(telemetry.recorder), {
    permission: "metrics",
    detail: {
      tags: ["Health"],
      operationId: "getMetrics",
      summary: "Metrics for Prometheus",
      description: "Everything that is counted and measured, in Prometheus's text format.",
      responses: {
        200: {
          description: "Every metric, with its help and type",
          content: { "text/plain": { schema: { type: "string" }, example: METRICS_EXAMPLE } },
        },
      },
    },
  });
};

const METRICS_EXAMPLE = `# HELP orbweaver_crawl_pages_total URLs of crawls, by what came of them
# TYPE orbweaver_crawl_pages_total counter
orbweaver_crawl_pages_total{outcome="created"} 42
`;

/**
 * Serves the metrics on the port that is set for them, to whoever can reach it; `undefined` when none is set.
 * @throws AppError `unavailable` when the port can't be had
 */
export function startMetricsServer({ config, telemetry }: Pick<App, "config" | "telemetry">) {
  const { HOST, METRICS, METRICS_PORT: port } = config;
  const { recorder } = telemetry;
  if (METRICS === "off" || port === undefined || !recorder) return undefined;
  const fetch = ({ method, url }: Request): Response | Promise<Response> => {
    if (new URL(url).pathname !== METRICS_PATH) return new Response("The metrics are at /metrics\n", { status: 404 });
    if (method !== "GET" && method !== "HEAD")
      return new Response(null, { status: 405, headers: { allow: "GET, HEAD" } });
    return answerMetrics(recorder);
  };
  try {
    const server = Bun.serve({ hostname: HOST, port, fetch });
    return { port: server.port, stop: () => server.stop(true) };
  } catch (cause) {
    const { code, message } = cause as { code?: string; message: string };
    const mend = code === "EADDRINUSE" ? "it is taken: stop what listens there, or set another METRICS_PORT" : message;
    throw new AppError("unavailable", `Can't listen for metrics on port ${port}: ${mend}`, { cause });
  }
}

/** prom-client is loaded by the first that asks: it costs megabytes, and most services are never asked. */
async function answerMetrics(recorder: Recorder | undefined): Promise<Response> {
  if (!recorder) throw new AppError("not_found", "Nothing is counted here");
  const { formatPrometheus, PROMETHEUS_TYPE } = await import("../telemetry/prometheus.ts");
  const text = await formatPrometheus(await recorder.read());
  return new Response(text, { headers: { "content-type": PROMETHEUS_TYPE, "cache-control": "no-store" } });
}
