const RETRYABLE_STATUSES = new Set([408, 425, 429, 500, 502, 503, 504]);
// Cloudflare's own: the origin behind it is away, slow or unreachable. 525 and 526 are faults of its certificate.
const RETRYABLE_EDGE_STATUSES = new Set([520, 521, 522, 523, 524, 527, 529, 530]);

/** Milliseconds to wait after the given attempt, the first being 1: exponential, with full jitter. */
export function retryDelayMs(
  attempt: number,
  options: { random?: () => number; baseMs: number; capMs: number },
): number {
  const { random = Math.random, baseMs, capMs } = options;
  const ceilingMs = Math.min(capMs, baseMs * 2 ** (Math.max(1, attempt) - 1));
  return Math.round(random() * ceilingMs);
}

/** Whether a server that answered so may answer otherwise later. 501 and 505 say that it never will. */
export function isRetryableStatus(status: number): boolean {
  return RETRYABLE_STATUSES.has(status) || RETRYABLE_EDGE_STATUSES.has(status);
}

/** Milliseconds to wait after `Retry-After` (RFC 9110 §10.2.3); `undefined` if it is absent or malformed. */
export function parseRetryAfter(header: string | null, now: Date): number | undefined {
  const value = header?.trim();
  if (!value) return undefined;
  // Ten digits are three centuries: longer ones are noise, and Number would make them Infinity.
  if (/^\d+$/.test(value)) return value.length <= 10 ? Number(value) * 1000 : undefined;
  // Date.parse alone is too generous: it reads "1.5" as a day in 2001.
  const date = /^[A-Z][a-z]{2,8},? .+ GMT$/.test(value) ? Date.parse(value) : Number.NaN;
  return Number.isNaN(date) ? undefined : Math.max(0, date - now.getTime());
}
