import type { Clock } from "./clock.ts";
import type { Log } from "./telemetry/log.ts";

/** Something that was opened, and how to let go of it. */
export type Closer = {
  name: string;
  /** `cut` is aborted when there is no more time: whatever can be is then ended the hard way. */
  close(cut: AbortSignal): unknown;
};

/** What is kept of the time for each closer still to come, so that a slow one leaves it some. */
const MAX_RESERVE_MS = 1_000;

/**
 * Closes one after another, all within `withinMs`, whatever becomes of each: the turn of the next comes also when one
 * fails or hangs.
 * @returns the names of those that did not end by themselves, which the log explains
 */
export async function closeInOrder(
  closers: readonly Closer[],
  { log, clock, withinMs }: { log: Log; clock: Clock; withinMs: number },
): Promise<string[]> {
  const endsAt = clock.now().getTime() + withinMs;
  const reserveMs = Math.min(MAX_RESERVE_MS, withinMs / (closers.length * 2));
  const unclean: string[] = [];
  for (const [index, closer] of closers.entries()) {
    const startedAt = clock.now().getTime();
    const limitMs = Math.max(0, endsAt - startedAt - reserveMs * (closers.length - 1 - index));
    const error = await closeWithin(closer, limitMs, clock);
    const durationMs = clock.now().getTime() - startedAt;
    if (error === undefined) {
      log.debug("closed", { part: closer.name, durationMs });
      continue;
    }
    unclean.push(closer.name);
    log.warn("did not close by itself", { part: closer.name, durationMs, error });
  }
  return unclean;
}

/** What kept it from ending by itself in time. */
async function closeWithin({ name, close }: Closer, limitMs: number, clock: Clock): Promise<unknown> {
  const cut = new AbortController();
  const ended = new AbortController();
  const late = clock.sleep(limitMs, ended.signal).then(
    () => {
      const error = new DOMException(`Closing ${name} took longer than ${Math.round(limitMs)} ms`, "TimeoutError");
      cut.abort(error);
      return error;
    },
    () => undefined,
  );
  const closed = Promise.try(close, cut.signal).then(
    () => undefined,
    (error: unknown) => error ?? new Error(`Closing ${name} failed`),
  );
  const error = await Promise.race([closed, late]);
  ended.abort();
  return error;
}
