import type { CounterName, HistogramName, Labels, WatchedName } from "./instruments.ts";
import type { Recorder, Source } from "./recorder.ts";
import { currentScope, withSpan } from "./scope.ts";
import type { SpanContext } from "./trace-context.ts";

/** By OpenTelemetry's semantic conventions where they have a name; what is `undefined` is left out. */
export type Attributes = Record<string, string | number | boolean | undefined>;

export type SpanOptions = {
  /** Default: `internal`. */
  kind?: "internal" | "server" | "client" | "consumer";
  attributes?: Attributes;
  /** Whose child it is, when that is not the span under which it is started. */
  parent?: SpanContext;
  /** It says something only as part of another: outside of any span there is none. */
  isPart?: boolean;
  /** A trace that it comes from without being part of it. */
  link?: SpanContext;
};

/** A piece of work with a beginning, an end, and a place in a trace. */
export type Span = {
  /** `undefined` when nothing is traced. */
  context: SpanContext | undefined;
  set(attributes: Attributes): void;
  rename(name: string): void;
  fail(error: unknown): void;
  end(): void;
};

/** What makes spans and sends them somewhere. */
export type Tracer = {
  start(name: string, options: SpanOptions, parent: SpanContext | undefined): Span;
};

/** What the program tells about its work: spans, counts, latencies. Free where nobody listens. */
export type Telemetry = {
  isTracing: boolean;
  /** Starts a span under the current one; whoever starts it ends it. */
  startSpan(name: string, options?: SpanOptions): Span;
  /** Runs under a span of its own, which ends with it and fails by what it throws. */
  span<T>(name: string, options: SpanOptions, run: (span: Span) => Promise<T>): Promise<T>;
  count<Name extends CounterName>(name: Name, labels: Labels<Name>, by?: number): void;
  /** In the instrument's unit. */
  observe<Name extends HistogramName>(name: Name, labels: Labels<Name>, value: number): void;
  /** Has a source asked whenever metrics are read. Returns how to leave it. */
  watch<Name extends WatchedName>(name: Name, read: Source<Name>): () => void;
  /** What was counted; `undefined` when nothing is. */
  recorder: Recorder | undefined;
  /** Sends what is left, for a bounded time. */
  close(): Promise<void>;
};

/** A span where nothing is traced. */
export const NO_SPAN: Span = { context: undefined, set: () => {}, rename: () => {}, fail: () => {}, end: () => {} };

const ignore = () => {};

export function createTelemetry(
  parts: { recorder?: Recorder; tracer?: Tracer; close?: () => Promise<void> } = {},
): Telemetry {
  const { recorder, tracer, close = async () => {} } = parts;
  const startSpan = (name: string, options: SpanOptions = {}) =>
    tracer ? tracer.start(name, options, options.parent ?? currentScope()?.span) : NO_SPAN;
  return {
    isTracing: tracer !== undefined,
    startSpan,
    span: async (name, options, run) => {
      if (!tracer || (options.isPart && !currentScope()?.span)) return run(NO_SPAN);
      const span = startSpan(name, options);
      try {
        return await (span.context ? withSpan(span.context, () => run(span)) : run(span));
      } catch (error) {
        span.fail(error);
        throw error;
      } finally {
        span.end();
      }
    },
    count: recorder?.count ?? ignore,
    observe: recorder?.observe ?? ignore,
    watch: recorder ? (name, read) => recorder.watch(name, read) : () => ignore,
    recorder,
    close,
  };
}

/** Tells nobody anything. */
export const SILENT = createTelemetry();
