import type { ChangeSummary } from "../../db/schema/pages.ts";
import type { BlockChange, PlacedBlock } from "./diff.ts";
import { type Amount, amountOf, countCharacters, tokenize, type Vocabulary } from "./tokens.ts";

/**
 * Counts what changed. `share` is the greater of what was added and what was removed, as a part of the longer version,
 * all measured in characters of blocks that are no white space: 0 where nothing but places changed, 1 where nothing
 * stayed. Of a changed block its added and removed words count, of other blocks all.
 */
export function summarize(
  before: readonly PlacedBlock[],
  after: readonly PlacedBlock[],
  changes: readonly BlockChange[],
  vocabulary: Vocabulary,
): ChangeSummary {
  const counts = { added: 0, removed: 0, changed: 0, moved: 0 };
  const added: Amount = { words: 0, characters: 0 };
  const removed: Amount = { words: 0, characters: 0 };
  const count = (text: string, total: Amount) => {
    const { words, characters } = amountOf(tokenize(text, vocabulary), vocabulary);
    total.words += words;
    total.characters += characters;
  };
  for (const change of changes) {
    counts[change.kind]++;
    if (change.kind === "added") count(change.after.text, added);
    else if (change.kind === "removed") count(change.before.text, removed);
    else if (change.kind === "changed") {
      for (const { kind, text } of change.words) if (kind !== "same") count(text, kind === "added" ? added : removed);
    }
  }
  const most = Math.max(added.characters, removed.characters);
  const share = most === 0 ? 0 : most / Math.max(lengthOf(before), lengthOf(after));
  return { ...counts, wordsAdded: added.words, wordsRemoved: removed.words, share };
}

function lengthOf(blocks: readonly PlacedBlock[]): number {
  return blocks.reduce((sum, { text }) => sum + countCharacters(text), 0);
}
