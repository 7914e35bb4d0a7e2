import { relative } from "node:path";
import { Parser } from "htmlparser2";

/** A test that failed, and of what. */
export type FailedTest = { where: string; message: string };

/** An error outside all tests, and the files one of which it is from: it may be printed late, below a later one's name. */
export type StrayError = { files: string[]; message: string };

/** What a run's report in the format JUnit tells: the files whose tests ran, and the tests that failed. */
export type Results = { files: string[]; failed: FailedTest[] };

/** So many files may have come between an error and its own: two for each that run at a time. */
const RECENT_FILES = 6;
const MAX_LINES = 12;

const FILE = /^(\S.*\.test\.ts):$/;
const WELL = /^\((?:pass|skip|todo)\) /;
/** A test that passed when it was tried again is worth a line. */
const TRIED_AGAIN = /\(attempt \d+\)(?: \[[^\]]+\])?$/;
const CODE = /^ *\d+ \| |^ *\^ *$/;

/** Takes what `bun test` prints line by line, and gives back what is to be shown: all but what is well. */
export function createQuieter(): (line: string) => string[] {
  let file: string | undefined;
  let isGap = false;
  let isInName = false;
  return (line) => {
    // An object in a test's name takes several lines.
    const isName = isInName && /^(?: {2}|[}\]])/.test(line);
    const isWell = WELL.test(line) && !TRIED_AGAIN.test(line);
    isInName = isName ? line.startsWith("  ") : isWell && /[{[]$/.test(line);
    if (FILE.test(line)) file = line;
    if (line === "") isGap = true;
    if (line === "" || line === file || isWell || isName) return [];
    // The summary is no file's.
    if (/^ \d+ pass$/.test(line)) file = undefined;
    const shown = [...(isGap ? [""] : []), ...(file === undefined ? [] : [file]), line];
    [file, isGap] = [undefined, false];
    return shown;
  };
}

/** The errors outside all tests, of a run in `folder`. */
export function readStrayErrors(lines: readonly string[], folder: string): StrayError[] {
  let recent: string[] = [];
  return lines.flatMap((line, at) => {
    const [, file] = FILE.exec(line) ?? [];
    if (file) recent = [...recent.filter((other) => other !== file), file].slice(-RECENT_FILES);
    if (line !== "# Unhandled error between tests") return [];
    const start = at + 2;
    const length = lines.slice(start).findIndex((other) => /^-{9,}$/.test(other));
    const told = lines.slice(start, length < 0 ? start + MAX_LINES : start + length);
    const named = told.flatMap((one) => /[(\s](\/[^():]+\.test\.ts):\d/.exec(one)?.[1] ?? []);
    const files = new Set([...named.map((path) => relative(folder, path)), ...recent.toReversed()]);
    return [{ files: [...files], message: shorten(told) }];
  });
}

export function readResults(junit: string): Results {
  const files = new Set<string>();
  const failed: FailedTest[] = [];
  let where = "";
  let failure: { message: string; text: string } | undefined;
  const parser = new Parser(
    {
      onopentag(tag, { file = "", name = "", classname = "", message = "" }) {
        if (tag === "testsuite") files.add(file);
        // The groups that a test is in are told from the inside out.
        if (tag === "testcase")
          where = [file, ...classname.split(" > ").filter(Boolean).toReversed(), name].join(" > ");
        if (tag === "failure") failure = { message, text: "" };
      },
      ontext(text) {
        if (failure) failure.text += text;
      },
      onclosetag(tag) {
        if (tag !== "failure" || !failure) return;
        const message = shorten((failure.text || failure.message).split("\n"));
        // The output says how it did.
        if (!where.endsWith(" > (worker crashed)")) failed.push({ where, message });
        failure = undefined;
      },
    },
    { xmlMode: true },
  );
  parser.end(junit);
  return { files: [...files], failed };
}

/** Files that took their process with them, or that did not run for that. */
export function readCrashes(lines: readonly string[]): string[] {
  return lines.filter((line) => line.startsWith("✗ "));
}

/** Errors outside all tests, as the summary counts them; 0 where it says nothing of them. */
export function countErrors(lines: readonly string[]): number {
  return Number(/^ (\d+) errors?$/m.exec(lines.join("\n"))?.[1] ?? 0);
}

function shorten(lines: readonly string[]): string {
  const told = lines.filter((line) => line.trim() !== "" && !CODE.test(line));
  return [...told.slice(0, MAX_LINES), ...(told.length > MAX_LINES ? ["…"] : [])].join("\n");
}
