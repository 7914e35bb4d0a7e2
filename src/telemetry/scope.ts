import { AsyncLocalStorage } from "node:async_hooks";
import type { LogFields } from "./log.ts";
import { formatTraceparent, type SpanContext } from "./trace-context.ts";

/**
 * What everything done for a request or a crawl has in common: fields that each of its log lines carries, and the span
 * that the next one belongs under. It follows the calls, so that no function has to hand it on.
 */
export type Scope = { fields: LogFields; span?: SpanContext; outer?: Scope };

const scopes = new AsyncLocalStorage<Scope>();

export function currentScope(): Scope | undefined {
  return scopes.getStore();
}

/** All fields that hold now, the outer ones first: those that are getters are read now. */
export function currentLogFields(): LogFields {
  const fields: LogFields[] = [];
  for (let scope = scopes.getStore(); scope; scope = scope.outer) fields.unshift(scope.fields);
  return Object.assign({}, ...fields);
}

/** The current span as a `traceparent`, to be kept with work that others go on with; `undefined` outside of any. */
export function currentTraceparent(): string | undefined {
  const span = scopes.getStore()?.span;
  return span && formatTraceparent(span);
}

/** Runs with further fields in every log line below. Getters among them are read by each line anew. */
export function withLogFields<T>(fields: LogFields, run: () => T): T {
  const outer = scopes.getStore();
  return scopes.run({ fields, span: outer?.span, outer }, run);
}

/** Runs under a span. */
export function withSpan<T>(span: SpanContext, run: () => T): T {
  return scopes.run({ fields: {}, span, outer: scopes.getStore() }, run);
}

/** Runs on its own account, whatever it is called from. */
export function withoutScope<T>(run: () => T): T {
  return scopes.exit(run);
}

/** Binds the scope as it is now, for work that is begun from within another. */
export function bindScope(): <T>(run: () => T) => T {
  const scope = scopes.getStore();
  return (run) => (scope ? scopes.run(scope, run) : run());
}
