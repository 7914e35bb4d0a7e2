import { eq, inArray } from "drizzle-orm";
import { diffMarkdown } from "../changes/diff/block-diff.ts";
import type { Db } from "../db/db.ts";
import { markdownDocuments, pageChanges } from "../db/schema/pages.ts";
import type { StoredEvent } from "./message.ts";
import type { PagePayload } from "./payload.ts";

/**
 * The texts that came onto a page by a change, in full: an event has the first of them alone. Of a page that was removed
 * there are none; of one whose versions are kept no longer, what the event has.
 */
export async function readAddedTexts(db: Db, { changeId, payload }: StoredEvent): Promise<string[]> {
  const { excerpt } = payload as Partial<PagePayload>;
  const told = excerpt?.added ?? [];
  if (changeId === null) return told;
  const [change] = await db.select().from(pageChanges).where(eq(pageChanges.id, changeId));
  if (!change || change.kind === "removed") return told;
  const { fromDocumentId, toDocumentId } = change;
  const ids = [fromDocumentId, toDocumentId].filter((id) => id !== null);
  if (toDocumentId === null) return told;
  const rows = await db
    .select({ id: markdownDocuments.id, markdown: markdownDocuments.markdown })
    .from(markdownDocuments)
    .where(inArray(markdownDocuments.id, ids));
  const textOf = (id: string | null) => rows.find((row) => row.id === id)?.markdown;
  const after = textOf(toDocumentId);
  if (after === undefined) return told;
  const { changes } = diffMarkdown(textOf(fromDocumentId) ?? "", after);
  return changes.flatMap((each) => (each.kind === "added" || each.kind === "changed" ? [each.after.text] : []));
}
