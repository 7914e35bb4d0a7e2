import type { Clock } from "../clock.ts";
import { createHostQueue, type HostQueue } from "./politeness.ts";

export type HostSettings = { concurrency: number; minDelayMs: number; crawlDelayMs?: number };

/** One queue a host in the whole process, so that crawls that meet on a host share its patience. */
export type HostQueues = {
  /** The settings count for whoever comes first; `release` when done. */
  take(host: string, settings: HostSettings): { queue: HostQueue; release(): void };
};

/** An adaptive delay stays below this; what a server asks for in so many words may be longer. */
const MAX_DELAY_MS = 60_000;

/** How long a host that nobody works is remembered: as long as it can ask not to be bothered. */
const IDLE_MS = 600_000;

const MAX_IDLE = 1_000;

type Shared = { queue: HostQueue; settings: HostSettings; users: number; idleSince: number };

export function createHostQueues(clock: Clock, random = Math.random): HostQueues {
  const open = new Map<string, Shared>();
  /** A crawl often has nothing to do on a host for a moment, which is no reason to forget what the host asked for. */
  const idle = new Map<string, Shared>();

  function reopen(host: string, settings: HostSettings): Shared | undefined {
    const before = idle.get(host);
    idle.delete(host);
    if (!before || before.idleSince + IDLE_MS < clock.now().getTime()) return undefined;
    if (Bun.deepEquals(before.settings, settings)) return before;
    // Another crawl's pace, but the same host that may have asked for a pause.
    const { pausedUntil, throttledInRow } = before.queue.snapshot();
    const restore = { pausedUntil, throttledInRow, delayMs: 0, concurrency: settings.concurrency, errors: NO_ERRORS };
    return openQueue(settings, restore);
  }

  function openQueue(settings: HostSettings, restore?: Parameters<typeof createHostQueue>[0]["restore"]): Shared {
    const maxDelayMs = Math.max(MAX_DELAY_MS, settings.minDelayMs);
    return {
      queue: createHostQueue({ clock, random, maxDelayMs, ...settings, restore }),
      settings,
      users: 0,
      idleSince: 0,
    };
  }

  function close(host: string, shared: Shared): void {
    open.delete(host);
    // The crawl that a host stopped knows; the next one may try again.
    if (shared.queue.stopReason !== undefined) return;
    shared.idleSince = clock.now().getTime();
    idle.set(host, shared);
    const oldest = idle.keys().next().value;
    if (idle.size > MAX_IDLE && oldest !== undefined) idle.delete(oldest);
  }

  return {
    take(host, settings) {
      const shared = open.get(host) ?? reopen(host, settings) ?? openQueue(settings);
      shared.users++;
      open.set(host, shared);
      let isReleased = false;
      return {
        queue: shared.queue,
        release() {
          if (isReleased) return;
          isReleased = true;
          if (--shared.users === 0) close(host, shared);
        },
      };
    },
  };
}

const NO_ERRORS = { inRow: 0, recent: "" };
