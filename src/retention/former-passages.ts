import { and, inArray, isNotNull, sql } from "drizzle-orm";
import type { Db } from "../db/db.ts";
import { markdownDocuments } from "../db/schema/pages.ts";
import { passages } from "../db/schema/passages.ts";

/** Deletes passages of pages that no version has any more that is kept. @returns how many, at most `limit` */
export async function deleteFormerPassages(tx: Db, pageIds: readonly string[], limit: number): Promise<number> {
  const { id, pageId, fromVersion, toVersion, toAt } = passages;
  const hasVersion = sql`exists (
    select 1 from ${markdownDocuments} d
    where d.page_id = ${pageId} and d.version >= ${fromVersion} and d.version < ${toVersion})`;
  const some = tx
    .select({ id })
    .from(passages)
    .where(and(inArray(pageId, [...pageIds]), isNotNull(toAt), sql`not ${hasVersion}`))
    .limit(limit);
  return (await tx.delete(passages).where(inArray(id, some)).returning({ id })).length;
}
