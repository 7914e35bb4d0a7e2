import { and, desc, eq, getTableColumns, isNull, lt } from "drizzle-orm";
import { isOwnedBy, type Viewer } from "../access/viewer.ts";
import type { Clock } from "../clock.ts";
import { readCrawlOptions } from "../crawl/options.ts";
import type { Db } from "../db/db.ts";
import { type AdaptiveRule, crawlSchedules } from "../db/schema/crawls.ts";
import { websites } from "../db/schema/websites.ts";
import { AppError } from "../errors.ts";
import { replan } from "../revisits/planning-job.ts";
import { getWebsite, holdWebsite } from "../websites/websites.ts";
import { checkAdaptive, DEFAULT_ADAPTIVE, refuseOtherForms, tickOf } from "./adaptive.ts";
import { checkRule, nextFiring, type Rule } from "./rule.ts";

export type Schedule = typeof crawlSchedules.$inferSelect;

export const OVERLAPS = ["skip", "queue", "replace"] as const;
export const MISSED = ["skip", "once"] as const;
export const OUTCOMES = ["started", "queued", "skipped", "failed"] as const;

/** What people say of a schedule; what is left out keeps what it is, or takes its default. */
export type ScheduleFields = Partial<
  Pick<
    Schedule,
    | "cron"
    | "intervalSeconds"
    | "timeZone"
    | "jitterSeconds"
    | "overlap"
    | "missed"
    | "isEnabled"
    | "startsAt"
    | "endsAt"
    | "options"
  >
> & {
  /** In place of the others: each page has its own time. What is left out of it keeps what it is, too. */
  adaptive?: Partial<AdaptiveRule> | null | undefined;
};

type Context = { db: Db; clock: Clock };

export function ruleOf(schedule: Schedule): Rule {
  const { cron, intervalSeconds, timeZone, jitterSeconds, startsAt, endsAt, id, createdAt } = schedule;
  return { cron, intervalSeconds, timeZone, jitterSeconds, startsAt, endsAt, key: id, anchorAt: createdAt };
}

/**
 * A rule that is no schedule's yet.
 * @throws AppError `invalid` for an adaptive one that can't be
 */
export function toRule(fields: ScheduleFields, now: Date): Rule {
  const { cron = null, timeZone = "UTC", jitterSeconds = 0 } = fields;
  const adaptive = readAdaptive(fields);
  const intervalSeconds = adaptive ? tickOf(adaptive) : (fields.intervalSeconds ?? null);
  const { startsAt = null, endsAt = null } = fields;
  return {
    cron: cron?.trim() ?? null,
    intervalSeconds,
    timeZone,
    jitterSeconds,
    startsAt,
    endsAt,
    key: "",
    anchorAt: now,
  };
}

/** @throws AppError `not_found` for the website, `invalid` naming each field that can't be */
export async function addSchedule(
  { db, clock }: Context,
  viewer: Viewer,
  websiteId: string,
  fields: ScheduleFields,
): Promise<Schedule> {
  const now = clock.now();
  const id = Bun.randomUUIDv7();
  const { isEnabled = true, overlap, missed, options } = fields;
  const { key: _, anchorAt: createdAt, ...timing } = toRule(fields, now);
  const rule = { ...timing, key: id, anchorAt: createdAt };
  return db.transaction(async (tx) => {
    const website = await holdWebsite(tx, viewer, websiteId);
    checkRule(rule, now);
    checkOptions(website.options, options);
    const adaptive = readAdaptive(fields);
    const nextRunAt = isEnabled ? (nextFiring(rule, now) ?? null) : null;
    const row = { ...timing, adaptive, id, websiteId, isEnabled, overlap, missed, options, nextRunAt, createdAt };
    const [schedule] = await tx.insert(crawlSchedules).values(row).returning();
    if (!schedule) throw new Error("An insertion without a conflict clause gives its row");
    if (adaptive) await replan(tx, websiteId);
    return schedule;
  });
}

/** @throws AppError `not_found` also when its website is deleted or belongs to somebody else */
export async function getSchedule(db: Db, viewer: Viewer, id: string): Promise<Schedule> {
  const [schedule] = await db
    .select(getTableColumns(crawlSchedules))
    .from(crawlSchedules)
    .innerJoin(websites, eq(websites.id, crawlSchedules.websiteId))
    .where(isOwn(viewer, id));
  if (!schedule) throw notFound(id);
  return schedule;
}

/** Like `getSchedule`, and keeps it as it is until the end of the transaction. */
export async function holdSchedule(tx: Db, viewer: Viewer, id: string): Promise<Schedule> {
  const { id: found } = await getSchedule(tx, viewer, id);
  const [schedule] = await tx.select().from(crawlSchedules).where(eq(crawlSchedules.id, found)).for("update");
  if (!schedule) throw notFound(id);
  return schedule;
}

export type ScheduleFilter = {
  viewer: Viewer;
  userId?: string | undefined;
  websiteId?: string | undefined;
  isEnabled?: boolean | undefined;
  limit: number;
  /** Only schedules that come after the one with this id. */
  after?: string | undefined;
};

/** Newest first. */
export async function listSchedules(db: Db, filter: ScheduleFilter): Promise<Schedule[]> {
  const { viewer, userId, websiteId, isEnabled, limit, after } = filter;
  return db
    .select(getTableColumns(crawlSchedules))
    .from(crawlSchedules)
    .innerJoin(websites, eq(websites.id, crawlSchedules.websiteId))
    .where(
      and(
        isOwnedBy(viewer),
        isNull(websites.deletedAt),
        userId ? eq(websites.userId, userId) : undefined,
        websiteId ? eq(crawlSchedules.websiteId, websiteId) : undefined,
        isEnabled === undefined ? undefined : eq(crawlSchedules.isEnabled, isEnabled),
        after ? lt(crawlSchedules.id, after) : undefined,
      ),
    )
    .orderBy(desc(crawlSchedules.id))
    .limit(limit);
}

/**
 * Changes what is given. Naming one of the three forms leaves the others. A new rule counts from now:
 * what was due by the old one is not fired any more. Instances go by the row alone, so that all follow at once.
 * @throws AppError `not_found`, or `invalid` naming each field that can't be
 */
export async function changeSchedule(
  { db, clock }: Context,
  viewer: Viewer,
  id: string,
  change: ScheduleFields,
): Promise<Schedule> {
  const now = clock.now();
  return db.transaction(async (tx) => {
    const schedule = await holdSchedule(tx, viewer, id);
    const { options } = change;
    if (options) checkOptions((await getWebsite(tx, viewer, schedule.websiteId)).options, options);
    const changed = merge(schedule, change);
    const isRuleNew = differs(ruleOf(schedule), ruleOf(changed));
    const isWoken = changed.isEnabled && !schedule.isEnabled;
    if (isRuleNew || isWoken) checkRule(ruleOf(changed), now);
    if (!changed.isEnabled) changed.nextRunAt = null;
    else if (isRuleNew || isWoken) changed.nextRunAt = nextFiring(ruleOf(changed), now) ?? null;
    const { id: _, updatedAt: __, ...values } = changed;
    const [saved] = await tx.update(crawlSchedules).set(values).where(eq(crawlSchedules.id, id)).returning();
    if (!saved) throw notFound(id);
    if (planOf(saved) !== planOf(schedule)) await replan(tx, schedule.websiteId);
    return saved;
  });
}

/** The crawls it started stay. @throws AppError `not_found` */
export async function deleteSchedule(db: Db, viewer: Viewer, id: string): Promise<void> {
  await db.transaction(async (tx) => {
    const schedule = await holdSchedule(tx, viewer, id);
    await tx.delete(crawlSchedules).where(eq(crawlSchedules.id, schedule.id));
    if (schedule.adaptive) await replan(tx, schedule.websiteId);
  });
}

function merge(schedule: Schedule, change: ScheduleFields): Schedule {
  const given = Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined));
  const isOther = Boolean(change.cron || change.intervalSeconds) && change.adaptive === undefined;
  const adaptive = isOther ? null : readAdaptive(change, schedule.adaptive);
  const merged: Schedule = { ...schedule, ...given, adaptive };
  if (adaptive) return { ...merged, cron: null, intervalSeconds: tickOf(adaptive) };
  // The interval was how often due pages were looked for, which is no rule of its own.
  if (schedule.adaptive && change.intervalSeconds === undefined) merged.intervalSeconds = null;
  if (change.cron && change.intervalSeconds === undefined) merged.intervalSeconds = null;
  if (change.intervalSeconds && change.cron === undefined) merged.cron = null;
  return { ...merged, cron: merged.cron?.trim() ?? null };
}

/** @throws AppError `invalid` */
function readAdaptive(fields: ScheduleFields, before: AdaptiveRule | null = null): AdaptiveRule | null {
  if (fields.adaptive === undefined) return before;
  if (fields.adaptive === null) return null;
  refuseOtherForms(fields.cron, fields.intervalSeconds);
  const given = Object.fromEntries(Object.entries(fields.adaptive).filter(([, value]) => value !== undefined));
  const adaptive: AdaptiveRule = { ...DEFAULT_ADAPTIVE, ...before, ...given };
  checkAdaptive(adaptive);
  return adaptive;
}

/** What of a schedule the plan of its website's visits hangs on. */
const planOf = ({ adaptive, isEnabled }: Schedule) => (adaptive && isEnabled ? JSON.stringify(adaptive) : "");

const differs = (one: Rule, other: Rule) => JSON.stringify(one) !== JSON.stringify(other);

/** Together with the website's, as its crawls will have them. */
function checkOptions(ofWebsite: Record<string, unknown>, options: Record<string, unknown> = {}): void {
  try {
    readCrawlOptions(ofWebsite, options);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const faults = error.faults.map(({ at, message }) => ({ at: `/options${at}`, message }));
    throw new AppError(error.reason, `options/${error.message}`, { faults, cause: error });
  }
}

const isOwn = (viewer: Viewer, id: string) =>
  and(eq(crawlSchedules.id, id), isOwnedBy(viewer), isNull(websites.deletedAt));

const notFound = (id: string) => new AppError("not_found", `There is no schedule ${id}`);
