/** What of a page is compared with others. */
export type Fingerprinted = {
  /** SimHash, its halves as signed integers. */
  high: number;
  low: number;
  /** The same for the same text. */
  textKey: string;
  words: number;
};

/** A group: the places of its members in what was given, the first of which stands for all. */
export type NearGroup = { first: number; others: { at: number; bits: number; isSameText: boolean }[] };

/** In which SimHashes of near duplicates differ at the most (Manku, Jain and Das Sarma 2007). */
export const NEAR_BITS = 3;
/** The SimHash of a shorter text hangs on single words. */
const FEWEST_WORDS = 50;
/** Hashes are looked up by each quarter of them, of which one is the same where three bits differ. */
const BANDS = 4;
const BAND_BITS = 16;
/** Beyond it those of a quarter are told apart by a quarter of the rest, too. */
const MANY = 64;
/** Comparisons of a call, so that hashes made to be alike can't hold up the process. */
const MAX_COMPARISONS = 30_000_000;

/**
 * Puts what says the same, or nearly, into groups. Each is in one at the most: that of the first in the order given which
 * it is near to. @returns groups of two and more, and whether everything was compared
 */
export function groupNear(items: readonly Fingerprinted[]): { groups: NearGroup[]; isComplete: boolean } {
  const groups = new Map<number, NearGroup>();
  const join = (first: number, at: number, bits: number, isSameText: boolean) => {
    const group = groups.get(first) ?? { first, others: [] };
    groups.set(first, group);
    group.others.push({ at, bits, isSameText });
  };
  const firstOf = new Map<string, number>();
  const copies: [first: number, at: number][] = [];
  const distinct: number[] = [];
  for (const [at, { textKey, words, high, low }] of items.entries()) {
    const first = firstOf.get(textKey);
    if (first !== undefined) copies.push([first, at]);
    else firstOf.set(textKey, at);
    // What has no words has no SimHash.
    if (first === undefined && words >= FEWEST_WORDS && (high | low) !== 0) distinct.push(at);
  }
  const leaders = new Map<number, { leader: number; bits: number }>();
  const { isComplete } = eachNear(items, distinct, (leader, at, bits) => {
    leaders.set(at, { leader, bits });
    join(leader, at, bits, false);
  });
  for (const [first, at] of copies) {
    const { leader, bits } = leaders.get(first) ?? { leader: first, bits: 0 };
    join(leader, at, bits, leader === first);
  }
  const found = [...groups.values()].sort((a, b) => a.first - b.first);
  for (const { others } of found) others.sort((a, b) => a.at - b.at);
  return { groups: found, isComplete };
}

/** Tells of each that is near to one before it which no other is before. */
function eachNear(
  items: readonly Fingerprinted[],
  places: readonly number[],
  tell: (leader: number, at: number, bits: number) => void,
): { isComplete: boolean } {
  const hashes: Hashes = {
    highs: Int32Array.from(places, (at) => items[at]?.high ?? 0),
    lows: Int32Array.from(places, (at) => items[at]?.low ?? 0),
  };
  const { highs, lows } = hashes;
  const bands = Array.from({ length: BANDS }, (_, band) => sortByBand(hashes, band));
  const isTaken = new Uint8Array(places.length);
  let comparisons = 0;
  for (let leader = 0; leader < places.length; leader++) {
    if (isTaken[leader]) continue;
    const [high = 0, low = 0] = [highs[leader], lows[leader]];
    for (const findAlike of bands) {
      for (const { list, from, to } of findAlike(leader)) {
        for (let i = from; i < to; i++) {
          const other = list[i] ?? 0;
          if (other <= leader || isTaken[other]) continue;
          comparisons++;
          const bits = countBits(high ^ (highs[other] ?? 0)) + countBits(low ^ (lows[other] ?? 0));
          if (bits > NEAR_BITS) continue;
          isTaken[other] = 1;
          tell(places[leader] ?? 0, places[other] ?? 0, bits);
        }
      }
    }
    if (comparisons > MAX_COMPARISONS) return { isComplete: false };
  }
  return { isComplete: true };
}

type Hashes = { highs: Int32Array; lows: Int32Array };

/** A part of a list of places. */
type Alike = { list: Int32Array; from: number; to: number };

const NONE: Alike[] = [];

/** Finds those that have one quarter in common with another. */
function sortByBand(hashes: Hashes, band: number): (at: number) => Alike[] {
  const count = hashes.highs.length;
  const values = new Int32Array(count);
  for (let at = 0; at < count; at++) values[at] = quarter(hashes, at, band);
  const { list, starts } = sortByKey(values, 1 << BAND_BITS);
  const further = new Map<number, (at: number) => Alike[]>();
  return (at) => {
    const value = values[at] ?? 0;
    const [from = 0, to = 0] = [starts[value], starts[value + 1]];
    if (to - from <= 1) return NONE;
    if (to - from <= MANY) return [{ list, from, to }];
    const findAlike = further.get(value) ?? sortFurther(hashes, list.subarray(from, to), band);
    further.set(value, findAlike);
    return findAlike(at);
  };
}

/** Of hashes with one quarter in common, those that share a quarter of what is left, too: 12 bits of 48. */
function sortFurther(hashes: Hashes, alike: Int32Array, band: number): (at: number) => Alike[] {
  const [first = 0, second = 0, third = 0] = [0, 1, 2, 3].filter((one) => one !== band);
  const keyOf = (at: number, part: number) => {
    const [a, b, c] = [quarter(hashes, at, first), quarter(hashes, at, second), quarter(hashes, at, third)];
    if (part === 0) return a >>> 4;
    if (part === 1) return ((a & 0xf) << 8) | (b >>> 8);
    return part === 2 ? ((b & 0xff) << 4) | (c >>> 12) : c & 0xfff;
  };
  const parts = [0, 1, 2, 3].map((part) => {
    const { list, starts } = sortByKey(
      alike.map((at) => keyOf(at, part)),
      1 << 12,
    );
    return { part, starts, list: list.map((place) => alike[place] ?? 0) };
  });
  return (at) =>
    parts.map(({ part, starts, list }) => {
      const key = keyOf(at, part);
      return { list, from: starts[key] ?? 0, to: starts[key + 1] ?? 0 };
    });
}

/** The places of keys, those of the same key side by side, in their order; and where those of each key start. */
function sortByKey(keys: Int32Array, count: number): { list: Int32Array; starts: Int32Array } {
  const starts = new Int32Array(count + 1);
  for (const key of keys) starts[key + 1] = (starts[key + 1] ?? 0) + 1;
  for (let key = 0; key < count; key++) starts[key + 1] = (starts[key + 1] ?? 0) + (starts[key] ?? 0);
  const list = new Int32Array(keys.length);
  const next = starts.slice();
  for (let place = 0; place < keys.length; place++) {
    const key = keys[place] ?? 0;
    const at = next[key] ?? 0;
    list[at] = place;
    next[key] = at + 1;
  }
  return { list, starts };
}

function quarter({ highs, lows }: Hashes, at: number, band: number): number {
  const half = (band < 2 ? highs[at] : lows[at]) ?? 0;
  return band % 2 === 0 ? half >>> BAND_BITS : half & 0xffff;
}

function countBits(value: number): number {
  let bits = value - ((value >>> 1) & 0x5555_5555);
  bits = (bits & 0x3333_3333) + ((bits >>> 2) & 0x3333_3333);
  return Math.imul((bits + (bits >>> 4)) & 0x0f0f_0f0f, 0x0101_0101) >>> 24;
}
