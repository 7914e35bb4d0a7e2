import { and, asc, count, eq, isNull, lte, min, sql } from "drizzle-orm";
import type { Db } from "../db/db.ts";
import { channels, deliveries, events } from "../db/schema/notifications.ts";
import { websites } from "../db/schema/websites.ts";
import { lookAfter } from "../jobs/look-after.ts";
import { nextDigestAt } from "./digest-time.ts";
import type { Channel } from "./format.ts";
import { notifyDeliver } from "./notify-jobs.ts";
import type { DigestPayload } from "./payload.ts";

/** Events that a digest has in full; of others it has the number. */
const MAX_EVENTS = 100;

/**
 * Makes one event and one delivery of all that a channel holds, when it is due, and sets its next time. The digest's
 * delivery settles theirs.
 * @returns whether there was anything to tell
 */
export async function makeDigest(db: Db, channelId: string, now: Date): Promise<boolean> {
  return db.transaction(async (tx) => {
    const isDue = and(eq(channels.id, channelId), eq(channels.isEnabled, true), lte(channels.nextDigestAt, now));
    const [channel] = await tx.select().from(channels).where(isDue).for("no key update", { skipLocked: true });
    if (!channel) return false;
    const next = nextDigestAt(channel.timing, now) ?? null;
    await tx.update(channels).set({ nextDigestAt: next }).where(eq(channels.id, channelId));
    const payload = await gather(tx, channel, now);
    if (!payload) return false;
    const { userId, websiteId } = channel;
    const [event] = await tx
      .insert(events)
      // It goes to this channel alone.
      .values({ userId, websiteId, type: "website.digest", payload, dispatchedAt: now })
      .returning({ id: events.id });
    if (!event) throw new Error("An insertion without a conflict clause gives its row");
    const [digest] = await tx
      .insert(deliveries)
      .values({ channelId, eventId: event.id, nextAttemptAt: now, createdAt: now })
      .returning({ id: deliveries.id });
    await tx.update(deliveries).set({ digestId: digest?.id }).where(isHeldFor(channelId));
    await lookAfter(tx, notifyDeliver, [{ key: channelId, payload: { channelId } }]);
    return true;
  });
}

const isHeldFor = (channelId: string) =>
  and(eq(deliveries.channelId, channelId), eq(deliveries.state, "held"), isNull(deliveries.digestId));

async function gather(tx: Db, { id, websiteId }: Channel, now: Date): Promise<DigestPayload | undefined> {
  const ofHeld = and(eq(deliveries.eventId, events.id), isHeldFor(id));
  const tally = await tx
    .select({ type: events.type, number: count(), from: min(events.createdAt) })
    .from(events)
    .innerJoin(deliveries, ofHeld)
    .groupBy(events.type)
    .orderBy(asc(events.type));
  const total = tally.reduce((sum, { number }) => sum + number, 0);
  if (total === 0) return undefined;
  // Of a busy month crawls would fill it: pages come first.
  const isPage = sql`${events.type} like 'page.%'`;
  const rows = await tx
    .select({ id: events.id, type: events.type, at: events.createdAt, payload: events.payload })
    .from(events)
    .innerJoin(deliveries, ofHeld)
    .orderBy(sql`${isPage} desc`, asc(events.id))
    .limit(MAX_EVENTS);
  const from = tally.reduce((first, { from }) => (from && from < first ? from : first), now);
  return {
    website: websiteId === null ? null : await readWebsite(tx, websiteId),
    ...{ from: from.toISOString(), to: now.toISOString() },
    totals: Object.fromEntries(tally.map(({ type, number }) => [type, number])),
    events: rows.map(({ payload, at, ...entry }) => ({ ...entry, at: at.toISOString(), ...payload })),
    more: total - rows.length,
  };
}

async function readWebsite(tx: Db, id: string) {
  const { name, url } = websites;
  const [website] = await tx.select({ id: websites.id, name, url }).from(websites).where(eq(websites.id, id));
  return website ?? null;
}
