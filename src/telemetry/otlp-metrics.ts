import { type HrTime, ValueType } from "@opentelemetry/api";
import { OTLPMetricExporter } from "@opentelemetry/exporter-metrics-otlp-http";
import { emptyResource, type Resource } from "@opentelemetry/resources";
import {
  AggregationTemporality,
  DataPointType,
  MeterProvider,
  type MetricData,
  type MetricProducer,
  PeriodicExportingMetricReader,
} from "@opentelemetry/sdk-metrics";
import type { Clock } from "../clock.ts";
import type { Collector } from "../config/telemetry.ts";
import type { Reading, Recorder, Series } from "./recorder.ts";

const SEND_EVERY_MS = 30_000;
const SEND_TIMEOUT_MS = 5_000;

/** Sends what the recorder holds to a collector, now and then, and a last time when it is closed. */
export function sendMetrics(options: {
  collector: Collector;
  resource: Resource;
  recorder: Recorder;
  clock: Clock;
  version: string;
}): { close(): Promise<void> } {
  const { endpoint, headers } = options.collector;
  const reader = new PeriodicExportingMetricReader({
    exporter: new OTLPMetricExporter({ url: `${endpoint}/v1/metrics`, headers, timeoutMillis: SEND_TIMEOUT_MS }),
    exportIntervalMillis: SEND_EVERY_MS,
    exportTimeoutMillis: SEND_TIMEOUT_MS,
    metricProducers: [producerOf(options.recorder, options.clock, options.version)],
  });
  const provider = new MeterProvider({ resource: options.resource, readers: [reader] });
  return { close: () => provider.shutdown() };
}

/** The recorder in the SDK's shape, so that features count once and neither library counts for itself. */
function producerOf(recorder: Recorder, clock: Clock, version: string): MetricProducer {
  return {
    collect: async () => {
      const readings = await recorder.read();
      const [startTime, endTime] = [toHrTime(recorder.startedAt), toHrTime(clock.now().getTime())];
      const metrics = readings
        .filter(({ series }) => series.length > 0)
        .map((reading) => toMetric(reading, startTime, endTime));
      const scopeMetrics = [{ scope: { name: "orbweaver", version }, metrics }];
      return { resourceMetrics: { resource: emptyResource(), scopeMetrics }, errors: [] };
    },
  };
}

function toMetric({ name, instrument, series }: Reading, startTime: HrTime, endTime: HrTime): MetricData {
  const descriptor = { name, description: instrument.help, unit: instrument.unit, valueType: ValueType.DOUBLE };
  const base = { descriptor, aggregationTemporality: AggregationTemporality.CUMULATIVE };
  const toPoint = <T>({ labels }: Series, value: T) => ({ startTime, endTime, attributes: labels, value });
  if (instrument.kind === "histogram") {
    const dataPoints = series.map((one) => {
      const buckets = { boundaries: [...(instrument.bounds ?? [])], counts: [...(one.buckets ?? [])] };
      return toPoint(one, { buckets, sum: one.value, count: one.count });
    });
    return { ...base, dataPointType: DataPointType.HISTOGRAM, dataPoints };
  }
  const dataPoints = series.map((one) => toPoint(one, one.value));
  if (instrument.kind === "gauge") return { ...base, dataPointType: DataPointType.GAUGE, dataPoints };
  return { ...base, dataPointType: DataPointType.SUM, isMonotonic: true, dataPoints };
}

function toHrTime(ms: number): HrTime {
  return [Math.floor(ms / 1_000), Math.round((ms % 1_000) * 1e6)];
}
