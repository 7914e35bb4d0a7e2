import { type DiagLogger, DiagLogLevel, diag } from "@opentelemetry/api";
import { resourceFromAttributes } from "@opentelemetry/resources";
import type { Clock } from "../clock.ts";
import type { Collector } from "../config/telemetry.ts";
import type { Log } from "./log.ts";
import { sendMetrics } from "./otlp-metrics.ts";
import { createOtlpTracer } from "./otlp-tracer.ts";
import type { Recorder } from "./recorder.ts";
import type { Redactor } from "./redaction.ts";
import { withoutScope } from "./scope.ts";
import type { Tracer } from "./telemetry.ts";

export type OtlpOptions = {
  collector: Collector;
  serviceName: string;
  version: string;
  environment: string;
  ratio: number;
  recorder: Recorder;
  redactor: Redactor;
  clock: Clock;
  log: Log;
};

/** A collector that is away holds up the end of the process no longer than that. */
const CLOSE_MS = 2_000;
/** Of all that goes wrong with the collector, one line is told in this time. */
const TELL_EVERY_MS = 60_000;

/** Sends traces and metrics to a collector. The module is heavy: import it only when there is one. */
export function openOtlp(options: OtlpOptions): { tracer: Tracer; close(): Promise<void> } {
  diag.setLogger(tellFaults(options), { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true });
  const { collector, recorder, redactor, clock, ratio, version } = options;
  const resource = resourceFromAttributes({
    "service.name": options.serviceName,
    "service.version": version,
    "service.instance.id": Bun.randomUUIDv7(),
    "deployment.environment.name": options.environment,
    "process.runtime.name": "bun",
    "process.runtime.version": Bun.version,
  });
  const traces = createOtlpTracer({ collector, resource, ratio, redactor, version });
  const metrics = sendMetrics({ collector, resource, recorder, clock, version });
  return {
    tracer: traces.tracer,
    close: async () => {
      await Promise.race([Promise.allSettled([traces.close(), metrics.close()]), Bun.sleep(CLOSE_MS)]);
      diag.disable();
    },
  };
}

/** The SDK tells its faults one by one, and each time anew. */
function tellFaults({ log, clock, collector }: OtlpOptions): DiagLogger {
  let toldAt = Number.NEGATIVE_INFINITY;
  let untold = 0;
  const tell = (message: string, ...more: unknown[]) => {
    const at = clock.now().getTime();
    if (at - toldAt < TELL_EVERY_MS) {
      untold++;
      return;
    }
    const details = more.length > 0 ? { details: more } : {};
    const fields = { collector: collector.endpoint, reason: readReason(message), ...details, untold };
    // Batches are sent from whatever request came last, which has nothing to do with it.
    withoutScope(() => log.warn("telemetry not delivered", fields));
    toldAt = at;
    untold = 0;
  };
  const ignore = () => {};
  return { error: tell, warn: tell, info: ignore, debug: ignore, verbose: ignore };
}

/** The SDK writes errors as JSON, their stacks included. */
function readReason(text: string): string {
  try {
    const { message } = JSON.parse(text) as { message?: unknown };
    return typeof message === "string" ? message : text;
  } catch {
    return text;
  }
}
