import type { Clock } from "../clock.ts";
import { createHostQueue, type HostQueue } from "./politeness.ts";

export type HostSettings = { concurrency: number; minDelayMs: number; crawlDelayMs?: number };

/** One queue a host in the whole process, so that crawls that meet on a host share its patience. */
export type HostQueues = {
  /** The settings count for whoever comes first; `release` when done, and the last one out ends the queue. */
  take(host: string, settings: HostSettings): { queue: HostQueue; release(): void };
};

/** An adaptive delay stays below this; what a server asks for in so many words may be longer. */
const MAX_DELAY_MS = 60_000;

export function createHostQueues(clock: Clock, random = Math.random): HostQueues {
  const open = new Map<string, { queue: HostQueue; users: number }>();
  return {
    take(host, settings) {
      const shared = open.get(host) ?? {
        queue: createHostQueue({ clock, random, maxDelayMs: Math.max(MAX_DELAY_MS, settings.minDelayMs), ...settings }),
        users: 0,
      };
      shared.users++;
      open.set(host, shared);
      let isReleased = false;
      return {
        queue: shared.queue,
        release() {
          if (isReleased) return;
          isReleased = true;
          if (--shared.users === 0) open.delete(host);
        },
      };
    },
  };
}
