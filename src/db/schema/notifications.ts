import { sql } from "drizzle-orm";
import { bigint, boolean, check, index, integer, jsonb, smallint, text, uniqueIndex, uuid } from "drizzle-orm/pg-core";
import { createdAt, id, instant, orbweaver, updatedAt } from "./columns.ts";
import { users } from "./users.ts";
import { websites } from "./websites.ts";

export const EVENT_TYPES = [
  "crawl.started",
  "crawl.page",
  "crawl.completed",
  "crawl.failed",
  "page.new",
  "page.changed",
  "page.removed",
  "page.restored",
  "page.moved",
  "website.digest",
  "channel.disabled",
  "channel.test",
] as const;
export type EventType = (typeof EVENT_TYPES)[number];

/**
 * What happened, written by the transaction that made it happen. From here it goes to whoever is to be told; those that
 * nobody has asked for are not written where there would be very many (`crawl.page`).
 */
export const events = orbweaver.table(
  "events",
  {
    /** Receivers tell a repeated delivery by it. */
    id: id(),
    userId: uuid()
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    websiteId: uuid().references(() => websites.id, { onDelete: "cascade" }),
    crawlId: uuid(),
    pageId: uuid(),
    changeId: uuid(),
    type: text({ enum: EVENT_TYPES }).notNull(),
    /** What it is about, as it was then; see `notify/payload.ts`. */
    payload: jsonb().$type<Record<string, unknown>>().notNull(),
    /** When it was given to the channels that want it. */
    dispatchedAt: instant(),
    /**
     * Counts a user's events in the order in which they could be seen, which that of the ids is not: those are made before
     * the transaction ends. Null until it is dispatched.
     */
    sequence: bigint({ mode: "number" }),
    createdAt: createdAt(),
  },
  (table) => [
    index("events_undispatched_idx").on(table.userId, table.id).where(sql`${table.dispatchedAt} is null`),
    index("events_user_idx").on(table.userId, table.id),
    uniqueIndex("events_sequence_key").on(table.userId, table.sequence),
    index("events_website_idx").on(table.websiteId, table.id).where(sql`${table.websiteId} is not null`),
    index("events_change_idx").on(table.changeId).where(sql`${table.changeId} is not null`),
    index("events_created_idx").on(table.createdAt),
  ],
);

export const CHANNEL_KINDS = ["webhook", "email", "slack", "discord", "teams", "ntfy"] as const;
export type ChannelKind = (typeof CHANNEL_KINDS)[number];

/** Which events a channel wants, besides their types. */
export type ChannelFilter = {
  /** Patterns of which a page's URL must match one, when there are any; and of which it must match none. */
  include?: string[];
  exclude?: string[];
  /** Texts (or `re:` expressions) of which what was added must have one, when there are any. */
  triggerText?: string[];
  /** Least share of the text that changed, of `page.changed`. */
  minShare?: number;
};

/** When it is told: at once, or gathered. Hours are those of the time zone. */
export type ChannelTiming = {
  mode: "immediate" | "hourly" | "daily" | "weekly";
  timeZone: string;
  hour: number;
  /** 1 for Monday to 7 for Sunday. */
  weekday: number;
};

/** Where people and programs are told of events. */
export const channels = orbweaver.table(
  "channels",
  {
    id: id(),
    userId: uuid()
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    /** Events of this website alone; of all the user's when null. */
    websiteId: uuid().references(() => websites.id, { onDelete: "cascade" }),
    kind: text({ enum: CHANNEL_KINDS }).notNull(),
    name: text().notNull(),
    /** Of its kind: a URL, addresses, a topic. What lets strangers write there never leaves the service. */
    target: jsonb().$type<Record<string, unknown>>().notNull(),
    /** Signs what a webhook is sent; the one before it signs too, until it is over. */
    secret: text(),
    formerSecret: text(),
    formerSecretUntil: instant(),
    eventTypes: text({ enum: EVENT_TYPES }).array().notNull(),
    filter: jsonb().$type<ChannelFilter>().notNull().default({}),
    timing: jsonb().$type<ChannelTiming>().notNull(),
    /** Own words in place of those of the kind, by part: `subject`, `text`, `html`, `body`. */
    template: jsonb().$type<Record<string, string>>(),
    /** Tells changes in plain words too, where a language model is set up. */
    isExplained: boolean().notNull().default(false),
    isEnabled: boolean().notNull().default(true),
    /** Why it was disabled by the service, and when. */
    disabledReason: text(),
    disabledAt: instant(),
    /** Since when nothing that was sent arrived; null when the last did. */
    failingSince: instant(),
    nextDigestAt: instant(),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [
    index("channels_user_idx").on(table.userId, table.id),
    index("channels_website_idx").on(table.websiteId).where(sql`${table.websiteId} is not null`),
    index("channels_digest_idx").on(table.nextDigestAt).where(sql`${table.nextDigestAt} is not null`),
    check("channels_kind_check", sql`${table.kind} in ('webhook', 'email', 'slack', 'discord', 'teams', 'ntfy')`),
  ],
);

export const DELIVERY_STATES = ["held", "pending", "delivered", "failed", "cancelled"] as const;
export type DeliveryState = (typeof DELIVERY_STATES)[number];

/** One event on its way to one channel. `held` ones wait for a digest, which is a delivery of its own. */
export const deliveries = orbweaver.table(
  "deliveries",
  {
    id: id(),
    channelId: uuid()
      .notNull()
      .references(() => channels.id, { onDelete: "cascade" }),
    eventId: uuid()
      .notNull()
      .references(() => events.id, { onDelete: "cascade" }),
    /** Those of one page arrive in order. */
    pageId: uuid(),
    /** The digest's delivery that told it. */
    digestId: uuid(),
    state: text({ enum: DELIVERY_STATES }).notNull().default("pending"),
    attempts: smallint().notNull().default(0),
    nextAttemptAt: instant(),
    lastStatus: smallint(),
    lastError: text(),
    deliveredAt: instant(),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [
    uniqueIndex("deliveries_event_key").on(table.channelId, table.eventId),
    index("deliveries_channel_idx").on(table.channelId, table.id),
    index("deliveries_event_idx").on(table.eventId),
    index("deliveries_due_idx").on(table.nextAttemptAt).where(sql`${table.state} = 'pending'`),
    index("deliveries_pending_idx").on(table.channelId, table.eventId).where(sql`${table.state} = 'pending'`),
    index("deliveries_page_idx")
      .on(table.channelId, table.pageId, table.eventId)
      .where(sql`${table.state} = 'pending'`),
    index("deliveries_held_idx").on(table.channelId, table.id).where(sql`${table.state} = 'held'`),
    check("deliveries_state_check", sql`${table.state} in ('held', 'pending', 'delivered', 'failed', 'cancelled')`),
  ],
);

/** What was sent and what came back, each time. Secrets are left out. */
export const deliveryAttempts = orbweaver.table(
  "delivery_attempts",
  {
    id: id(),
    deliveryId: uuid()
      .notNull()
      .references(() => deliveries.id, { onDelete: "cascade" }),
    /** From 1. */
    attempt: integer().notNull(),
    request: jsonb().$type<Record<string, unknown>>().notNull(),
    status: smallint(),
    answer: jsonb().$type<Record<string, unknown>>(),
    error: text(),
    durationMs: integer().notNull(),
    startedAt: instant().notNull(),
  },
  (table) => [
    index("delivery_attempts_delivery_idx").on(table.deliveryId, table.attempt),
    index("delivery_attempts_started_idx").on(table.startedAt),
  ],
);
