import { getTableName, sql } from "drizzle-orm";
import { type Db, rowsOf } from "../db/db.ts";
import { namespaceOf } from "../db/namespace.ts";
import { indexedPages, passages } from "../db/schema/passages.ts";

/**
 * Moves what was written into the GIN indexes' own order: until then each search reads all of it. A server does that by
 * itself in time; the embedded database would with the statement that finds 4 MB of it, which takes as long as ten others.
 */
export async function sortIndexes(db: Db): Promise<void> {
  for (const name of ["passages_terms_idx", "passages_former_terms_idx"]) {
    const index = `"${namespaceOf(db).replaceAll('"', '""')}".${name}`;
    await db.execute(sql`select gin_clean_pending_list(to_regclass(${index}))`);
  }
}

/** Rows that may differ from what the planner believes of them, and what share of them may. */
const FEW = 500;
const SHARE = 0.2;

/**
 * Has PostgreSQL look at the passages again if many are others by now: what is rare in them is what searches go by. And at
 * the pages, which are read by windows: without statistics it sorts the rest of them for each.
 */
export async function analyzePassages(db: Db): Promise<void> {
  for (const table of [passages, indexedPages]) {
    const name = `"${namespaceOf(db).replaceAll('"', '""')}".${getTableName(table)}`;
    const result = await db.execute(sql`
      select n_mod_since_analyze > ${FEW} + ${SHARE} * greatest(reltuples, 0) as "isOutdated"
      from pg_stat_all_tables join pg_class on pg_class.oid = relid where relid = to_regclass(${name})`);
    if (rowsOf<{ isOutdated: boolean }>(result)[0]?.isOutdated) await db.execute(sql`analyze ${table}`);
  }
}
