import { stepsPerCharacter } from "../patterns/text-pattern.ts";
import { readBlocks } from "./diff/blocks.ts";
import type { BlockChange, Diff, PlacedBlock } from "./diff/diff.ts";
import { MAX_STEPS } from "./noise.ts";
import { type NoiseRules, withoutNoise } from "./tracking.ts";

/**
 * A difference of texts without noise with its blocks as the pages say them, for people to read: numbers and dates that
 * rules pass over are there again. Words are not marked any more. A block that is not found stays as it is, and all do
 * where finding them would take too long.
 */
export function withOriginalTexts(diff: Diff, before: string, after: string, rules: NoiseRules): Diff {
  const { ignoreDates, ignoreNumbers, ignoreText } = rules;
  const steps = ignoreText.reduce((sum, pattern) => sum + stepsPerCharacter(pattern), 0);
  const isPlain = !ignoreDates && !ignoreNumbers && ignoreText.length === 0;
  if (isPlain || steps * Math.max(before.length, after.length) > MAX_STEPS) return diff;
  const [old, fresh] = [createRestorer(before, rules), createRestorer(after, rules)];
  return { ...diff, changes: diff.changes.map((change) => restore(change, old, fresh)) };
}

type Restorer = (block: PlacedBlock) => PlacedBlock;

function restore(change: BlockChange, old: Restorer, fresh: Restorer): BlockChange {
  if (change.kind === "added") return { ...change, after: fresh(change.after) };
  if (change.kind === "removed") return { ...change, before: old(change.before) };
  const [before, after] = [old(change.before), fresh(change.after)];
  return change.kind === "moved" ? { ...change, before, after } : { ...change, before, after, words: [] };
}

/** Of blocks that are the same without noise, the first of the same section stands for all. */
function createRestorer(markdown: string, rules: NoiseRules): Restorer {
  const originals = new Map<string, string>();
  for (const block of readBlocks(markdown)) {
    const [cleaned] = readBlocks(withoutNoise(block.text, rules));
    if (!cleaned) continue;
    for (const key of [keyOf(cleaned.text, block.section.at(-1)), cleaned.text])
      if (!originals.has(key)) originals.set(key, block.text);
  }
  return (block) => {
    const text = originals.get(keyOf(block.text, block.section.at(-1))) ?? originals.get(block.text);
    return text === undefined ? block : { ...block, text };
  };
}

const keyOf = (text: string, heading = "") => `${heading}\n${text}`;
