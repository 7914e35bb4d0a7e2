/**
 * What a caller can act on. Each reason has one HTTP status at the API's edge and one exit code on the command line;
 * anything that is not an `AppError` is a bug or an outage.
 */
export type Reason =
  | "invalid" // the request can't mean anything: 400
  | "unauthorized" // who asks is not known: 401
  | "forbidden" // who asks is known, and may not: 403
  | "not_found" // 404
  | "conflict" // the request is fine, the state is not: 409
  | "gone" // it was there, and is kept no longer: 410
  | "too_large" // 413
  | "unprocessable" // understood, yet it can't be done, as with a URL that may not be fetched: 422
  | "rate_limited" // too much at a time, try again later: 429
  | "external" // another server failed us: 502
  | "unavailable" // a part of ours is away, try again: 503
  | "timeout"; // 504

/** One fault in what a caller sent: where (`/max_pages`, `--out`), and what would be right. */
export type Fault = { at: string; message: string };

/** An error whose message may be shown to the caller as it stands: one sentence that names the thing and the mend. */
export class AppError extends Error {
  readonly reason: Reason;
  readonly faults: readonly Fault[];
  /** A finer, stable name for programs, such as a fetch failure's `dns`; `reason` when there is none. */
  readonly code: string;

  constructor(reason: Reason, message: string, extra: { faults?: Fault[]; code?: string; cause?: unknown } = {}) {
    super(message, { cause: extra.cause });
    this.name = "AppError";
    this.reason = reason;
    this.faults = extra.faults ?? [];
    this.code = extra.code ?? reason;
  }
}
