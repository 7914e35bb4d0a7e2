import type { BlockChange, Diff, WordPart } from "./diff.ts";

/** More changes at once are not read by anybody; how many there are is said. */
const MAX_CHANGES = 1_000;
const MAX_LENGTH = 4_000;
/** Of what stayed in a changed block, so much is shown beside a change. */
const MAX_BESIDE = 160;

/** Changes under the same headings, one after the other. */
export type ShownSection = { path: string; changes: BlockChange[] };

/** What people are shown of a diff: its first changes by section, long texts cut. */
export function readShown({ changes }: Diff): { sections: ShownSection[]; more: number } {
  const sections: ShownSection[] = [];
  for (const change of changes.slice(0, MAX_CHANGES)) {
    const { section } = "after" in change ? change.after : change.before;
    const path = toPrintable(section.join(" › "));
    const last = sections.at(-1);
    if (last?.path === path) last.changes.push(change);
    else sections.push({ path, changes: [change] });
  }
  return { sections, more: Math.max(0, changes.length - MAX_CHANGES) };
}

/** A text, cut where it is long, without what would move a terminal's cursor. */
export function shownText(text: string): string {
  return toPrintable(text.length > MAX_LENGTH ? `${text.slice(0, MAX_LENGTH)} …` : text);
}

/** Parts of a changed block; of what stayed only what stands beside a change. */
export function shownWords(words: readonly WordPart[]): WordPart[] {
  return words.map(({ kind, text }, at) => {
    if (kind !== "same") return { kind, text: shownText(text) };
    const [isFirst, isLast] = [at === 0, at === words.length - 1];
    if (text.length <= 2 * MAX_BESIDE) return { kind, text: toPrintable(text) };
    const head = isFirst ? "" : text.slice(0, MAX_BESIDE);
    const tail = isLast ? "" : text.slice(-MAX_BESIDE);
    return { kind, text: toPrintable(`${head} … ${tail}`).trim() === "…" ? " … " : toPrintable(`${head} … ${tail}`) };
  });
}

/** "2 blocks changed, 1 added; 14 words added, 9 removed; 8 % of the text". Empty where nothing differs. */
export function describeSummary({ summary, changes }: Diff): string {
  if (changes.length === 0) return "";
  const { changed, added, removed, moved, wordsAdded, wordsRemoved, share } = summary;
  const blocks = Object.entries({ changed, added, removed, moved }).filter(([, count]) => count > 0);
  const told = blocks.map(([what, count], at) => `${count}${at > 0 ? "" : count === 1 ? " block" : " blocks"} ${what}`);
  const percent = share > 0 && share < 0.01 ? "less than 1" : Math.round(share * 100);
  return `${told.join(", ")}; ${wordsAdded} ${wordsAdded === 1 ? "word" : "words"} added, ${wordsRemoved} removed; ${percent} % of the text`;
}

/** Control characters other than line feeds and tabs show as U+FFFD, and so do halves of a character. */
function toPrintable(text: string): string {
  return text
    .toWellFormed()
    .replaceAll("\r", "\n")
    .replace(/[^\P{Cc}\n\t]/gu, "\ufffd");
}
