import { expect, test } from "bun:test";
import { describe, findShortfalls, readCoverage, sumOf } from "../../.ci/coverage.ts";

const LCOV = `TN:
SF:src/one.ts
FNF:1
FNH:1
DA:1,3
DA:2,0
DA:4,12
DA:5,1
LF:4
LH:3
end_of_record
TN:
SF:src/other.ts
DA:1,1
LF:1
LH:1
end_of_record
TN:
SF:src/types.ts
LF:0
LH:0
end_of_record
`;

test("a report tells of each file how many lines there are and how many were run", () => {
  const files = readCoverage(LCOV);

  expect(files).toEqual([
    { path: "src/one.ts", found: 4, hit: 3 },
    { path: "src/other.ts", found: 1, hit: 1 },
    { path: "src/types.ts", found: 0, hit: 0 },
  ]);
  expect(describe(sumOf(files))).toBe("3 files: the tests run 80 % of 5 lines");
});

test("files that fall short are named, and so is the whole", () => {
  const files = readCoverage(LCOV);

  expect(findShortfalls(files, { lines: 0.8, file_lines: 0.75 })).toEqual([]);
  expect(findShortfalls(files, { lines: 0.8, file_lines: 0.76 })).toEqual([
    "src/one.ts: the tests run 75 % of 4 lines, and 76 % are asked of each file",
  ]);
  expect(findShortfalls(files, { lines: 0.81, file_lines: 0 })).toEqual([
    "3 files: the tests run 80 % of 5 lines, and 81 % are asked of all together",
  ]);
});
