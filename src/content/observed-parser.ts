import type { Telemetry } from "../telemetry/telemetry.ts";
import { ParseError, type ParserPool } from "./parser-pool.ts";

/** Tells of every page that is parsed: a span, its time, and how many wait. */
export function observeParser(pool: ParserPool, telemetry: Telemetry): ParserPool {
  if (!telemetry.recorder && !telemetry.isTracing) return pool;
  let underWay = 0;
  const leave = telemetry.watch("orbweaver.parse.queue", () => [{ labels: {}, value: underWay }]);
  return {
    parse: (input, signal) =>
      telemetry.span("parse", { attributes: { "orbweaver.body.size": input.body.byteLength } }, async () => {
        const startedAt = performance.now();
        let outcome: string = "ok";
        underWay++;
        try {
          return await pool.parse(input, signal);
        } catch (error) {
          outcome = error instanceof ParseError ? error.code : "internal";
          throw error;
        } finally {
          underWay--;
          telemetry.observe("orbweaver.parse.duration", { outcome }, (performance.now() - startedAt) / 1_000);
        }
      }),
    busyThreads: pool.busyThreads,
    close: () => {
      leave();
      pool.close();
    },
  };
}
