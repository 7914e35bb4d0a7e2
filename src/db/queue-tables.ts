import { sql } from "drizzle-orm";
import { type Db, rowsOf } from "./db.ts";
import { lockMigrations } from "./migrate.ts";
import { namespaceOf } from "./namespace.ts";

/** Where the job queue has its own tables, which it makes and updates itself: beside the service's. */
export function queueNamespaceOf(db: Db): string {
  return `${namespaceOf(db)}_jobs`;
}

/** Of the queue's tables; `undefined` when there are none. */
export async function readQueueVersion(db: Db): Promise<number | undefined> {
  const namespace = queueNamespaceOf(db);
  const [found] = rowsOf<{ table: string | null }>(
    await db.execute(sql`select to_regclass(${`"${namespace}".version`})::text as "table"`),
  );
  if (!found?.table) return undefined;
  const rows = await db.execute(sql`select max(version) as version from ${sql.identifier(namespace)}.version`);
  return rowsOf<{ version: number | null }>(rows)[0]?.version ?? undefined;
}

/**
 * Makes the queue's namespace unless it is there. The queue itself would ask for it in any case, and for the right to
 * make one, which the service's user may well not have. Safe to repeat, and at the same time.
 */
export async function createQueueNamespace(db: Db): Promise<void> {
  if (await hasNamespace(db)) return;
  await db.transaction(async (tx) => {
    await lockMigrations(tx);
    if (!(await hasNamespace(tx))) await tx.execute(sql`create schema ${sql.identifier(queueNamespaceOf(tx))}`);
  });
}

/** Drops the queue's tables with every job in them, and their namespace where this user may. Safe to repeat. */
export async function removeQueueTables(db: Db): Promise<void> {
  // Of that name, but not the queue's.
  if ((await readQueueVersion(db)) === undefined) return;
  const namespace = queueNamespaceOf(db);
  const [schema] = rowsOf<{ may_drop: boolean }>(
    await db.execute(
      sql`select pg_has_role(nspowner, 'usage') as may_drop from pg_namespace where nspname = ${namespace}`,
    ),
  );
  if (schema?.may_drop) {
    await db.execute(sql`drop schema ${sql.identifier(namespace)} cascade`);
    return;
  }
  // An administrator made it for this user, who owns but what is in it.
  await db.transaction(async (tx) => {
    for (const statement of await listDrops(tx, namespace)) await tx.execute(sql.raw(statement));
  });
}

async function hasNamespace(db: Db): Promise<boolean> {
  // Not by `to_regnamespace`, which inside a transaction goes on to not see what others have made meanwhile.
  const [found] = rowsOf<{ is_there: boolean }>(
    await db.execute(sql`select exists (select from pg_namespace where nspname = ${queueNamespaceOf(db)}) as is_there`),
  );
  return found?.is_there === true;
}

async function listDrops(tx: Db, namespace: string): Promise<string[]> {
  const result = await tx.execute(sql`
    with namespace as (select oid from pg_namespace where nspname = ${namespace})
    select format('drop table %s cascade', oid::regclass) as statement, 1 as rank from pg_class
      where relnamespace = (select oid from namespace) and relkind in ('r', 'p') and not relispartition
    union all select format('drop routine %s', oid::regprocedure), 2 from pg_proc
      where pronamespace = (select oid from namespace)
    union all select format('drop type %s', oid::regtype), 3 from pg_type
      where typnamespace = (select oid from namespace) and typtype = 'e'
    order by rank`);
  return rowsOf<{ statement: string }>(result).map(({ statement }) => statement);
}
