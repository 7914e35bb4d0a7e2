import { type Block, FAR } from "../blocks.ts";
import { HIDDEN } from "../markings.ts";

export type Summed =
  | "words"
  | "characters"
  | "linkCharacters"
  | "commas"
  | "stops"
  | "paragraphs"
  | "headings"
  | "prose"
  | "prices"
  | "hidden";

/** Running sums over the blocks: what lies in any range of them is one subtraction. */
export type Sums = Record<Summed, Float64Array>;

const MEASURES: Readonly<Record<Summed, (block: Block) => number>> = {
  words: ({ counts }) => counts.words,
  characters: ({ counts }) => counts.characters,
  linkCharacters: (block) => block.linkCharacters,
  commas: ({ counts }) => counts.commas,
  stops: ({ counts }) => counts.stops,
  paragraphs: (block) => Number(isParagraph(block)),
  headings: (block) => Number(isHeading(block)),
  prose: (block) => (isParagraph(block) ? block.counts.words - block.linkWords : 0),
  prices: ({ counts }) => Math.min(counts.prices, 2),
  hidden: ({ distances, counts }) => (distances[HIDDEN] === FAR ? 0 : counts.words),
};

export function sumUp(blocks: readonly Block[]): Sums {
  const sumOf = (measure: (block: Block) => number) => {
    const sum = new Float64Array(blocks.length + 1);
    for (let at = 0; at < blocks.length; at++) sum[at + 1] = (sum[at] as number) + measure(blocks[at] as Block);
    return sum;
  };
  return Object.fromEntries(Object.entries(MEASURES).map(([name, measure]) => [name, sumOf(measure)])) as Sums;
}

/** Of the blocks from one up to another. */
export const between = (sum: Float64Array, from: number, to: number): number =>
  (sum[to] as number) - (sum[from] as number);

export const isParagraph = ({ element, counts }: Block): boolean =>
  element.name === "p" || (counts.words > 12 && counts.stops > 0);

export function isHeading({ element: { name } }: Block): boolean {
  return name.length === 2 && name[0] === "h" && name !== "hr" && name !== "th";
}
