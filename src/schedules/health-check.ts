import { Type } from "@sinclair/typebox";
import { eq } from "drizzle-orm";
import type { Db } from "../db/db.ts";
import { systemSchedules } from "../db/schema/jobs.ts";
import { defineJob } from "../jobs/kind.ts";
import { nextFiring } from "./rule.ts";
import { type SystemSchedule, systemRule, systemSchedule, withResultKept } from "./system-schedules.ts";

/** By the clocks of the instances that enqueue and run it, which are taken to agree. */
export const healthCheck = withResultKept(
  defineJob({
    name: "health-check",
    about: "Measures how long a job takes from a scheduler to a worker, for readiness",
    // Not among what may take hours: what waits here is what somebody waits for.
    queue: "control",
    payload: Type.Object({ enqueuedAt: Type.String() }),
    retry: { limit: 0, delaySeconds: 1, maxDelaySeconds: 1 },
    timeoutSeconds: 30,
    keepSeconds: 3_600,
    isUnique: true,
    run: async ({ clock }, { enqueuedAt }) => ({
      roundTripMs: Math.max(0, clock.now().getTime() - Date.parse(enqueuedAt)),
    }),
  }),
);

export function healthCheckSchedule(cron: string): SystemSchedule {
  return systemSchedule(healthCheck, { cron }, (now) => ({ enqueuedAt: now.toISOString() }));
}

export type HealthCheckState = {
  isEnabled: boolean;
  cron: string;
  /** When the next one is due; in the past when no scheduler fires it. */
  nextRunAt: Date | null;
  /** When a round trip was last made, and how long it took. */
  succeededAt: Date | null;
  roundTripMs: number | null;
};

/** How jobs have got through lately; `undefined` where no scheduler ever was. */
export async function readHealthCheck(db: Db): Promise<HealthCheckState | undefined> {
  const { isEnabled, cron, nextRunAt, lastSuccessAt: succeededAt, lastResult: result } = systemSchedules;
  const [row] = await db
    .select({ isEnabled, cron, nextRunAt, succeededAt, result })
    .from(systemSchedules)
    .where(eq(systemSchedules.name, healthCheck.name));
  if (!row) return undefined;
  const { result: last, ...state } = row;
  return { ...state, roundTripMs: typeof last?.roundTripMs === "number" ? last.roundTripMs : null };
}

/**
 * Whose fault it is that none has come through for so long that it is no chance: what is due and not fired is the
 * schedulers', what is fired and not run the workers'. `undefined` while all is well.
 * @param since when the last came through, or from when on one could have
 */
export function findStalled(state: HealthCheckState, since: Date, now: Date): "scheduler" | "worker" | undefined {
  const { isEnabled, cron, nextRunAt } = state;
  const isLong = (dueAt: Date | null | undefined) => !!dueAt && now.getTime() - dueAt.getTime() > OVERDUE_MS;
  if (!isEnabled || !isLong(nextFiring(systemRule({ name: healthCheck.name, cron, jitterSeconds: 0 }), since)))
    return undefined;
  return isLong(nextRunAt) ? "scheduler" : "worker";
}

/** With a check each minute, what is amiss is told within three. */
const OVERDUE_MS = 120_000;
