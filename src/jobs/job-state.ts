import { and, eq, gt, inArray, lte, ne, or, type SQL, sql } from "drizzle-orm";
import type { BossState, JobTable } from "./job-table.ts";
import { DEAD_LETTERS } from "./queues.ts";

/** Where a job stands, for callers. */
export const JOB_STATES = [
  "waiting", // to be taken as soon as there is room
  "delayed", // not due yet
  "active", // it runs
  "retrying", // an attempt failed, another will follow
  "completed",
  "failed", // its attempts are used up
  "cancelled",
  "dead", // the letter that was left of a failed one, to be replayed
] as const;

export type JobState = (typeof JOB_STATES)[number];

/** States in which nothing more happens to a job by itself. */
export const ENDED_STATES = ["completed", "failed", "cancelled", "dead"] as const satisfies readonly JobState[];

export type EndedState = (typeof ENDED_STATES)[number];

/** By the clock of the database, which is the one that jobs become due by. */
export const stateOf = (table: JobTable): SQL<JobState> => sql`case
  when ${table.name} = ${DEAD_LETTERS} then 'dead'
  when ${table.state} = 'created' and ${table.startAfter} > now() then 'delayed'
  when ${table.state} = 'created' then 'waiting'
  when ${table.state} = 'retry' then 'retrying'
  else ${table.state}::text end`;

/** The same, of what was read. */
export function stateNow(row: { name: string; bossState: BossState; isLater: boolean }): JobState {
  const { name, bossState, isLater } = row;
  if (name === DEAD_LETTERS) return "dead";
  if (bossState === "created") return isLater ? "delayed" : "waiting";
  return bossState === "retry" ? "retrying" : bossState;
}

export function isInState(table: JobTable, state: JobState): SQL | undefined {
  if (state === "dead") return eq(table.name, DEAD_LETTERS);
  return and(ne(table.name, DEAD_LETTERS), inBossState(table, state));
}

export function isInAnyState(table: JobTable, states: readonly JobState[]): SQL | undefined {
  return or(...states.map((state) => isInState(table, state)));
}

/** To be run now, if only somebody takes it. */
export function isDue(table: JobTable): SQL | undefined {
  const waits = inArray(table.state, ["created", "retry"]);
  return and(ne(table.name, DEAD_LETTERS), waits, lte(table.startAfter, sql`now()`));
}

function inBossState(table: JobTable, state: Exclude<JobState, "dead">): SQL | undefined {
  if (state === "waiting") return and(eq(table.state, "created"), lte(table.startAfter, sql`now()`));
  if (state === "delayed") return and(eq(table.state, "created"), gt(table.startAfter, sql`now()`));
  return eq(table.state, state === "retrying" ? "retry" : state);
}
