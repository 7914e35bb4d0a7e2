import type { Recorder } from "./recorder.ts";

/** Rare enough to cost nothing when idle; what holds the loop up for less is seen in the latencies. */
const LOOK_EVERY_MS = 1_000;

/** Tells how the process is whenever metrics are read. Returns how to end it. */
export function watchRuntime(recorder: Recorder, version: string): () => void {
  const delay = watchEventLoop();
  recorder.watch("orbweaver.event_loop.delay", () => [{ labels: {}, value: delay.takeLongestMs() / 1_000 }]);
  recorder.watch("process.memory.usage", () => [{ labels: {}, value: process.memoryUsage.rss() }]);
  recorder.watch("orbweaver.memory.heap", () => [{ labels: {}, value: process.memoryUsage().heapUsed }]);
  recorder.watch("process.cpu.time", () => {
    const { user, system } = process.cpuUsage();
    return [
      { labels: { mode: "user" }, value: user / 1e6 },
      { labels: { mode: "system" }, value: system / 1e6 },
    ];
  });
  recorder.watch("orbweaver.process.start_time", () => [{ labels: {}, value: recorder.startedAt / 1_000 }]);
  recorder.watch("orbweaver.build.info", () => [{ labels: { version, runtime: `bun ${Bun.version}` }, value: 1 }]);
  return delay.stop;
}

/** How much later than it was due a timer fires. */
function watchEventLoop() {
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
