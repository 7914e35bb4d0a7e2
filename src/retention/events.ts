import { Type } from "@sinclair/typebox";
import { and, eq, inArray, isNotNull, lt, notExists } from "drizzle-orm";
import type { App } from "../app.ts";
import { daysBefore } from "../clock.ts";
import { deliveries, events } from "../db/schema/notifications.ts";
import { defineJob } from "../jobs/kind.ts";
import { withResultKept } from "../schedules/system-schedules.ts";

/** Each has its deliveries and their attempts deleted with it. */
const BATCH = 500;

export const eventRetention = withResultKept(
  defineJob({
    name: "event-retention",
    about: "Deletes events that are kept no longer, with what was sent of them",
    queue: "maintenance",
    payload: Type.Object({}),
    retry: { limit: 2, delaySeconds: 60, maxDelaySeconds: 600 },
    timeoutSeconds: 4 * 3_600,
    keepSeconds: 30 * 86_400,
    isUnique: true,
    run: (app, _, { signal }) => purgeEvents(app, signal),
  }),
);

/** In batches that are short transactions each. Safe to repeat, and to do anywhere. */
export async function purgeEvents(
  { db, clock, config }: Pick<App, "db" | "clock"> & { config: Pick<App["config"], "EVENT_RETENTION_DAYS"> },
  signal?: AbortSignal,
): Promise<{ events: number }> {
  if (config.EVENT_RETENTION_DAYS === 0) return { events: 0 };
  // What is still to be told stays, however long the receiver is away or the week is.
  const isUnderWay = db
    .select({ id: deliveries.id })
    .from(deliveries)
    .where(and(eq(deliveries.eventId, events.id), inArray(deliveries.state, ["held", "pending"])));
  const isOld = and(
    lt(events.createdAt, daysBefore(clock.now(), config.EVENT_RETENTION_DAYS)),
    isNotNull(events.dispatchedAt),
    notExists(isUnderWay),
  );
  let count = 0;
  for (let last = BATCH; last >= BATCH && !signal?.aborted; count += last) {
    const some = db.select({ id: events.id }).from(events).where(isOld).limit(BATCH);
    last = (await db.delete(events).where(inArray(events.id, some)).returning({ id: events.id })).length;
  }
  return { events: count };
}
