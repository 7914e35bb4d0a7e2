/** Rare enough to cost nothing when idle; what holds the loop up for less is seen in the latencies. */
const LOOK_EVERY_MS = 1_000;

export type EventLoopWatch = {
  /** The longest that the event loop was held up since this was asked last. */
  takeLongestMs(): number;
  stop(): void;
};

/** Measures how much later than it was due a timer fires. It keeps no process alive. */
export function watchEventLoop(): EventLoopWatch {
  let longestMs = 0;
  let dueAt = performance.now() + LOOK_EVERY_MS;
  const lateness = () => Math.max(0, performance.now() - dueAt);
  const timer = setInterval(() => {
    longestMs = Math.max(longestMs, lateness());
    dueAt = performance.now() + LOOK_EVERY_MS;
  }, LOOK_EVERY_MS);
  timer.unref();
  return {
    takeLongestMs: () => {
      const taken = Math.max(longestMs, lateness());
      longestMs = 0;
      return taken;
    },
    stop: () => clearInterval(timer),
  };
}
