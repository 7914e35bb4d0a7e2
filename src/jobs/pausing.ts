import { eq } from "drizzle-orm";
import type { Cache } from "../cache.ts";
import type { Clock } from "../clock.ts";
import { afterCommit } from "../db/after-commit.ts";
import type { Db } from "../db/db.ts";
import { pausedQueues } from "../db/schema/jobs.ts";
import { AppError } from "../errors.ts";
import { QUEUES_CHANNEL } from "./announcements.ts";
import { countJobs, type QueueCounts } from "./job-counts.ts";
import { QUEUE_NAMES } from "./queues.ts";

/** What changes of queues take: after the database has it, those who work them are told. */
export type QueuesContext = { db: Db; cache: Cache; clock: Clock };

/** Has nothing more taken of a queue, by any process; what runs goes on. Safe to repeat. @throws AppError `not_found` */
export async function pauseQueue({ db, cache, clock }: QueuesContext, queue: string): Promise<QueueCounts> {
  requireQueue(queue);
  const pausedAt = clock.now();
  await db.insert(pausedQueues).values({ queue, pausedAt }).onConflictDoNothing();
  return tell(db, cache, queue);
}

/** Takes back `pauseQueue`. Safe to repeat. @throws AppError `not_found` */
export async function resumeQueue({ db, cache }: Omit<QueuesContext, "clock">, queue: string): Promise<QueueCounts> {
  requireQueue(queue);
  await db.delete(pausedQueues).where(eq(pausedQueues.queue, queue));
  return tell(db, cache, queue);
}

function requireQueue(queue: string): void {
  if (QUEUE_NAMES.some((name) => name === queue)) return;
  throw new AppError("not_found", `There is no queue ${queue}; there are ${QUEUE_NAMES.join(", ")}`);
}

async function tell(db: Db, cache: Cache, queue: string): Promise<QueueCounts> {
  afterCommit(db, () => void cache.publish(QUEUES_CHANNEL, queue).catch(() => {}));
  const found = (await countJobs(db)).find((counts) => counts.queue === queue);
  if (!found) throw new Error(`Queue ${queue} is not counted`);
  return found;
}
