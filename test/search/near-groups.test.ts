import { describe, expect, test } from "bun:test";
import { type Fingerprinted, groupNear, NEAR_BITS } from "../../src/search/near-groups.ts";

/** Numbers that look like chance and are the same each time. */
function createChance(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    return Math.imul(state ^ (state >>> 15), 0x2c1b_3c6d) | 0;
  };
}

const page = (high: number, low: number, textKey: string, words = 100): Fingerprinted => ({
  high,
  low,
  textKey,
  words,
});

function countBits(value: number): number {
  let count = 0;
  for (let bit = 0; bit < 32; bit++) count += (value >>> bit) & 1;
  return count;
}

/** The same by looking at every pair. */
function groupSlowly(items: readonly Fingerprinted[]): Record<number, number[]> {
  const groups: Record<number, number[]> = {};
  const taken = new Set<number>();
  for (const [at, one] of items.entries()) {
    if (taken.has(at)) continue;
    for (const [other, two] of items.entries()) {
      if (other <= at || taken.has(other)) continue;
      if (countBits(one.high ^ two.high) + countBits(one.low ^ two.low) > NEAR_BITS) continue;
      taken.add(other);
      groups[at] = [...(groups[at] ?? []), other];
    }
  }
  return groups;
}

describe("pages that say nearly the same", () => {
  test.each<[string, number, number]>([
    ["anything", -1, -1],
    ["the same first quarter, which all have", 0xffff, -1],
    ["much in common, all of them", 0, 0x1ff],
  ])("are found as by looking at every pair, of fingerprints with %s", (_, highMask, lowMask) => {
    const chance = createChance(7);
    const seeds = Array.from({ length: 60 }, () => [chance() & highMask, chance() & lowMask] as const);
    const items = Array.from({ length: 1_500 }, (_, at) => {
      const [high, low] = seeds[Math.abs(chance()) % seeds.length] ?? [0, 0];
      const flips = Array.from({ length: Math.abs(chance()) % 4 }, () => 1 << (Math.abs(chance()) & 31));
      return page(flips.reduce((bits, flip) => bits ^ flip, high) | 0x10000, low ^ (flips[0] ?? 0), String(at));
    });

    const { groups, isComplete } = groupNear(items);

    expect(isComplete).toBe(true);
    expect(Object.fromEntries(groups.map(({ first, others }) => [first, others.map(({ at }) => at)]))).toEqual(
      groupSlowly(items),
    );
  });

  test("belong to the first that they are near to, and to no other", () => {
    // 2 is near to 1, which is near to 0; 2 itself is not near to 0.
    const items = [page(0, 0b1, "a"), page(0, 0b1111, "b"), page(0, 0b1111111, "c")];

    const { groups } = groupNear(items);

    expect(groups).toEqual([{ first: 0, others: [{ at: 1, bits: 3, isSameText: false }] }]);
  });

  test("are told by their text where they are short, or have no words at all", () => {
    const items = [page(1, 2, "a", 10), page(1, 2, "b", 10), page(5, 5, "a", 10), page(0, 0, "c"), page(0, 0, "d")];

    const { groups } = groupNear(items);

    expect(groups).toEqual([{ first: 0, others: [{ at: 2, bits: 0, isSameText: true }] }]);
  });

  test("join the group of the page that they copy", () => {
    const items = [page(0, 1, "a"), page(0, 3, "b"), page(0, 3, "b"), page(0, 1, "a")];

    const { groups } = groupNear(items);

    expect(groups).toEqual([
      {
        first: 0,
        others: [
          { at: 1, bits: 1, isSameText: false },
          { at: 2, bits: 1, isSameText: false },
          { at: 3, bits: 0, isSameText: true },
        ],
      },
    ]);
  });

  test("are not compared without end, however alike they are made", () => {
    const chance = createChance(3);
    const items = Array.from({ length: 40_000 }, (_, at) => page(0, chance() & 0xffffff, String(at)));

    expect(groupNear(items).isComplete).toBe(false);
  });
});
