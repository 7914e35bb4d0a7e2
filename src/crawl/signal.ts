import type { Clock } from "../clock.ts";

/** Something to wait for, again and again. */
export type Signal = {
  /** Resolves the next time it is told. To miss nothing, ask for it before looking at what it tells of. */
  next(): Promise<void>;
  tell(): void;
};

export function createSignal(): Signal {
  let { promise, resolve } = Promise.withResolvers<void>();
  return {
    next: () => promise,
    tell: () => {
      resolve();
      ({ promise, resolve } = Promise.withResolvers<void>());
    },
  };
}

/** Waits for a change, for `ms` at the most, or until the signal; which of them it was is for the caller to see. */
export async function waitAtMost(clock: Clock, ms: number, change: Promise<void>, signal: AbortSignal): Promise<void> {
  const changed = new AbortController();
  await Promise.race([change, clock.sleep(ms, AbortSignal.any([signal, changed.signal])).catch(() => {})]);
  changed.abort();
}

/**
 * A signal that aborts with the first of others. Unlike `AbortSignal.any` it is as cheap to listen to as any, however many
 * do. @returns it, and how to let go of the others
 */
export function linkSignals(...signals: AbortSignal[]): { signal: AbortSignal; unlink(): void } {
  const linked = new AbortController();
  const unlinked = new AbortController();
  for (const signal of signals) {
    if (signal.aborted) linked.abort(signal.reason);
    else signal.addEventListener("abort", () => linked.abort(signal.reason), { once: true, signal: unlinked.signal });
  }
  return { signal: linked.signal, unlink: () => unlinked.abort() };
}
