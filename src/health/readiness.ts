import type { App } from "../app.ts";
import type { Pulse } from "../pulse.ts";
import { type Check, type Component, type ComponentName, watchComponent } from "./component.ts";
import { checkDatabase, checkDisk, checkMigrations, checkRedis, checkWork } from "./components.ts";
import { withRoundTrip } from "./round-trip.ts";

export type ReadinessState = "ok" | "degraded" | "failed" | "stopping";

export type ReadinessReport = { state: ReadinessState; components: Component[] };

export type Readiness = {
  /** Every component, looked at side by side. Cheap: see `watchComponent`. */
  read(): Promise<ReadinessReport>;
  readComponent(name: ComponentName): Promise<Component>;
};

/** What runs without a request in this process; nothing where it only answers requests. */
export type Pulses = { worker?: Pulse | undefined; scheduler?: Pulse | undefined };

/** @param stopping aborted when the service was told to stop: from then on it is not ready */
export function createReadiness(
  {
    store,
    cache,
    config,
    clock,
    log,
    instances,
  }: Pick<App, "store" | "cache" | "config" | "clock" | "log" | "instances">,
  { worker, scheduler }: Pulses,
  stopping: AbortSignal,
): Readiness {
  const work = { db: store.db, clock, instances };
  return watchAll(
    [
      checkDatabase(store),
      checkMigrations(store),
      checkRedis(cache),
      withRoundTrip("worker", checkWork("worker", worker, instances), work),
      withRoundTrip("scheduler", checkWork("scheduler", scheduler, instances), work),
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
