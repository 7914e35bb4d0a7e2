import { diffArrays } from "diff";
import { readBlocks } from "./blocks.ts";
import type { BlockChange, Diff } from "./diff.ts";

const MAX_EDITS = 2_000;

/** Compares two Markdown texts block by block, and changed blocks word by word. */
export function diffMarkdown(before: string, after: string): Diff {
  const [old, fresh] = [readBlocks(before), readBlocks(after)];
  const parts = diffArrays(
    old.map(({ text }) => text),
    fresh.map(({ text }) => text),
    { maxEditLength: MAX_EDITS },
  ) ?? [
    { removed: true, added: false, count: old.length },
    { added: true, removed: false, count: fresh.length },
  ];
  const changes: BlockChange[] = [];
  let [at, to] = [0, 0];
  for (const { added, removed, count } of parts) {
    if (removed)
      changes.push(...old.slice(at, at + count).map((block) => ({ kind: "removed" as const, before: block })));
    if (added) changes.push(...fresh.slice(to, to + count).map((block) => ({ kind: "added" as const, after: block })));
    if (!added) at += count;
    if (!removed) to += count;
  }
  const added = changes.filter(({ kind }) => kind === "added").length;
  const removed = changes.length - added;
  const wordsIn = (text: string) => text.match(/[\p{L}\p{N}]+/gu)?.length ?? 0;
  const wordsAdded = changes.reduce(
    (sum, change) => sum + (change.kind === "added" ? wordsIn(change.after.text) : 0),
    0,
  );
  const wordsRemoved = changes.reduce(
    (sum, change) => sum + (change.kind === "removed" ? wordsIn(change.before.text) : 0),
    0,
  );
  const share = Math.min(1, Math.max(wordsAdded, wordsRemoved) / Math.max(1, wordsIn(before), wordsIn(after)));
  return { grain: "fine", changes, summary: { added, removed, changed: 0, moved: 0, wordsAdded, wordsRemoved, share } };
}
