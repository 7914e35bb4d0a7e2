import { watchEventLoop } from "./event-loop.ts";
import type { Recorder } from "./recorder.ts";

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
