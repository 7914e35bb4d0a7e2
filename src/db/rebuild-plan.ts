import { sql } from "drizzle-orm";
import { type Db, rowsOf } from "./db.ts";
import { namespaceOf } from "./namespace.ts";

/** What makes a table, beside its columns: each as the statement or the names that make it anew. */
type Structure = {
  owner: string;
  isOwned: boolean;
  columns: string[];
  identities: { column: string; always: boolean; sequence: string }[];
  /** Settings of its storage; they belong to partitions where there are some. */
  settings: string[];
  /** Primary key, unique keys, and later on foreign keys. */
  keys: string[];
  indexes: string[];
  foreign: string[];
  /** Foreign keys of other tables that lead here. */
  incoming: { table: string; name: string; definition: string }[];
  /** Tables at the other end of foreign keys. */
  neighbours: string[];
  triggers: string[];
  grants: string[];
};

/** For one transaction: nothing of `statements` waits for anybody any more once it has the `locks`. */
export type RebuildPlan = { locks: [string, ...string[]]; statements: string[] };

/** How to write a table anew, hash-partitioned or plain, with all its rows and whatever is defined on it. */
export async function planRebuild(
  db: Db,
  table: string,
  goal: { key: string; partitions: number },
): Promise<RebuildPlan> {
  const namespace = namespaceOf(db);
  const at = (name: string) => `${quote(namespace)}.${quote(name)}`;
  const is = await readStructure(db, namespace, table);
  const [old, made] = [at(table), `${table}_anew`];
  const numbers = Array.from({ length: goal.partitions }, (_, n) => `p${String(n).padStart(2, "0")}`);
  const settings = is.settings.length > 0 ? ` with (${is.settings.join(", ")})` : "";
  const columns = is.columns.map(quote).join(", ");
  const toSequence = (column: string) => at(`${made}_${column}_seq`);
  const statements = [
    // Whoever asks for it, an administrator maybe, the service's user must still own it.
    ...(is.isOwned ? [] : [`set local role ${quote(is.owner)}`]),
    `create table ${at(made)} (like ${old} including all excluding indexes excluding identity excluding statistics)${
      goal.partitions > 0 ? ` partition by hash (${quote(goal.key)})` : settings
    }`,
    ...numbers.map(
      (number, remainder) =>
        `create table ${at(`${made}_${number}`)} partition of ${at(made)} for values with (modulus ${goal.partitions}, remainder ${remainder})${settings}`,
    ),
    // Of the table as a whole: its partitions have none of their own before PostgreSQL 17, and need none.
    ...is.identities.flatMap(({ column, always, sequence }) => [
      `alter table ${at(made)} alter column ${quote(column)} add generated ${always ? "always" : "by default"} as identity (sequence name ${toSequence(column)})`,
      `select setval('${toSequence(column)}', last_value, is_called) from ${sequence}`,
    ]),
    `insert into ${at(made)} (${columns}) overriding system value select ${columns} from ${old}`,
    ...is.incoming.map(({ table: other, name }) => `alter table ${other} drop constraint ${quote(name)}`),
    `drop table ${old}`,
    `alter table ${at(made)} rename to ${quote(table)}`,
    ...numbers.map((number) => `alter table ${at(`${made}_${number}`)} rename to ${quote(`${table}_${number}`)}`),
    ...is.identities.map(
      ({ column, sequence }) =>
        `alter sequence ${toSequence(column)} rename to ${sequence.slice(sequence.lastIndexOf(".") + 1)}`,
    ),
    // After the rows, since a table is indexed faster than its rows one by one.
    ...is.keys.map((key) => `alter table ${old} add constraint ${key}`),
    ...is.indexes,
    ...is.foreign.map((key) => `alter table ${old} add constraint ${key}`),
    ...is.triggers,
    ...is.grants,
    ...is.incoming.map(
      ({ table: other, name, definition }) => `alter table ${other} add constraint ${quote(name)} ${definition}`,
    ),
  ];
  const locks = is.neighbours.map((other) => `lock table ${other} in access exclusive mode nowait`);
  return { locks: [`lock table ${old} in access exclusive mode`, ...locks], statements };
}

async function readStructure(db: Db, namespace: string, table: string): Promise<Structure> {
  const oid = sql`to_regclass(${`${quote(namespace)}.${quote(table)}`})`;
  const [found] = rowsOf<{ structure: Structure }>(
    await db.execute(sql`
      select json_build_object(
        'owner', pg_get_userbyid(c.relowner),
        'isOwned', pg_get_userbyid(c.relowner) = current_user,
        'columns', (select json_agg(attname order by attnum) from pg_attribute
          where attrelid = c.oid and attnum > 0 and not attisdropped and attgenerated = ''),
        'identities', (select json_agg(json_build_object('column', attname, 'always', attidentity = 'a',
            'sequence', (select format('%I.%I', n.nspname, s.relname) from pg_class s join pg_namespace n on n.oid = s.relnamespace
              where s.oid = pg_get_serial_sequence(c.oid::regclass::text, attname)::regclass)))
          from pg_attribute where attrelid = c.oid and attidentity <> ''),
        'settings', (select json_agg(setting) from pg_class o, unnest(o.reloptions) setting
          where o.oid = coalesce((select min(inhrelid::oid::int8)::oid from pg_inherits where inhparent = c.oid), c.oid)),
        'keys', (select json_agg(format('%I %s', conname, pg_get_constraintdef(oid)) order by contype, conname)
          from pg_constraint where conrelid = c.oid and contype in ('p', 'u', 'x')),
        'indexes', (select json_agg(pg_get_indexdef(i.indexrelid) order by i.indexrelid) from pg_index i
          where i.indrelid = c.oid and not exists (select from pg_constraint where conindid = i.indexrelid and conrelid = c.oid)),
        'foreign', (select json_agg(format('%I %s', conname, pg_get_constraintdef(oid)) order by conname)
          from pg_constraint where conrelid = c.oid and contype = 'f' and conparentid = 0),
        'incoming', (select json_agg(json_build_object('table', format('%I.%I', n.nspname, o.relname), 'name', conname,
            'definition', pg_get_constraintdef(f.oid)) order by conname)
          from pg_constraint f join pg_class o on o.oid = f.conrelid join pg_namespace n on n.oid = o.relnamespace
          where f.confrelid = c.oid and f.contype = 'f' and f.conparentid = 0),
        'neighbours', (select json_agg(distinct format('%I.%I', n.nspname, o.relname))
          from pg_constraint f join pg_class o on o.oid in (f.conrelid, f.confrelid) join pg_namespace n on n.oid = o.relnamespace
          where f.contype = 'f' and f.conparentid = 0 and c.oid in (f.conrelid, f.confrelid) and o.oid <> c.oid),
        'triggers', (select json_agg(pg_get_triggerdef(oid) order by tgname)
          from pg_trigger where tgrelid = c.oid and not tgisinternal),
        'grants', (select json_agg(format('grant %s on %s to %s%s', g.privilege_type, c.oid::regclass,
            case when g.grantee = 0 then 'public' else quote_ident(pg_get_userbyid(g.grantee)) end,
            case when g.is_grantable then ' with grant option' else '' end))
          from aclexplode(c.relacl) g where g.grantee <> c.relowner)
      ) as structure
      from pg_class c where c.oid = ${oid}`),
  );
  if (!found) throw new Error(`There is no table ${table}`);
  const { structure } = found;
  const lists = Object.entries(structure).map(([name, value]) => [name, value ?? []]);
  return { ...(Object.fromEntries(lists) as Structure), indexes: (structure.indexes ?? []).map(ofAll) };
}

/** An index of a table that has partitions is written as if it left them out. */
function ofAll(definition: string): string {
  return definition.replace(/ ON ONLY /, " ON ");
}

const quote = (name: string) => `"${name.replaceAll('"', '""')}"`;
