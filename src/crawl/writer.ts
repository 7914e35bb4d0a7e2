import type { Clock } from "../clock.ts";
import type { Settled } from "./settle.ts";
import type { Visit } from "./visit-result.ts";

/** Visits of one transaction at the most. */
const MAX_BATCH = 64;
/** Visits that may wait; beyond it those who bring more wait as well. */
const MAX_WAITING = 256;
/** How long a visit waits for company: what a batch saves in statements is worth more than the delay. */
const GATHER_MS = 100;

export type Writer = {
  /** Hands over a visit; resolves when there is room for another. Rejects once writing has failed for good. */
  add(visit: Visit): Promise<void>;
  /** Resolves when all that was added is stored. */
  flush(): Promise<void>;
  /** Visits handed over and not yet stored. */
  waiting(): number;
};

/**
 * Gathers visits and stores them in batches, one transaction after the other.
 * @param isIdle nothing more is under way, so that waiting for company is pointless
 */
export function createWriter(options: {
  clock: Clock;
  store: (visits: Visit[]) => Promise<Settled>;
  onStored: (settled: Settled, visits: Visit[]) => void;
  isIdle: () => boolean;
  onFailed: (error: unknown) => void;
}): Writer {
  const queue: Visit[] = [];
  let storing = 0;
  let isFlushing = false;
  let run: Promise<void> | undefined;
  let cutShort = () => {};

  async function gather() {
    if (queue.length >= MAX_BATCH || isFlushing || options.isIdle()) return;
    const full = new AbortController();
    cutShort = () => full.abort();
    await options.clock.sleep(GATHER_MS, full.signal).catch(() => {});
  }

  async function writeAll() {
    while (queue.length > 0) {
      await gather();
      const batch = queue.splice(0, MAX_BATCH);
      storing = batch.length;
      options.onStored(await options.store(batch), batch);
      storing = 0;
    }
    run = undefined;
  }

  return {
    add: async (visit) => {
      queue.push(visit);
      run ??= writeAll();
      run.catch(options.onFailed);
      if (queue.length >= MAX_BATCH || options.isIdle()) cutShort();
      if (queue.length >= MAX_WAITING) await run;
    },
    flush: async () => {
      isFlushing = true;
      cutShort();
      try {
        await run;
      } finally {
        isFlushing = false;
      }
    },
    waiting: () => queue.length + storing,
  };
}
