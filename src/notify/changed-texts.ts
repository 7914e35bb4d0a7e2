import { and, inArray, sql } from "drizzle-orm";
import type { Db } from "../db/db.ts";
import { markdownDocuments, type pageChanges } from "../db/schema/pages.ts";

type Versions = Pick<typeof pageChanges.$inferSelect, "fromDocumentId" | "toDocumentId">;

/** Of a packed text, which is about a third of the text itself: what is longer is not compared for a message. */
const MAX_PACKED_BYTES = 100_000;

/** The texts that a change was found between; `undefined` where one is not kept any more, or there never were two. */
export async function findChangedTexts(
  db: Db,
  { fromDocumentId, toDocumentId }: Versions,
): Promise<{ before: string; after: string } | undefined> {
  if (fromDocumentId === null || toDocumentId === null) return undefined;
  const { id, markdown } = markdownDocuments;
  const isShort = sql`octet_length(${markdown}) <= ${MAX_PACKED_BYTES}`;
  const rows = await db
    .select({ id, markdown })
    .from(markdownDocuments)
    .where(and(inArray(id, [fromDocumentId, toDocumentId]), isShort));
  const texts = new Map(rows.map((row) => [row.id, row.markdown]));
  const [before, after] = [texts.get(fromDocumentId), texts.get(toDocumentId)];
  return before === undefined || after === undefined ? undefined : { before, after };
}
