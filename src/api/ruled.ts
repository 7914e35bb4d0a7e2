import { Elysia } from "elysia";
import type { App } from "../app.ts";
import { createReadiness, type Pulses } from "../health/readiness.ts";
import { type Access, accessRules } from "./access.ts";
import type { CorsPolicy } from "./cors.ts";
import { healthApi } from "./health.ts";
import { metricsApi } from "./metrics.ts";
import { type DeclaredRoute, permissionRules } from "./permissions.ts";
import { preflights } from "./preflights.ts";
import { problemResponses } from "./problems.ts";
import { callersLimit, strangersLimit } from "./rate-limiting.ts";
import type { RateLimits } from "./rate-limits.ts";
import { requestRules } from "./requests.ts";

export type Surroundings = {
  access: Access;
  cors: CorsPolicy;
  limits: RateLimits;
  /** Ends the answers that would go on for ever. */
  closing: AbortSignal;
  /** Says before it that it will come. */
  stopping: AbortSignal;
};

/**
 * What every process answers, probes and Prometheus, under the rules that further routes are under as well.
 * @param routes all of them, asked for once they are there
 */
export function underRules(
  app: App,
  works: Pulses,
  { access, cors, limits, stopping }: Surroundings,
  routes: () => readonly DeclaredRoute[],
) {
  const { config, log } = app;
  const isOpen = access === "open";
  const readiness = createReadiness(app, works, stopping);
  // Hooks come before the routes they are for. Without `normalize: false`, unknown fields would vanish unsaid.
  // Nor would a path be found under a host of one letter without `standardHostname: false`.
  return new Elysia({ normalize: false, handler: { standardHostname: false } })
    .use(problemResponses({ log, cors }, routes))
    .use(permissionRules(config, access, routes))
    .use(requestRules({ config, cors, isOpen }))
    .use(preflights(cors, routes))
    .use(strangersLimit(limits, isOpen))
    .use(accessRules(config, access))
    .use(callersLimit(limits, isOpen))
    .use(healthApi({ readiness }))
    .use(metricsApi(app));
}
