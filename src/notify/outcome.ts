import { and, count, eq, exists, gte, inArray, isNull, sql } from "drizzle-orm";
import type { App } from "../app.ts";
import { afterCommit } from "../db/after-commit.ts";
import type { Db } from "../db/db.ts";
import { channels, deliveries, deliveryAttempts } from "../db/schema/notifications.ts";
import { enqueue } from "../jobs/enqueue.ts";
import type { Delivery } from "./claims.ts";
import type { Channel } from "./format.ts";
import type { StoredEvent } from "./message.ts";
import { notifyDeliver } from "./notify-jobs.ts";
import { recordEvents } from "./outbox.ts";
import { nextDelayMs } from "./retry.ts";
import type { Attempt } from "./sending.ts";

type Context = Pick<App, "db" | "clock" | "log" | "telemetry">;

/** A channel is disabled when nothing that was sent to it arrived for so long, and so many deliveries were given up. */
const FAILING_DAYS = 5;
const FAILING_DELIVERIES = 5;
const FAILING_MS = FAILING_DAYS * 86_400_000;

export type Settling = {
  channel: Channel;
  delivery: Delivery;
  event: StoredEvent;
  attempt: Attempt;
  /** Not tried again whatever came of it, as a test. */
  isLast?: boolean;
  random?: () => number;
};

export type DeliveryOutcome = "delivered" | "retried" | "failed";

/** Writes down what came of an attempt, and sees to what follows from it. What was cancelled meanwhile stays so. */
export async function settleAttempt(context: Context, settling: Settling): Promise<DeliveryOutcome> {
  const { db, clock, telemetry } = context;
  const { channel, event, attempt } = settling;
  const now = clock.now();
  const outcome = await db.transaction((tx) => write(tx, context, settling, now));
  const labels = { kind: channel.kind, outcome };
  telemetry.count("orbweaver.notify.deliveries", labels);
  telemetry.observe("orbweaver.notify.attempt.duration", labels, attempt.durationMs / 1_000);
  if (outcome === "delivered") {
    const seconds = Math.max(0, now.getTime() - event.createdAt.getTime()) / 1_000;
    telemetry.observe("orbweaver.notify.latency", { kind: channel.kind }, seconds);
  }
  return outcome;
}

/** The channel is locked before its deliveries, here as everywhere. */
async function write(tx: Db, context: Context, settling: Settling, now: Date): Promise<DeliveryOutcome> {
  const { channel, delivery, event, attempt, isLast = false } = settling;
  const failingSince = await noteHealth(tx, channel.id, attempt.isDelivered, now, isLast);
  const [held] = await tx
    .select({ id: deliveries.id })
    .from(deliveries)
    .where(eq(deliveries.id, delivery.id))
    .for("update");
  // Its event, its website or the channel was deleted meanwhile.
  if (!held) return attempt.isDelivered ? "delivered" : "failed";
  await logAttempt(tx, delivery.id, attempt);
  const isGivenUp = isLast || attempt.isPermanent === true || attempt.isGone === true;
  const delayMs = isGivenUp ? undefined : nextDelayMs(delivery.attempts, attempt.retryAfterMs, settling.random);
  const told = { lastStatus: attempt.status ?? null, lastError: attempt.error ?? null };
  const isOpen = and(eq(deliveries.id, delivery.id), eq(deliveries.state, "pending"));
  if (attempt.isDelivered) {
    const arrived = { state: "delivered", deliveredAt: now, nextAttemptAt: null } as const;
    await tx
      .update(deliveries)
      .set({ ...told, ...arrived })
      .where(isOpen);
    if (event.type === "website.digest")
      await tx.update(deliveries).set({ state: "delivered", deliveredAt: now }).where(isGatheredIn(delivery));
    return "delivered";
  }
  if (delayMs !== undefined) {
    const nextAttemptAt = new Date(now.getTime() + delayMs);
    const [open] = await tx
      .update(deliveries)
      .set({ ...told, nextAttemptAt })
      .where(isOpen)
      .returning({ id: deliveries.id });
    if (open) await enqueueRetry(tx, channel.id, nextAttemptAt);
    return "retried";
  }
  await tx
    .update(deliveries)
    .set({ ...told, state: "failed", nextAttemptAt: null })
    .where(isOpen);
  if (event.type === "website.digest")
    await tx
      .update(deliveries)
      .set({ state: "failed", lastError: attempt.error ?? null })
      .where(isGatheredIn(delivery));
  const reason = await findDisablingReason(tx, channel.id, attempt, failingSince, now);
  if (reason !== undefined && !isLast) await disableChannel(tx, context, channel, { reason, failingSince, now });
  return "failed";
}

/** Also those that failed with it before it was replayed. By the channel, since that is how the index goes. */
const isGatheredIn = ({ id, channelId }: Delivery) =>
  and(
    ...[eq(deliveries.channelId, channelId), eq(deliveries.digestId, id)],
    inArray(deliveries.state, ["held", "failed"]),
  );

/** @returns since when nothing arrived; null when it did */
async function noteHealth(tx: Db, id: string, isDelivered: boolean, now: Date, isTest: boolean): Promise<Date | null> {
  // A test that fails says nothing of what was to be told.
  const failingSince = isDelivered ? null : sql`coalesce(${channels.failingSince}, ${now.toISOString()}::timestamptz)`;
  const change = isTest && !isDelivered ? {} : { failingSince };
  if (Object.keys(change).length === 0) return null;
  const [row] = await tx
    .update(channels)
    .set(change)
    .where(eq(channels.id, id))
    .returning({ since: channels.failingSince });
  return row?.since ?? null;
}

async function logAttempt(tx: Db, deliveryId: string, attempt: Attempt): Promise<void> {
  const { request, status, answer, error, startedAt, durationMs } = attempt;
  // A replay counts from 1 again for its retries; here the count goes on.
  const number = tx
    .select({ number: sql<number>`count(*)::int + 1` })
    .from(deliveryAttempts)
    .where(eq(deliveryAttempts.deliveryId, deliveryId));
  await tx
    .insert(deliveryAttempts)
    .values({ deliveryId, attempt: sql`(${number})`, request, status, answer, error, startedAt, durationMs });
}

/** So that it does not wait for the next look of the minute; one job for all retries of a minute. */
export async function enqueueRetry(tx: Db, channelId: string, at: Date): Promise<void> {
  const minute = Math.ceil(at.getTime() / 60_000);
  await enqueue(tx, notifyDeliver, { channelId }, { key: `${channelId}/${minute}`, startAt: at });
}

async function findDisablingReason(
  tx: Db,
  channelId: string,
  attempt: Attempt,
  failingSince: Date | null,
  now: Date,
): Promise<string | undefined> {
  if (attempt.isGone) return attempt.error ?? "The receiver wants nothing any more";
  if (!failingSince || now.getTime() - failingSince.getTime() < FAILING_MS) return undefined;
  const isSince = tx
    .select({ one: sql`1` })
    .from(deliveryAttempts)
    .where(and(eq(deliveryAttempts.deliveryId, deliveries.id), gte(deliveryAttempts.startedAt, failingSince)));
  const [row] = await tx
    .select({ failed: count() })
    .from(deliveries)
    .where(and(eq(deliveries.channelId, channelId), eq(deliveries.state, "failed"), exists(isSince)));
  if ((row?.failed ?? 0) < FAILING_DELIVERIES) return undefined;
  return `Nothing arrived since ${failingSince.toISOString()}; last: ${attempt.error ?? "unknown"}`;
}

/** Stops telling a channel, cancels what waits for it, and says so by the user's other channels. */
async function disableChannel(
  tx: Db,
  { log }: Pick<Context, "log">,
  { id, userId, websiteId, name, kind }: Channel,
  { reason, failingSince, now }: { reason: string; failingSince: Date | null; now: Date },
): Promise<void> {
  const values = { isEnabled: false, disabledReason: reason, disabledAt: now, nextDigestAt: null };
  const isOn = and(eq(channels.id, id), eq(channels.isEnabled, true));
  const [disabled] = await tx.update(channels).set(values).where(isOn).returning({ id: channels.id });
  if (!disabled) return;
  await cancelWaiting(tx, id);
  const payload = { channel: { id, name, kind }, reason, failing_since: failingSince?.toISOString() ?? null };
  await recordEvents(tx, [{ userId, websiteId, type: "channel.disabled", payload }]);
  afterCommit(tx, () => log.warn("channel disabled", { channelId: id, kind, reason }));
}

/** What waits for a channel is not sent any more. */
export async function cancelWaiting(tx: Db, channelId: string): Promise<void> {
  const isWaiting = inArray(deliveries.state, ["pending", "held"]);
  await tx
    .update(deliveries)
    .set({ state: "cancelled", nextAttemptAt: null })
    .where(and(eq(deliveries.channelId, channelId), isWaiting, isNull(deliveries.deliveredAt)));
}
