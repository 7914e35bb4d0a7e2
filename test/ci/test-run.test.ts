import { afterEach, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describeRun, judgeTests } from "../../.ci/test-run.ts";

const PASSES = `test("passes", () => {});`;
const FAILS = `test("fails", () => expect(1).toBe(2));`;
const ASTRAY = `afterAll(async () => {
  setTimeout(() => { throw new Error("left behind"); }, 0);
  await Bun.sleep(20);
});`;

/** True when the file is run for the first time. */
const IS_FIRST = `const mark = import.meta.path + ".mark";
const isFirst = !existsSync(mark);
writeFileSync(mark, "");`;

const clean: (() => void)[] = [];

afterEach(() => {
  for (const step of clean.splice(0)) step();
});

/** Runs test files that are made of these lines, and tells what became of them, and what was printed. */
async function judge(files: Record<string, string[]>) {
  const folder = mkdtempSync(join(tmpdir(), "orbweaver-judged-"));
  clean.push(() => rmSync(folder, { recursive: true, force: true }));
  mkdirSync(join(folder, "test"));
  for (const [name, lines] of Object.entries(files)) {
    const imports = `import { existsSync, writeFileSync } from "node:fs";
import { afterAll, expect, test } from "bun:test";`;
    await Bun.write(join(folder, "test", name), [imports, ...lines].join("\n"));
  }
  const printed: string[] = [];
  const run = await judgeTests([], { folder, isQuiet: true, print: (line) => printed.push(line) });
  return { code: run.code, end: describeRun(run).join("\n"), log: printed.join("\n") };
}

test("a run in which all is well shows little", async () => {
  const { code, log } = await judge({ "a.test.ts": [PASSES], "b.test.ts": [PASSES] });

  expect(code).toBe(0);
  expect(log).not.toContain("passes");
  expect(log).toContain("2 pass");
});

test("a test that fails is named at the end with its file and its error, and is not run again", async () => {
  const { code, end, log } = await judge({ "a.test.ts": [FAILS, ASTRAY], "b.test.ts": [PASSES] });

  expect(code).toBe(1);
  expect(end).toContain("test/a.test.ts > fails\n    AssertionError: expect(received).toBe(expected)");
  expect(end).toContain("Outside all tests, in test/a.test.ts");
  expect(log).not.toContain("was run again");
});

test("a file that ends with its process is named", async () => {
  const { code, end } = await judge({ "a.test.ts": [`test("ends", () => process.exit(3));`], "b.test.ts": [PASSES] });

  expect(code).toBe(1);
  expect(end).toContain("✗ test/a.test.ts (worker crashed: exit code 3)");
});

test.each([
  ["after its tests", [IS_FIRST, PASSES, `if (isFirst) { ${ASTRAY} }`], "left behind"],
  ["while it is loaded", [IS_FIRST, PASSES, `if (isFirst) throw new Error("not now");`], "not now"],
])("a file with an error %s is run again, and well if that goes well", async (_, lines, message) => {
  const { code, log } = await judge({ "a.test.ts": lines, "b.test.ts": [PASSES] });

  expect(code).toBe(0);
  expect(log).toMatch(/Outside all tests, in .*test\/a\.test\.ts/);
  expect(log).toContain(`error: ${message}`);
  expect(log).toContain("test/a.test.ts was run again");
});

test("an error outside all tests that comes again fails the run, and is named at the end", async () => {
  const { code, end, log } = await judge({ "a.test.ts": [PASSES, ASTRAY], "b.test.ts": [PASSES] });

  expect(code).toBe(1);
  expect(log).toContain("test/a.test.ts was run again");
  expect(end).toMatch(/Outside all tests, in .*test\/a\.test\.ts/);
  expect(end).toContain("error: left behind");
});
