import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { applyPatch, parsePatch } from "diff";
import fc from "fast-check";
import { toUnifiedDiff } from "../../../src/changes/diff/unified.ts";
import { anyText, editedTexts } from "./samples.ts";

const names = { before: "version 1", after: "version 2" };

test("a change stands between three lines that stayed", () => {
  const lines = (changed: string) => ["a", "b", "c", "d", changed, "f", "g", "h", "i", ""].join("\n");

  expect(toUnifiedDiff(lines("old"), lines("new"), names)).toBe(
    "--- version 1\n+++ version 2\n@@ -2,7 +2,7 @@\n b\n c\n d\n-old\n+new\n f\n g\n h\n",
  );
});

test("changes close to each other share a hunk, others have their own", () => {
  const text = (changed: ReadonlySet<number>) =>
    Array.from({ length: 40 }, (_, at) => `${changed.has(at) ? "new" : "line"} ${at}\n`).join("");

  const diff = toUnifiedDiff(text(new Set()), text(new Set([5, 11, 30])), names);

  expect(diff.match(/^@@.*$/gm)).toEqual(["@@ -3,13 +3,13 @@", "@@ -28,7 +28,7 @@"]);
});

test("equal texts have no diff", () => {
  expect(toUnifiedDiff("a\n", "a\n", names)).toBe("");
});

test("names can't be more than names", () => {
  const diff = toUnifiedDiff("a\n", "b\n", { before: "x\n+++ y\t1", after: 'é"\ud83d' });

  expect(diff.split("\n").slice(0, 2)).toEqual(['--- "x\\n+++ y\\t1"', '+++ "\\303\\251\\"\\357\\277\\275"']);
});

test("jsdiff applies what is written, whatever the texts", () => {
  const wellFormed = anyText.map((text) => text.toWellFormed());
  fc.assert(
    fc.property(fc.oneof(editedTexts, fc.tuple(wellFormed, wellFormed)), ([before, after]) => {
      const diff = toUnifiedDiff(before, after, names);

      // jsdiff's reader takes other marks for line ends than its writer and patch do.
      fc.pre(!/[\r\v\f\x85\u2028\u2029]/.test(before + after));
      expect(diff === "" ? before : applyPatch(before, parsePatch(diff)[0]!)).toBe(after);
    }),
    { numRuns: 150 },
  );
});

const patch = Bun.which("patch");

describe.skipIf(patch === null)("patch", () => {
  let folder = "";
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "orbweaver-patch-"));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test.each([
    ["lines in the middle", "a\nb\nc\n", "a\nx\ny\nc\n"],
    ["a last line without an end", "a\nb", "a\nc"],
    ["a last line that gets its end", "a\nb", "a\nb\n"],
    ["a text from nothing", "", "a\nb\n"],
    ["a text to nothing", "a\nb\n", ""],
    ["Windows' line ends", "a\r\nb\r\nc\r\n", "a\r\nb\nc\r\n"],
    ["lines that look like a diff", "--- a\n+++ b\n@@ -1 +1 @@\n", "--- a\n+++ c\n@@ -1 +1 @@\n\\ No newline\n"],
    [
      "many hunks",
      Array.from({ length: 200 }, (_, at) => `${at}\n`).join(""),
      Array.from({ length: 200 }, (_, at) => (at % 17 === 0 ? `x${at}\n` : `${at}\n`)).join(""),
    ],
    ["other scripts", "日本\nשלום\n👨‍👩‍👧\n", "日本語\nשלום\n👨‍👩‍👦\n"],
  ])("applies a diff of %s", (_, before, after) => {
    const [file, diff] = [join(folder, "text"), join(folder, "diff")];
    writeFileSync(file, before);
    writeFileSync(diff, toUnifiedDiff(before, after, { before: "https://example.com/a?b (1)", after: "ü" }));

    const { exitCode, stderr } = Bun.spawnSync([
      patch ?? "",
      "--binary",
      "--batch",
      "--output",
      `${file}.new`,
      file,
      diff,
    ]);

    expect(stderr.toString()).toBe("");
    expect(exitCode).toBe(0);
    expect(readFileSync(`${file}.new`, "utf8")).toBe(after);
  });
});
