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
const MAX_BLOCKS_OF_WORD = 32;
/** Of those that share such words with a block, so many are looked at closely. */
const MAX_CANDIDATES = 8;

/** Words are numbers, ascending; the size is their length in characters. */
type Sized = { block: PlacedBlock; place: number; words: Int32Array; size: number };
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
  const candidates: Candidate[] = [];
  for (const kind of new Set(before.map((block) => block.kind))) {
    const [old, fresh] = [before, after].map((blocks) =>
      blocks.flatMap((block, place) => (block.kind === kind ? [sizeOf(block, place, vocabulary)] : [])),
    );
    if (old?.length && fresh?.length) candidates.push(...findCandidates(old, fresh, vocabulary, effort));
  }
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

function sizeOf(block: PlacedBlock, place: number, vocabulary: Vocabulary): Sized {
  const words = tokenize(block.text, vocabulary)
    .filter((token) => vocabulary.kinds[token] === "word")
    .sort();
  let size = 0;
  for (let at = 0; at < words.length; at++) size += vocabulary.texts[words[at] ?? 0]?.length ?? 0;
  return { block, place, words, size };
}

function findCandidates(
  before: readonly Sized[],
  after: readonly Sized[],
  vocabulary: Vocabulary,
  effort: Effort,
): Candidate[] {
  const blocksOf = indexWords(before);
  const candidates: Candidate[] = [];
  /** By old block: the length of the words that are known to be shared. */
  const shared = new Int32Array(before.length);
  for (const fresh of after) {
    const touched: number[] = [];
    let unknown = fresh.size;
    for (let at = 0; at < fresh.words.length; at++) {
      const word = fresh.words[at] ?? 0;
      const blocks = word === fresh.words[at - 1] ? undefined : blocksOf.get(word);
      if (!blocks || blocks.length > MAX_BLOCKS_OF_WORD) continue;
      const length = vocabulary.texts[word]?.length ?? 0;
      unknown -= length;
      effort.steps -= blocks.length;
      for (const x of blocks) {
        if (shared[x] === 0) touched.push(x);
        shared[x] = (shared[x] ?? 0) + length;
      }
    }
    for (const x of mostShared(touched, shared, unknown, before, fresh)) {
      const old = before[x];
      const alike = old ? compare(old, fresh, vocabulary, effort) : 0;
      if (!old || alike === 0) continue;
      const distance = Math.abs(old.place - fresh.place);
      candidates.push({ x: old.place, y: fresh.place, alike, distance });
    }
    for (const x of touched) shared[x] = 0;
    if (effort.steps > 0) continue;
    effort.isSpent = true;
    break;
  }
  return candidates;
}

/** The blocks that have a word; one more than are looked at says that it is a common one. */
function indexWords(blocks: readonly Sized[]): Map<number, number[]> {
  const blocksOf = new Map<number, number[]>();
  for (const [x, { words }] of blocks.entries()) {
    for (let at = 0; at < words.length; at++) {
      const word = words[at] ?? 0;
      if (word === words[at - 1]) continue;
      const known = blocksOf.get(word);
      if (!known) blocksOf.set(word, [x]);
      else if (known.length <= MAX_BLOCKS_OF_WORD) known.push(x);
    }
  }
  return blocksOf;
}

/** Those that may be alike enough even if all that is not known of their words were shared; the best of many. */
function mostShared(
  touched: readonly number[],
  shared: Int32Array,
  unknown: number,
  before: readonly Sized[],
  fresh: Sized,
): number[] {
  const isRow = fresh.block.kind === "table_row";
  const least = isRow ? 0 : LEAST_ALIKE / 2;
  const possible = touched.filter((x) => {
    const size = before[x]?.size ?? 0;
    return Math.min((shared[x] ?? 0) + unknown, size) >= least * (size + fresh.size);
  });
  if (possible.length <= MAX_CANDIDATES) return possible;
  const distance = (x: number) => Math.abs((before[x]?.place ?? 0) - fresh.place);
  possible.sort((a, b) => (shared[b] ?? 0) - (shared[a] ?? 0) || distance(a) - distance(b) || a - b);
  return possible.slice(0, MAX_CANDIDATES);
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
  for (let x = 0, y = 0; x < a.words.length && y < b.words.length; ) {
    const left = a.words[x] ?? 0;
    const right = b.words[y] ?? 0;
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

const firstCell = (row: string) => row.slice(0, Math.max(0, row.indexOf(" | ", 1)));

function isSameRow(a: string, b: string): boolean {
  const cell = firstCell(a);
  return /[\p{L}\p{N}]/u.test(cell.slice(0, 200)) && cell === firstCell(b);
}
