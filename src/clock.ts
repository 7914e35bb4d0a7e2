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
