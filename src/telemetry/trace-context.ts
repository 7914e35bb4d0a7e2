/** Where a span stands, as W3C Trace Context has it: ids in lower-case hex, of 16 and 8 bytes. */
export type SpanContext = { traceId: string; spanId: string; isSampled: boolean };

const SHAPE = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;

/**
 * Reads a `traceparent` header (W3C Trace Context §3.2). `undefined` for what is absent or breaks the rules, which then
 * starts a trace of its own: ids of zeros, version ff, and parts beyond the fourth in version 00.
 */
export function parseTraceparent(header: string | null | undefined): SpanContext | undefined {
  const [, version, traceId, spanId, flags, rest] = SHAPE.exec(header?.trim() ?? "") ?? [];
  if (version === undefined || traceId === undefined || spanId === undefined || flags === undefined) return undefined;
  if (version === "ff" || (version === "00" && rest !== undefined)) return undefined;
  if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return undefined;
  return { traceId, spanId, isSampled: (Number.parseInt(flags, 16) & 1) === 1 };
}

export function formatTraceparent({ traceId, spanId, isSampled }: SpanContext): string {
  return `00-${traceId}-${spanId}-${isSampled ? "01" : "00"}`;
}
