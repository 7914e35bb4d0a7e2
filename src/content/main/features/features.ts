import { PAGE_TYPES } from "../../document.ts";
import type { Block, Blocks } from "../blocks.ts";
import type { Family, PageNumbers, Row } from "./family.ts";
import { GROUP_NAMES, groupFamily } from "./groups.ts";
import { MARKINGS, numberTags, OWN, SUBJECTS } from "./own.ts";
import { PAGE_FACT_NAMES } from "./page-facts.ts";
import { PLACE_NAMES, placeFamily } from "./places.ts";
import { RowBuffer } from "./rows.ts";
import { sumUp } from "./sums.ts";
import { ANCESTORS, NEIGHBOURS, WINDOWS } from "./surroundings.ts";

const PAGE = "blocks words linkDensity paragraphs headings prices prose hidden commas wordsPerBlock".split(" ");
const SETTLED: readonly Family[] = [OWN, SUBJECTS, MARKINGS, ANCESTORS, NEIGHBOURS, WINDOWS];

/** What each number of a row says, in order. */
export const FEATURE_NAMES: readonly string[] = [
  ...SETTLED.flatMap(({ names }) => names),
  ...GROUP_NAMES,
  ...PLACE_NAMES,
  ...PAGE.map((name) => `page:${name}`),
  ...PAGE_FACT_NAMES,
  ...PAGE_TYPES.map((type) => `type:${type}`),
];

const buffer = new RowBuffer();

/**
 * A row of `FEATURE_NAMES` for each block, good until the next page is described. The facts, page types' shares after
 * them, hold for the whole page.
 */
export function describeBlocks(cut: Blocks, facts: readonly number[]): Float32Array {
  const { blocks } = cut;
  const page = numbersOf(cut);
  const writers = [...SETTLED.map(({ write }) => write), groupFamily(blocks), placeFamily(cut)];
  const whole = [...describePage(page), ...facts];
  const row: Row = { values: buffer.take(blocks.length * FEATURE_NAMES.length), at: 0 };
  for (let index = 0; index < blocks.length; index++) {
    const block = blocks[index] as Block;
    for (const write of writers) write(row, page, block, index);
    for (const number of whole) row.values[row.at++] = number;
  }
  return row.values;
}

function numbersOf(cut: Blocks): PageNumbers {
  const sums = sumUp(cut.blocks);
  let titleWords = 1;
  for (const { counts } of cut.blocks) titleWords = Math.max(titleWords, counts.titleWords);
  return {
    ...cut,
    sums,
    tags: numberTags(cut.blocks),
    titleWords,
    words: Math.max(sums.words.at(-1) ?? 0, 1),
    characters: Math.max(sums.characters.at(-1) ?? 0, 1),
  };
}

function describePage({ blocks, sums, words, characters }: PageNumbers): number[] {
  const total = (sum: Float64Array) => sum.at(-1) ?? 0;
  const count = Math.max(blocks.length, 1);
  return [
    blocks.length,
    words,
    total(sums.linkCharacters) / characters,
    total(sums.paragraphs) / count,
    total(sums.headings),
    total(sums.prices),
    total(sums.prose) / words,
    total(sums.hidden) / words,
    total(sums.commas) / words,
    words / count,
  ];
}
