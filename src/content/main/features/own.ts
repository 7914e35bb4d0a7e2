import type { Block } from "../blocks.ts";
import { MARKING_NAMES } from "../markings.ts";
import { VOCABULARY_NAMES } from "../vocabulary.ts";
import { type Family, put } from "./family.ts";

const tagNames =
  "p li h1 h2 h3 h4 h5 h6 div span td th tr pre blockquote dt dd figcaption button section article summary header footer a ul main".split(
    " ",
  );
const tagNumbers = new Map(tagNames.map((name, at) => [name, at + 1]));

/** For each block a number that stands for its element's name. */
export function numberTags(blocks: readonly Block[]): Uint8Array {
  const numbers = new Uint8Array(blocks.length);
  for (let at = 0; at < blocks.length; at++) numbers[at] = tagNumbers.get((blocks[at] as Block).element.name) ?? 0;
  return numbers;
}

export const linkDensity = ({ linkCharacters, counts }: Block): number =>
  linkCharacters / Math.max(counts.characters, 1);

/** What a block's text is like. */
export const OWN: Family = {
  names: [
    ..."characters words wordLength linkDensity linkWords links bold code capitals digits commas stops".split(" "),
    ..."commasPerWord stopsPerWord prices signs copyrights endsSentence endsColon startsCapital startsDigit".split(" "),
    ..."images tag depth".split(" "),
  ],
  write: (row, { tags }, block, index) => {
    const { counts } = block;
    const characters = Math.max(counts.characters, 1);
    const words = Math.max(counts.words, 1);
    put(row, counts.characters);
    put(row, counts.words);
    put(row, counts.characters / words);
    put(row, linkDensity(block));
    put(row, block.linkWords);
    put(row, block.links);
    put(row, block.boldCharacters / characters);
    put(row, block.codeCharacters / characters);
    put(row, counts.capitals / words);
    put(row, counts.digits / characters);
    put(row, counts.commas);
    put(row, counts.stops);
    put(row, counts.commas / words);
    put(row, counts.stops / words);
    put(row, counts.prices);
    put(row, counts.signs);
    put(row, counts.copyrights);
    put(row, Number(isStop(counts.last)));
    put(row, Number(counts.last === 0x3a));
    put(row, Number(counts.first >= 65 && counts.first <= 90));
    put(row, Number(counts.first >= 48 && counts.first <= 57));
    put(row, block.images);
    put(row, tags[index] as number);
    put(row, block.depth);
  },
};

const isStop = (code: number) =>
  code === 46 || code === 33 || code === 63 || code === 0x3002 || code === 0x201d || code === 0x2026;

/** What a block's words are about. */
export const SUBJECTS: Family = {
  names: VOCABULARY_NAMES.map((name) => `says:${name}`),
  write: (row, _page, { counts }) => {
    const words = Math.max(counts.words, 1);
    for (let subject = 0; subject < VOCABULARY_NAMES.length; subject++) {
      put(row, (counts.subjects[subject] as number) / words);
    }
  },
};

/** What the names of the elements that it lies in say. */
export const MARKINGS: Family = {
  names: MARKING_NAMES.map((name) => `to:${name}`),
  write: (row, _page, { distances }) => {
    for (let marking = 0; marking < MARKING_NAMES.length; marking++) put(row, distances[marking] as number);
  },
};
