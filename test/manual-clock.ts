import type { Clock } from "../src/clock.ts";

type Sleeper = { wakesAt: number; wake: () => void };

export type ManualClock = Clock & {
  /**
   * Moves the time on, waking sleepers in the order of their hours, each at its own time, and lets what they set off run
   * before the next wakes: a loop that sleeps again and again inside the span wakes as often as it would for real.
   */
  advance(ms: number): Promise<void>;
  /** Lets everything that waits for no time run, without moving the time. */
  settle(): Promise<void>;
  /** How many are asleep. */
  readonly sleepers: number;
};

/** A clock that stands still until it is moved. */
export function createManualClock(start: Date | string | number = "2026-01-01T00:00:00.000Z"): ManualClock {
  let time = new Date(start).getTime();
  const sleepers = new Set<Sleeper>();

  return {
    now: () => new Date(time),
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason);
        const stop = () => {
          sleepers.delete(sleeper);
          reject(signal?.reason);
        };
        const sleeper: Sleeper = {
          wakesAt: time + Math.max(0, ms),
          wake: () => {
            signal?.removeEventListener("abort", stop);
            sleepers.delete(sleeper);
            resolve();
          },
        };
        sleepers.add(sleeper);
        signal?.addEventListener("abort", stop, { once: true });
      }),
    async advance(ms) {
      const end = time + ms;
      await settle();
      for (let next = firstDue(end); next; next = firstDue(end)) {
        time = Math.max(time, next.wakesAt);
        next.wake();
        await settle();
      }
      time = end;
    },
    settle,
    get sleepers() {
      return sleepers.size;
    },
  };

  function firstDue(end: number): Sleeper | undefined {
    let first: Sleeper | undefined;
    // Strictly earlier: of two that wake at once, the one that fell asleep first goes first.
    for (const sleeper of sleepers) {
      if (sleeper.wakesAt <= end && (!first || sleeper.wakesAt < first.wakesAt)) first = sleeper;
    }
    return first;
  }
}

/** A turn of the event loop: every microtask, however long their chain, has run before it ends. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
