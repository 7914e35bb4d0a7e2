import { INSTANCE_ROLES } from "../config/roles.ts";
import type { Telemetry } from "../telemetry/telemetry.ts";
import type { Instances } from "./membership.ts";

/** Tells how many processes are alive whenever metrics are read. Returns how to end it. */
export function watchInstances(instances: Pick<Instances, "live">, telemetry: Telemetry): () => void {
  return telemetry.watch("orbweaver.instances", () =>
    INSTANCE_ROLES.map((role) => ({ labels: { role }, value: instances.live(role) })),
  );
}
