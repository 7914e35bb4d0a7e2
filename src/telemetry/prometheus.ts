import { Registry } from "prom-client";
import { prometheusName } from "./instruments.ts";
import type { Reading, Series } from "./recorder.ts";

export const PROMETHEUS_TYPE = Registry.PROMETHEUS_CONTENT_TYPE;

/** Readings in Prometheus's text format, written by prom-client, which escapes and formats them. */
export async function formatPrometheus(readings: readonly Reading[]): Promise<string> {
  const registry = new Registry();
  for (const reading of readings) {
    const { kind: type, help } = reading.instrument;
    const name = prometheusName(reading.name);
    const bounds = reading.instrument.bounds ?? [];
    const values = reading.series.flatMap((series): Value[] =>
      series.buckets ? histogramValues(name, series, bounds) : [series],
    );
    const metric = { name, help, type, get: async () => ({ name, help, type, values, aggregator: "sum" }) };
    // Its types ask for the classes that record; the registry asks only for these.
    registry.registerMetric(metric as unknown as Parameters<typeof registry.registerMetric>[0]);
  }
  return registry.metrics();
}

type Value = { metricName?: string; labels: Record<string, string>; value: number };

/** Buckets are cumulative there. */
function histogramValues(
  name: string,
  { labels, buckets = [], value, count }: Series,
  bounds: readonly number[],
): Value[] {
  let below = 0;
  const cumulative = buckets.map((inBucket, at) => {
    below += inBucket;
    return { metricName: `${name}_bucket`, labels: { ...labels, le: String(bounds[at] ?? "+Inf") }, value: below };
  });
  return [
    ...cumulative,
    { metricName: `${name}_sum`, labels, value },
    { metricName: `${name}_count`, labels, value: count },
  ];
}
