import { and, asc, desc, eq, exists, getTableColumns, inArray, isNull, lt, not, type SQL } from "drizzle-orm";
import type { Viewer } from "../access/viewer.ts";
import type { App } from "../app.ts";
import type { Db } from "../db/db.ts";
import { channels, type DeliveryState, deliveries, deliveryAttempts, events } from "../db/schema/notifications.ts";
import { websites } from "../db/schema/websites.ts";
import { AppError } from "../errors.ts";
import { lookAfter } from "../jobs/look-after.ts";
import { getChannel, holdChannel, isVisibleTo } from "./channels.ts";
import { claimUntil } from "./claims.ts";
import { notifyDeliver } from "./notify-jobs.ts";
import { settleAttempt } from "./outcome.ts";
import { readMessage, sendOnce } from "./sending.ts";

type StoredAttempt = typeof deliveryAttempts.$inferSelect;

/** A delivery with what it is of. */
export type ShownDelivery = typeof deliveries.$inferSelect & { type: (typeof events.$inferSelect)["type"] };

/** A delivery with what it says and all that was tried, oldest first. */
export type DeliveryStory = { delivery: ShownDelivery; payload: Record<string, unknown>; attempts: StoredAttempt[] };

export type DeliveryQuery = { state?: DeliveryState | undefined; limit: number; after?: string | undefined };

const shown = { ...getTableColumns(deliveries), type: events.type };

/** Of a channel, newest first. @throws AppError `not_found` */
export async function listDeliveries(
  db: Db,
  viewer: Viewer,
  channelId: string,
  { state, limit, after }: DeliveryQuery,
): Promise<ShownDelivery[]> {
  await getChannel(db, viewer, channelId);
  return db
    .select(shown)
    .from(deliveries)
    .innerJoin(events, eq(events.id, deliveries.eventId))
    .where(
      and(
        eq(deliveries.channelId, channelId),
        state ? eq(deliveries.state, state) : undefined,
        after ? lt(deliveries.id, after) : undefined,
      ),
    )
    .orderBy(desc(deliveries.id))
    .limit(limit);
}

/** With its event and all its attempts. @throws AppError `not_found` also when its channel belongs to somebody else */
export async function getDelivery(db: Db, viewer: Viewer, id: string): Promise<DeliveryStory> {
  const [row] = await db
    .select({ delivery: shown, payload: events.payload })
    .from(deliveries)
    .innerJoin(events, eq(events.id, deliveries.eventId))
    .innerJoin(channels, eq(channels.id, deliveries.channelId))
    .leftJoin(websites, eq(websites.id, channels.websiteId))
    .where(and(eq(deliveries.id, id), isVisibleTo(viewer)));
  if (!row) throw new AppError("not_found", `There is no delivery ${id}`);
  const attempts = await db
    .select()
    .from(deliveryAttempts)
    .where(eq(deliveryAttempts.deliveryId, id))
    .orderBy(asc(deliveryAttempts.attempt));
  return { ...row, attempts };
}

/**
 * Sends a test at once, also to a channel that is disabled, and once only.
 * @throws AppError `not_found`
 */
export async function testChannel(app: App, viewer: Viewer, id: string, signal: AbortSignal): Promise<DeliveryStory> {
  const { db, clock, config } = app;
  const channel = await getChannel(db, viewer, id);
  const now = clock.now();
  const { userId, websiteId, name, kind } = channel;
  const { event, delivery } = await db.transaction(async (tx) => {
    const payload = { channel: { id, name, kind } };
    const row = { userId, websiteId, type: "channel.test" as const, payload, dispatchedAt: now, createdAt: now };
    const [event] = await tx.insert(events).values(row).returning();
    if (!event) throw new Error("An insertion without a conflict clause gives its row");
    // As if a worker had taken it, so that none does.
    const nextAttemptAt = claimUntil(now, config.WEBHOOK_TIMEOUT_MS);
    const values = { channelId: id, eventId: event.id, attempts: 1, nextAttemptAt, createdAt: now };
    const [delivery] = await tx.insert(deliveries).values(values).returning();
    if (!delivery) throw new Error("An insertion without a conflict clause gives its row");
    return { event, delivery };
  });
  try {
    const attempt = await sendOnce(app, channel, await readMessage(app, channel, event), signal);
    await settleAttempt(app, { channel, delivery, event, attempt, isLast: true });
  } catch (error) {
    // Whoever asked has left: nobody is to send it later.
    const isOpen = and(eq(deliveries.id, delivery.id), eq(deliveries.state, "pending"));
    await db.update(deliveries).set({ state: "cancelled", nextAttemptAt: null }).where(isOpen);
    throw error;
  }
  return getDelivery(db, viewer, delivery.id);
}

/**
 * Sends a delivery again, under its event's id, with as many attempts as a new one.
 * @throws AppError `not_found`, or `conflict` while it is on its way or its channel is disabled
 */
export async function replayDelivery(
  context: Pick<App, "db" | "clock">,
  viewer: Viewer,
  id: string,
): Promise<ShownDelivery> {
  const { db } = context;
  const { delivery } = await getDelivery(db, viewer, id);
  const replayed = await replay(context, viewer, delivery.channelId, ENDED, eq(deliveries.id, id));
  if (replayed === 0) throw new AppError("conflict", `Delivery ${id} is ${delivery.state}: it is on its way already`);
  return (await getDelivery(db, viewer, id)).delivery;
}

/** What a digest told is told by the digest again, and tests are not. @returns how many. @throws AppError `not_found`, or `conflict` while the channel is disabled */
export async function replayFailed(
  context: Pick<App, "db" | "clock">,
  viewer: Viewer,
  channelId: string,
): Promise<number> {
  const isTest = exists(
    context.db
      .select({ id: events.id })
      .from(events)
      .where(and(eq(events.id, deliveries.eventId), eq(events.type, "channel.test"))),
  );
  return replay(context, viewer, channelId, ["failed"], and(isNull(deliveries.digestId), not(isTest)));
}

const ENDED: DeliveryState[] = ["delivered", "failed", "cancelled"];

async function replay(
  { db, clock }: Pick<App, "db" | "clock">,
  viewer: Viewer,
  channelId: string,
  states: DeliveryState[],
  which: SQL | undefined,
): Promise<number> {
  return db.transaction(async (tx) => {
    const channel = await holdChannel(tx, viewer, channelId);
    if (!channel.isEnabled)
      throw new AppError("conflict", `Channel ${channelId} is disabled: enable it, then replay what it missed`);
    const isMeant = and(eq(deliveries.channelId, channelId), inArray(deliveries.state, states), which);
    const again = { state: "pending", attempts: 0, nextAttemptAt: clock.now(), deliveredAt: null } as const;
    const rows = await tx.update(deliveries).set(again).where(isMeant).returning({ id: deliveries.id });
    if (rows.length > 0) await lookAfter(tx, notifyDeliver, [{ key: channelId, payload: { channelId } }]);
    return rows.length;
  });
}
