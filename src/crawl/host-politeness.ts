import { type Clock, systemClock } from "../clock.ts";
import { createHostQueue, type HostQueue, type HostQueueSnapshot } from "./politeness.ts";

export type HostSettings = { concurrency: number; minDelayMs: number; crawlDelayMs?: number };

/**
 * How a host has been, as the database keeps it between slices, which may be of other crawls and processes. Its instants
 * are by the clock of the process that wrote it, at which it was `at`.
 */
export type HostPoliteness = { crawlId: string; settings: HostSettings; snapshot: HostQueueSnapshot; at: number };

/** As it is read, with how old it is by the clock of the database: those of two machines may differ. */
export type KeptPoliteness = HostPoliteness & { ageMs: number };

/** An adaptive delay stays below this; what a server asks for in so many words may be longer. */
const MAX_DELAY_MS = 60_000;

/** How long it is remembered: as long as a host can ask not to be bothered. */
const REMEMBERED_MS = 600_000;

const NO_ERRORS = { inRow: 0, recent: "" };

/** The gate of a host, going on from how the host has been. */
export function openHostQueue(
  clock: Clock,
  settings: HostSettings,
  crawlId: string,
  before: KeptPoliteness | null,
): HostQueue {
  const maxDelayMs = Math.max(MAX_DELAY_MS, settings.minDelayMs);
  const restore = before ? restoreFrom(before, settings, crawlId, clock) : undefined;
  return createHostQueue({ clock, maxDelayMs, ...settings, restore });
}

function restoreFrom(
  { crawlId: formerId, settings: formerSettings, snapshot: former, at, ageMs }: KeptPoliteness,
  settings: HostSettings,
  crawlId: string,
  clock: Clock,
): HostQueueSnapshot | undefined {
  const now = clock.now().getTime();
  // Time that is a test's own passes there alone.
  const sinceMs = clock === systemClock ? ageMs : now - at;
  if (sinceMs > REMEMBERED_MS) return undefined;
  const toOwnTime = (instant: number) => (instant === 0 ? 0 : instant - at - sinceMs + now);
  const [pausedUntil, nextAt] = [toOwnTime(former.pausedUntil), toOwnTime(former.nextAt)];
  // The crawl that a host stopped knows; another one may try again.
  const errors = formerId === crawlId ? former.errors : NO_ERRORS;
  // The database keeps what is undefined out.
  const isSame = Bun.deepEquals(formerSettings, JSON.parse(JSON.stringify(settings)));
  if (isSame) return { ...former, pausedUntil, nextAt, errors };
  // Another crawl's pace, but the same host that may have asked for a pause.
  const { throttledInRow } = former;
  return { pausedUntil, throttledInRow, nextAt, delayMs: 0, concurrency: settings.concurrency, errors };
}
