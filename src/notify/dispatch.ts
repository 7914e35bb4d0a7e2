import { and, asc, eq, getTableColumns, inArray, isNull, max, sql } from "drizzle-orm";
import type { App } from "../app.ts";
import type { Db } from "../db/db.ts";
import { channels, deliveries, events } from "../db/schema/notifications.ts";
import { users } from "../db/schema/users.ts";
import { websites } from "../db/schema/websites.ts";
import { lookAfter } from "../jobs/look-after.ts";
import { hasText } from "../patterns/text-pattern.ts";
import type { Log } from "../telemetry/log.ts";
import { readAddedTexts } from "./added-texts.ts";
import { compileFilter, type EventFilter } from "./filter.ts";
import type { Channel } from "./format.ts";
import type { StoredEvent } from "./message.ts";
import { notifyDeliver } from "./notify-jobs.ts";
import { eventsChannel, ROWS_A_STATEMENT } from "./outbox.ts";
import type { ChannelPayload, PagePayload } from "./payload.ts";

/** Events that one transaction gives out. */
const BATCH = 200;

type Context = Pick<App, "db" | "clock" | "log" | "cache">;

/** Gives a user's events to the channels that want them, in the order they were made. Safe to repeat and to do at once. */
export async function dispatchEvents(
  context: Context,
  userId: string,
  signal: AbortSignal,
): Promise<{ events: number }> {
  let count = 0;
  for (;;) {
    signal.throwIfAborted();
    const size = await dispatchBatch(context, userId);
    count += size;
    if (size > 0) await context.cache.publish(eventsChannel(userId), "");
    if (size < BATCH) return { events: count };
  }
}

type NewDelivery = typeof deliveries.$inferInsert;
type Wanting = { channel: Channel; filter: EventFilter };

async function dispatchBatch({ db, clock, log }: Context, userId: string): Promise<number> {
  return db.transaction(async (tx) => {
    // One at a time for each user: of a page, the later event must not be on its way before the earlier one.
    await tx.select({ id: users.id }).from(users).where(eq(users.id, userId)).for("no key update");
    const isOpen = and(eq(events.userId, userId), isNull(events.dispatchedAt));
    const batch = await tx.select().from(events).where(isOpen).orderBy(asc(events.id)).limit(BATCH);
    if (batch.length === 0) return 0;
    const now = clock.now();
    const wanting = await listWanting(tx, userId, log);
    const isThere = await findWebsites(tx, batch);
    const rows: NewDelivery[] = [];
    for (const event of batch) {
      if (event.websiteId !== null && !isThere.has(event.websiteId)) continue;
      for (const channel of await channelsFor(tx, event, wanting)) rows.push(toDelivery(event, channel, now));
    }
    for (let start = 0; start < rows.length; start += ROWS_A_STATEMENT) {
      await tx
        .insert(deliveries)
        .values(rows.slice(start, start + ROWS_A_STATEMENT))
        .onConflictDoNothing();
    }
    await markDispatched(tx, userId, batch, now);
    const pending = new Set(rows.flatMap(({ state, channelId }) => (state === "pending" ? [channelId] : [])));
    await lookAfter(
      tx,
      notifyDeliver,
      [...pending].map((channelId) => ({ key: channelId, payload: { channelId } })),
    );
    return batch.length;
  });
}

/** The user is locked, so that whoever has seen a number sees no smaller one afterwards. */
async function markDispatched(tx: Db, userId: string, batch: readonly StoredEvent[], now: Date): Promise<void> {
  const [row] = await tx
    .select({ last: max(events.sequence) })
    .from(events)
    .where(eq(events.userId, userId));
  const numbers = batch.map(({ id }, index) => sql`(${id}::uuid, ${(row?.last ?? 0) + index + 1}::bigint)`);
  await tx.execute(sql`
    update ${events} set dispatched_at = ${now.toISOString()}::timestamptz, sequence = given.number
    from (values ${sql.join(numbers, sql`, `)}) as given(id, number) where ${events.id} = given.id`);
}

/** None of a user who is disabled. */
async function listWanting(tx: Db, userId: string, log: Log): Promise<Wanting[]> {
  const rows = await tx
    .select(getTableColumns(channels))
    .from(channels)
    .innerJoin(users, and(eq(users.id, channels.userId), isNull(users.disabledAt), isNull(users.deletedAt)))
    .where(and(eq(channels.userId, userId), eq(channels.isEnabled, true)))
    .orderBy(asc(channels.id));
  return rows.flatMap((channel) => {
    try {
      return [{ channel, filter: compileFilter(channel.filter) }];
    } catch (error) {
      // It was checked when it was set. Other channels must not wait for it.
      log.error("channel's filter not understood", { channelId: channel.id, error });
      return [];
    }
  });
}

async function findWebsites(tx: Db, batch: readonly StoredEvent[]): Promise<Set<string>> {
  const ids = [...new Set(batch.flatMap(({ websiteId }) => websiteId ?? []))];
  if (ids.length === 0) return new Set();
  const rows = await tx
    .select({ id: websites.id })
    .from(websites)
    .where(and(inArray(websites.id, ids), isNull(websites.deletedAt)));
  return new Set(rows.map(({ id }) => id));
}

async function channelsFor(tx: Db, event: StoredEvent, wanting: readonly Wanting[]): Promise<Channel[]> {
  // That a channel is silent is told wherever it can be, asked for or not.
  if (event.type === "channel.disabled") {
    const { channel: silent } = event.payload as ChannelPayload;
    return wanting.flatMap(({ channel }) => (channel.id === silent.id ? [] : [channel]));
  }
  const page = findPage(event);
  const takers = wanting.filter(
    ({ channel, filter }) =>
      channel.eventTypes.includes(event.type) &&
      (channel.websiteId === null || channel.websiteId === event.websiteId) &&
      (page === undefined || filter.takes(event.type, page.url, page.share)),
  );
  if (!event.type.startsWith("page.") || takers.every(({ filter }) => filter.triggers.length === 0))
    return takers.map(({ channel }) => channel);
  const texts = await readAddedTexts(tx, event);
  const isTriggered = ({ triggers }: EventFilter) =>
    triggers.length === 0 || triggers.some((trigger) => texts.some((text) => hasText(trigger, text)));
  return takers.flatMap(({ channel, filter }) => (isTriggered(filter) ? [channel] : []));
}

function findPage({ payload }: StoredEvent): { url: string; share: number | null } | undefined {
  const { page, change } = payload as Partial<PagePayload>;
  return page ? { url: change?.to_url ?? page.url, share: change?.share ?? null } : undefined;
}

function toDelivery(
  { id: eventId, pageId, type }: StoredEvent,
  { id: channelId, timing }: Channel,
  now: Date,
): NewDelivery {
  const isHeld = timing.mode !== "immediate" && type !== "channel.disabled";
  const when = isHeld ? { state: "held" as const } : { state: "pending" as const, nextAttemptAt: now };
  return { channelId, eventId, pageId, ...when, createdAt: now };
}
