import { type Static, Type } from "@sinclair/typebox";
import { and, eq, inArray } from "drizzle-orm";
import type { Viewer } from "../access/viewer.ts";
import type { App } from "../app.ts";
import { type Crawl, cancelCrawl, startCrawl } from "../crawl/crawls.ts";
import type { Db } from "../db/db.ts";
import { crawlJobs, crawlSchedules } from "../db/schema/crawls.ts";
import { users } from "../db/schema/users.ts";
import { websites } from "../db/schema/websites.ts";
import { AppError } from "../errors.ts";
import { defineJob, Snooze } from "../jobs/kind.ts";
import { findDueFiring } from "./due-firing.ts";
import type { Schedule } from "./schedules.ts";

/** How often a firing looks for the end of another crawl: less often the longer it waits, as each look is a job's row. */
const MIN_LOOK_MS = 10_000;
const MAX_LOOK_MS = 120_000;
const SHARE_OF_WAIT = 10;

/** Somebody may start a crawl in the moment between the end of the old one and the new one's start. */
const SHORT_LOOK_MS = 1_000;

const Recrawl = Type.Object({
  scheduleId: Type.String(),
  dueAt: Type.String(),
  /** By a person rather than by the time, so that a disabled schedule's is done too. */
  isAskedFor: Type.Optional(Type.Boolean()),
});

/** What came of a firing, for the job's result. */
type Settled = { outcome: "started" | "skipped" | "failed"; message?: string; crawlId?: string };

/**
 * One firing of a schedule. It is unique by the schedule, so that at most one waits for a crawl that is not over. What a
 * person would have to mend ends it with the schedule's outcome `failed`; what passes by itself has it try again.
 */
export const recrawl = defineJob({
  name: "recrawl",
  about: "Starts the crawl that a schedule is due for",
  queue: "control",
  payload: Recrawl,
  retry: { limit: 5, delaySeconds: 5, maxDelaySeconds: 300 },
  timeoutSeconds: 60,
  keepSeconds: 7 * 86_400,
  isUnique: true,
  run: async (app, payload, { attemptsLeft }) => {
    try {
      return await fire(app, payload);
    } catch (error) {
      if (attemptsLeft === 0) await noteGivenUp(app.db, payload).catch(() => {});
      throw error;
    }
  },
});

type Firing = { schedule: Schedule; viewer: Viewer };

async function fire(app: App, payload: Static<typeof Recrawl>): Promise<Settled | Snooze> {
  const found = await findFiring(app.db, payload.scheduleId);
  if (!found) return { outcome: "skipped", message: "The schedule or its website is deleted" };
  const { schedule, isUserActive } = found;
  // Its process died between the commit and the job's end.
  if (schedule.lastOutcome === "started" && schedule.lastRunAt?.toISOString() === payload.dueAt)
    return { outcome: "started", crawlId: schedule.lastCrawlId ?? undefined };
  const firing: Firing = { schedule, viewer: { userId: found.userId, seesAll: false } };
  const skip = (message: string) => settle(app.db, firing, { outcome: "skipped", message });
  if (!isUserActive) return skip("The website's user is disabled");
  if (!schedule.isEnabled && !payload.isAskedFor) return skip("The schedule was disabled meanwhile");
  return (await start(app, firing)) ?? overlap(app, firing, new Date(payload.dueAt));
}

/**
 * The crawl and what is written of it exist together or not at all, so that no firing starts two.
 * @returns `undefined` when another crawl is in the way
 */
async function start({ db, clock }: Pick<App, "db" | "clock">, firing: Firing): Promise<Settled | undefined> {
  const { schedule, viewer } = firing;
  try {
    return await db.transaction(async (tx) => {
      const { websiteId, options, adaptive } = schedule;
      const how = adaptive ? await findDueFiring(tx, { websiteId, adaptive, options }, clock.now()) : { options };
      if ("skipped" in how) return settle(tx, firing, { outcome: "skipped", message: how.skipped });
      const { id: crawlId } = await startCrawl(tx, { viewer, websiteId, ...how });
      await write(tx, schedule.id, { lastOutcome: "started", lastMessage: null, lastCrawlId: crawlId });
      return { outcome: "started", crawlId };
    });
  } catch (error) {
    if (!(error instanceof AppError) || error.reason === "unavailable") throw error;
    if (error.reason === "conflict") return undefined;
    return settle(db, firing, { outcome: "failed", message: error.message });
  }
}

async function overlap(app: App, firing: Firing, dueAt: Date): Promise<Settled | Snooze> {
  const { schedule, viewer } = firing;
  const running = await findRunning(app.db, schedule.websiteId);
  // It ended between the two questions.
  if (!running) return new Snooze(SHORT_LOOK_MS);
  const which = `crawl ${running.id} (${running.state})`;
  if (schedule.overlap === "skip")
    return settle(app.db, firing, { outcome: "skipped", message: `The website was being crawled by ${which}` });
  if (schedule.overlap === "queue") {
    await write(app.db, schedule.id, { lastOutcome: "queued", lastMessage: `It waits for the end of ${which}` });
    const waitedMs = app.clock.now().getTime() - dueAt.getTime();
    return new Snooze(Math.min(MAX_LOOK_MS, Math.max(MIN_LOOK_MS, waitedMs / SHARE_OF_WAIT)));
  }
  // It may have ended just now, which serves as well.
  await cancelCrawl(app, viewer, running.id).catch((error: unknown) => {
    if (!(error instanceof AppError)) throw error;
  });
  return (await start(app, firing)) ?? new Snooze(SHORT_LOOK_MS);
}

/** `undefined` when there is nothing to crawl any more. */
async function findFiring(db: Db, scheduleId: string) {
  const [row] = await db
    .select({
      schedule: crawlSchedules,
      website: websites,
      disabledAt: users.disabledAt,
      userDeletedAt: users.deletedAt,
    })
    .from(crawlSchedules)
    .innerJoin(websites, eq(websites.id, crawlSchedules.websiteId))
    .innerJoin(users, eq(users.id, websites.userId))
    .where(eq(crawlSchedules.id, scheduleId));
  if (!row || row.website.deletedAt) return undefined;
  const isUserActive = row.disabledAt === null && row.userDeletedAt === null;
  return { schedule: row.schedule, userId: row.website.userId, isUserActive };
}

async function findRunning(db: Db, websiteId: string): Promise<Pick<Crawl, "id" | "state"> | undefined> {
  const [crawl] = await db
    .select({ id: crawlJobs.id, state: crawlJobs.state })
    .from(crawlJobs)
    .where(
      and(
        eq(crawlJobs.websiteId, websiteId),
        eq(crawlJobs.runner, "service"),
        inArray(crawlJobs.state, ["queued", "running", "paused"]),
      ),
    );
  return crawl;
}

async function settle(db: Db, { schedule }: Firing, settled: Settled): Promise<Settled> {
  await write(db, schedule.id, { lastOutcome: settled.outcome, lastMessage: settled.message ?? null });
  return settled;
}

async function noteGivenUp(db: Db, { scheduleId }: Static<typeof Recrawl>): Promise<void> {
  const message = "Given up after errors of the service; its job among the dead letters has them";
  await write(db, scheduleId, { lastOutcome: "failed", lastMessage: message });
}

async function write(db: Db, id: string, values: Partial<Schedule>): Promise<void> {
  await db.update(crawlSchedules).set(values).where(eq(crawlSchedules.id, id));
}
