import { type SQL, sql } from "drizzle-orm";
import type { Db } from "../db/db.ts";
import { rowsOf } from "../db/db.ts";
import { jobFailures } from "../db/schema/jobs.ts";
import type { Jobs } from "./jobs.ts";
import { BOSS_NAMES, DEAD_LETTERS, type QueueName, queueOf } from "./queues.ts";

/**
 * What pg-boss has no call for. Its table is written to in the same way as it does itself: a job that waits is `created`
 * or `retry`, taking one counts `retry_count` up if `started_on` is set, and an attempt is known by the former.
 */

/** One attempt at a job: late ones find that it is no longer this. */
export type Attempt = { id: string; bossName: string; retryCount: number };

/** Its process died that often with it: that is no accident any more. */
const MAX_LOST = 10;

const NAMES = BOSS_NAMES.filter((name) => name !== DEAD_LETTERS);

const jobTable = ({ namespace }: Pick<Jobs, "namespace">): SQL => sql.raw(`"${namespace}".job`);

const isAttempt = ({ id, bossName, retryCount }: Attempt): SQL =>
  sql`name = ${bossName} and id = ${id}::uuid and retry_count = ${retryCount} and state = 'active'`;

/**
 * Has jobs run again whose process gave no sign of life for so long. That is none of their faults, so they keep the
 * attempts that their failures may cost, and don't wait; only one that has lost many processes is left to pg-boss, for
 * which it has failed.
 * @returns the queues that have something to do by it
 */
export async function putBackLost(
  db: Db,
  jobs: Jobs,
  { afterSeconds }: { afterSeconds: number },
): Promise<QueueName[]> {
  const table = jobTable(jobs);
  const failedAt = jobs.clock.now().toISOString();
  const result = await db.execute(sql`
    with lost as (
      select name, id from ${table}
      where name in ${NAMES} and state = 'active' and retry_count < ${MAX_LOST}
        and heartbeat_on <= now() - ${afterSeconds}::int * interval '1 second'
      for update skip locked
    ), back as (
      update ${table} j
      set state = 'retry', start_after = now(), heartbeat_on = null, retry_limit = j.retry_limit + 1
      from lost where j.name = lost.name and j.id = lost.id
      returning j.name, j.id, j.retry_count, j.started_on
    ), told as (
      insert into ${jobFailures} (job_id, attempt, message, started_at, failed_at)
      select id, retry_count + 1, ${LOST}, started_on, ${failedAt}::timestamptz from back
      on conflict do nothing
    )
    select name from back`);
  return [...new Set(rowsOf<{ name: string }>(result).map(({ name }) => queueOf(name) as QueueName))];
}

const LOST = "The process that ran it gave no sign of life any more";

/** Whether there is any that runs, or whose process died with it: sooner known than they are put back. */
export async function hasActive({ namespace, boss }: Jobs): Promise<boolean> {
  const text = `select from "${namespace}".job where name = any($1) and state = 'active' limit 1`;
  return (await boss.getDb().executeSql(text, [NAMES])).rows.length > 0;
}

/** Has pg-boss find that no attempts are left when this one fails. */
export async function useUpAttempts(db: Db, jobs: Jobs, attempt: Attempt): Promise<void> {
  await db.execute(sql`update ${jobTable(jobs)} set retry_limit = retry_count where ${isAttempt(attempt)}`);
}

/** Gives one that has failed for good its attempts again, for whoever has it run anew. */
export async function restoreAttempts(db: Db, jobs: Jobs, { id, bossName }: Attempt, retryLimit: number) {
  await db.execute(
    sql`update ${jobTable(jobs)} set retry_limit = ${retryLimit} where name = ${bossName} and id = ${id}::uuid`,
  );
}

/** Has it run again as if this attempt had not been. Whoever ran it must settle nothing any more. */
export async function handBack(db: Db, jobs: Jobs, attempt: Attempt): Promise<void> {
  await db.execute(sql`
    update ${jobTable(jobs)} set state = 'created', start_after = now(), started_on = null, heartbeat_on = null
    where ${isAttempt(attempt)}`);
}

/**
 * The same, but not before some time is over, and only if the job was made within the last so many seconds.
 * @returns whether it was
 */
export async function putOff(
  db: Db,
  jobs: Jobs,
  attempt: Attempt,
  { bySeconds, withinSeconds }: { bySeconds: number; withinSeconds: number },
): Promise<boolean> {
  const result = await db.execute(sql`
    update ${jobTable(jobs)} set state = 'created', started_on = null, heartbeat_on = null,
      start_after = now() + ${bySeconds}::int * interval '1 second'
    where ${isAttempt(attempt)} and created_on > now() - ${withinSeconds}::int * interval '1 second'
    returning id`);
  return rowsOf(result).length > 0;
}

/**
 * Which of pg-boss's queues have a job to be run now, and which of ours are paused: by one short statement, where fetching
 * costs several times as much.
 */
export async function findDue(
  { namespace, boss }: Jobs,
  bossNames: readonly string[],
  serviceNamespace: string,
): Promise<{ due: string[]; paused: string[] }> {
  const { rows } = await boss.getDb().executeSql(
    `select wanted as name, false as paused from unnest($1::text[]) as wanted where exists (
      select from "${namespace}".job j
      where j.name = wanted and j.state < 'active' and not j.blocked and j.start_after <= now())
    union all select queue, true from "${serviceNamespace}".paused_queues`,
    [bossNames],
  );
  const [paused, due] = [true, false].map((is) => rows.flatMap((row: Found) => (row.paused === is ? row.name : [])));
  return { due: due ?? [], paused: paused ?? [] };
}

type Found = { name: string; paused: boolean };

/**
 * Makes jobs due that are so by the clock of this process, where that goes otherwise than the database's: in tests.
 * Those that failed are due after the longest that they may have to wait.
 */
export async function bringForward(db: Db, jobs: Jobs): Promise<void> {
  const now = jobs.clock.now().toISOString();
  await db.execute(sql`
    update ${jobTable(jobs)} j set start_after = now()
    where name in ${NAMES} and state < 'active' and start_after > now() and case
      when state = 'created' then (data ->> 'startAt')::timestamptz <= ${now}::timestamptz
      else exists (
        select 1 from ${jobFailures} f where f.job_id = j.id and f.attempt = j.retry_count + 1
          and f.failed_at + interval '1 second' * case when j.retry_backoff
            then least(j.retry_delay_max, greatest(j.retry_delay, 1) * 2 ^ least(16, j.retry_count + 1))
            else j.retry_delay end <= ${now}::timestamptz)
      end`);
}

/** The jobs that a call settled or refreshed, which pg-boss's types keep to themselves. */
export function settledOf(response: unknown): Set<string> {
  return new Set((response as { settled?: string[] }).settled ?? []);
}
