import type { DetectedType } from "../page-type/detect.ts";
import type { Survey } from "../survey.ts";
import { type Blocks, cutBlocks } from "./blocks.ts";
import { describeBlocks, FEATURE_NAMES } from "./features/features.ts";
import { readPageFacts } from "./features/page-facts.ts";
import { RowBuffer } from "./features/rows.ts";
import { describeScores, SCORE_FEATURE_NAMES } from "./features/scores.ts";
import { wordSet } from "./text-counts.ts";

/** What the main content of a page is told from. */
export type ContentPage = {
  survey: Survey;
  url: string;
  title: string | null;
  description: string | null;
  detected: DetectedType;
};

/** A page's blocks, and a row of numbers about each. */
export type PageBlocks = { cut: Blocks; rows: Float32Array };

export function readPageBlocks({ survey, url, title, description, detected }: ContentPage): PageBlocks {
  const known = { title: wordSet(title), description: wordSet(description) };
  const cut = cutBlocks(survey.body ?? survey.root, survey.elements, known);
  return { cut, rows: describeBlocks(cut, [...readPageFacts(survey, url), ...detected.shares]) };
}

/** What the second look sees again of the first one's numbers: the block's own, not those of what is around it. */
const SEEN_AGAIN = FEATURE_NAMES.flatMap((name, at) =>
  /^(?:at-?\d|up\d|around\d|path:|tags:|local:|heading:|page:|to:)/.test(name) ? [] : [at],
);

/** Numbers in a row of the second look, which knows what the first made of all blocks. */
export const SECOND_WIDTH = SCORE_FEATURE_NAMES.length + SEEN_AGAIN.length;

const buffer = new RowBuffer();

/** Good until the next page's rows are joined. */
export function joinRows({ cut, rows }: PageBlocks, probabilities: Float64Array): Float32Array {
  const scores = describeScores(cut, probabilities);
  const joined = buffer.take(cut.blocks.length * SECOND_WIDTH);
  let to = 0;
  for (let block = 0; block < cut.blocks.length; block++) {
    for (let at = 0; at < SCORE_FEATURE_NAMES.length; at++) {
      joined[to++] = scores[block * SCORE_FEATURE_NAMES.length + at] as number;
    }
    for (const at of SEEN_AGAIN) joined[to++] = rows[block * FEATURE_NAMES.length + at] as number;
  }
  return joined;
}
