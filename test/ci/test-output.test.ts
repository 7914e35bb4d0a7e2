import { expect, test } from "bun:test";
import { countErrors, createQuieter, readCrashes, readResults, readStrayErrors } from "../../.ci/test-output.ts";

const OUTPUT = `bun test v1.4.5 3x PARALLEL

test/one.test.ts:
(pass) adds [0.12ms]
(skip) subtracts
(pass) {
  a: 1,
} is added [0.12ms]

test/two.test.ts:
killed 1 dangling process
(pass) multiplies (attempt 2) [1.25ms]

# Unhandled error between tests
-------------------------------
1 | import { test } from "bun:test";
2 | throw new Error("left behind");
              ^
error: left behind
      at <anonymous> (/work/test/one.test.ts:2:7)
-------------------------------

✗ test/three.test.ts (worker crashed: SIGKILL)

test/four.test.ts:
(pass) divides [0.12ms]

 3942 pass
 3 skip
 1 fail
 1 error
Ran 3946 tests across 4 files. [259.00s]`.split("\n");

test("a quiet log shows what is not well, below its file, and the summary", () => {
  const quiet = createQuieter();

  const shown = OUTPUT.flatMap(quiet).join("\n");

  expect(shown).toStartWith(`bun test v1.4.5 3x PARALLEL

test/two.test.ts:
killed 1 dangling process
(pass) multiplies (attempt 2) [1.25ms]

# Unhandled error between tests
-------------------------------
1 |`);
  expect(shown).toEndWith(`-------------------------------

✗ test/three.test.ts (worker crashed: SIGKILL)

 3942 pass
 3 skip
 1 fail
 1 error
Ran 3946 tests across 4 files. [259.00s]`);
});

test("an error outside all tests is told without the code around it, with the files that it may be from", () => {
  const strays = readStrayErrors(OUTPUT, "/work");

  expect(strays).toEqual([
    {
      files: ["test/one.test.ts", "test/two.test.ts"],
      message: "error: left behind\n      at <anonymous> (/work/test/one.test.ts:2:7)",
    },
  ]);
});

test("how many errors there were and which files crashed is read", () => {
  expect(countErrors(OUTPUT)).toBe(1);
  expect(countErrors([])).toBe(0);
  expect(readCrashes(OUTPUT)).toEqual(["✗ test/three.test.ts (worker crashed: SIGKILL)"]);
});

test("a report names the tests that failed, the groups they are in, and their errors", () => {
  const results = readResults(`<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="bun test" tests="3" failures="3">
  <testsuite name="test/one.test.ts" file="test/one.test.ts" tests="3">
    <testsuite name="outer" file="test/one.test.ts" line="2">
      <testcase name="is &lt;1&gt;" classname="inner &gt; outer" file="test/one.test.ts" line="2">
        <failure type="AssertionError" message="expect">AssertionError: expect&#10;&#10;Expected: 1&#10;</failure>
      </testcase>
    </testsuite>
    <testcase name="is fast" classname="" file="test/one.test.ts" line="2">
      <failure type="TimeoutError" message="test timed out" />
    </testcase>
    <testcase name="is well" classname="" file="test/one.test.ts" line="2" />
  </testsuite>
  <testsuite name="test/two.test.ts" file="test/two.test.ts" tests="1">
    <testcase name="(worker crashed)" classname="" file="test/two.test.ts">
      <failure type="Error" message="worker process crashed before reporting results" />
    </testcase>
  </testsuite>
</testsuites>`);

  expect(results).toEqual({
    files: ["test/one.test.ts", "test/two.test.ts"],
    failed: [
      { where: "test/one.test.ts > outer > inner > is <1>", message: "AssertionError: expect\nExpected: 1" },
      { where: "test/one.test.ts > is fast", message: "test timed out" },
    ],
  });
  expect(readResults("")).toEqual({ files: [], failed: [] });
});
