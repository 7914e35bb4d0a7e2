import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import {
  countErrors,
  createQuieter,
  type FailedTest,
  readCrashes,
  readResults,
  readStrayErrors,
  type StrayError,
} from "./test-output.ts";

export type TestRun = {
  /** The exit code, 0 if all is well. */
  code: number;
  failed: FailedTest[];
  /** Lines about files whose process ended with them. */
  crashes: string[];
  strays: StrayError[];
  /** Whether errors outside all tests are all that went wrong. */
  hasStraysAlone: boolean;
  /** Files whose tests were reported on. */
  files: string[];
};

export type RunOptions = { folder: string; isQuiet: boolean; print(line: string): void };

/**
 * Runs all tests of the folder, or what `args` of `bun test` say. Tests are tried again by the runner; an error outside
 * them is not, so that, where nothing else went wrong, the files that it may be from run once more, and that decides.
 */
export async function judgeTests(args: readonly string[], options: RunOptions): Promise<TestRun> {
  const { folder, print } = options;
  const first = await runTests(args, options);
  if (args.length > 0 || !first.hasStraysAlone) return first;
  for (const line of describeRun(first)) print(line);
  // A file that fails while it is loaded has no results.
  const unheard = [...new Bun.Glob("test/**/*.test.ts").scanSync(folder)].filter((path) => !first.files.includes(path));
  const suspects = [...new Set([...first.strays.flatMap(({ files }) => files), ...unheard])].sort();
  print("\nNo test failed, so that what these errors may be from runs again:");
  const again = await runTests([...suspects.map((path) => `./${path}`), "--coverage-dir=coverage/again"], options);
  for (const path of suspects) print(`  ${path} was run again`);
  return again;
}

/** Names what went wrong, for the end of a log. */
export function describeRun({ code, failed, crashes, strays }: TestRun): string[] {
  const indent = (text: string) => text.split("\n").map((line) => `    ${line}`);
  const told = [
    ...failed.flatMap(({ where, message }) => [`  ${where}`, ...indent(message)]),
    ...crashes.map((line) => `  ${line}`),
    ...strays.flatMap(({ files, message }) => [`  Outside all tests, in ${files.join(" or ")}`, ...indent(message)]),
  ];
  return ["", "What went wrong:", ...(told.length > 0 ? told : [`  The test runner, which ended with ${code}`])];
}

async function runTests(args: readonly string[], { folder, isQuiet, print }: RunOptions): Promise<TestRun> {
  const scratch = mkdtempSync(join(tmpdir(), "orbweaver-test-run-"));
  const report = join(scratch, "junit.xml");
  // Many tests race with real processes: what a machine busy with the others makes fail is tried once more, and named.
  // The time is several times what the longest takes, for a machine that is slow or has other things to do.
  const options = ["--parallel=3", "--retry=1", "--timeout=120000", "--reporter=junit", `--reporter-outfile=${report}`];
  const child = Bun.spawn([process.execPath, "test", ...options, ...args], {
    cwd: folder,
    // What takes longer to optimise than a test file lasts: a quarter of the time that all of them take.
    env: { ...process.env, BUN_JSC_useOMGJIT: "0" },
    stdio: ["inherit", "inherit", "pipe"],
  });
  const lines: string[] = [];
  const quiet = isQuiet ? createQuieter() : (line: string) => [line];
  for await (const line of createInterface({ input: Readable.fromWeb(child.stderr as never) })) {
    lines.push(line);
    for (const shown of quiet(line)) print(shown);
  }
  const code = await child.exited;
  const junit = Bun.file(report);
  const { files, failed } = readResults((await junit.exists()) ? await junit.text() : "");
  rmSync(scratch, { recursive: true, force: true });
  const strays = readStrayErrors(lines, folder);
  const crashes = readCrashes(lines);
  // A file that can't be loaded is counted as a failed test too, but reported as none.
  const hasFailed = failed.length > 0 || crashes.length > 0 || lines.some((line) => line.startsWith("(fail) "));
  const hasStraysAlone = code !== 0 && !hasFailed && strays.length > 0 && strays.length >= countErrors(lines);
  return { code, failed, crashes, strays, hasStraysAlone, files };
}
