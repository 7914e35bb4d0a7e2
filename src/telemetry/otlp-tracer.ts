import { type Context, ROOT_CONTEXT, SpanKind, SpanStatusCode, TraceFlags, trace } from "@opentelemetry/api";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import type { Resource } from "@opentelemetry/resources";
import {
  BatchSpanProcessor,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from "@opentelemetry/sdk-trace";
import type { Collector } from "../config/telemetry.ts";
import { wordsOf } from "./plain.ts";
import type { Redactor } from "./redaction.ts";
import type { Attributes, Span, Tracer } from "./telemetry.ts";
import type { SpanContext } from "./trace-context.ts";

export type TracerOptions = {
  collector: Collector;
  resource: Resource;
  /** Share of the traces begun here that are kept; those begun elsewhere go by what was decided there. */
  ratio: number;
  redactor: Redactor;
  version: string;
};

/** Spans that wait to be sent; further ones are dropped, so that a collector that is away costs no memory. */
const MAX_QUEUE = 2_048;
const SEND_EVERY_MS = 2_000;
const SEND_TIMEOUT_MS = 5_000;

const KINDS = {
  internal: SpanKind.INTERNAL,
  server: SpanKind.SERVER,
  client: SpanKind.CLIENT,
  consumer: SpanKind.CONSUMER,
};

/** Spans by OpenTelemetry's SDK, sent over OTLP in batches. Nothing is registered globally. */
export function createOtlpTracer(options: TracerOptions): { tracer: Tracer; close(): Promise<void> } {
  const { collector, resource, ratio, redactor, version } = options;
  const { endpoint, headers } = collector;
  const provider = new TracerProvider({
    resource,
    sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(ratio) }),
    spanProcessors: [
      new BatchSpanProcessor({
        exporter: new OTLPTraceExporter({ url: `${endpoint}/v1/traces`, headers, timeoutMillis: SEND_TIMEOUT_MS }),
        maxQueueSize: MAX_QUEUE,
        scheduledDelayMillis: SEND_EVERY_MS,
        exportTimeoutMillis: SEND_TIMEOUT_MS,
      }),
    ],
  });
  const tracer = provider.getTracer("orbweaver", version);
  return {
    tracer: {
      start: (name, { kind = "internal", attributes = {}, link }, parent) => {
        const context = parent ? contextOf(parent) : ROOT_CONTEXT;
        const links = link ? [{ context: toOtel(link) }] : [];
        const shown = showable(attributes, redactor);
        return toSpan(tracer.startSpan(name, { kind: KINDS[kind], attributes: shown, links }, context), redactor);
      },
    },
    close: () => provider.shutdown(),
  };
}

type OtelSpan = ReturnType<ReturnType<TracerProvider["getTracer"]>["startSpan"]>;

function toSpan(span: OtelSpan, redactor: Redactor): Span {
  const { traceId, spanId, traceFlags } = span.spanContext();
  return {
    context: { traceId, spanId, isSampled: (traceFlags & TraceFlags.SAMPLED) !== 0 },
    set: (attributes) => void span.setAttributes(showable(attributes, redactor)),
    rename: (name) => void span.updateName(name),
    fail: (error) => {
      const thrown = error instanceof Error ? error : new Error(String(error));
      const { message, stack } = wordsOf(thrown);
      const shown = redactor.text(message);
      span.setStatus({ code: SpanStatusCode.ERROR, message: shown });
      span.addEvent("exception", {
        "exception.type": thrown.name,
        "exception.message": shown,
        ...(stack ? { "exception.stacktrace": redactor.text(stack) } : {}),
      });
    },
    end: () => span.end(),
  };
}

function showable(attributes: Attributes, redactor: Redactor): Attributes {
  const shown: Attributes = {};
  for (const name in attributes) {
    const value = attributes[name];
    shown[name] = typeof value === "string" ? redactor.text(value) : value;
  }
  return shown;
}

function contextOf(parent: SpanContext): Context {
  return trace.setSpanContext(ROOT_CONTEXT, toOtel(parent));
}

function toOtel({ traceId, spanId, isSampled }: SpanContext) {
  return { traceId, spanId, traceFlags: isSampled ? TraceFlags.SAMPLED : TraceFlags.NONE };
}
