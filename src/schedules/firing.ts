import { and, asc, eq, gt, isNotNull, isNull, lte, notExists, or } from "drizzle-orm";
import type { Viewer } from "../access/viewer.ts";
import type { Clock } from "../clock.ts";
import type { Db } from "../db/db.ts";
import { crawlSchedules } from "../db/schema/crawls.ts";
import { websites } from "../db/schema/websites.ts";
import { AppError } from "../errors.ts";
import { enqueue } from "../jobs/enqueue.ts";
import { firingId } from "./firing-id.ts";
import { recrawl } from "./recrawl-job.ts";
import { nextFiring } from "./rule.ts";
import { holdSchedule, ruleOf, type Schedule } from "./schedules.ts";

type Context = { db: Db; clock: Clock };

/** A firing that comes later than this was missed: schedulers look each second, so that none was there. */
export const MISSED_AFTER_MS = 60_000;

/** Clocks of instances may differ by so much without one of them being taken for set back. */
const SET_BACK_MS = 300_000;

/** Rows that one transaction moves on. */
const BATCH = 100;

export type Firing = { scheduleId: string; dueAt: Date; jobId: string | undefined };

/**
 * Fires the schedules that are due: in one transaction their rows move on and their jobs are made, so that any number of
 * instances may do this at once, each of which passes by what another has in hand. Those of deleted websites rest.
 */
export async function fireDueSchedules(context: Context): Promise<Firing[]> {
  const firings: Firing[] = [];
  for (;;) {
    const { count, fired } = await fireBatch(context);
    firings.push(...fired);
    if (count < BATCH) return firings;
  }
}

/**
 * Starts a firing of its own, enabled or not.
 * @returns the job's id
 * @throws AppError `not_found`, or `conflict` while a firing of it waits or runs
 */
export async function runSchedule({ db, clock }: Context, viewer: Viewer, id: string): Promise<string> {
  const now = clock.now();
  return db.transaction(async (tx) => {
    const schedule = await holdSchedule(tx, viewer, id);
    const payload = { scheduleId: id, dueAt: now.toISOString(), isAskedFor: true };
    const jobId = await enqueue(tx, recrawl, payload, { key: id });
    if (!jobId) throw new AppError("conflict", `A firing of schedule ${schedule.id} waits or runs already`);
    await tx.update(crawlSchedules).set(asQueued(now)).where(eq(crawlSchedules.id, id));
    return jobId;
  });
}

/**
 * Gives a next time to enabled schedules that have none and should, as after a change of the program; and back their own
 * to those that fired in what is the future again, since the clock was set back. @returns how many
 */
export async function mendSchedules({ db, clock }: Context): Promise<number> {
  const now = clock.now();
  const future = new Date(now.getTime() + SET_BACK_MS);
  const isAmiss = or(isNull(crawlSchedules.nextRunAt), gt(crawlSchedules.lastRunAt, future));
  const rows = await db
    .select()
    .from(crawlSchedules)
    .where(and(eq(crawlSchedules.isEnabled, true), isAmiss));
  let mended = 0;
  for (const row of rows) {
    const nextRunAt = findNext(row, now);
    if (!nextRunAt || nextRunAt.getTime() === row.nextRunAt?.getTime()) continue;
    const lastRunAt = row.lastRunAt && row.lastRunAt > future ? null : row.lastRunAt;
    // Unless another instance was faster, or somebody changed it meanwhile.
    const isSame = row.nextRunAt ? eq(crawlSchedules.nextRunAt, row.nextRunAt) : isNull(crawlSchedules.nextRunAt);
    await db
      .update(crawlSchedules)
      .set({ nextRunAt, lastRunAt })
      .where(and(eq(crawlSchedules.id, row.id), eq(crawlSchedules.isEnabled, true), isSame));
    mended++;
  }
  return mended;
}

/** What is to happen at a time at which a schedule is due. */
export type Plan = {
  /** The firing to be done now, if any. */
  fireAt: Date | undefined;
  nextAt: Date | undefined;
};

/**
 * However many firings were missed, at most one is done for them: the first of them, late, by `once`; by `skip` none but
 * one that is due just now.
 */
export function planFiring(schedule: Schedule, dueAt: Date, now: Date): Plan {
  const rule = ruleOf(schedule);
  const nextAt = nextFiring(rule, now);
  const isMissed = now.getTime() - dueAt.getTime() > MISSED_AFTER_MS;
  if (!isMissed || schedule.missed === "once") return { fireAt: dueAt, nextAt };
  const recent = nextFiring(rule, new Date(now.getTime() - MISSED_AFTER_MS));
  return { fireAt: recent && recent <= now ? recent : undefined, nextAt };
}

async function fireBatch({ db, clock }: Context): Promise<{ count: number; fired: Firing[] }> {
  const now = clock.now();
  // Nearly always nothing is due, which one statement tells for less than a transaction takes.
  const [due] = await db.select({ id: crawlSchedules.id }).from(crawlSchedules).where(isDue(db, now)).limit(1);
  if (!due) return { count: 0, fired: [] };
  return db.transaction(async (tx) => {
    const rows = await tx
      .select()
      .from(crawlSchedules)
      .where(isDue(tx, now))
      .orderBy(asc(crawlSchedules.nextRunAt))
      .limit(BATCH)
      .for("update", { skipLocked: true });
    const fired: Firing[] = [];
    for (const row of rows) if (row.nextRunAt) fired.push(await fire(tx, row, row.nextRunAt, now));
    return { count: rows.length, fired };
  });
}

function isDue(db: Db, now: Date) {
  const isDeleted = db
    .select({ id: websites.id })
    .from(websites)
    .where(and(eq(websites.id, crawlSchedules.websiteId), isNotNull(websites.deletedAt)));
  return and(eq(crawlSchedules.isEnabled, true), lte(crawlSchedules.nextRunAt, now), notExists(isDeleted));
}

async function fire(tx: Db, schedule: Schedule, dueAt: Date, now: Date): Promise<Firing> {
  const { id: scheduleId } = schedule;
  const write = (values: Partial<Schedule>) =>
    tx.update(crawlSchedules).set(values).where(eq(crawlSchedules.id, scheduleId));
  const plan = planOrFault(schedule, dueAt, now);
  if ("fault" in plan) {
    // One rule that can't be read any more must not keep all others from firing.
    await write({ nextRunAt: null, lastRunAt: dueAt, lastOutcome: "failed", lastMessage: plan.fault });
    return { scheduleId, dueAt, jobId: undefined };
  }
  const nextRunAt = plan.nextAt ?? null;
  const { fireAt } = plan;
  if (!fireAt) {
    const lastMessage = "It was missed: no scheduler ran when it was due";
    await write({ nextRunAt, lastRunAt: dueAt, lastOutcome: "skipped", lastMessage });
    return { scheduleId, dueAt, jobId: undefined };
  }
  const payload = { scheduleId, dueAt: fireAt.toISOString() };
  const jobId = await enqueue(tx, recrawl, payload, { id: firingId(scheduleId, fireAt), key: scheduleId });
  // A former firing that still waits stands for this one as well.
  await write({ nextRunAt, ...(jobId ? asQueued(fireAt) : {}) });
  return { scheduleId, dueAt: fireAt, jobId };
}

const asQueued = (lastRunAt: Date) => ({ lastRunAt, lastOutcome: "queued" as const, lastMessage: null });

function planOrFault(schedule: Schedule, dueAt: Date, now: Date): Plan | { fault: string } {
  try {
    return planFiring(schedule, dueAt, now);
  } catch (error) {
    return { fault: `Its rule can't be read: ${(error as Error).message}` };
  }
}

function findNext(schedule: Schedule, now: Date): Date | undefined {
  try {
    return nextFiring(ruleOf(schedule), now);
  } catch {
    return undefined;
  }
}
