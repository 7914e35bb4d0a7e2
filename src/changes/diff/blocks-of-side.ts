import type { BlockChange, Diff, PlacedBlock } from "./diff.ts";

export type SideBlocks = {
  /** How many there are. */
  count: number;
  /** The first of them, each cut at a few hundred characters. */
  first: string[];
};

const MAX_SHOWN = 50;
const MAX_LENGTH = 300;

/** Blocks that only one of the texts has as they are, in its order; one that moved is none of them. */
export function blocksOfSide({ changes }: Diff, side: "before" | "after"): SideBlocks {
  const blocks = changes.flatMap((change) => blockOf(change, side) ?? []).sort((a, b) => a.index - b.index);
  return { count: blocks.length, first: blocks.slice(0, MAX_SHOWN).map(({ text }) => shorten(text)) };
}

function blockOf(change: BlockChange, side: "before" | "after"): PlacedBlock | undefined {
  if (change.kind === "changed") return change[side];
  if (side === "before") return change.kind === "removed" ? change.before : undefined;
  return change.kind === "added" ? change.after : undefined;
}

function shorten(text: string): string {
  return text.length > MAX_LENGTH ? `${text.slice(0, MAX_LENGTH).toWellFormed()}…` : text;
}
