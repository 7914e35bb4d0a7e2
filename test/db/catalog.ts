import { sql } from "drizzle-orm";
import { type Db, rowsOf } from "../../src/db/db.ts";
import { namespaceOf } from "../../src/db/namespace.ts";

export type Entry = { kind: string; table: string; name: string; definition: string };

/** Everything that migrations make, as the database tells it: tables' columns, constraints, indexes, triggers, functions. */
export async function readCatalog(db: Db): Promise<Entry[]> {
  const namespace = namespaceOf(db);
  const result = await db.execute(sql`
    with tables as (
      select c.oid, c.relname::text as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where n.nspname = ${namespace} and c.relkind in ('r', 'p') and not c.relispartition and c.relname <> '__drizzle_migrations'
    )
    select 'column' as kind, t.name as "table", a.attname::text as name, concat_ws(' ', format_type(a.atttypid, a.atttypmod),
        a.attnotnull, a.attstorage, a.attidentity, pg_get_expr(d.adbin, d.adrelid)) as definition
      from tables t join pg_attribute a on a.attrelid = t.oid and a.attnum > 0 and not a.attisdropped
      left join pg_attrdef d on d.adrelid = t.oid and d.adnum = a.attnum
    union all
    select 'constraint ' || c.contype::text, t.name, c.conname::text, pg_get_constraintdef(c.oid)
      from tables t join pg_constraint c on c.conrelid = t.oid where c.contype <> 'n' and c.conparentid = 0
    union all
    select case when i.indisunique then 'unique index' else 'index' end, t.name, x.relname::text, pg_get_indexdef(x.oid)
      from tables t join pg_index i on i.indrelid = t.oid join pg_class x on x.oid = i.indexrelid
      where not i.indisprimary
    union all
    select 'trigger', t.name, g.tgname::text, pg_get_triggerdef(g.oid)
      from tables t join pg_trigger g on g.tgrelid = t.oid where not g.tgisinternal
    union all
    select 'function', '', p.proname::text, pg_get_functiondef(p.oid)
      from pg_proc p join pg_namespace n on n.oid = p.pronamespace where n.nspname = ${namespace}
    order by 1, 2, 3`);
  return rowsOf<Entry>(result);
}

/** How many rows each table has. */
export async function countRows(db: Db): Promise<Record<string, number>> {
  const tables = new Set((await readCatalog(db)).filter(({ kind }) => kind === "column").map(({ table }) => table));
  const counts: Record<string, number> = {};
  for (const table of tables) {
    const place = sql`${sql.identifier(namespaceOf(db))}.${sql.identifier(table)}`;
    const [row] = rowsOf<{ count: number }>(await db.execute(sql`select count(*)::int as count from ${place}`));
    counts[table] = row?.count ?? 0;
  }
  return counts;
}
