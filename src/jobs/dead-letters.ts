import { and, asc, eq, inArray, sql } from "drizzle-orm";
import { afterCommit } from "../db/after-commit.ts";
import type { Db } from "../db/db.ts";
import { matches } from "./job-list.ts";
import { type BossState, jobTableOf } from "./job-table.ts";
import { jobsOf } from "./jobs.ts";
import { DEAD_LETTERS, type QueueName, queueOf } from "./queues.ts";

/** What is left of a job whose attempts are used up: a copy, in a queue that nobody works. */
export type DeadLetter = {
  id: string;
  singletonKey: string | null;
  sourceName: string | null;
  sourceId: string | null;
  sourceRootId: string | null;
};

export type ReplayFilter = { kind?: string; queue?: QueueName; createdBefore?: Date };

export type Replayed = {
  /** Jobs that were made of dead letters. */
  replayed: number;
  /** Dead letters that stay, since another job that waits or runs has their key. */
  held: number;
  /** Whether there are more, beyond the limit. */
  hasMore: boolean;
};

/** How many rows one transaction touches. */
const BATCH = 500;

/** Makes jobs of dead letters anew, with all their attempts, the oldest first; at most `limit`. Safe to repeat. */
export async function replayDeadLetters(db: Db, filter: ReplayFilter, limit: number): Promise<Replayed> {
  const table = jobTableOf(db);
  const areWanted = matches(table, { ...filter, states: ["dead"] });
  const find = (on: Db, states: BossState[], count: number) =>
    on
      .select()
      .from(table)
      .where(and(areWanted, inArray(table.state, states)))
      .orderBy(asc(table.createdOn), asc(table.id))
      .limit(count);
  // What was held the last time may be free by now.
  const held = await find(db, ["failed"], limit);
  await freeHeld(db, held);
  let [replayed, looked] = [0, 0];
  for (;;) {
    const batch = await db.transaction(async (tx) => {
      const letters = await find(tx, WAITING, Math.min(BATCH, limit - looked)).for("update", { skipLocked: true });
      return { size: letters.length, replayed: await replayLetters(tx, letters) };
    });
    looked += batch.size;
    replayed += batch.replayed;
    if (batch.size < BATCH || looked >= limit) break;
  }
  const hasMore = (await find(db, WAITING, 1)).length > 0;
  return { replayed, held: looked - replayed, hasMore };
}

const WAITING: BossState[] = ["created", "retry"];

/** @returns how many became jobs; the others are held, since another job has their key */
export async function replayLetters(tx: Db, letters: DeadLetter[]): Promise<number> {
  if (letters.length === 0) return 0;
  const { boss, within, announce } = jobsOf(tx);
  await freeHeld(tx, letters);
  const ids = letters.map(({ id }) => id);
  const replayed = await boss.redrive(DEAD_LETTERS, { ids, limit: ids.length, db: within(tx) });
  await restorePolicies(tx, letters);
  const queues = new Set(letters.flatMap(({ sourceName }) => (sourceName ? [queueOf(sourceName) as QueueName] : [])));
  afterCommit(tx, () => {
    for (const queue of queues) announce(queue);
  });
  return replayed;
}

/** pg-boss has those that it could not make jobs of fail, and leaves them alone from then on. */
async function freeHeld(db: Db, letters: { id: string }[]): Promise<void> {
  const { boss, within } = jobsOf(db);
  const ids = letters.map(({ id }) => id);
  if (ids.length > 0) await boss.retry(DEAD_LETTERS, ids, { db: within(db) });
}

/**
 * pg-boss gives what it makes of dead letters the defaults of the queue. Attempts, delays and times are our kinds', and
 * stand with the job that failed, as long as that is kept.
 */
async function restorePolicies(tx: Db, letters: DeadLetter[]): Promise<void> {
  const table = jobTableOf(tx);
  const roots = letters.flatMap(({ sourceRootId, sourceId }) => sourceRootId ?? sourceId ?? []);
  if (roots.length === 0) return;
  const [anew, failed] = [sql.identifier("anew"), sql.identifier("failed")];
  const columns = ["retry_limit", "retry_delay", "retry_backoff", "retry_delay_max", "expire_seconds"];
  columns.push("deletion_seconds", "heartbeat_seconds");
  const copies = columns.map((column) => sql`${sql.identifier(column)} = ${failed}.${sql.identifier(column)}`);
  await tx.execute(sql`
    update ${table} as ${anew} set ${sql.join(copies, sql`, `)}
    from ${table} as ${failed}
    where ${failed}.id = ${anew}.source_root_id and ${failed}.name = ${anew}.name
      and ${inArray(sql`${anew}.source_root_id`, roots)} and ${eq(sql`${anew}.state`, "created")}
      and ${anew}.started_on is null`);
}
