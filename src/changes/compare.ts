import type { ParserPool } from "../content/parser-pool.ts";
import type { ChangeSummary } from "../db/schema/pages.ts";
import { type ComparedVersion, comparableTexts, wholeText } from "./comparable-text.ts";
import { diffBlocks } from "./diff/block-diff.ts";
import { readBlocks } from "./diff/blocks.ts";
import type { BlockChange, Diff, PlacedBlock } from "./diff/diff.ts";
import { type Excerpt, excerptOf } from "./diff/excerpt.ts";
import { withOriginalTexts } from "./original-texts.ts";
import { isWorthTelling, type NoiseRules } from "./tracking.ts";

/**
 * How a new text differs from the version that changes are measured from: in noise alone, in something that is not worth
 * telling by itself, or in what is to be told.
 */
export type Comparison =
  | { kind: "noise" }
  | { kind: "quiet"; summary: ChangeSummary }
  | { kind: "told"; summary: ChangeSummary; excerpt: Excerpt };

type Context = { parser: ParserPool };

/** Compares two versions of a page by the rules for it. */
export async function compareVersions(
  context: Context,
  before: ComparedVersion,
  after: ComparedVersion,
  rules: NoiseRules,
  signal?: AbortSignal,
): Promise<Comparison> {
  const diff = await diffVersions(context, before, after, rules, signal);
  if (diff.changes.length === 0) return { kind: "noise" };
  const { summary } = diff;
  if (!isWorthTelling(diff, rules)) return { kind: "quiet", summary };
  const readable = withOriginalTexts(diff, before.markdown, after.markdown, rules);
  return { kind: "told", summary, excerpt: excerptOf(readable) };
}

/**
 * What differs without noise. What is on the page as often as before is no change, even where it is main content in one
 * version and not in the other: that choice can hang on what stands around it.
 */
export async function diffVersions(
  context: Context,
  before: ComparedVersion,
  after: ComparedVersion,
  rules: NoiseRules,
  signal?: AbortSignal,
): Promise<Diff> {
  const [was, is] = await comparableTexts(context, before, after, rules, signal);
  if (was === is) return diffBlocks([], []);
  const [old, fresh] = [readBlocks(was), readBlocks(is)];
  const diff = diffBlocks(old, fresh);
  if (!diff.changes.some(isOneSided)) return diff;
  const wholes = [await wholeText(context, before, rules, signal), await wholeText(context, after, rules, signal)];
  const steady = findSteady(diff, wholes);
  return steady.size === 0 ? diff : diffBlocks(old.filter(isNotIn(steady)), fresh.filter(isNotIn(steady)));
}

const isOneSided = ({ kind }: BlockChange) => kind === "added" || kind === "removed";

const isNotIn = (blocks: ReadonlySet<PlacedBlock>) => (block: PlacedBlock) => !blocks.has(block);

/** Of the blocks that differ, those that stand on both whole pages, and equally often. */
function findSteady(diff: Diff, wholes: (string | undefined)[]): Set<PlacedBlock> {
  const [before, after] = wholes;
  if (before === undefined || after === undefined) return new Set();
  const [old, fresh] = [countTexts(before), countTexts(after)];
  const differing = diff.changes.flatMap((change) => {
    if (change.kind === "moved") return [];
    return [...("before" in change ? [change.before] : []), ...("after" in change ? [change.after] : [])];
  });
  return new Set(differing.filter(({ text }) => old.has(text) && old.get(text) === fresh.get(text)));
}

function countTexts(markdown: string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { text } of readBlocks(markdown)) counts.set(text, (counts.get(text) ?? 0) + 1);
  return counts;
}
