import { and, eq, isNull, lte } from "drizzle-orm";
import type { App } from "../app.ts";
import { channels, deliveries, events } from "../db/schema/notifications.ts";
import { lookAfter } from "../jobs/look-after.ts";
import { makeDigest } from "./digest.ts";
import { notifyDeliver, notifyDispatch } from "./notify-jobs.ts";

/** Makes digests that are due, and has what waits and nobody moves on looked after. Safe to do anywhere, and at once. */
export async function makeDue(
  { db, clock }: Pick<App, "db" | "clock">,
  signal: AbortSignal,
): Promise<{ digests: number; users: number; channels: number }> {
  const now = clock.now();
  const due = await db
    .select({ id: channels.id })
    .from(channels)
    .where(and(eq(channels.isEnabled, true), lte(channels.nextDigestAt, now)));
  let digests = 0;
  for (const { id } of due) {
    signal.throwIfAborted();
    if (await makeDigest(db, id, now)) digests++;
  }
  const waiting = await db.selectDistinct({ id: events.userId }).from(events).where(isNull(events.dispatchedAt));
  await lookAfter(
    db,
    notifyDispatch,
    waiting.map(({ id }) => ({ key: id, payload: { userId: id } })),
  );
  const silent = await db
    .selectDistinct({ id: deliveries.channelId })
    .from(deliveries)
    .innerJoin(channels, and(eq(channels.id, deliveries.channelId), eq(channels.isEnabled, true)))
    .where(and(eq(deliveries.state, "pending"), lte(deliveries.nextAttemptAt, now)));
  await lookAfter(
    db,
    notifyDeliver,
    silent.map(({ id }) => ({ key: id, payload: { channelId: id } })),
  );
  return { digests, users: waiting.length, channels: silent.length };
}
