/** How much a host may fail before it is left alone. */
export type ErrorBudget = {
  /** Failures one after the other. Default 20. */
  maxInRow?: number;
  /** Requests that `maxShare` looks back at. Default 100. */
  window?: number;
  /** Share of failures within a full window that is still borne. Default 0.5. */
  maxShare?: number;
};

export type ErrorBudgetSnapshot = { inRow: number; recent: string; stopReason?: string };

export type ErrorCount = {
  /** `isNewBlow` is false for a failure that was under way when the one before came in: it is no further one in a row. */
  record(kind: "ok" | "client_error" | "server_error" | "throttled" | "network_error", isNewBlow: boolean): void;
  /** Why the host should be asked no more, in words. */
  readonly stopReason: string | undefined;
  snapshot(): ErrorBudgetSnapshot;
};

const words = {
  server_error: "answered with a server error",
  throttled: "told us to slow down",
  network_error: "could not be reached",
};

/** A 404 is a host that works: only server errors, throttling and failures of the network count. */
export function createErrorBudget(budget: ErrorBudget = {}, restore?: ErrorBudgetSnapshot): ErrorCount {
  const { maxInRow = 20, window = 100, maxShare = 0.5 } = budget;
  let inRow = restore?.inRow ?? 0;
  let stopReason = restore?.stopReason;
  // A ring of the last outcomes, 1 for a failure.
  const recent = new Uint8Array(window);
  let seen = 0;
  let failures = 0;
  for (const mark of restore?.recent.slice(-window) ?? "") push(mark === "1" ? 1 : 0);

  function push(mark: 0 | 1): void {
    const at = seen % window;
    failures += mark - (recent[at] ?? 0);
    recent[at] = mark;
    seen += 1;
  }

  return {
    record(kind, isNewBlow) {
      const isFailure = kind !== "ok" && kind !== "client_error";
      push(isFailure ? 1 : 0);
      if (!isFailure) inRow = 0;
      else if (isNewBlow) inRow += 1;
      if (!isFailure || stopReason !== undefined) return;
      const last = `the last time it ${words[kind]}`;
      if (inRow >= maxInRow) stopReason = `The host failed ${inRow} times in a row; ${last}`;
      else if (seen >= window && failures > window * maxShare) {
        stopReason = `The host failed ${failures} of the last ${window} times; ${last}`;
      }
    },
    get stopReason() {
      return stopReason;
    },
    snapshot() {
      const count = Math.min(seen, window);
      const marks = Array.from({ length: count }, (_, index) => recent[(seen - count + index) % window]);
      return { inRow, recent: marks.join(""), ...(stopReason !== undefined && { stopReason }) };
    },
  };
}
