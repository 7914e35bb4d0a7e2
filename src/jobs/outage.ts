import type { Log } from "../telemetry/log.ts";

/** Tells of something that fails over and over once, and once when it works again. */
export type Outage = { failed(error: unknown): void; works(): void };

export function createOutage(log: Log, texts: { failed: string; works: string }, fields: object = {}): Outage {
  let failures = 0;
  return {
    failed: (error) => {
      if (failures++ === 0) log.warn(texts.failed, { ...fields, error });
    },
    works: () => {
      if (failures > 0) log.info(texts.works, { ...fields, failures });
      failures = 0;
    },
  };
}
