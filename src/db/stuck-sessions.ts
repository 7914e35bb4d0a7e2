import { sql } from "drizzle-orm";
import { type Db, rowsOf } from "./db.ts";

/** What the server's sessions are known by. */
export const APPLICATION_NAME = "orbweaver";

/**
 * Ends sessions of this service whose process stands still in the middle of a transaction, as one does on a machine that
 * is suspended: what it has locked keeps all others waiting. The server's own time-outs don't do: that for idle
 * transactions knows nothing of a statement that was begun and whose values never came, and a statement's is not looked
 * at while the server reads from the client.
 * @returns how many
 */
export async function endStuckSessions(db: Db, { afterSeconds }: { afterSeconds: number }): Promise<number> {
  const result = await db.execute(sql`
    select pg_terminate_backend(pid) as ended from pg_stat_activity
    where datname = current_database() and usename = current_user and application_name = ${APPLICATION_NAME}
      and pid <> pg_backend_pid() and xact_start is not null and wait_event = 'ClientRead'
      and state_change <= now() - ${afterSeconds}::int * interval '1 second'`);
  return rowsOf<{ ended: boolean }>(result).filter(({ ended }) => ended).length;
}
