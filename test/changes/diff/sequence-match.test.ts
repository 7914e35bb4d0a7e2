import { expect, test } from "bun:test";
import { diffArrays } from "diff";
import fc from "fast-check";
import { createEffort, type Effort } from "../../../src/changes/diff/effort.ts";
import { matchSequences } from "../../../src/changes/diff/sequence-match.ts";
import { findCommon } from "../../../src/changes/diff/shortest-edit.ts";

const numbers = (max: number, maxLength: number) =>
  fc.array(fc.integer({ min: 0, max }), { maxLength }).map((values) => Int32Array.from(values));
const sequences = fc.oneof(
  fc.tuple(numbers(3, 40), numbers(3, 40)),
  fc.tuple(numbers(60, 60), numbers(60, 60)),
  fc.tuple(numbers(200, 200), numbers(200, 200)),
);

test("the shortest edit is as short as jsdiff's", () => {
  fc.assert(
    fc.property(sequences, ([a, b]) => {
      const common = findCommon(a, b, createEffort()) ?? [];

      const theirs = diffArrays([...a], [...b]).reduce(
        (sum, part) => sum + (part.added || part.removed ? 0 : part.count),
        0,
      );
      expect(common).toHaveLength(theirs);
      for (const [x, y] of common) expect(a[x]).toBe(b[y]!);
      expectAscending(common);
    }),
    { numRuns: 200 },
  );
});

test("places are matched that hold the same, without crossing", () => {
  fc.assert(
    fc.property(sequences, ([a, b]) => {
      const matched = [...matchSequences(a, b, 256, createEffort()).entries()].filter(([, y]) => y >= 0);

      for (const [x, y] of matched) expect(a[x]).toBe(b[y]!);
      expectAscending(matched);
    }),
    { numRuns: 200 },
  );
});

test("short sequences have all matched that can be", () => {
  fc.assert(
    fc.property(numbers(4, 60), numbers(4, 60), (a, b) => {
      const matched = matchSequences(a, b, 5, createEffort()).filter((y) => y >= 0).length;

      expect(matched).toBe(findCommon(a, b, createEffort())!.length);
    }),
    { numRuns: 100 },
  );
});

test("without steps to spare the ends are matched, and it is said that more may be alike", () => {
  const effort: Effort = { ...createEffort(), steps: 0 };
  const sequence = (middle: number[]) => Int32Array.from([1, 2, ...middle, 8, 9]);

  const partners = matchSequences(sequence([3, 4, 3, 5]), sequence([4, 3, 5, 4]), 10, effort);

  expect([...partners]).toEqual([0, 1, -1, -1, -1, -1, 6, 7]);
  expect(effort.isSpent).toBe(true);
});

test("the tables are left as they were found", () => {
  const effort = createEffort();

  matchSequences(Int32Array.from([1, 2, 3, 1]), Int32Array.from([3, 1, 2]), 4, effort);

  expect([...effort.counts.before, ...effort.counts.after].every((count) => count === 0)).toBe(true);
});

function expectAscending(pairs: readonly (readonly [number, number])[]): void {
  for (const [at, [x, y]] of pairs.entries()) {
    const [lastX, lastY] = pairs[at - 1] ?? [-1, -1];
    expect(x).toBeGreaterThan(lastX);
    expect(y).toBeGreaterThan(lastY);
  }
}
