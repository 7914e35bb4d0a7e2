import type { Clock } from "../clock.ts";
import type { Settled } from "./settle.ts";
import { createSignal } from "./signal.ts";
import type { Visit } from "./visit-result.ts";

/** Visits of one transaction at the most. */
const MAX_BATCH = 64;
/** Bytes of one transaction, after which no further visit joins it. */
const MAX_BATCH_BYTES = 8_000_000;
/** Visits that may wait; beyond it those who bring more wait as well. */
const MAX_WAITING = 256;
const MAX_WAITING_BYTES = 64_000_000;
/** How long a visit waits for company: what a batch saves in statements is worth more than the delay. */
const GATHER_MS = 100;

export type Writer = {
  /** Hands over a visit; resolves when there is room for another. Rejects once writing has failed for good. */
  add(visit: Visit): Promise<void>;
  /** Resolves when all that was added before is stored. */
  flush(): Promise<void>;
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
  const progress = createSignal();
  let queuedBytes = 0;
  let added = 0;
  let stored = 0;
  let flushing = 0;
  let isRunning = false;
  let failure: { error: unknown } | undefined;
  let cutShort = () => {};

  const isBatchFull = () => queue.length >= MAX_BATCH || queuedBytes >= MAX_BATCH_BYTES;
  const isFull = () => queue.length >= MAX_WAITING || queuedBytes >= MAX_WAITING_BYTES;

  async function gather() {
    if (isBatchFull() || flushing > 0 || options.isIdle()) return;
    const full = new AbortController();
    cutShort = () => full.abort();
    await options.clock.sleep(GATHER_MS, full.signal).catch(() => {});
  }

  function takeBatch(): Visit[] {
    let bytes = 0;
    let count = 0;
    for (const visit of queue) {
      if (count === MAX_BATCH || bytes >= MAX_BATCH_BYTES) break;
      bytes += sizeOf(visit);
      count++;
    }
    queuedBytes -= bytes;
    return queue.splice(0, count);
  }

  async function writeAll() {
    isRunning = true;
    try {
      while (queue.length > 0) {
        await gather();
        const batch = takeBatch();
        progress.tell();
        options.onStored(await options.store(batch), batch);
        stored += batch.length;
        progress.tell();
      }
    } catch (error) {
      failure = { error };
      options.onFailed(error);
      progress.tell();
    } finally {
      isRunning = false;
    }
  }

  async function until(isReached: () => boolean) {
    for (;;) {
      if (failure) throw failure.error;
      if (isReached()) return;
      await progress.next();
    }
  }

  return {
    add: async (visit) => {
      queue.push(visit);
      queuedBytes += sizeOf(visit);
      added++;
      if (!isRunning && !failure) void writeAll();
      if (isBatchFull() || options.isIdle()) cutShort();
      await until(() => !isFull());
    },
    flush: async () => {
      const target = added;
      flushing++;
      cutShort();
      try {
        await until(() => stored >= target);
      } finally {
        flushing--;
      }
    },
  };
}

/** What a visit takes in memory and in a statement, about. */
function sizeOf({ outcome }: Visit): number {
  if (outcome.kind !== "page" || outcome.parsed === null) return 0;
  return outcome.parsed.raw.zstd.byteLength + outcome.parsed.document.markdown.length;
}
