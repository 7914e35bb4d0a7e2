import type { App } from "../app.ts";
import type { Pulses } from "../health/readiness.ts";
import { type DeclaredRoute, permissions } from "./permissions.ts";
import { HttpError } from "./problems.ts";
import { type Surroundings, underRules } from "./ruled.ts";

/**
 * What a process answers that has no API: probes and Prometheus alone, under the same rules. By a route of everything
 * else, so that whoever came to the wrong process is told so.
 */
export function createProbes(app: App, works: Pulses, surroundings: Surroundings) {
  const routes = (): readonly DeclaredRoute[] => probes.routes;
  const probes = underRules(app, works, surroundings, routes)
    .use(permissions)
    .all("/*", refuse, { permission: "public" });
  return probes;
}

function refuse(): never {
  const mend = "ask one that has the role api";
  throw new HttpError(404, "no_api", `This process (ROLE) answers /health, /health/ready and /metrics alone; ${mend}`);
}
