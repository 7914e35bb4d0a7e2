import type { Clock } from "../clock.ts";
import { isBadValue } from "../db/bad-value.ts";
import type { Log } from "../telemetry/log.ts";
import { LeaseLostError } from "./lease.ts";
import { BaselineMovedError } from "./page-rows.ts";
import { OverLimitError } from "./settle.ts";

/** About a minute together: a restart of the database is shorter, and a longer outage is for the next lease to meet. */
const RETRY_DELAYS_MS = [100, 500, 2_000, 5_000, 10_000, 10_000, 15_000, 15_000];

/**
 * Runs a statement, again and again while the database is away or gives it up for another's sake (as in a deadlock).
 * @throws the last error when that lasts, at once what another try would not change
 */
export async function waitOutage<T>(
  { clock, log }: { clock: Clock; log: Log },
  signal: AbortSignal,
  run: () => Promise<T>,
): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await run();
    } catch (error) {
      const delayMs = RETRY_DELAYS_MS[attempt];
      if (
        error instanceof LeaseLostError ||
        error instanceof OverLimitError ||
        error instanceof BaselineMovedError ||
        isBadValue(error) ||
        delayMs === undefined
      )
        throw error;
      log.warn("database or parser failed, trying again", { attempt, error: describeCause(error) });
      // Cut short, what went wrong is the database's error.
      await clock.sleep(delayMs, signal).catch(() => {
        throw error;
      });
    }
  }
}

/** What the database said, without the statement that drizzle puts before it. */
export function describeCause(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return cause instanceof Error ? cause.message : String(cause);
}
