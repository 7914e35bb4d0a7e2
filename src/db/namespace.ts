import type { Db } from "./db.ts";
import { orbweaver } from "./schema/columns.ts";

/** What tables and migrations are written for; `DATABASE_SCHEMA` puts another name in its place. */
const DECLARED = orbweaver.schemaName;

type Dialect = { escapeName(name: string): string };

/**
 * Has all that is asked of this database, and of its transactions, speak of another namespace. Tables name theirs when
 * they are declared, before any setting is read, so the name is exchanged where drizzle quotes it: unlike a search path
 * that needs no state of the session, which a pooler would not keep, and databases of one process may differ.
 */
export function useNamespace<Opened extends Db>(db: Opened, namespace: string): Opened {
  const dialect = dialectOf(db);
  const escapeName = dialect.escapeName.bind(dialect);
  if (namespace !== DECLARED) dialect.escapeName = (name) => escapeName(name === DECLARED ? namespace : name);
  return db;
}

/** The namespace of the tables, unquoted. */
export function namespaceOf(db: Db): string {
  return dialectOf(db).escapeName(DECLARED).slice(1, -1);
}

/** A migration's SQL for this database's namespace. */
export function inNamespaceOf(db: Db, sql: string): string {
  return sql.replaceAll(`"${DECLARED}"`, dialectOf(db).escapeName(DECLARED));
}

/** Shared by a database and its transactions. drizzle has it as a property, which its types leave out. */
export function dialectOf(db: Db): Dialect {
  return (db as unknown as { dialect: Dialect }).dialect;
}
