import { subjectsOf, VOCABULARY_NAMES } from "./vocabulary.ts";

/** What a run of text consists of. Characters do not count white space. */
export type TextCounts = {
  characters: number;
  words: number;
  /** Words that begin with a capital. */
  capitals: number;
  digits: number;
  commas: number;
  /** Ends of sentences. */
  stops: number;
  /** Currency signs. */
  prices: number;
  /** Other marks, such as bars, arrows and bullets. */
  signs: number;
  copyrights: number;
  /** The last character that is not white space. */
  last: number;
  /** The first one. */
  first: number;
  /** Of all words in order. */
  hash: number;
  /** Words of each subject. */
  subjects: Uint16Array;
  /** Words that are in the page's title, and in its description. */
  titleWords: number;
  descriptionWords: number;
};

export const emptyCounts = (): TextCounts => ({
  characters: 0,
  words: 0,
  capitals: 0,
  digits: 0,
  commas: 0,
  stops: 0,
  prices: 0,
  signs: 0,
  copyrights: 0,
  last: 0,
  first: 0,
  hash: 0x811c_9dc5 | 0,
  subjects: new Uint16Array(VOCABULARY_NAMES.length),
  titleWords: 0,
  descriptionWords: 0,
});

export type KnownWords = { title: ReadonlySet<number>; description: ReadonlySet<number> };

const OTHER = 0;
const LOWER = 1;
const UPPER = 2;
const DIGIT = 3;
const SPACE = 4;
const COMMA = 5;
const STOP = 6;
const PRICE = 7;
const SIGN = 8;
const kinds = new Uint8Array(0x10000);
for (let code = 0x80; code < 0x10000; code++) kinds[code] = kindOf(String.fromCharCode(code));
for (let code = 0; code < 0x80; code++) kinds[code] = kindOf(String.fromCharCode(code));

function kindOf(character: string): number {
  if (/\s/.test(character) || character === "\u200b" || character === "\ufeff") return SPACE;
  if (character === "," || character === "、" || character === "，" || character === ";") return COMMA;
  if (/[.!?。！？؟।]/.test(character)) return STOP;
  if (/\p{Sc}/u.test(character)) return PRICE;
  const code = character.charCodeAt(0);
  if (code >= 0xd800 && code <= 0xdfff) return SIGN;
  if (/\p{Nd}/u.test(character)) return DIGIT;
  if (/\p{Lu}|\p{Lt}/u.test(character)) return UPPER;
  if (/[\p{L}\p{M}\p{N}_]/u.test(character)) return LOWER;
  return /[|»«›‹→←↑↓•·▾▼►▶★☆✓©#/\\+*=<>]/.test(character) ? SIGN : OTHER;
}

/** Adds a text to counts. Words that are cut in two by tags count as two. */
export function countText(text: string, counts: TextCounts, known: KnownWords): void {
  let word = 0x811c_9dc5;
  let length = 0;
  let isCapital = false;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    const kind = kinds[code] as number;
    if (kind === LOWER || kind === UPPER || kind === DIGIT) {
      if (length === 0) isCapital = kind === UPPER;
      if (kind === DIGIT) counts.digits++;
      word = Math.imul(word ^ (kind === UPPER && code < 128 ? code | 32 : code), 0x0100_0193);
      length++;
      counts.characters++;
      if (counts.first === 0) counts.first = code;
      counts.last = code;
      continue;
    }
    if (length > 0) {
      endWord(word | 0, isCapital, counts, known);
      word = 0x811c_9dc5;
      length = 0;
    }
    if (kind === SPACE) continue;
    counts.characters++;
    if (counts.first === 0) counts.first = code;
    counts.last = code;
    if (kind === COMMA) counts.commas++;
    else if (kind === STOP) counts.stops++;
    else if (kind === PRICE) counts.prices++;
    else if (kind === SIGN) {
      counts.signs++;
      if (code === 0xa9) counts.copyrights++;
    }
  }
  if (length > 0) endWord(word | 0, isCapital, counts, known);
}

function endWord(hash: number, isCapital: boolean, counts: TextCounts, known: KnownWords): void {
  counts.words++;
  if (isCapital) counts.capitals++;
  counts.hash = Math.imul(counts.hash ^ hash, 0x0100_0193) | 0;
  let bits = subjectsOf(hash);
  for (let at = 0; bits !== 0; at++, bits >>>= 1) {
    if (bits & 1) counts.subjects[at] = (counts.subjects[at] as number) + 1;
  }
  if (known.title.has(hash)) counts.titleWords++;
  if (known.description.has(hash)) counts.descriptionWords++;
}

/** The words of a title or a description. */
export function wordSet(text: string | null): Set<number> {
  const words = new Set<number>();
  const counts = emptyCounts();
  const collect = { has: (hash: number) => Boolean(words.add(hash)) } as unknown as ReadonlySet<number>;
  if (text) countText(text.slice(0, 1_000), counts, { title: collect, description: new Set() });
  return words;
}
