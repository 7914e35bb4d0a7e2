import { sql } from "drizzle-orm";
import { rowsOf } from "../../src/db/db.ts";
import { enqueueMany } from "../../src/jobs/enqueue.ts";
import type { Cluster } from "./cluster.ts";
import { type AuditedJob, listAudited } from "./job-audit.ts";
import { listTraces, poison, probe, type Trace } from "./probe-kinds.ts";
import { until } from "./until.ts";

export type WorkedJobs = {
  /** Jobs of these tests, as the database saw them. */
  jobs: AuditedJob[];
  traces: Trace[];
  deadLetters: { kind: string; message: string }[];
  tookMs: number;
};

/** Has workers run many short jobs, among them some that can't be done. */
export async function workJobs(
  { app: { db } }: Cluster,
  { count, poisonous, timeoutMs = 120_000 }: { count: number; poisonous: number; timeoutMs?: number },
): Promise<WorkedJobs> {
  const startedAt = performance.now();
  // First, and ahead of all others: what blocks the way would block it from now on.
  const bad = Array.from({ length: poisonous }, (_, n) => ({ payload: { isHopeless: n % 2 === 0 }, priority: 1 }));
  await enqueueMany(db, poison, bad);
  const good = Array.from({ length: count }, (_, n) => ({ payload: { n, takesMs: n % 10 } }));
  await enqueueMany(db, probe, good);
  const jobs = await until(
    "all jobs have ended",
    async () => {
      const own = (await listAudited(db)).filter(({ kind }) => kind === probe.name || kind === poison.name);
      return own.every(({ state }) => ["completed", "failed", "cancelled"].includes(state)) && own;
    },
    { timeoutMs, everyMs: 100 },
  );
  const tookMs = performance.now() - startedAt;
  return { jobs, tookMs, traces: await listTraces(db), deadLetters: await listDeadLetters(db) };
}

async function listDeadLetters(db: Cluster["app"]["db"]): Promise<WorkedJobs["deadLetters"]> {
  const rows = await db.execute(sql`
    select data ->> 'kind' as kind, source_output ->> 'message' as message
    from orbweaver_jobs.job where name = 'dead' order by message`);
  return rowsOf(rows);
}
