import type { Jobs } from "./jobs.ts";

/** What this process has taken to run, as far as that takes to be known. */
export type TakenJob = {
  id: string;
  data: unknown;
  retryCount: number;
  retryLimit: number;
  key: string | null;
  priority: number;
  /** From when it was due to when it was taken, by the database's clock. */
  waitedSeconds: number;
};

/** Takes due jobs of one of pg-boss's queues, at most so many. */
export async function takeJobs({ boss }: Jobs, bossName: string, count: number): Promise<TakenJob[]> {
  // Of its two lists of columns one leaves out what we need, and to read all of the other, with its instants, took a
  // third of a short job's CPU time.
  const db = boss.getDb();
  const narrowed = { executeSql: (text: string, values?: unknown[]) => db.executeSql(narrow(text), values) };
  const taken: unknown[] = await boss.fetch(bossName, { batchSize: count, includeMetadata: true, db: narrowed });
  return taken as TakenJob[];
}

const narrow = (text: string) => `with taken as (${text})
  select id, data, "retryCount", "retryLimit", "singletonKey" as key, priority,
    greatest(0, extract(epoch from "startedOn" - "startAfter"))::float8 as "waitedSeconds"
  from taken`;
