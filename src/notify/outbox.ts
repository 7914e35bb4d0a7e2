import { and, arrayContains, eq, isNull, or } from "drizzle-orm";
import type { Db } from "../db/db.ts";
import { channels, type EventType, events } from "../db/schema/notifications.ts";
import { websites } from "../db/schema/websites.ts";
import { jobsOf } from "../jobs/jobs.ts";
import { lookAfter } from "../jobs/look-after.ts";
import { notifyDispatch } from "./notify-jobs.ts";

export type NewEvent = {
  userId: string;
  /** None for what is about the user's channels. */
  websiteId?: string | null | undefined;
  crawlId?: string | null | undefined;
  pageId?: string | null | undefined;
  changeId?: string | null | undefined;
  type: EventType;
  /** See `payload.ts`. */
  payload: Record<string, unknown>;
};

/** Of the cache: says that a user's events were given out, which is a moment after they were written down. */
export const eventsChannel = (userId: string) => `events:${userId}`;

/** PostgreSQL takes 65,535 parameters a statement. */
export const ROWS_A_STATEMENT = 1_000;

/** Writes down what happened, and what has it told, in the transaction that made it happen. */
export async function recordEvents(tx: Db, list: readonly NewEvent[]): Promise<void> {
  if (list.length === 0) return;
  const createdAt = jobsOf(tx).clock.now();
  for (let start = 0; start < list.length; start += ROWS_A_STATEMENT) {
    // The ids are made here, in order, since a page's events are told in theirs.
    const rows = list
      .slice(start, start + ROWS_A_STATEMENT)
      .map((event) => ({ ...event, id: Bun.randomUUIDv7(), createdAt }));
    await tx.insert(events).values(rows);
  }
  const users = [...new Set(list.map(({ userId }) => userId))];
  await lookAfter(
    tx,
    notifyDispatch,
    users.map((userId) => ({ key: userId, payload: { userId } })),
  );
}

/** Whether any channel wants events of a type and website: those of which there are very many are not written else. */
export async function wantsEvents(db: Db, websiteId: string, type: EventType): Promise<boolean> {
  const isOfWebsite = or(isNull(channels.websiteId), eq(channels.websiteId, websiteId));
  const [found] = await db
    .select({ id: channels.id })
    .from(channels)
    .innerJoin(websites, and(eq(websites.id, websiteId), eq(websites.userId, channels.userId)))
    .where(and(eq(channels.isEnabled, true), isOfWebsite, arrayContains(channels.eventTypes, [type])))
    .limit(1);
  return found !== undefined;
}
