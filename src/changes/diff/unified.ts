import { FILE_HEADERS_ONLY, formatPatch, type StructuredPatchHunk } from "diff";
import { createEffort } from "./effort.ts";
import { matchSequences } from "./sequence-match.ts";

const CONTEXT = 3;

/**
 * A unified diff (text/x-diff) of two texts, line by line, which `patch` applies; the empty string where they are equal.
 * Names are quoted as GNU diff and Git do where they hold more than plain ASCII.
 */
export function toUnifiedDiff(before: string, after: string, names: { before: string; after: string }): string {
  const [old, fresh] = [linesOf(before.toWellFormed()), linesOf(after.toWellFormed())];
  const hunks = toHunks(old, fresh, matchLines(old, fresh));
  if (hunks.length === 0) return "";
  const headers = { oldHeader: undefined, newHeader: undefined };
  return formatPatch(
    { oldFileName: names.before.toWellFormed(), newFileName: names.after.toWellFormed(), ...headers, hunks },
    FILE_HEADERS_ONLY,
  );
}

/** With their line feeds, so that a last line without one is another line. */
function linesOf(text: string): string[] {
  return text === "" ? [] : text.split(/(?<=\n)/);
}

function matchLines(before: readonly string[], after: readonly string[]): Int32Array {
  const numbers = new Map<string, number>();
  const numberOf = (line: string) => {
    const known = numbers.get(line);
    if (known !== undefined) return known;
    numbers.set(line, numbers.size);
    return numbers.size - 1;
  };
  const [a, b] = [Int32Array.from(before, numberOf), Int32Array.from(after, numberOf)];
  return matchSequences(a, b, numbers.size, createEffort());
}

function toHunks(old: readonly string[], fresh: readonly string[], partners: Int32Array): StructuredPatchHunk[] {
  const hunks: StructuredPatchHunk[] = [];
  let hunk: StructuredPatchHunk | undefined;
  let [x, y] = [0, 0];
  while (x < old.length || y < fresh.length) {
    if (x < old.length && partners[x] === y) {
      x++;
      y++;
      continue;
    }
    const from = Math.max(0, x - CONTEXT);
    // Lines before a change are common, back to the last change.
    const lastEnd = hunk ? hunk.oldStart - 1 + hunk.oldLines : 0;
    if (!hunk || from > lastEnd + CONTEXT) {
      if (hunk) addCommon(hunk, old, lastEnd, lastEnd + CONTEXT);
      const common = x - from;
      hunk = { oldStart: from + 1, oldLines: 0, newStart: y - common + 1, newLines: 0, lines: [] };
      hunks.push(hunk);
      addCommon(hunk, old, from, x);
    } else addCommon(hunk, old, lastEnd, x);
    for (; x < old.length && (partners[x] ?? -1) < 0; x++) {
      addLine(hunk, "-", old[x] ?? "");
      hunk.oldLines++;
    }
    const end = x < old.length ? (partners[x] ?? 0) : fresh.length;
    for (; y < end; y++) {
      addLine(hunk, "+", fresh[y] ?? "");
      hunk.newLines++;
    }
  }
  const lastEnd = hunk ? hunk.oldStart - 1 + hunk.oldLines : 0;
  if (hunk) addCommon(hunk, old, lastEnd, Math.min(old.length, lastEnd + CONTEXT));
  return hunks;
}

function addCommon(hunk: StructuredPatchHunk, old: readonly string[], from: number, end: number): void {
  for (let at = from; at < end; at++) addLine(hunk, " ", old[at] ?? "");
  hunk.oldLines += end - from;
  hunk.newLines += end - from;
}

function addLine({ lines }: StructuredPatchHunk, mark: " " | "-" | "+", line: string): void {
  if (line.endsWith("\n")) lines.push(mark + line.slice(0, -1));
  else lines.push(mark + line, "\\ No newline at end of file");
}
