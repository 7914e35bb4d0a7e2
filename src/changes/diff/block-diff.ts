import { type Match, matchBlocks } from "./block-match.ts";
import { readBlocks } from "./blocks.ts";
import type { BlockChange, Diff, PlacedBlock, WordPart } from "./diff.ts";
import { createEffort, type Effort } from "./effort.ts";
import { summarize } from "./summary.ts";
import { createVocabulary, type Vocabulary } from "./tokens.ts";
import { diffWords } from "./word-diff.ts";

type Found = Match & { words: WordPart[] };

/**
 * Compares two Markdown texts block by block, and blocks that changed word by word. Pure; the way back shows the same
 * changes the other way round. Time and memory stay in proportion to the texts whatever they are: where a close look
 * would take more, the result is coarser.
 */
export function diffMarkdown(before: string, after: string): Diff {
  const old = readBlocks(before);
  return diffBlocks(old, before === after ? old : readBlocks(after), before > after);
}

/**
 * The same of blocks, all or some of a text's.
 * @param isTurned Ties are settled by order. Compared always the same way round, they are settled alike on the way back.
 */
export function diffBlocks(old: readonly PlacedBlock[], fresh: readonly PlacedBlock[], isTurned = false): Diff {
  const effort = createEffort();
  const vocabulary = createVocabulary();
  const found = isTurned
    ? findMatches(fresh, old, vocabulary, effort).map(turnRound)
    : findMatches(old, fresh, vocabulary, effort);
  const changes = toChanges(old, fresh, found);
  const summary = summarize(old, fresh, changes, vocabulary);
  return { grain: effort.isSpent ? "coarse" : "fine", changes, summary };
}

function findMatches(
  before: readonly PlacedBlock[],
  after: readonly PlacedBlock[],
  vocabulary: Vocabulary,
  effort: Effort,
): Found[] {
  return matchBlocks(before, after, vocabulary, effort).map((match) => {
    const [old, fresh] = [before[match.before], after[match.after]];
    const words = match.kind === "changed" && old && fresh ? diffWords(old.text, fresh.text, vocabulary, effort) : [];
    return { ...match, words };
  });
}

function turnRound({ before, after, kind, words }: Found): Found {
  const turned: WordPart[] = [];
  for (const part of words) {
    if (part.kind === "same") turned.push(part);
    else if (part.kind === "removed") turned.push({ kind: "added", text: part.text });
    else {
      // What was removed comes first.
      const last = turned.at(-1)?.kind === "added" ? turned.pop() : undefined;
      turned.push({ kind: "removed", text: part.text }, ...(last ? [last] : []));
    }
  }
  return { before: after, after: before, kind, words: turned };
}

/** In the order of the new text; what was removed stands before the next block that was there already. */
function toChanges(old: readonly PlacedBlock[], fresh: readonly PlacedBlock[], found: readonly Found[]): BlockChange[] {
  const [hasPartner, partners] = [new Uint8Array(old.length), new Map<number, Found>()];
  for (const match of found) {
    hasPartner[match.before] = 1;
    partners.set(match.after, match);
  }
  // By new block: the first old one that stays at this place or later.
  const nextStaying = new Int32Array(fresh.length + 1).fill(old.length);
  for (let at = fresh.length - 1; at >= 0; at--) {
    const match = partners.get(at);
    const stays = match && match.kind !== "moved" ? match.before : old.length;
    nextStaying[at] = Math.min(stays, nextStaying[at + 1] ?? 0);
  }
  const changes: BlockChange[] = [];
  let told = 0;
  const tellRemoved = (end: number) => {
    for (; told < end; told++) {
      const before = old[told];
      if (before && hasPartner[told] === 0) changes.push({ kind: "removed", before });
    }
  };
  for (const [at, after] of fresh.entries()) {
    tellRemoved(nextStaying[at] ?? 0);
    const match = partners.get(at);
    const before = match && old[match.before];
    if (!match || !before) changes.push({ kind: "added", after });
    else if (match.kind === "moved") changes.push({ kind: "moved", before, after });
    else if (match.kind === "changed") changes.push({ kind: "changed", before, after, words: match.words });
  }
  tellRemoved(old.length);
  return changes;
}
