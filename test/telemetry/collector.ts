type AnyValue = { stringValue?: string; intValue?: number | string; doubleValue?: number; boolValue?: boolean };
type KeyValue = { key: string; value: AnyValue };
type WireSpan = {
  name: string;
  kind: number;
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  attributes: KeyValue[];
  links?: { traceId: string; spanId: string }[];
  status: { code?: number; message?: string };
  events?: { name: string; attributes: KeyValue[] }[];
};

export type CollectedSpan = Omit<WireSpan, "attributes" | "events"> & {
  attributes: Record<string, unknown>;
  events: { name: string; attributes: Record<string, unknown> }[];
};
export type CollectedMetric = { name: string; unit: string } & Record<string, unknown>;

export type Collector = {
  url: string;
  spans: CollectedSpan[];
  metrics: CollectedMetric[];
  /** Of the last resource that told of itself. */
  resource: Record<string, unknown>;
  /** Each request's authorization header, and all that was sent. */
  authorizations: (string | null)[];
  text(): string;
  stop(): Promise<void>;
};

/** A stand-in for an OpenTelemetry collector: takes OTLP over HTTP in JSON, and reads it. */
export function startCollector(answer: () => Response | Promise<Response> = () => Response.json({})): Collector {
  const bodies: string[] = [];
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: async (request) => {
      const text = await request.text();
      bodies.push(text);
      collector.authorizations.push(request.headers.get("authorization"));
      const { pathname } = new URL(request.url);
      const body = JSON.parse(text);
      if (pathname === "/v1/traces") readSpans(body);
      else if (pathname === "/v1/metrics") readMetrics(body);
      else return new Response(null, { status: 404 });
      return answer();
    },
  });

  // biome-ignore-start lint/suspicious/noExplicitAny: what comes over the wire
  function readSpans(body: any) {
    for (const { resource, scopeSpans } of body.resourceSpans) {
      collector.resource = toRecord(resource.attributes);
      for (const { spans } of scopeSpans)
        for (const span of spans as WireSpan[])
          collector.spans.push({
            ...span,
            attributes: toRecord(span.attributes),
            events: (span.events ?? []).map(({ name, attributes }) => ({ name, attributes: toRecord(attributes) })),
          });
    }
  }

  function readMetrics(body: any) {
    for (const { scopeMetrics } of body.resourceMetrics)
      for (const { metrics } of scopeMetrics) collector.metrics.push(...metrics);
  }
  // biome-ignore-end lint/suspicious/noExplicitAny: what comes over the wire

  const collector: Collector = {
    url: `http://127.0.0.1:${server.port}`,
    spans: [],
    metrics: [],
    resource: {},
    authorizations: [],
    text: () => bodies.join("\n"),
    stop: () => server.stop(true),
  };
  return collector;
}

function toRecord(attributes: KeyValue[] = []): Record<string, unknown> {
  return Object.fromEntries(
    attributes.map(({ key, value: { stringValue, intValue, doubleValue, boolValue } }) => [
      key,
      stringValue ?? (intValue === undefined ? (doubleValue ?? boolValue) : Number(intValue)),
    ]),
  );
}
