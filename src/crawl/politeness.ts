import type { Clock } from "../clock.ts";
import { createErrorBudget, type ErrorBudget, type ErrorBudgetSnapshot } from "./error-budget.ts";

export type Outcome = {
  kind: "ok" | "client_error" | "server_error" | "throttled" | "network_error";
  latencyMs: number;
  /** From `Retry-After`. */
  retryAfterMs?: number;
};

/** The leave to make one request. */
export type Permit = {
  /** Says that the request goes out now, where that is later than the permit was given: delays count from then. */
  begin(): void;
  /** Says how it went. Once for each permit; repeating it does nothing. */
  release(outcome: Outcome): void;
};

export type HostQueue = {
  /**
   * Waits until the host may be asked once more; in the order of the calls.
   * @throws HostStoppedError once the host has used up its error budget, or the signal's reason
   */
  acquire(signal?: AbortSignal): Promise<Permit>;
  /** Why the host is asked no more, in words; `undefined` while it is. */
  readonly stopReason: string | undefined;
  /** Milliseconds that whoever asks now waits for the host's sake, even with nothing under way. */
  waitMs(): number;
  /** How the host has been, to go on with after a restart. */
  snapshot(): HostQueueSnapshot;
};

export type HostQueueSnapshot = {
  delayMs: number;
  concurrency: number;
  throttledInRow: number;
  /** Milliseconds since 1970. */
  pausedUntil: number;
  /** When the delay after the last request is over, in the same. */
  nextAt: number;
  errors: ErrorBudgetSnapshot;
};

export type HostQueueOptions = {
  clock: Clock;
  random?: () => number;
  /** Requests at the same time, when the host is well. A `crawlDelayMs` makes it one. */
  concurrency: number;
  minDelayMs: number;
  /** Bound of the delay that adapts; `minDelayMs` and `crawlDelayMs` may be longer. */
  maxDelayMs: number;
  /** From robots.txt; at most 60 s of it are obeyed, as longer ones would stop a crawl without saying so. */
  crawlDelayMs?: number;
  /** Longest pause that the host can ask for by `Retry-After`. Default 10 minutes. */
  maxPauseMs?: number;
  errorBudget?: ErrorBudget;
  restore?: HostQueueSnapshot;
};

/** The host failed so often that it is asked no more. */
export class HostStoppedError extends Error {
  constructor(reason: string) {
    super(reason);
    this.name = "HostStoppedError";
  }
}

const maxCrawlDelayMs = 60_000;
const defaultMaxPauseMs = 600_000;
/** First pause of a host that throttles without saying for how long; doubled each time in a row. */
const firstPauseMs = 1_000;
/** A host that answers within this is not slow, and gets no delay unless one was asked for. */
const slowMs = 200;

type Waiter = { resolve: (permit: Permit) => void; reject: (reason: unknown) => void; stopListening?: () => void };

/**
 * The gate in front of one host. Between requests lies a delay that follows the host's latency: a host that takes a
 * second gets, with n at the same time, a request each 1/n seconds. Failures only lengthen it. They also halve the requests at the same time, which come back one
 * by one, and throttling pauses the host as well. What was under way when a failure came in counts as the same blow.
 */
export function createHostQueue(options: HostQueueOptions): HostQueue {
  const { clock, random = Math.random, restore, maxPauseMs = defaultMaxPauseMs } = options;
  const crawlDelayMs = Math.min(options.crawlDelayMs ?? 0, maxCrawlDelayMs);
  const maxConcurrency = crawlDelayMs > 0 ? 1 : Math.max(1, options.concurrency);
  const minDelayMs = Math.max(options.minDelayMs, crawlDelayMs);
  const maxDelayMs = Math.max(options.maxDelayMs, minDelayMs);
  const errors = createErrorBudget(options.errorBudget, restore?.errors);

  let delayMs = clamp(restore?.delayMs ?? minDelayMs, minDelayMs, maxDelayMs);
  let concurrency = clamp(restore?.concurrency ?? maxConcurrency, 1, maxConcurrency);
  let throttledInRow = restore?.throttledInRow ?? 0;
  let pausedUntil = restore?.pausedUntil ?? 0;
  let nextAt = restore?.nextAt ?? 0;
  /** When the clock was last looked at. */
  let seenAt = 0;
  let running = 0;
  let blows = 0;
  let sleeper: AbortController | undefined;
  const waiters = new Set<Waiter>();

  /** Lets waiters through as far as slots and time allow. */
  function pump(): void {
    while (waiters.size > 0 && running < Math.floor(concurrency) && !sleeper) {
      const waitMs = timeToWait();
      if (waitMs > 0) {
        sleep(waitMs);
        return;
      }
      const [first] = waiters;
      if (!first) return;
      waiters.delete(first);
      first.stopListening?.();
      first.resolve(grant());
    }
  }

  function timeToWait(): number {
    // With nothing to keep apart, the time need not even be asked for.
    if (nextAt === 0 && pausedUntil === 0) return 0;
    const now = time();
    return Math.max(nextAt, pausedUntil) - now;
  }

  /** When the clock is set back, what lies ahead comes along, so that nobody waits for the difference as well. */
  function time(): number {
    const now = clock.now().getTime();
    const setBackMs = Math.max(0, seenAt - now);
    if (nextAt > 0) nextAt -= setBackMs;
    if (pausedUntil > 0) pausedUntil -= setBackMs;
    seenAt = now;
    return now;
  }

  /** Sleeps for all waiters at once; nobody waiting, nobody sleeps, so that no timer holds a process that is done. */
  function sleep(ms: number): void {
    const mine = new AbortController();
    sleeper = mine;
    const wake = () => {
      if (sleeper !== mine) return;
      sleeper = undefined;
      pump();
    };
    clock.sleep(ms, mine.signal).then(wake, wake);
  }

  function stopSleeping(): void {
    const asleep = sleeper;
    sleeper = undefined;
    asleep?.abort();
  }

  function grant(): Permit {
    running += 1;
    // Spread by a quarter, so that many hosts on one server don't fall into step; never below what was asked for.
    const gapMs = delayMs > 0 ? Math.max(minDelayMs, delayMs * (0.75 + random() * 0.5)) : 0;
    const begin = () => {
      if (gapMs > 0) nextAt = Math.max(time() + gapMs, nextAt);
    };
    begin();
    const blowsBefore = blows;
    let isReleased = false;
    return {
      begin,
      release(outcome) {
        if (isReleased) return;
        isReleased = true;
        running -= 1;
        settle(outcome, blowsBefore === blows);
        if (errors.stopReason !== undefined) rejectAll(errors.stopReason);
        else if (waiters.size > 0) pump();
      },
    };
  }

  function settle(outcome: Outcome, isNewBlow: boolean): void {
    const { kind } = outcome;
    errors.record(kind, isNewBlow);
    if (kind === "ok" || kind === "client_error") {
      if (kind === "ok") throttledInRow = 0;
      concurrency = Math.min(maxConcurrency, concurrency + 1 / concurrency);
    } else if (isNewBlow) {
      blows += 1;
      if (kind === "throttled") throttledInRow += 1;
      concurrency = Math.max(1, concurrency / 2);
      delayMs = clamp(delayMs * 1.1 + 10, minDelayMs, maxDelayMs);
    }
    adaptDelay(outcome);
    const pauseMs = toPauseMs(outcome, isNewBlow);
    if (pauseMs > 0) pausedUntil = Math.max(time() + pauseMs, pausedUntil);
  }

  function adaptDelay({ kind, latencyMs }: Outcome): void {
    const target = latencyMs < slowMs ? 0 : latencyMs / maxConcurrency;
    // Upwards at once, downwards by halves: one fast answer says little about a slow host.
    const next = clamp(Math.max(target, (delayMs + target) / 2), minDelayMs, maxDelayMs);
    if (kind === "ok" || next > delayMs) delayMs = next < 1 ? minDelayMs : next;
    if (delayMs === 0) nextAt = 0;
  }

  function toPauseMs({ kind, retryAfterMs }: Outcome, isNewBlow: boolean): number {
    if (retryAfterMs !== undefined && kind !== "ok") return Math.min(Math.max(0, retryAfterMs), maxPauseMs);
    if (kind !== "throttled" || !isNewBlow) return 0;
    const pauseMs = Math.min(maxPauseMs, firstPauseMs * 2 ** Math.min(30, throttledInRow - 1));
    return pauseMs * (0.75 + random() * 0.5);
  }

  function rejectAll(reason: string): void {
    for (const waiter of waiters) {
      waiter.stopListening?.();
      waiter.reject(new HostStoppedError(reason));
    }
    waiters.clear();
    stopSleeping();
  }

  return {
    acquire: (signal) => {
      if (signal?.aborted) return Promise.reject(signal.reason);
      if (errors.stopReason !== undefined) return Promise.reject(new HostStoppedError(errors.stopReason));
      if (waiters.size === 0 && !sleeper && running < Math.floor(concurrency) && timeToWait() <= 0) {
        return Promise.resolve(grant());
      }
      return new Promise((resolve, reject) => {
        const waiter: Waiter = { resolve, reject };
        if (signal) {
          const stop = () => {
            waiters.delete(waiter);
            if (waiters.size === 0) stopSleeping();
            reject(signal.reason);
          };
          signal.addEventListener("abort", stop, { once: true });
          waiter.stopListening = () => signal.removeEventListener("abort", stop);
        }
        waiters.add(waiter);
        pump();
      });
    },
    get stopReason() {
      return errors.stopReason;
    },
    waitMs: () => Math.max(0, timeToWait()),
    snapshot: () => {
      time();
      return { delayMs, concurrency, throttledInRow, pausedUntil, nextAt, errors: errors.snapshot() };
    },
  };
}

function clamp(value: number, min: number, max: number): number {
  return Math.min(max, Math.max(min, value));
}
