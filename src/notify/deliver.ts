import { and, eq, getTableColumns, inArray, isNull, lte } from "drizzle-orm";
import type { App } from "../app.ts";
import type { Db } from "../db/db.ts";
import { channels, deliveries, events } from "../db/schema/notifications.ts";
import { users } from "../db/schema/users.ts";
import { Snooze } from "../jobs/kind.ts";
import { claimDue, claimUntil, type Delivery, handBack, SIDE_BY_SIDE } from "./claims.ts";
import { EXPLAIN_TIMEOUT_MS } from "./explainer.ts";
import { explainChanges } from "./explanations.ts";
import type { Channel } from "./format.ts";
import { changeIdsOf, type StoredEvent } from "./message.ts";
import { enqueueRetry, settleAttempt } from "./outcome.ts";
import { MAX_RETRY_AFTER_MS } from "./retry.ts";
import { type Attempt, readMessage, sendOnce } from "./sending.ts";

/** After so long others have their turn. */
const TURN_MS = 60_000;

type Counts = { delivered: number; retried: number; failed: number };

/**
 * Sends what is due to a channel, a few at a time and in order for each page, until nothing is. At least once: what a
 * process sent and did not live to write down is sent again, under the same id.
 */
export async function deliverDue(app: App, channelId: string, signal: AbortSignal): Promise<Counts | Snooze> {
  const { db, clock } = app;
  const counts: Counts = { delivered: 0, retried: 0, failed: 0 };
  const until = clock.now().getTime() + TURN_MS;
  for (;;) {
    signal.throwIfAborted();
    const channel = await findWorking(db, channelId);
    if (!channel) return counts;
    const now = clock.now();
    const taken = await claimDue(db, channelId, now, claimUntil(now, timeoutOf(app, channel)));
    if (taken.length === 0) return counts;
    const pauseMs = await sendAll(app, channel, taken, counts, signal);
    if (pauseMs > 0) {
      await pause(db, channelId, new Date(clock.now().getTime() + pauseMs));
      return counts;
    }
    if (clock.now().getTime() > until) return new Snooze(0);
  }
}

/** How long one delivery may take, with what comes before it. */
function timeoutOf({ config, explainer }: App, { isExplained }: Channel): number {
  return config.WEBHOOK_TIMEOUT_MS + (isExplained && explainer ? EXPLAIN_TIMEOUT_MS : 0);
}

/** `undefined` for one that is disabled, or whose user is. */
async function findWorking(db: Db, id: string): Promise<Channel | undefined> {
  const [channel] = await db
    .select(getTableColumns(channels))
    .from(channels)
    .innerJoin(users, and(eq(users.id, channels.userId), isNull(users.disabledAt), isNull(users.deletedAt)))
    .where(and(eq(channels.id, id), eq(channels.isEnabled, true)));
  return channel;
}

/** @returns how long the receiver wants to be left alone, 0 for not at all */
async function sendAll(
  app: App,
  channel: Channel,
  taken: readonly Delivery[],
  counts: Counts,
  signal: AbortSignal,
): Promise<number> {
  const { db, clock } = app;
  const said = await readEvents(db, taken);
  const waiting = [...taken];
  let pauseMs = 0;
  let isOver = false;
  const work = async () => {
    for (let delivery = waiting.shift(); delivery; delivery = waiting.shift()) {
      const event = said.get(delivery.eventId);
      if (!event) continue;
      try {
        if (channel.isExplained) await explainChanges(app, changeIdsOf(event), signal);
        const attempt = await sendOnce(app, channel, await readMessage(app, channel, event), signal);
        counts[await settleAttempt(app, { channel, delivery, event, attempt })]++;
        isOver ||= attempt.isGone === true;
        pauseMs = Math.max(pauseMs, pauseOf(attempt));
      } catch (error) {
        isOver = true;
        if (signal.aborted) await handBack(db, [delivery], clock.now());
        throw error;
      } finally {
        if (isOver || pauseMs > 0) await handBack(db, waiting.splice(0), clock.now());
      }
    }
  };
  const ends = await Promise.allSettled(Array.from({ length: SIDE_BY_SIDE }, work));
  for (const end of ends) if (end.status === "rejected") throw end.reason;
  return pauseMs;
}

async function readEvents(db: Db, taken: readonly Delivery[]): Promise<Map<string, StoredEvent>> {
  const ids = taken.map(({ eventId }) => eventId);
  const rows = await db.select().from(events).where(inArray(events.id, ids));
  return new Map(rows.map((event) => [event.id, event]));
}

/** Who is asked too much of, or is down for a while, says so for all that comes. */
function pauseOf({ status, retryAfterMs }: Attempt): number {
  return status === 429 || status === 503 ? Math.min(retryAfterMs ?? 0, MAX_RETRY_AFTER_MS) : 0;
}

async function pause(db: Db, channelId: string, until: Date): Promise<void> {
  await db.transaction(async (tx) => {
    const isDue = and(
      eq(deliveries.channelId, channelId),
      eq(deliveries.state, "pending"),
      lte(deliveries.nextAttemptAt, until),
    );
    const held = await tx
      .update(deliveries)
      .set({ nextAttemptAt: until })
      .where(isDue)
      .returning({ id: deliveries.id });
    if (held.length > 0) await enqueueRetry(tx, channelId, until);
  });
}
