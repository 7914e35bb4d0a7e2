import { and, inArray, sql } from "drizzle-orm";
import { diffMarkdown } from "../changes/diff/block-diff.ts";
import { toDiffHtml } from "../changes/diff/html.ts";
import { toDiffText } from "../changes/diff/text.ts";
import type { Db } from "../db/db.ts";
import { markdownDocuments, pageChanges } from "../db/schema/pages.ts";
import type { Message } from "./message.ts";

export type MailDiff = { html: string; text: string };

/** Pages of one e-mail whose whole diff is shown; the others have their excerpt. */
const MAX_DIFFS = 10;
/** Of a packed text, which is about a third of the text itself. */
const MAX_PACKED_BYTES = 100_000;
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
  const titles = new Map(pages.map((page) => [page.changeId, page.title ?? page.url]));
  for (const change of changes) {
    const documents = await readTexts(db, [change.fromDocumentId, change.toDocumentId]);
    const [before, after] = [documents.get(change.fromDocumentId ?? ""), documents.get(change.toDocumentId ?? "")];
    if (before === undefined || after === undefined) continue;
    const diff = diffMarkdown(before, after);
    const [html, text] = [toDiffHtml(diff, "inline", titles.get(change.id) ?? ""), toDiffText(diff)];
    if (html.length <= MAX_LENGTH && text.trim() !== "") diffs.set(change.id, { html, text });
  }
  return diffs;
}

async function readTexts(db: Db, ids: (string | null)[]): Promise<Map<string, string>> {
  const given = ids.filter((id) => id !== null);
  if (given.length < ids.length) return new Map();
  const { id, markdown } = markdownDocuments;
  const isShort = sql`octet_length(${markdown}) <= ${MAX_PACKED_BYTES}`;
  const rows = await db
    .select({ id, markdown })
    .from(markdownDocuments)
    .where(and(inArray(id, given), isShort));
  return new Map(rows.map((row) => [row.id, row.markdown]));
}
