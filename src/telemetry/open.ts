import type { Clock } from "../clock.ts";
import type { Config } from "../config/settings.ts";
import { secretsOf, telemetryOf } from "../config/telemetry.ts";
import { VERSION } from "../version.ts";
import { createLog, type Log } from "./log.ts";
import { createTextFormat, formatJson } from "./log-format.ts";
import { createRecorder } from "./recorder.ts";
import { createRedactor } from "./redaction.ts";
import { watchRuntime } from "./runtime-metrics.ts";
import { createTelemetry, SILENT, type Telemetry } from "./telemetry.ts";

type Output = { write(text: string): unknown; isTTY?: boolean };

/** The log that the settings ask for, with their secrets left out of it. Colours are for terminals, unless NO_COLOR is set. */
export function openLog(config: Config, clock: Clock, output: Output = process.stderr): Log {
  const isTerminal = output.isTTY === true;
  const isText = config.LOG_FORMAT === "text" || (config.LOG_FORMAT === "auto" && isTerminal);
  const format = isText ? createTextFormat(isTerminal && Bun.enableANSIColors) : formatJson;
  const redactor = createRedactor(secretsOf(config));
  return createLog(config.LOG_LEVEL, clock, (line) => output.write(line), { format, redactor });
}

/** What the settings want told of the program's work; what is sent to a collector is loaded only when there is one. */
export async function openTelemetry(config: Config, clock: Clock, log: Log): Promise<Telemetry> {
  const collector = telemetryOf(config);
  if (config.METRICS === "off" && !collector) return SILENT;
  const recorder = createRecorder(clock.now().getTime());
  const stopWatching = watchRuntime(recorder, VERSION);
  if (!collector) return createTelemetry({ recorder, close: async () => stopWatching() });
  const { openOtlp } = await import("./otlp.ts");
  const { tracer, close } = openOtlp({
    ...{ collector, recorder, clock, log },
    redactor: createRedactor(secretsOf(config)),
    serviceName: config.OTEL_SERVICE_NAME,
    version: VERSION,
    environment: config.ENVIRONMENT,
    ratio: config.OTEL_TRACES_SAMPLER_ARG,
  });
  const closeAll = async () => {
    await close();
    stopWatching();
  };
  return createTelemetry({ recorder, tracer, close: closeAll });
}
