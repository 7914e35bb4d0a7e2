import type { PlacedBlock } from "./diff.ts";
import type { Effort } from "./effort.ts";
import { matchSequences } from "./sequence-match.ts";
import { pairSimilar } from "./similar-pairs.ts";
import type { Vocabulary } from "./tokens.ts";

export type Match = { before: number; after: number; kind: "same" | "moved" | "changed" };

/**
 * Which block is which: equal ones in order, then equal ones that stand elsewhere, then between those that stayed the
 * ones that are alike. White space does not tell blocks apart, unless they are code. In the order of the old blocks.
 */
export function matchBlocks(
  before: readonly PlacedBlock[],
  after: readonly PlacedBlock[],
  vocabulary: Vocabulary,
  effort: Effort,
): Match[] {
  const numbers = new Map<string, number>();
  const [a, b] = [numberBlocks(before, numbers), numberBlocks(after, numbers)];
  const partners = matchSequences(a, b, numbers.size, effort);
  const matches: Match[] = [];
  const taken = new Uint8Array(after.length);
  const match = (x: number, y: number, kind: Match["kind"]) => {
    matches.push({ before: x, after: y, kind });
    taken[y] = 1;
    partners[x] = y;
  };
  for (const [x, y] of partners.entries()) if (y >= 0) match(x, y, "same");
  const stayed = matches.slice();
  for (const [x, y] of findMoved(a, b, partners, taken)) match(x, y, "moved");
  for (const [[fromX, endX], [fromY, endY]] of gapsBetween(stayed, before.length, after.length)) {
    const old = placesOf(fromX, endX, (x) => (partners[x] ?? -1) < 0);
    const fresh = placesOf(fromY, endY, (y) => taken[y] === 0);
    const blocksAt = (blocks: readonly PlacedBlock[], places: readonly number[]) =>
      places.flatMap((place) => blocks[place] ?? []);
    for (const [x, y] of pairSimilar(blocksAt(before, old), blocksAt(after, fresh), vocabulary, effort)) {
      match(old[x] ?? 0, fresh[y] ?? 0, "changed");
    }
  }
  return matches.sort((one, other) => one.before - other.before);
}

function numberBlocks(blocks: readonly PlacedBlock[], numbers: Map<string, number>): Int32Array {
  return Int32Array.from(blocks, ({ kind, text }) => {
    const key = kind === "code" || !/\s\s|[^\S ]/.test(text) ? text : text.replace(/\s+/g, " ");
    const known = numbers.get(key);
    if (known !== undefined) return known;
    numbers.set(key, numbers.size);
    return numbers.size - 1;
  });
}

function* findMoved(
  a: Int32Array,
  b: Int32Array,
  partners: Int32Array,
  taken: Uint8Array,
): Generator<[number, number]> {
  const left = new Map<number, number[]>();
  for (let y = b.length - 1; y >= 0; y--) {
    if (taken[y] === 1) continue;
    const places = left.get(b[y] ?? 0);
    if (places) places.push(y);
    else left.set(b[y] ?? 0, [y]);
  }
  for (const [x, number] of a.entries()) {
    if ((partners[x] ?? -1) >= 0) continue;
    const y = left.get(number)?.pop();
    if (y !== undefined) yield [x, y];
  }
}

function placesOf(from: number, end: number, isFree: (place: number) => boolean): number[] {
  const places: number[] = [];
  for (let at = from; at < end; at++) if (isFree(at)) places.push(at);
  return places;
}

type Range = readonly [from: number, end: number];

function* gapsBetween(stayed: readonly Match[], endX: number, endY: number): Generator<readonly [Range, Range]> {
  let [fromX, fromY] = [0, 0];
  for (const { before, after } of stayed) {
    if (before > fromX && after > fromY)
      yield [
        [fromX, before],
        [fromY, after],
      ];
    fromX = before + 1;
    fromY = after + 1;
  }
  if (endX > fromX && endY > fromY)
    yield [
      [fromX, endX],
      [fromY, endY],
    ];
}
