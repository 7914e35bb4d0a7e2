import { describe, expect, test } from "bun:test";
import {
  formatBytes,
  formatCount,
  formatDuration,
  parseBytes,
  parseCount,
  parseDuration,
} from "../../src/cli/quantity.ts";

describe("a number is read", () => {
  test.each([
    ["0", 0],
    ["10000", 10_000],
    ["-1", undefined],
    ["1.5", undefined],
    ["1e3", undefined],
    ["", undefined],
    ["9999999999999999", undefined],
  ])("as a count: %p", (text, expected) => expect(parseCount(text)).toBe(expected));

  test.each([
    ["250", "ms", 250],
    ["30", "s", 30_000],
    ["250ms", "s", 250],
    ["1.5s", "ms", 1_500],
    ["30m", "s", 1_800_000],
    ["2h", "s", 7_200_000],
    ["1d", "s", 86_400_000],
    ["1 s", "s", undefined],
    ["-1s", "s", undefined],
    ["1w", "s", undefined],
    ["s", "s", undefined],
  ] as const)("as a time: %p in %s", (text, unit, expected) => expect(parseDuration(text, unit)).toBe(expected));

  test.each([
    ["800", 800],
    ["64kB", 64_000],
    ["1.5 GB", 1_500_000_000],
    ["2t", 2_000_000_000_000],
    ["10b", 10],
    ["1KiB", undefined],
    ["MB", undefined],
  ])("as a size: %p", (text, expected) => expect(parseBytes(text)).toBe(expected));
});

describe("a number is shown", () => {
  test.each([
    [0, "0 B"],
    [999, "999 B"],
    [1_000, "1.0 kB"],
    [5_250_000, "5.3 MB"],
    [12_000_000_000, "12.0 GB"],
    [5e15, "5000.0 TB"],
  ])("as a size: %p", (bytes, expected) => expect(formatBytes(bytes)).toBe(expected));

  test.each([
    [0, "0.0 s"],
    [1_240, "1.2 s"],
    [12_600, "13 s"],
    [59_960, "1 min 0 s"],
    [125_000, "2 min 5 s"],
    [3_900_000, "1 h 5 min"],
  ])("as a time: %p", (ms, expected) => expect(formatDuration(ms)).toBe(expected));

  test("with its noun", () => {
    expect([formatCount(1, "page"), formatCount(0, "page"), formatCount(1_234, "entry", "entries")]).toEqual([
      "1 page",
      "0 pages",
      "1,234 entries",
    ]);
  });
});
