import { Type } from "@sinclair/typebox";
import { sql } from "drizzle-orm";
import { type Db, rowsOf } from "../../src/db/db.ts";
import { defineJob, type JobKind, PermanentError } from "../../src/jobs/kind.ts";

const SHARED = { queue: "control", timeoutSeconds: 60, keepSeconds: 3_600 } as const;

/** Leaves a trace at its end. */
export const probe = defineJob({
  ...SHARED,
  name: "test-probe",
  about: "Leaves a trace",
  payload: Type.Object({ n: Type.Integer(), takesMs: Type.Integer() }),
  retry: { limit: 3, delaySeconds: 1, maxDelaySeconds: 2 },
  run: async ({ db, clock, userAgent }, { n, takesMs }, { id, attempt, signal }) => {
    if (takesMs > 0) await clock.sleep(takesMs, signal);
    await db.execute(
      sql`insert into public.traces (n, job_id, attempt, agent) values (${n}, ${id}, ${attempt}, ${userAgent})`,
    );
    return { n };
  },
});

/** Never succeeds, after so many attempts or at once. */
export const poison = defineJob({
  ...SHARED,
  name: "test-poison",
  about: "Fails",
  payload: Type.Object({ isHopeless: Type.Boolean() }),
  retry: { limit: 1, delaySeconds: 1, maxDelaySeconds: 1 },
  run: async (_app, { isHopeless }) => {
    throw isHopeless ? new PermanentError("this can never work") : new Error("this did not work");
  },
});

/** What a worker of tests can do beside the product's own. */
export const PROBE_KINDS = [probe, poison] as unknown as JobKind[];

export type Trace = { n: number; jobId: string; attempt: number; agent: string };

export async function createTraces(db: Db): Promise<void> {
  await db.execute(sql`create table public.traces (n int, job_id uuid, attempt int, agent text)`);
}

export async function listTraces(db: Db): Promise<Trace[]> {
  return rowsOf<Trace>(
    await db.execute(sql`select n, job_id as "jobId", attempt, agent from public.traces order by n`),
  );
}
