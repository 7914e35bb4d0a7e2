/** The only source of time. Tests hand in one they move by hand. */
export type Clock = {
  now(): Date;
  /** Resolves after `ms`; rejects with the signal's reason when it is aborted first. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
};

export const systemClock: Clock = {
  now: () => new Date(),
  sleep: (ms, signal) =>
    new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const timer = setTimeout(() => {
        signal?.removeEventListener("abort", stop);
        resolve();
      }, ms);
      const stop = () => {
        clearTimeout(timer);
        reject(signal?.reason);
      };
      signal?.addEventListener("abort", stop, { once: true });
    }),
};

const DAY_MS = 86_400_000;

const MOMENT = /^(\d{4}-\d{2}-\d{2})(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:\d{2}))?$/i;

/** An instant as people write it (ISO 8601), or a day for its beginning in UTC; `undefined` for what is neither. */
export function parseMoment(text: string): Date | undefined {
  return MOMENT.test(text) ? parseInstant(text) : undefined;
}

/**
 * An instant of the form that a schema has let through, if there is one: there is no 30 February, of which dates are made
 * all the same, and databases end where years have other than four digits.
 */
export function parseInstant(text: string): Date | undefined {
  const instant = new Date(text);
  const [day = ""] = text.split(/[Tt ]/, 1);
  const year = instant.getUTCFullYear();
  const isDay = new Date(day).toJSON()?.startsWith(day) === true;
  return isDay && year >= 1 && year <= 9_999 ? instant : undefined;
}

export function daysBefore(now: Date, days: number): Date {
  return new Date(now.getTime() - days * DAY_MS);
}

/** What the promise gives; rejects when that takes longer than `ms` or `signal` is aborted, and leaves it to itself. */
export async function within<T>(ms: number, promise: Promise<T>, clock: Clock, signal?: AbortSignal): Promise<T> {
  const settled = new AbortController();
  const stop = () => settled.abort(signal?.reason);
  if (signal?.aborted) stop();
  signal?.addEventListener("abort", stop);
  const late = clock.sleep(ms, settled.signal).then(() => {
    throw new Error(`There was no answer within ${ms} ms`);
  });
  late.catch(() => {});
  try {
    return await Promise.race([promise, late]);
  } finally {
    signal?.removeEventListener("abort", stop);
    settled.abort();
  }
}
