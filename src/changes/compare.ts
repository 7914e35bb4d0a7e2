import type { ParserPool } from "../content/parser-pool.ts";
import type { ChangeSummary } from "../db/schema/pages.ts";
import { type ComparedVersion, comparableTexts } from "./comparable-text.ts";
import { diffMarkdown } from "./diff/block-diff.ts";
import { excerptOf } from "./diff/excerpt.ts";
import { isWorthTelling, type NoiseRules } from "./tracking.ts";

/**
 * How a new text differs from the version that changes are measured from: in noise alone, in something that is not worth
 * telling by itself, or in what is to be told.
 */
export type Comparison =
  | { kind: "noise" }
  | { kind: "quiet"; summary: ChangeSummary }
  | { kind: "told"; summary: ChangeSummary; excerpt: { added: string[]; removed: string[] } };

/** Compares two versions of a page by the rules for it. */
export async function compareVersions(
  context: { parser: ParserPool },
  before: ComparedVersion,
  after: ComparedVersion,
  rules: NoiseRules,
  signal?: AbortSignal,
): Promise<Comparison> {
  const [was, is] = await comparableTexts(context, before, after, rules, signal);
  if (was === is) return { kind: "noise" };
  const diff = diffMarkdown(was, is);
  if (diff.changes.length === 0) return { kind: "noise" };
  const { summary } = diff;
  return isWorthTelling(diff, rules) ? { kind: "told", summary, excerpt: excerptOf(diff) } : { kind: "quiet", summary };
}
