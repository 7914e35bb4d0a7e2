import type { Static, TSchema } from "@sinclair/typebox";
import { and, eq, inArray, lte } from "drizzle-orm";
import type { Clock } from "../clock.ts";
import type { Db } from "../db/db.ts";
import { systemSchedules } from "../db/schema/jobs.ts";
import { AppError } from "../errors.ts";
import { type EnqueueOptions, enqueue } from "../jobs/enqueue.ts";
import { type JobKind, Snooze } from "../jobs/kind.ts";
import { firingId } from "./firing-id.ts";
import { findRuleFaults, nextFiring, type Rule } from "./rule.ts";

/** Work of the service's own that is due by the clock. */
export type SystemSchedule = {
  /** Of the schedule and of its kind of job. */
  name: string;
  /** For people. */
  about: string;
  /** In UTC; `off` for never. */
  cron: string;
  jitterSeconds: number;
  enqueue(db: Db, now: Date, options: EnqueueOptions): Promise<string | undefined>;
};

/** As it stands, with the row that all instances go by; `row` is missing until a scheduler has started once. */
export type SystemScheduleState = Pick<SystemSchedule, "name" | "about" | "cron"> & {
  row: typeof systemSchedules.$inferSelect | undefined;
};

type Context = { db: Db; clock: Clock };

/** Gives a kind of job its time. @param toPayload makes the job's payload of the time at which it is enqueued */
export function systemSchedule<Payload extends TSchema>(
  kind: JobKind<Payload>,
  { cron, jitterSeconds = 0 }: { cron: string; jitterSeconds?: number },
  toPayload: (now: Date) => Static<Payload>,
): SystemSchedule {
  const { name, about } = kind;
  return {
    name,
    about,
    cron,
    jitterSeconds,
    enqueue: (db, now, options) => enqueue(db, kind, toPayload(now), options),
  };
}

/** What the program and the settings' defaults say. To find nothing wrong with it would be a good part of each start. */
const KNOWN_TO_BE_RIGHT = new Set(["@hourly", "* * * * *", "17 3 * * *"]);

/** @throws AppError `invalid` naming a schedule whose rule can't be, as settings allow any */
export function checkSystemSchedules(schedules: readonly SystemSchedule[], now: Date): void {
  for (const schedule of schedules) {
    const [fault] =
      isOff(schedule) || KNOWN_TO_BE_RIGHT.has(schedule.cron) ? [] : findRuleFaults(systemRule(schedule), now);
    if (fault) throw new AppError("invalid", `The schedule ${schedule.name}: ${schedule.cron} ${fault.message}`);
  }
}

/** Gives each schedule a row that says what the program and its settings say. A rule that has changed counts from now. */
export async function keepSystemSchedules({ db, clock }: Context, schedules: readonly SystemSchedule[]): Promise<void> {
  const rows = new Map((await readRows(db, schedules)).map((row) => [row.name, row]));
  for (const schedule of schedules) {
    const { name, cron } = schedule;
    const row = rows.get(name);
    const isEnabled = !isOff(schedule);
    const isKept = row?.cron === cron && row.isEnabled === isEnabled && (row.nextRunAt !== null || !isEnabled);
    if (isKept) continue;
    const nextRunAt = isEnabled ? (nextFiring(systemRule(schedule), clock.now()) ?? null) : null;
    const values = { cron, isEnabled, nextRunAt };
    await db
      .insert(systemSchedules)
      .values({ name, ...values })
      .onConflictDoUpdate({ target: systemSchedules.name, set: values });
  }
}

/** Enqueues what is due, and moves each row on, in one transaction; several that were missed are one. */
export async function fireDueSystemSchedules(
  { db, clock }: Context,
  schedules: readonly SystemSchedule[],
): Promise<Firing[]> {
  const now = clock.now();
  const { name, isEnabled, nextRunAt } = systemSchedules;
  const isDue = and(eq(isEnabled, true), lte(nextRunAt, now), inArray(name, namesOf(schedules)));
  // As with crawls' schedules: a transaction only where something is due.
  const [due] = await db.select({ name }).from(systemSchedules).where(isDue).limit(1);
  if (!due) return [];
  return db.transaction(async (tx) => {
    const rows = await tx.select().from(systemSchedules).where(isDue).for("update", { skipLocked: true });
    const firings: Firing[] = [];
    for (const { name, nextRunAt } of rows) {
      const schedule = schedules.find((one) => one.name === name);
      if (schedule && nextRunAt) firings.push(await fire(tx, schedule, nextRunAt, now));
    }
    return firings;
  });
}

export type Firing = { name: string; dueAt: Date; jobId: string | undefined };

/**
 * Runs it now, besides its times.
 * @returns the job's id
 * @throws AppError `not_found`, or `conflict` while a job of it waits or runs
 */
export async function runSystemSchedule(
  { db, clock }: Context,
  schedules: readonly SystemSchedule[],
  name: string,
): Promise<string> {
  const schedule = schedules.find((one) => one.name === name);
  if (!schedule) throw new AppError("not_found", `There is no system schedule ${JSON.stringify(name)}`);
  const now = clock.now();
  return db.transaction(async (tx) => {
    const jobId = await schedule.enqueue(tx, now, { key: name });
    if (!jobId) throw new AppError("conflict", `A job of ${name} waits or runs already; wait until it has ended`);
    await tx.update(systemSchedules).set({ lastRunAt: now, lastJobId: jobId }).where(eq(systemSchedules.name, name));
    return jobId;
  });
}

/** In the order in which they are declared. */
export async function listSystemSchedules(
  db: Db,
  schedules: readonly SystemSchedule[],
): Promise<SystemScheduleState[]> {
  const rows = new Map((await readRows(db, schedules)).map((row) => [row.name, row]));
  return schedules.map(({ name, about, cron }) => ({ name, about, cron, row: rows.get(name) }));
}

/** As any schedule's; expressions alone are counted from nowhere. */
export function systemRule({
  name,
  cron,
  jitterSeconds,
}: Pick<SystemSchedule, "name" | "cron" | "jitterSeconds">): Rule {
  const unbounded = { intervalSeconds: null, timeZone: "UTC", startsAt: null, endsAt: null };
  return { ...unbounded, cron, jitterSeconds, key: name, anchorAt: new Date(0) };
}

/** The kind with its successes written down at its schedule. */
export function withResultKept<Payload extends TSchema>(kind: JobKind<Payload>): JobKind<Payload> {
  return {
    ...kind,
    run: async (app, payload, job) => {
      const result = await kind.run(app, payload, job);
      if (result instanceof Snooze) return result;
      const lastResult = result !== null && typeof result === "object" ? { ...result } : {};
      const success = { lastSuccessAt: app.clock.now(), lastResult };
      await app.db.update(systemSchedules).set(success).where(eq(systemSchedules.name, kind.name));
      return result;
    },
  };
}

async function fire(tx: Db, schedule: SystemSchedule, dueAt: Date, now: Date): Promise<Firing> {
  const { name } = schedule;
  const jobId = await schedule.enqueue(tx, now, { id: firingId(name, dueAt), key: name });
  const nextRunAt = nextFiring(systemRule(schedule), now) ?? null;
  // A former job that has not ended stands for this one as well.
  const last = jobId ? { lastRunAt: dueAt, lastJobId: jobId } : {};
  await tx
    .update(systemSchedules)
    .set({ nextRunAt, ...last })
    .where(eq(systemSchedules.name, name));
  return { name, dueAt, jobId };
}

function readRows(db: Db, schedules: readonly SystemSchedule[]) {
  return db
    .select()
    .from(systemSchedules)
    .where(inArray(systemSchedules.name, namesOf(schedules)));
}

const namesOf = (schedules: readonly SystemSchedule[]) => schedules.map(({ name }) => name);

const isOff = ({ cron }: Pick<SystemSchedule, "cron">) => cron === "off";
