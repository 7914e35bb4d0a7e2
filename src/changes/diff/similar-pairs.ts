import type { PlacedBlock } from "./diff.ts";
import type { Effort } from "./effort.ts";
import { tokenize, type Vocabulary } from "./tokens.ts";

/** Share of their words that two versions of a block have in common at least, weighed by length. */
const LEAST_ALIKE = 0.4;
/** Under other headings they have to be more alike. */
const LEAST_ALIKE_ELSEWHERE = 0.6;
/** What two rows of a table are alike that begin with the same cell: they are about the same thing. */
const ALIKE_BY_FIRST_CELL = 0.5;
/** A word that more blocks of a stretch have than this does not lead from one block to another. */
const MAX_BLOCKS_OF_WORD = 64;
/** Of those that share rare words with a block, so many are looked at closely. */
const MAX_CANDIDATES = 8;

type Sized = { block: PlacedBlock /** Its words, ascending. */; words: Int32Array; size: number };
type Candidate = { x: number; y: number; alike: number; distance: number };

/**
 * Finds which blocks of one stretch are what became of blocks of the other: pairs of indexes, the most alike first
 * chosen. Each block is in one pair at most; the pairs may cross.
 */
export function pairSimilar(
  before: readonly PlacedBlock[],
  after: readonly PlacedBlock[],
  vocabulary: Vocabulary,
  effort: Effort,
): [number, number][] {
  if (before.length === 0 || after.length === 0) return [];
  const size = (block: PlacedBlock) => sizeOf(block, vocabulary);
  const candidates = findCandidates(before.map(size), after.map(size), vocabulary, effort);
  candidates.sort((a, b) => b.alike - a.alike || a.distance - b.distance || a.x - b.x || a.y - b.y);
  const [takenX, takenY] = [new Set<number>(), new Set<number>()];
  const pairs: [number, number][] = [];
  for (const { x, y } of candidates) {
    if (takenX.has(x) || takenY.has(y)) continue;
    takenX.add(x);
    takenY.add(y);
    pairs.push([x, y]);
  }
  return pairs;
}

function sizeOf(block: PlacedBlock, vocabulary: Vocabulary): Sized {
  const words = tokenize(block.text, vocabulary)
    .filter((token) => vocabulary.kinds[token] === "word")
    .sort();
  let size = 0;
  for (const word of words) size += vocabulary.texts[word]?.length ?? 0;
  return { block, words, size };
}

function findCandidates(before: readonly Sized[], after: readonly Sized[], vocabulary: Vocabulary, effort: Effort) {
  const blocksOf = new Map<number, number[]>();
  for (const [x, { words }] of before.entries()) {
    eachOnce(words, (word) => {
      const blocks = blocksOf.get(word);
      if (!blocks) blocksOf.set(word, [x]);
      else if (blocks.length <= MAX_BLOCKS_OF_WORD) blocks.push(x);
    });
  }
  const candidates: Candidate[] = [];
  const shared = new Float64Array(before.length);
  for (const [y, fresh] of after.entries()) {
    const touched: number[] = [];
    eachOnce(fresh.words, (word) => {
      const blocks = blocksOf.get(word);
      if (!blocks || blocks.length > MAX_BLOCKS_OF_WORD) return;
      effort.steps -= blocks.length;
      for (const x of blocks) {
        if (before[x]?.block.kind !== fresh.block.kind) continue;
        if (shared[x] === 0) touched.push(x);
        shared[x] = (shared[x] ?? 0) + (vocabulary.texts[word]?.length ?? 0);
      }
    });
    touched.sort((a, b) => (shared[b] ?? 0) - (shared[a] ?? 0) || Math.abs(a - y) - Math.abs(b - y) || a - b);
    for (const x of touched.slice(0, MAX_CANDIDATES)) {
      const old = before[x];
      const alike = old ? compare(old, fresh, vocabulary, effort) : 0;
      if (alike > 0) candidates.push({ x, y, alike, distance: Math.abs(x - y) });
    }
    for (const x of touched) shared[x] = 0;
    if (effort.steps <= 0) {
      effort.isSpent = true;
      break;
    }
  }
  return candidates;
}

function eachOnce(sorted: Int32Array, visit: (word: number) => void): void {
  for (let at = 0; at < sorted.length; at++) {
    const word = sorted[at];
    if (word !== undefined && word !== sorted[at - 1]) visit(word);
  }
}

/** The share of their words that both have (Dice's coefficient); 0 where that is too little. */
function compare(a: Sized, b: Sized, vocabulary: Vocabulary, effort: Effort): number {
  const isNear = isSameSection(a.block.section, b.block.section);
  const least = isNear ? LEAST_ALIKE : LEAST_ALIKE_ELSEWHERE;
  const both = a.size + b.size;
  const hasSameKey = a.block.kind === "table_row" && isNear && isSameRow(a.block.text, b.block.text);
  if (!hasSameKey && (2 * Math.min(a.size, b.size)) / both < least) return 0;
  effort.steps -= a.words.length + b.words.length;
  let common = 0;
  for (let [x, y] = [0, 0]; x < a.words.length && y < b.words.length; ) {
    const [left = 0, right = 0] = [a.words[x], b.words[y]];
    if (left === right) common += vocabulary.texts[left]?.length ?? 0;
    if (left <= right) x++;
    if (right <= left) y++;
  }
  const alike = Math.max((2 * common) / both, hasSameKey ? ALIKE_BY_FIRST_CELL : 0);
  return alike >= least ? alike : 0;
}

function isSameSection(a: readonly string[], b: readonly string[]): boolean {
  return a === b || (a.length === b.length && a.every((heading, at) => heading === b[at]));
}

const firstCell = (row: string) => row.slice(0, row.indexOf(" | ", 1));

function isSameRow(a: string, b: string): boolean {
  const cell = firstCell(a);
  return /[\p{L}\p{N}]/u.test(cell.slice(0, 200)) && cell === firstCell(b);
}
