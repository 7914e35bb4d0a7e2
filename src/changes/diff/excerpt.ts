import { toPlainText } from "../../content/plain-text.ts";
import type { Diff } from "./diff.ts";

const MAX_BLOCKS = 10;
const MAX_LENGTH = 300;

export type Excerpt = { added: string[]; removed: string[] };

/** What a message shows of a change: the first blocks that came and went, as plain text, cut where they are long. */
export function excerptOf({ changes }: Diff): Excerpt {
  const added = changes.flatMap((change) =>
    change.kind === "added" || change.kind === "changed" ? [change.after.text] : [],
  );
  const removed = changes.flatMap((change) =>
    change.kind === "removed" || change.kind === "changed" ? [change.before.text] : [],
  );
  return { added: added.slice(0, MAX_BLOCKS).map(shorten), removed: removed.slice(0, MAX_BLOCKS).map(shorten) };
}

function shorten(text: string): string {
  const plain = toPlainText(text.slice(0, 4 * MAX_LENGTH).toWellFormed()).trim();
  return plain.length > MAX_LENGTH ? `${plain.slice(0, MAX_LENGTH - 1).toWellFormed()}…` : plain;
}
