import type { Cache } from "../cache.ts";
import type { Clock } from "../clock.ts";
import type { QueueName } from "./queues.ts";

/** Over this channel of the cache workers hear which queue has jobs to be run. */
export const JOBS_CHANNEL = "jobs";
/** Which jobs were cancelled, by their ids. */
export const CANCEL_CHANNEL = "jobs:cancel";
/** That queues were paused or resumed. */
export const QUEUES_CHANNEL = "jobs:queues";

export type Announcements = {
  /** Once `delayMs` are over. */
  announce(queue: QueueName, delayMs?: number): void;
  over(cache: Cache): void;
  close(): void;
};

/** A burst of jobs is told of once at its beginning and once for the rest. */
const QUIET_MS = 5;

/** What is due later than that is found by looking, which happens oftener. */
const MAX_DELAY_MS = 10_000;

/** Jobs that become due within so long are told of together. */
const SLOT_MS = 20;

/** Tells workers of all processes that there is something to do; what gets lost they find by looking. */
export function createAnnouncements(clock: () => Clock): Announcements {
  let cache: Cache | undefined;
  const closed = new AbortController();
  const quiet = new Map<QueueName, { isMore: boolean; timer: Timer }>();
  const tell = (queue: QueueName): void => {
    if (!cache || closed.signal.aborted) return;
    const told = quiet.get(queue);
    if (told) {
      told.isMore = true;
      return;
    }
    cache.publish(JOBS_CHANNEL, queue).catch(() => {});
    const timer = setTimeout(() => {
      const isMore = quiet.get(queue)?.isMore;
      quiet.delete(queue);
      if (isMore) tell(queue);
    }, QUIET_MS);
    quiet.set(queue, { isMore: false, timer });
  };
  const due = new Set<string>();
  return {
    announce: (queue, delayMs = 0) => {
      if (delayMs <= 0) return tell(queue);
      const slot = `${queue} ${Math.ceil((clock().now().getTime() + delayMs) / SLOT_MS)}`;
      if (delayMs > MAX_DELAY_MS || due.has(slot)) return;
      due.add(slot);
      const told = clock()
        .sleep(delayMs + SLOT_MS, closed.signal)
        .then(() => {
          due.delete(slot);
          tell(queue);
        });
      told.catch(() => {});
    },
    over: (over) => {
      cache = over;
    },
    close: () => {
      closed.abort();
      for (const { timer } of quiet.values()) clearTimeout(timer);
    },
  };
}
