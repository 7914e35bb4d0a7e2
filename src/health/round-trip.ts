import type { Clock } from "../clock.ts";
import type { Db } from "../db/db.ts";
import type { Instances } from "../instances/membership.ts";
import { findStalled, type HealthCheckState, readHealthCheck } from "../schedules/health-check.ts";
import type { Check, Finding } from "./component.ts";

type Context = { db: Db; clock: Clock; instances: Pick<Instances, "isKnown" | "live"> };

const UNREAD: Finding = { state: "degraded", message: "How jobs get through can't be looked at: see the database" };

const MESSAGES = {
  scheduler: "What is due at set times is begun by no process: see the logs of those with the role scheduler",
  worker: "Jobs are made and do not get through: see the queue control, whether it is paused or full, and the logs",
};

/**
 * A role's check that also looks at whether jobs get from the cluster's schedulers to its workers, as the health check
 * does each minute: a process may look well and still get nothing done.
 */
export function withRoundTrip(role: "worker" | "scheduler", check: Check, { db, clock, instances }: Context): Check {
  // Nothing can have come through before there was anybody to see it.
  const watchedSince = clock.now();
  return {
    ...check,
    run: async () => {
      const own = await check.run();
      const hasWorkers = instances.isKnown() && instances.live("worker") > 0;
      if (own.state === "degraded" || !hasWorkers) return own;
      // A database that is away is told of by a check of its own.
      const state = await readHealthCheck(db).catch(() => undefined);
      if (!state) return own;
      const now = clock.now();
      const since = Math.max(state.succeededAt?.getTime() ?? 0, watchedSince.getTime());
      const stalled = findStalled(state, new Date(since), now);
      if (stalled) return stalled === role ? { state: "degraded", message: MESSAGES[role] } : own;
      const message = role === "worker" && own.state === "ok" ? describeTrip(state, now) : undefined;
      return message ? { ...own, message } : own;
    },
    whenLate: UNREAD,
  };
}

function describeTrip({ succeededAt, roundTripMs }: HealthCheckState, now: Date): string | undefined {
  if (!succeededAt || roundTripMs === null) return undefined;
  const seconds = Math.max(0, Math.round((now.getTime() - succeededAt.getTime()) / 1_000));
  return `A job took ${roundTripMs} ms from a scheduler to a worker, ${seconds} s ago`;
}
