import { toPlainText } from "../../content/plain-text.ts";
import type { BlockChange, Diff, PlacedBlock } from "./diff.ts";

const MAX_BLOCKS = 10;
const MAX_LENGTH = 300;
/** Of a long block that changed, so much is shown before the first change. */
const MAX_BEFORE = 80;
/** Marks take room too: so much Markdown has enough text in it. */
const MAX_READ = 4 * MAX_LENGTH;

export type Excerpt = { added: string[]; removed: string[] };

/**
 * What a message shows of a change: the first blocks that came and went, a changed one as both, as plain text of at most
 * 300 characters. What moved is none of it.
 */
export function excerptOf({ changes }: Diff): Excerpt {
  return { added: excerptsOf(changes, "after"), removed: excerptsOf(changes, "before") };
}

function excerptsOf(changes: readonly BlockChange[], side: "before" | "after"): string[] {
  const excerpts: string[] = [];
  for (const change of changes) {
    if (excerpts.length === MAX_BLOCKS) break;
    const text = change.kind === "moved" ? "" : excerptsOfSide(change, side);
    if (text !== "") excerpts.push(text);
  }
  return excerpts;
}

function excerptsOfSide(change: Exclude<BlockChange, { kind: "moved" }>, side: "before" | "after"): string {
  if (change.kind === "changed") {
    const [first] = change.words;
    const common = first?.kind === "same" ? first.text.length : 0;
    return plainOf(change[side], common);
  }
  if (side === "after") return change.kind === "added" ? plainOf(change.after, 0) : "";
  return change.kind === "removed" ? plainOf(change.before, 0) : "";
}

function plainOf(block: PlacedBlock, changesAt: number): string {
  const whole = toPlain(block.kind, block.text.slice(0, MAX_READ));
  if (whole.length <= MAX_LENGTH && block.text.length <= MAX_READ) return whole;
  const from = changesAt <= MAX_LENGTH / 2 ? 0 : block.text.indexOf(" ", changesAt - MAX_BEFORE) + 1;
  if (from <= 0 || from > changesAt) return cut(whole);
  return cut(`…${toPlain(block.kind, block.text.slice(from, from + MAX_READ))}`);
}

function cut(text: string): string {
  return text.length <= MAX_LENGTH ? text : `${text.slice(0, MAX_LENGTH - 1).toWellFormed()}…`;
}

function toPlain(kind: PlacedBlock["kind"], markdown: string): string {
  const text = markdown.toWellFormed();
  if (kind === "code") return toPlainText(text).trim();
  const plain = kind === "table_row" ? rowToPlain(text) : toPlainText(text);
  const withoutMark = kind === "list_item" ? plain.replace(/^- /, "") : plain;
  return withoutMark.replace(/\s+/g, " ").trim();
}

/** A row is one only under a head, so it becomes its own. */
function rowToPlain(row: string): string {
  const inner = row.replace(/^\||\|$/g, "");
  const columns = inner.replaceAll("\\|", "").split("|").length;
  const plain = toPlainText(`| ${inner} |\n|${"---|".repeat(columns)}\n`).trim();
  return plain.replaceAll("\t", " | ");
}
