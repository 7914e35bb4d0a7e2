import { type Forest, logistic, scoreRowsInShort } from "./forest.ts";
import { joinRows, type PageBlocks } from "./page-blocks.ts";

/** The forests that tell main content: one that looks at each block, and one that knows what the first made of all. */
export type Looks = { first: Forest; second: Forest };

/** For each block the probability that a reader would count its words among the main content. */
export function judgeBlocks(page: PageBlocks, looks: Looks, articleShare: number): Float64Array {
  const count = page.cut.blocks.length;
  const first = scoreRowsInShort(looks.first, page.rows, count);
  const second = scoreRowsInShort(looks.second, joinRows(page, first.map(logistic)), count);
  return second.map((score, at) => joinLooks(first[at] as number, score, articleShare));
}

/**
 * The probability that both looks' scores come to. Articles are alike and hang together, so there the second look counts
 * for more; other pages differ from all that was learnt from, and are less sure than they seem.
 */
export function joinLooks(first: number, second: number, articleShare: number): number {
  const weight = 0.5 + 0.25 * articleShare;
  const sureness = 0.85 + 0.3 * articleShare;
  return logistic(sureness * (first * (1 - weight) + second * weight));
}
