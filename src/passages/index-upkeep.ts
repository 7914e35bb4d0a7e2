import { sql } from "drizzle-orm";
import type { Db } from "../db/db.ts";
import { namespaceOf } from "../db/namespace.ts";

/**
 * Moves what was written into the GIN index's own order: until then each search reads all of it, and the embedded database
 * has nobody else who would.
 */
export async function settleIndexes(db: Db, _changes: number): Promise<void> {
  for (const name of ["passages_terms_idx", "passages_former_terms_idx"]) {
    const index = `"${namespaceOf(db).replaceAll('"', '""')}".${name}`;
    await db.execute(sql`select gin_clean_pending_list(to_regclass(${index}))`);
  }
}
