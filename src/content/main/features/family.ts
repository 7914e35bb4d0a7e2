import type { Block, Blocks } from "../blocks.ts";
import type { Sums } from "./sums.ts";

/** Numbers of a kind about a block: what they are called, and how they are written. */
export type Family = {
  names: readonly string[];
  write: (row: Row, page: PageNumbers, block: Block, index: number) => void;
};

/** Where the next number goes. */
export type Row = { values: Float32Array; at: number };

/** What is worked out once a page for all its blocks. */
export type PageNumbers = Blocks & {
  sums: Sums;
  /** What stands for the name of each block's element. */
  tags: Uint8Array;
  words: number;
  characters: number;
  /** How many words of the title the block has that has most of them; at least 1. */
  titleWords: number;
};

/** Stands for what there is not, as the neighbour before the first block. */
export const NONE = -1;

export function put(row: Row, value: number): void {
  row.values[row.at++] = value;
}

export function fill(row: Row, count: number): void {
  for (let times = 0; times < count; times++) row.values[row.at++] = NONE;
}
