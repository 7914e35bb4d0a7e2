import { expect, test } from "bun:test";
import { type Forest, LEAF, readForest, scoreRows, writeForest } from "../../../src/content/main/forest.ts";

/** One tree that looks at both numbers, and one that is a leaf. */
const forest: Forest = {
  features: 2,
  classes: 1,
  roots: Uint32Array.from([0, 5]),
  feature: Uint16Array.from([0, LEAF, 1, LEAF, LEAF, LEAF]),
  threshold: Float32Array.from([1, -0.5, 10, 0.25, 2, 0.125]),
  other: Uint32Array.from([2, 0, 4, 0, 0, 0]),
  base: 1,
};

test("a row goes to the next node below a threshold, to the other from it on, and sums its leaves", () => {
  const rows = Float32Array.from([0.5, 0, 1, 9.5, 3, 10]);

  expect([...scoreRows(forest, rows, 3)]).toEqual([0.625, 1.375, 3.125]);
});

test("trees take turns among several classes", () => {
  expect([...scoreRows({ ...forest, classes: 2 }, Float32Array.from([3, 10]), 1)]).toEqual([3, 1.125]);
});

test("a forest comes back from its file as it was", () => {
  expect(readForest(new Uint8Array(writeForest(forest)))).toEqual(forest);
});

test("a file of another make is refused", () => {
  expect(() => readForest(new Uint8Array(Bun.zstdCompressSync(new Uint8Array(64))))).toThrow("no forest");
});
