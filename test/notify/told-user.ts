import { and, asc, eq, lte } from "drizzle-orm";
import type { App } from "../../src/app.ts";
import { channels, deliveries, deliveryAttempts, events } from "../../src/db/schema/notifications.ts";
import { LOCAL_USER_ID } from "../../src/db/schema/users.ts";
import { websites } from "../../src/db/schema/websites.ts";
import { runDueJobs } from "../../src/jobs/worker.ts";
import { deliverDue } from "../../src/notify/deliver.ts";
import { dispatchEvents } from "../../src/notify/dispatch.ts";
import { makeDue } from "../../src/notify/due.ts";
import type { Channel } from "../../src/notify/format.ts";
import { notifyDeliver, notifyDispatch, notifyDue } from "../../src/notify/notify-jobs.ts";
import { type NewEvent, recordEvents } from "../../src/notify/outbox.ts";
import { createSecret } from "../../src/notify/signature.ts";

const IMMEDIATE: Channel["timing"] = { mode: "immediate", timeZone: "UTC", hour: 0, weekday: 1 };
const PAGE_TYPES: Channel["eventTypes"] = ["page.new", "page.changed", "page.moved", "page.removed", "page.restored"];

/** A user with a website and channels, and what is told of it. */
export function toldUser(appOf: () => App) {
  const never = new AbortController().signal;
  const deliver = async () => {
    const { db, clock } = appOf();
    const isDue = and(eq(deliveries.state, "pending"), lte(deliveries.nextAttemptAt, clock.now()));
    const due = await db.selectDistinct({ id: deliveries.channelId }).from(deliveries).where(isDue);
    for (const { id } of due) await deliverDue(appOf(), id, never);
  };
  return {
    addSite: async (url = "https://example.com/") => {
      const [site] = await appOf()
        .db.insert(websites)
        .values({ userId: LOCAL_USER_ID, url, name: "Example" })
        .returning();
      return site as typeof websites.$inferSelect;
    },
    addChannel: async (target: Record<string, unknown>, values: Partial<Channel> = {}) => {
      const row = { userId: LOCAL_USER_ID, kind: "webhook" as const, name: "Hook", target, secret: createSecret() };
      const [channel] = await appOf()
        .db.insert(channels)
        .values({ ...row, eventTypes: PAGE_TYPES, timing: IMMEDIATE, ...values })
        .returning();
      return channel as Channel;
    },
    tell: (...list: NewEvent[]) => appOf().db.transaction((tx) => recordEvents(tx, list)),
    dispatch: () => dispatchEvents(appOf(), LOCAL_USER_ID, never),
    /** Does what the jobs do, for a fraction of what it takes to run them. */
    work: async () => {
      await dispatchEvents(appOf(), LOCAL_USER_ID, never);
      await deliver();
    },
    /** Runs all jobs that are due, and those that they make. */
    runJobs: () => runDueJobs(appOf(), [notifyDispatch, notifyDeliver, notifyDue]),
    /** As is done each minute. */
    makeDue: async () => {
      await makeDue(appOf(), never);
      await deliver();
    },
    readDeliveries: (channel: Channel) =>
      appOf().db.select().from(deliveries).where(eq(deliveries.channelId, channel.id)).orderBy(asc(deliveries.eventId)),
    readAttempts: async (channel: Channel) => {
      const rows = await appOf()
        .db.select({ attempt: deliveryAttempts })
        .from(deliveryAttempts)
        .innerJoin(deliveries, eq(deliveries.id, deliveryAttempts.deliveryId))
        .where(eq(deliveries.channelId, channel.id))
        .orderBy(asc(deliveries.eventId), asc(deliveryAttempts.attempt));
      return rows.map(({ attempt }) => attempt);
    },
    readChannel: async (channel: Channel) => {
      const [row] = await appOf().db.select().from(channels).where(eq(channels.id, channel.id));
      return row as Channel;
    },
    readEvents: () => appOf().db.select().from(events).orderBy(asc(events.id)),
    clear: async () => {
      await appOf().db.delete(channels);
      await appOf().db.delete(events);
      await appOf().db.delete(websites);
    },
  };
}

export type PageEvent = { page?: string; title?: string; type?: NewEvent["type"]; share?: number; added?: string[] };

/** Of one page of the website, named by its path. */
export function pageEvent(site: { id: string; name: string; url: string }, given: PageEvent = {}): NewEvent {
  const { page = "a", type = "page.changed", share = 0.5, added = ["New words"], title = "A page" } = given;
  const url = `${site.url}${page}`;
  const pageId = Bun.randomUUIDv5(url, site.id);
  return {
    userId: LOCAL_USER_ID,
    websiteId: site.id,
    pageId,
    type,
    payload: {
      website: { id: site.id, name: site.name, url: site.url },
      page: { id: pageId, url, title },
      change: {
        ...{ id: Bun.randomUUIDv7(), kind: type.slice("page.".length), from_version: 1, to_version: 2 },
        ...{
          from_url: null,
          to_url: null,
          reason: null,
          summary: { added: 1, removed: 0, changed: 2, moved: 0 },
          share,
        },
        detected_at: "2026-01-01T12:00:00.000Z",
      },
      excerpt: { added, removed: ["Old words"] },
    },
  };
}
