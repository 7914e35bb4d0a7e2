/** Blocks of two Markdown texts that only one of them has, in its order. */
export type BlockDifference = { here: Blocks; there: Blocks };

export type Blocks = {
  /** How many there are. */
  count: number;
  /** The first of them, each cut at a few hundred characters. */
  first: string[];
};

const MAX_SHOWN = 50;
const MAX_LENGTH = 300;

/** Compares texts block by block; a block that was moved is none of the difference. */
export function compareBlocks(here: string, there: string): BlockDifference {
  const [a, b] = [blocksOf(here), blocksOf(there)];
  return { here: blocksBeside(a, b), there: blocksBeside(b, a) };
}

function blocksOf(markdown: string): string[] {
  return markdown.split(/\n\n+/).flatMap((block) => block.trim() || []);
}

function blocksBeside(blocks: readonly string[], others: readonly string[]): Blocks {
  const left = new Map<string, number>();
  for (const block of others) left.set(block, (left.get(block) ?? 0) + 1);
  const beside = blocks.filter((block) => {
    const count = left.get(block) ?? 0;
    if (count > 0) left.set(block, count - 1);
    return count === 0;
  });
  const shorten = (block: string) => (block.length > MAX_LENGTH ? `${block.slice(0, MAX_LENGTH)}…` : block);
  return { count: beside.length, first: beside.slice(0, MAX_SHOWN).map((block) => shorten(block).toWellFormed()) };
}
