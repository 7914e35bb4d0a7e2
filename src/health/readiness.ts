import type { App } from "../app.ts";
import { type Check, type Component, type ComponentName, watchComponent } from "./component.ts";
import { checkDatabase, checkDisk, checkMigrations, checkPulse, checkRedis } from "./components.ts";
import type { Pulse } from "./pulse.ts";

export type ReadinessState = "ok" | "degraded" | "failed" | "stopping";

export type ReadinessReport = { state: ReadinessState; components: Component[] };

export type Readiness = {
  /** Every component, looked at side by side. Cheap: see `watchComponent`. */
  read(): Promise<ReadinessReport>;
  readComponent(name: ComponentName): Promise<Component>;
};

/** What runs without a request in this process; nothing where it only answers requests. */
export type Pulses = { worker?: Pulse; scheduler?: Pulse };

/** @param stopping aborted when the service was told to stop: from then on it is not ready */
export function createReadiness(
  { store, cache, config, clock, log }: Pick<App, "store" | "cache" | "config" | "clock" | "log">,
  { worker, scheduler }: Pulses,
  stopping: AbortSignal,
): Readiness {
  return watchAll(
    [
      checkDatabase(store),
      checkMigrations(store),
      checkRedis(cache),
      checkPulse("worker", worker, "Crawls that wait are not being looked for: see the log, or restart the service"),
      checkPulse("scheduler", scheduler, "What is due at set times is not begun: see the log, or restart the service"),
      checkDisk(store.kind === "embedded" ? config.DATA_DIR : undefined),
    ],
    { clock, log },
    stopping,
  );
}

export function watchAll(
  checks: readonly Check[],
  context: Pick<App, "clock" | "log">,
  stopping: AbortSignal,
): Readiness {
  const components = new Map(checks.map((check) => [check.name, watchComponent(check, context)]));
  return {
    async read() {
      if (stopping.aborted) return { state: "stopping", components: [] };
      const found = await Promise.all(components.values().map((read) => read()));
      return { state: stopping.aborted ? "stopping" : worstOf(found), components: found };
    },
    async readComponent(name) {
      const read = components.get(name);
      if (!read) throw new Error(`There is no component ${name}`);
      return read();
    },
  };
}

export const isReady = ({ state }: ReadinessReport) => state === "ok" || state === "degraded";

function worstOf(components: readonly Component[]): ReadinessState {
  const states = new Set(components.map(({ state }) => state));
  if (states.has("failed")) return "failed";
  return states.has("degraded") ? "degraded" : "ok";
}
