import { type Counts, countsFor, type Effort } from "./effort.ts";
import { findCommon } from "./shortest-edit.ts";

/** Shorter stretches are matched exactly at once; in longer ones what is rare is matched first. */
const SHORT = 128;
/** Stretches within stretches; each level goes through all of what is left once. */
const MAX_DEPTH = 12;

/** Positions in both sequences, ascending, that have yet to be matched. */
type Stretch = { a: Int32Array; b: Int32Array; depth: number };

/**
 * Matches what two sequences have in common without crossing: for each place in `a` the place in `b`, or -1. What stands
 * once in both is matched first (patience diff), what lies between by the shortest edit, so that long sequences take
 * linear time. Numbers are below `size`.
 */
export function matchSequences(a: Int32Array, b: Int32Array, size: number, effort: Effort): Int32Array {
  const partners = new Int32Array(a.length).fill(-1);
  const counts = countsFor(effort, size);
  const stretches: Stretch[] = [{ a: countUp(a.length), b: countUp(b.length), depth: 0 }];
  for (let next = stretches.pop(); next; next = stretches.pop()) {
    const trimmed = matchEnds(a, b, next, partners);
    count(a, trimmed.a, counts.before, 1);
    count(b, trimmed.b, counts.after, 1);
    const left = {
      a: trimmed.a.filter((at) => (counts.after[a[at] ?? 0] ?? 0) > 0),
      b: trimmed.b.filter((at) => (counts.before[b[at] ?? 0] ?? 0) > 0),
    };
    const isShort = left.a.length + left.b.length <= SHORT;
    const anchors = isShort || next.depth >= MAX_DEPTH ? [] : findAnchors(a, b, left, counts);
    count(a, trimmed.a, counts.before, 0);
    count(b, trimmed.b, counts.after, 0);
    if (left.a.length === 0) continue;
    if (anchors.length > 0) splitAt(anchors, left, next.depth + 1, partners, stretches);
    else {
      const common = findCommon(valuesAt(a, left.a), valuesAt(b, left.b), effort);
      for (const [x, y] of common ?? []) partners[left.a[x] ?? 0] = left.b[y] ?? -1;
      effort.isSpent ||= common === undefined;
    }
  }
  return partners;
}

function countUp(length: number): Int32Array {
  const places = new Int32Array(length);
  for (let at = 0; at < length; at++) places[at] = at;
  return places;
}

const valuesAt = (sequence: Int32Array, places: Int32Array) => places.map((at) => sequence[at] ?? 0);

/** Adds to the counts of the values at these places; a step of 0 clears them. */
function count(sequence: Int32Array, places: Int32Array, counts: Int32Array, step: 0 | 1): void {
  for (let index = 0; index < places.length; index++) {
    const value = sequence[places[index] ?? 0] ?? 0;
    counts[value] = step === 0 ? 0 : (counts[value] ?? 0) + 1;
  }
}

function matchEnds(a: Int32Array, b: Int32Array, places: Stretch, partners: Int32Array): Omit<Stretch, "depth"> {
  let [start, endA, endB] = [0, places.a.length, places.b.length];
  while (start < endA && start < endB && a[places.a[start] ?? 0] === b[places.b[start] ?? 0]) {
    partners[places.a[start] ?? 0] = places.b[start] ?? -1;
    start++;
  }
  while (endA > start && endB > start && a[places.a[endA - 1] ?? 0] === b[places.b[endB - 1] ?? 0]) {
    partners[places.a[--endA] ?? 0] = places.b[--endB] ?? -1;
  }
  return { a: places.a.subarray(start, endA), b: places.b.subarray(start, endB) };
}

/**
 * Pairs of indexes into the stretch's places: the longest ascending run of values that stand equally often on both
 * sides, as seldom as there are any. That is once, nearly always.
 */
function findAnchors(a: Int32Array, b: Int32Array, left: Omit<Stretch, "depth">, counts: Counts): [number, number][] {
  let rarest = Number.POSITIVE_INFINITY;
  for (const at of left.a) {
    const value = a[at] ?? 0;
    const often = counts.before[value] ?? 0;
    if (often < rarest && often === counts.after[value]) rarest = often;
  }
  if (rarest === Number.POSITIVE_INFINITY) return [];
  const isAnchor = (value: number) => counts.before[value] === rarest && counts.after[value] === rarest;
  const places = new Map<number, number[]>();
  for (let index = left.b.length - 1; index >= 0; index--) {
    const value = b[left.b[index] ?? 0] ?? 0;
    if (!isAnchor(value)) continue;
    const known = places.get(value);
    if (known) known.push(index);
    else places.set(value, [index]);
  }
  const pairs: [number, number][] = [];
  for (const [index, at] of left.a.entries()) {
    const value = a[at] ?? 0;
    if (isAnchor(value)) pairs.push([index, places.get(value)?.pop() ?? 0]);
  }
  return longestAscending(pairs);
}

/** Of pairs that ascend by their first part, the most that ascend by their second one too. */
function longestAscending(pairs: readonly [number, number][]): [number, number][] {
  const before = new Int32Array(pairs.length);
  /** By length of the run: the index of the pair that ends it lowest. */
  const ends: number[] = [];
  for (const [index, [, y]] of pairs.entries()) {
    let [low, high] = [0, ends.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((pairs[ends[middle] ?? 0]?.[1] ?? 0) < y) low = middle + 1;
      else high = middle;
    }
    before[index] = low > 0 ? (ends[low - 1] ?? -1) : -1;
    ends[low] = index;
  }
  const run: [number, number][] = [];
  for (let index = ends.at(-1) ?? -1; index >= 0; index = before[index] ?? -1) {
    const pair = pairs[index];
    if (pair) run.push(pair);
  }
  return run.reverse();
}

function splitAt(
  anchors: readonly [number, number][],
  { a, b }: Omit<Stretch, "depth">,
  depth: number,
  partners: Int32Array,
  stretches: Stretch[],
): void {
  let [fromA, fromB] = [0, 0];
  for (const [x, y] of [...anchors, [a.length, b.length] as const]) {
    if (x > fromA && y > fromB) stretches.push({ a: a.subarray(fromA, x), b: b.subarray(fromB, y), depth });
    if (x < a.length) partners[a[x] ?? 0] = b[y] ?? -1;
    fromA = x + 1;
    fromB = y + 1;
  }
}
