import { sql } from "drizzle-orm";
import { type Db, rowsOf } from "../../src/db/db.ts";
import { jobsOf } from "../../src/jobs/jobs.ts";

/** What the database saw of one job. */
export type AuditedJob = { id: string; kind: string; state: string; taken: number; ended: number };

/** Has the database itself write down each change of a job's state, whatever process makes it. */
export async function auditJobs(db: Db): Promise<void> {
  const table = tableOf(db);
  await db.execute(sql`create table public.job_audit (job_id uuid, state text)`);
  await db.execute(sql`
    create function public.note_job() returns trigger language plpgsql as $$ begin
      if old.state <> new.state then insert into public.job_audit values (new.id, new.state::text); end if;
      return null;
    end $$`);
  await db.execute(sql`
    create trigger note_job after update of state on ${table} for each row execute function public.note_job()`);
}

/** All jobs that there are, dead letters left out. */
export async function listAudited(db: Db): Promise<AuditedJob[]> {
  const rows = await db.execute(sql`
    select j.id, j.data ->> 'kind' as kind, j.state::text as state,
      count(*) filter (where a.state = 'active')::int as taken,
      count(*) filter (where a.state in ('completed', 'failed', 'cancelled'))::int as ended
    from ${tableOf(db)} j left join public.job_audit a on a.job_id = j.id
    where j.name <> 'dead' group by j.id, j.name, j.data, j.state`);
  return rowsOf<AuditedJob>(rows);
}

function tableOf(db: Db) {
  return sql.raw(`"${jobsOf(db).namespace}".job`);
}
