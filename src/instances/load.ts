import { type Static, Type } from "@sinclair/typebox";
import { Value } from "@sinclair/typebox/value";
import { watchEventLoop } from "../telemetry/event-loop.ts";

const InstanceLoad = Type.Object({
  /** CPU time per time since the last reading: 1 is a whole core, threads included. */
  cpu: Type.Number(),
  /** Resident. */
  memoryBytes: Type.Integer(),
  /** The longest that the event loop was held up since the last reading. */
  eventLoopDelayMs: Type.Integer(),
  parserThreadsBusy: Type.Integer(),
  /** Those that run, by queue. */
  jobs: Type.Record(Type.String(), Type.Integer()),
});

/** How much a process has to do. */
export type InstanceLoad = Static<typeof InstanceLoad>;

/** What the process works on, as others count it. */
export type Work = { runningJobs(): Record<string, number>; busyParserThreads(): number };

export type LoadMeter = { read(): InstanceLoad; stop(): void };

export function createLoadMeter({ runningJobs, busyParserThreads }: Work): LoadMeter {
  const eventLoop = watchEventLoop();
  let last = { cpu: process.cpuUsage(), at: performance.now() };
  return {
    read: () => {
      const now = { cpu: process.cpuUsage(), at: performance.now() };
      const usedMs = (now.cpu.user + now.cpu.system - last.cpu.user - last.cpu.system) / 1_000;
      const tookMs = Math.max(1, now.at - last.at);
      last = now;
      return {
        cpu: Math.round((usedMs / tookMs) * 1_000) / 1_000,
        memoryBytes: process.memoryUsage.rss(),
        eventLoopDelayMs: Math.round(eventLoop.takeLongestMs()),
        parserThreadsBusy: busyParserThreads(),
        jobs: runningJobs(),
      };
    },
    stop: eventLoop.stop,
  };
}

/** What a row says of it; `undefined` when it is another version's and means something else. */
export function readLoad(load: unknown): InstanceLoad | undefined {
  return Value.Check(InstanceLoad, load) ? load : undefined;
}
