import { and, count, desc, eq, getTableColumns, isNull, lt, or } from "drizzle-orm";
import { isOwnedBy, type Viewer } from "../access/viewer.ts";
import type { App } from "../app.ts";
import type { Db } from "../db/db.ts";
import {
  type ChannelFilter,
  type ChannelKind,
  type ChannelTiming,
  channels,
  deliveries,
  type EventType,
} from "../db/schema/notifications.ts";
import { users } from "../db/schema/users.ts";
import { websites } from "../db/schema/websites.ts";
import { AppError } from "../errors.ts";
import { getWebsite } from "../websites/websites.ts";
import { checkChannel } from "./channel-faults.ts";
import { nextDigestAt } from "./digest-time.ts";
import type { Channel } from "./format.ts";
import { cancelWaiting } from "./outcome.ts";
import { createSecret } from "./signature.ts";

/** Of one user. Each event is held against all of them. */
export const MAX_CHANNELS = 100;

/** How long receivers have to take a new secret. */
const ROTATION_MS = 24 * 3_600_000;

/** What a channel can be told of. The rest is told by itself, or was asked for. */
export const WANTED_TYPES = [
  "page.new",
  "page.changed",
  "page.removed",
  "page.restored",
  "page.moved",
  "crawl.started",
  "crawl.page",
  "crawl.completed",
  "crawl.failed",
] as const satisfies EventType[];

export const STANDARD_TYPES: EventType[] = [
  "page.new",
  "page.changed",
  "page.removed",
  "page.restored",
  "page.moved",
  "crawl.failed",
];

const AT_ONCE: ChannelTiming = { mode: "immediate", timeZone: "UTC", hour: 8, weekday: 1 };

/** What people say of a channel; what is left out keeps what it is, or takes its default. */
export type ChannelFields = {
  name?: string | undefined;
  target?: Record<string, unknown> | undefined;
  eventTypes?: EventType[] | undefined;
  filter?: ChannelFilter | undefined;
  timing?: Partial<ChannelTiming> | undefined;
  template?: Record<string, string> | null | undefined;
  isExplained?: boolean | undefined;
  isEnabled?: boolean | undefined;
};

export type NewChannel = ChannelFields & {
  kind: ChannelKind;
  target: Record<string, unknown>;
  /** Of this website alone; of all the user's when left out. */
  websiteId?: string | undefined;
  /** For webhooks; made when left out. */
  secret?: string | undefined;
};

type Context = Pick<App, "db" | "clock" | "config">;

/**
 * @returns the channel, whose secret is to be shown this once
 * @throws AppError `invalid` with each fault at its field, `not_found` for the website, `conflict` when there are too many
 */
export async function addChannel({ db, clock, config }: Context, viewer: Viewer, given: NewChannel): Promise<Channel> {
  const { kind, target, websiteId, filter = {}, eventTypes = STANDARD_TYPES, template, isExplained, isEnabled } = given;
  const timing = { ...AT_ONCE, ...given.timing };
  await checkChannel({ ...given, timing }, config);
  const now = clock.now();
  const secret = kind === "webhook" ? (given.secret ?? createSecret()) : null;
  return db.transaction(async (tx) => {
    const website = websiteId === undefined ? undefined : await getWebsite(tx, viewer, websiteId);
    const userId = website?.userId ?? viewer.userId;
    await refuseTooMany(tx, userId);
    const [channel] = await tx
      .insert(channels)
      .values({
        ...{ userId, websiteId, kind, target, secret, filter, timing, template, isExplained, isEnabled },
        eventTypes: [...new Set(eventTypes)],
        name: given.name ?? kind,
        nextDigestAt: isEnabled === false ? null : (nextDigestAt(timing, now) ?? null),
        createdAt: now,
      })
      .returning();
    if (!channel) throw new Error("An insertion without a conflict clause gives its row");
    return channel;
  });
}

async function refuseTooMany(tx: Db, userId: string): Promise<void> {
  await tx.select({ id: users.id }).from(users).where(eq(users.id, userId)).for("no key update");
  const [row] = await tx.select({ number: count() }).from(channels).where(eq(channels.userId, userId));
  if ((row?.number ?? 0) < MAX_CHANNELS) return;
  throw new AppError("conflict", `There are ${MAX_CHANNELS} channels already, which is the most: delete one first`);
}

/** @throws AppError `not_found` also when it, or its website, is deleted or belongs to somebody else */
export async function getChannel(db: Db, viewer: Viewer, id: string): Promise<Channel> {
  const [channel] = await db
    .select(getTableColumns(channels))
    .from(channels)
    .leftJoin(websites, eq(websites.id, channels.websiteId))
    .where(and(eq(channels.id, id), isVisibleTo(viewer)));
  if (!channel) throw notFound(id);
  return channel;
}

/** Like `getChannel`, and keeps it as it is until the end of the transaction. */
export async function holdChannel(tx: Db, viewer: Viewer, id: string): Promise<Channel> {
  const { id: found } = await getChannel(tx, viewer, id);
  const [channel] = await tx.select().from(channels).where(eq(channels.id, found)).for("no key update");
  if (!channel) throw notFound(id);
  return channel;
}

export type ChannelQuery = {
  viewer: Viewer;
  userId?: string | undefined;
  /** Those that are told of this website: its own, and those for all of its user's. */
  websiteId?: string | undefined;
  kind?: ChannelKind | undefined;
  isEnabled?: boolean | undefined;
  limit: number;
  /** Only channels that come after the one with this id. */
  after?: string | undefined;
};

/** Newest first. @throws AppError `not_found` for the website */
export async function listChannels(db: Db, query: ChannelQuery): Promise<Channel[]> {
  const { viewer, userId, websiteId, kind, isEnabled, limit, after } = query;
  const website = websiteId === undefined ? undefined : await getWebsite(db, viewer, websiteId);
  const isOfWebsite =
    website &&
    and(eq(channels.userId, website.userId), or(isNull(channels.websiteId), eq(channels.websiteId, website.id)));
  return db
    .select(getTableColumns(channels))
    .from(channels)
    .leftJoin(websites, eq(websites.id, channels.websiteId))
    .where(
      and(
        isVisibleTo(viewer),
        isOfWebsite,
        userId ? eq(channels.userId, userId) : undefined,
        kind ? eq(channels.kind, kind) : undefined,
        isEnabled === undefined ? undefined : eq(channels.isEnabled, isEnabled),
        after ? lt(channels.id, after) : undefined,
      ),
    )
    .orderBy(desc(channels.id))
    .limit(limit);
}

/**
 * Changes what is given. One that is disabled forgets what waits for it; one that is enabled begins anew. What a digest
 * has gathered is told at once when it is to be a digest no more.
 * @throws AppError `not_found`, or `invalid` with each fault at its field
 */
export async function changeChannel(
  { db, clock, config }: Context,
  viewer: Viewer,
  id: string,
  change: ChannelFields,
): Promise<Channel> {
  const { kind, timing: former } = await getChannel(db, viewer, id);
  await checkChannel({ kind, ...change, timing: { ...former, ...change.timing } }, config);
  const now = clock.now();
  return db.transaction(async (tx) => {
    const channel = await holdChannel(tx, viewer, id);
    const { name, target, filter, template, isExplained } = change;
    const timing = { ...channel.timing, ...change.timing };
    const isEnabled = change.isEnabled ?? channel.isEnabled;
    const isTimingNew = JSON.stringify(timing) !== JSON.stringify(channel.timing);
    const isWoken = isEnabled && !channel.isEnabled;
    const [saved] = await tx
      .update(channels)
      .set({
        ...{ name, target, filter, template, isExplained, timing, isEnabled },
        eventTypes: change.eventTypes && [...new Set(change.eventTypes)],
        ...(isWoken && { disabledReason: null, disabledAt: null, failingSince: null }),
        ...((isWoken || isTimingNew) && { nextDigestAt: await planDigest(tx, channel, timing, now) }),
        ...(!isEnabled && { nextDigestAt: null }),
        // What did not arrive elsewhere says nothing of it.
        ...(target && { failingSince: null }),
      })
      .where(eq(channels.id, id))
      .returning();
    if (!saved) throw notFound(id);
    if (!isEnabled) await cancelWaiting(tx, id);
    return saved;
  });
}

async function planDigest(tx: Db, { id }: Channel, timing: ChannelTiming, now: Date): Promise<Date | null> {
  if (timing.mode !== "immediate") return nextDigestAt(timing, now) ?? null;
  const isHeld = and(eq(deliveries.channelId, id), eq(deliveries.state, "held"), isNull(deliveries.digestId));
  const [held] = await tx.select({ id: deliveries.id }).from(deliveries).where(isHeld).limit(1);
  return held ? now : null;
}

/** What was sent to it is forgotten too. @throws AppError `not_found` */
export async function deleteChannel(db: Db, viewer: Viewer, id: string): Promise<void> {
  await db.transaction(async (tx) => {
    const channel = await getChannel(tx, viewer, id);
    await tx.delete(channels).where(eq(channels.id, channel.id));
  });
}

/**
 * Gives a webhook another secret. For a day the one before signs too, so that receivers can take their time.
 * @returns the channel, whose secret is to be shown this once
 * @throws AppError `not_found`, `invalid` for a secret that can't be one, `conflict` where nothing is signed
 */
export async function rotateSecret(
  { db, clock, config }: Context,
  viewer: Viewer,
  id: string,
  given?: string,
): Promise<Channel> {
  const { kind } = await getChannel(db, viewer, id);
  if (kind !== "webhook") throw new AppError("conflict", `A channel of kind ${kind} signs nothing: it has no secret`);
  await checkChannel({ kind, secret: given }, config);
  const formerSecretUntil = new Date(clock.now().getTime() + ROTATION_MS);
  return db.transaction(async (tx) => {
    const { secret: formerSecret } = await holdChannel(tx, viewer, id);
    const values = { secret: given ?? createSecret(), formerSecret, formerSecretUntil };
    const [saved] = await tx.update(channels).set(values).where(eq(channels.id, id)).returning();
    if (!saved) throw notFound(id);
    return saved;
  });
}

/** Through a left join with the website, of those that have one. */
export const isVisibleTo = (viewer: Viewer) => and(isOwnedBy(viewer, channels.userId), isNull(websites.deletedAt));

const notFound = (id: string) => new AppError("not_found", `There is no channel ${id}`);
