import { inArray } from "drizzle-orm";
import { diffMarkdown } from "../changes/diff/block-diff.ts";
import { toDiffHtml } from "../changes/diff/html.ts";
import { toDiffText } from "../changes/diff/text.ts";
import type { Db } from "../db/db.ts";
import { pageChanges } from "../db/schema/pages.ts";
import { findChangedTexts } from "./changed-texts.ts";
import type { Message } from "./message.ts";

export type MailDiff = { html: string; text: string };

/** Pages of one e-mail whose whole diff is shown; the others have their excerpt. */
const MAX_DIFFS = 10;
const MAX_LENGTH = 60_000;

/**
 * All that changed on the pages of a message, by the change's id, as far as the versions are kept and an e-mail is the
 * place for it.
 */
export async function readDiffs(db: Db, { pages }: Message): Promise<Map<string, MailDiff>> {
  const ids = pages.flatMap(({ changeId, kind }) =>
    changeId && kind !== "new" && kind !== "removed" ? [changeId] : [],
  );
  const diffs = new Map<string, MailDiff>();
  if (ids.length === 0) return diffs;
  const { id, fromDocumentId, toDocumentId } = pageChanges;
  const changes = await db
    .select({ id, fromDocumentId, toDocumentId })
    .from(pageChanges)
    .where(inArray(id, ids.slice(0, MAX_DIFFS)));
  for (const change of changes) {
    const texts = await findChangedTexts(db, change);
    if (!texts) continue;
    const diff = diffMarkdown(texts.before, texts.after);
    const [html, text] = [toDiffHtml(diff, "inline", "What changed"), toDiffText(diff)];
    if (html.length <= MAX_LENGTH && text.trim() !== "") diffs.set(change.id, { html, text });
  }
  return diffs;
}
