import { and, asc, desc, eq, gt, inArray, lt, max, min, type SQL } from "drizzle-orm";
import { isOwnedBy, type Viewer } from "../access/viewer.ts";
import type { App } from "../app.ts";
import type { Db } from "../db/db.ts";
import { type EventType, events } from "../db/schema/notifications.ts";
import { getWebsite } from "../websites/websites.ts";
import type { StoredEvent } from "./message.ts";
import { eventsChannel } from "./outbox.ts";

/** Events that one look brings. */
const BATCH = 100;
/** A look without being told, since messages between instances may be lost. */
const MAX_GAP_MS = 2_000;

export type EventQuery = {
  viewer: Viewer;
  /** Of this website; of all the viewer's own when left out. */
  websiteId?: string | undefined;
  types?: readonly EventType[] | undefined;
};

/** Newest first, also those that nobody was told of yet. @throws AppError `not_found` for the website */
export async function listEvents(
  db: Db,
  { viewer, websiteId, types, limit, after }: EventQuery & { limit: number; after?: string | undefined },
): Promise<StoredEvent[]> {
  if (websiteId !== undefined) await getWebsite(db, viewer, websiteId);
  const isMeant = and(
    isOwnedBy(viewer, events.userId),
    websiteId ? eq(events.websiteId, websiteId) : undefined,
    types ? inArray(events.type, [...types]) : undefined,
    after ? lt(events.id, after) : undefined,
  );
  return db.select().from(events).where(isMeant).orderBy(desc(events.id)).limit(limit);
}

/**
 * The events that come, in the order in which they were given out, until `signal`; begins with none, so that whoever
 * watches knows at once that it does. Of a viewer who sees all, still the own ones alone, unless a website is named.
 * @param lastId the event that was seen last: all that came after it comes first. One that is kept no
 * longer stands for its time
 * @throws AppError `not_found` for the website
 */
export async function* watchEvents(
  { db, cache, clock }: Pick<App, "db" | "cache" | "clock">,
  { viewer, websiteId, types }: EventQuery,
  lastId: string | undefined,
  signal: AbortSignal,
): AsyncGenerator<StoredEvent[]> {
  const website = websiteId === undefined ? undefined : await getWebsite(db, viewer, websiteId);
  const userId = website?.userId ?? viewer.userId;
  const isMeant = and(
    eq(events.userId, userId),
    website ? eq(events.websiteId, website.id) : undefined,
    types ? inArray(events.type, [...types]) : undefined,
  );
  let told = new AbortController();
  const unsubscribe = cache.subscribe(eventsChannel(userId), () => told.abort());
  try {
    let seen = await findStart(db, userId, lastId);
    yield [];
    while (!signal.aborted) {
      // Before the look: what is told during it has it done again.
      told = new AbortController();
      const batch = await readAfter(db, isMeant, seen);
      seen = batch.at(-1)?.sequence ?? seen;
      if (batch.length > 0) yield batch;
      if (batch.length < BATCH) await clock.sleep(MAX_GAP_MS, AbortSignal.any([signal, told.signal])).catch(() => {});
    }
  } finally {
    unsubscribe();
  }
}

async function findStart(db: Db, userId: string, lastId: string | undefined): Promise<number> {
  const isOwn = eq(events.userId, userId);
  if (lastId !== undefined) {
    const isLast = and(isOwn, eq(events.id, lastId));
    const [last] = await db.select({ sequence: events.sequence }).from(events).where(isLast);
    if (last?.sequence) return last.sequence;
    // It is kept no longer: then what is newer than it.
    const isNewer = and(isOwn, gt(events.id, lastId));
    const [first] = await db
      .select({ sequence: min(events.sequence) })
      .from(events)
      .where(isNewer);
    if (first?.sequence) return first.sequence - 1;
  }
  const [newest] = await db
    .select({ sequence: max(events.sequence) })
    .from(events)
    .where(isOwn);
  return newest?.sequence ?? 0;
}

function readAfter(db: Db, isMeant: SQL | undefined, seen: number): Promise<StoredEvent[]> {
  return db
    .select()
    .from(events)
    .where(and(isMeant, gt(events.sequence, seen)))
    .orderBy(asc(events.sequence))
    .limit(BATCH);
}
