const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** After the first attempt, the second, and so on: somewhat more than a day in all, so that a night is bridged. */
const DELAYS_MS = [1, 5, 15, 60, 6 * 60, 24 * 60].map((minutes) => minutes * MINUTE_MS);

export const MAX_ATTEMPTS = DELAYS_MS.length + 1;

/** So much earlier or later, so that what failed together does not come back together. */
const JITTER = 0.1;

/** A receiver may ask for more patience, within reason. */
export const MAX_RETRY_AFTER_MS = 24 * HOUR_MS;

/**
 * Milliseconds to wait after a failed attempt, the first being 1; `undefined` when it was the last. What the receiver asks
 * for can only make it longer: one that says "at once" again and again would use up all attempts in no time.
 */
export function nextDelayMs(
  attempt: number,
  retryAfterMs: number | undefined,
  random: () => number = Math.random,
): number | undefined {
  const planned = DELAYS_MS[attempt - 1];
  if (planned === undefined) return undefined;
  const jittered = Math.round(planned * (1 + JITTER * (2 * random() - 1)));
  return Math.max(jittered, Math.min(retryAfterMs ?? 0, MAX_RETRY_AFTER_MS));
}
