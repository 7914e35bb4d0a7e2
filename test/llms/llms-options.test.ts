import { describe, expect, test } from "bun:test";
import { AppError } from "../../src/errors.ts";
import { readLlmsOptions, toDifferences } from "../../src/llms/llms-options.ts";

test("options have defaults, and what differs from them is what is kept", () => {
  const options = readLlmsOptions({ title: "Mine", full: { max_bytes: 20_000 } });

  expect(options).toMatchObject({
    title: "Mine",
    summary: null,
    order: "navigation",
    max_links: 500,
    max_bytes: 100_000,
  });
  expect(options.full).toEqual({ include: [], exclude: [], max_bytes: 20_000 });
  expect(toDifferences(options)).toEqual({ title: "Mine", full: { include: [], exclude: [], max_bytes: 20_000 } });
  expect(toDifferences(readLlmsOptions())).toEqual({});
});

describe("what is wrong is named by its place", () => {
  test.each([
    [{ title: "  " }, "/title"],
    [{ include: ["["] }, "/include/0"],
    [{ exclude: ["/a", "docs"] }, "/exclude/1"],
    [{ optional: ["re:("] }, "/optional/0"],
    [
      {
        sections: [
          { title: "A", paths: ["/a"] },
          { title: "B", paths: ["/b", "["] },
        ],
      },
      "/sections/1/paths/1",
    ],
    [{ sections: [{ title: "A", paths: [] }] }, "/sections/0/paths"],
    [{ sections: [{ title: "A", paths: ["/a"], order: "random" }] }, "/sections/0/order"],
    [{ full: { include: ["["] } }, "/full/include/0"],
    [{ full: { max_bytes: 1 } }, "/full/max_bytes"],
    [{ order: "size" }, "/order"],
    [{ max_links: 0 }, "/max_links"],
    [{ descriptions: { "docs/a": "x" } }, "/descriptions/docs~1a"],
    [
      { descriptions: Object.fromEntries(Array.from({ length: 1_001 }, (_, index) => [`/${index}`, "x"])) },
      "/descriptions",
    ],
    [{ include: Array(60).fill("/a"), exclude: Array(60).fill("/b") }, ""],
    [{ titel: "x" }, "/titel"],
  ])("%j", (given, at) => {
    try {
      readLlmsOptions(given);
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(AppError);
      expect((error as AppError).faults.map((fault) => fault.at)).toContain(at);
    }
  });
});
