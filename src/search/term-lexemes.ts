import { languageMarker } from "../passages/markers.ts";
import { type Dictionary, foldAccents } from "../passages/stems.ts";
import { lexemeOf } from "../passages/terms.ts";
import type { Word } from "../passages/words.ts";
import type { AskedWord } from "./corrections.ts";
import { allOf, anyOf, inOrder, quoteLexeme } from "./tsquery.ts";

/** What is known of a query's words. */
export type Lexicon = {
  dictionaries: readonly Dictionary[];
  /** Null for a word that says nothing by itself in that dictionary. */
  stemsOf(dictionary: Dictionary): ReadonlyMap<string, string | null>;
  /** Languages whose passages have their stems by a dictionary; none for those of no language. */
  languagesOf(dictionary: Dictionary): readonly string[];
  /** What is taken beside a word that no passage has; several words for one are taken one after the other. */
  correctionsOf(word: string): readonly (readonly string[])[];
  /** Words that begin so, whose stems may be shorter than what was typed of them (`organiza`, of which `organ` is left). */
  wordsFrom(beginning: string): readonly string[];
};

export type TermLexemes = {
  /** What a passage must match; `undefined` where that is nothing: the words say nothing by themselves. */
  required: string | undefined;
  /** The same without what lets passages of some languages off; all words, which titles alone have, if none says anything. */
  plain: string;
  /** With the words that say nothing by themselves. */
  strict: string;
  /** One by one, in whatever order; nothing of what lets some off. */
  loose: string[];
  stems: Map<Dictionary, string[]>;
  /** The dictionaries by which none of the words says anything. */
  silentIn: ReadonlySet<Dictionary>;
};

/** A place in a term, and what may stand there. */
type Place = { position: number; tsquery: string };

/** The dictionaries by which the same words say something. */
type Group = { places: Place[]; dictionaries: Dictionary[] };

/**
 * A word, an identifier or a phrase as it is looked up, for all dictionaries at once. Where a word says nothing in one
 * language but something in another (`war` in German), passages in the first are let off it by their markers.
 */
export function toLexemes(words: readonly Word[], isPrefix: boolean, lexicon: Lexicon): TermLexemes {
  const whole = words.find((word) => spansAll(word, words));
  const parts = toParts(words);
  const last = parts.at(-1);
  const strict = parts.map((part) => {
    return { position: part.position, tsquery: writePart(part, isPrefix && part === last, lexicon) };
  });
  const groups = new Map<string, Group>();
  for (const dictionary of lexicon.dictionaries) {
    const isKept = parts.map((part) => (isPrefix && part === last) || hasMeaning(part, dictionary, lexicon));
    const key = isKept.join();
    const places = strict.filter((_, index) => isKept[index]);
    const group = groups.get(key) ?? { places, dictionaries: [] };
    group.dictionaries.push(dictionary);
    groups.set(key, group);
  }
  const wholes = whole ? [writePart(whole, isPrefix, lexicon)] : [];
  const all = [...groups.values()];
  const full = [...wholes, inOrder(strict)];
  const plain = [...wholes, ...all.map(({ places }) => inOrder(places))];
  const said = strict.filter((place) => all.every(({ places }) => places.includes(place)));
  return {
    required: requireAny(all, parts.length, wholes, lexicon),
    plain: anyOf(plain) ?? anyOf(full) ?? "",
    strict: anyOf(full) ?? "",
    loose: said.length > 0 ? said.map(({ tsquery }) => tsquery) : wholes,
    silentIn: new Set(
      wholes.length > 0 ? [] : all.flatMap(({ places, dictionaries }) => (places.length === 0 ? dictionaries : [])),
    ),
    stems: new Map(
      lexicon.dictionaries.map((dictionary) => [
        dictionary,
        distinct([
          ...[...(whole ? [whole] : []), ...parts].flatMap((part) => listLexemes(part, dictionary, lexicon)),
          ...(isPrefix && last ? [foldAccents(last.text), ...listShorter(last, lexicon)] : []),
        ]),
      ]),
    ),
  };
}

/** Words that must be there, and may be misspelt. */
export function listAskedWords(words: readonly Word[], isPrefix: boolean, lexicon: Lexicon): AskedWord[] {
  const parts = toParts(words);
  return parts.flatMap((part, index) => {
    if (part.kind !== "word" || !lexicon.dictionaries.every((each) => hasMeaning(part, each, lexicon))) return [];
    const isBeginning = isPrefix && index === parts.length - 1;
    const lexemes = lexicon.dictionaries.flatMap((each) => listLexemes(part, each, lexicon));
    return { text: part.text, tsquery: writePart(part, isBeginning, lexicon), lexemes };
  });
}

/** What a word is looked up by that stands for itself. */
export function writeWord(text: string, lexicon: Lexicon): string {
  return writePart({ text, start: 0, end: text.length, position: 1, kind: "word" }, false, lexicon);
}

/** Whether an identifier is all of the term. */
const spansAll = (word: Word, words: readonly Word[]) =>
  word.kind === "whole" && words.every(({ start, end }) => start >= word.start && end <= word.end);

/**
 * One word a position. Of an identifier these are its parts, so that it is found however it is written, but not where
 * that is a letter, which every text has (`C++`).
 */
function toParts(words: readonly Word[]): Word[] {
  const parts: Word[] = [];
  let end = 0;
  for (const word of words) {
    if (word.start < end) continue;
    const inner = words.filter((each) => each.kind !== "whole" && each.start >= word.start && each.end <= word.end);
    const [only] = inner;
    const isKept = word.kind !== "whole" || !only || (inner.length === 1 && only.text.length === 1);
    if (isKept) parts.push(word);
    if (isKept && word.kind === "whole") end = word.end;
  }
  return parts;
}

function hasMeaning(word: Word, dictionary: Dictionary, lexicon: Lexicon): boolean {
  const isCorrected = lexicon.correctionsOf(word.text).length > 0;
  return isCorrected || lexemeOf(word, lexicon.stemsOf(dictionary)) !== null;
}

/** The word as it is looked up by a dictionary, and what is taken beside it. */
function listLexemes(word: Word, dictionary: Dictionary, lexicon: Lexicon): string[] {
  const texts = [word.text, ...lexicon.correctionsOf(word.text).flat()];
  return texts.map((text) => toLexeme({ ...word, text }, dictionary, lexicon));
}

/** A word that says nothing by itself is kept as it is, where it is kept. */
const toLexeme = (word: Word, dictionary: Dictionary, lexicon: Lexicon) =>
  lexemeOf(word, lexicon.stemsOf(dictionary)) ?? foldAccents(word.text);

/** What may stand for a word, by any dictionary. */
function writePart(word: Word, isTyped: boolean, lexicon: Lexicon): string {
  // A character of Chinese is found in the pairs that begin with it.
  const isPrefix = isTyped || (word.kind === "gram" && [...word.text].length === 1);
  const write = (text: string) =>
    distinct(lexicon.dictionaries.map((each) => toLexeme({ ...word, text }, each, lexicon)))
      // The beginning of a word may be longer than the stem of the words that begin so.
      .concat(isPrefix ? foldAccents(text) : [])
      .map((lexeme) => quoteLexeme(lexeme, isPrefix));
  const corrections = lexicon.correctionsOf(word.text).map((texts) => {
    return inOrder(texts.map((text, position) => ({ position, tsquery: anyOf(write(text)) ?? "" })));
  });
  return (
    anyOf([
      ...write(word.text),
      ...corrections,
      ...(isTyped ? listShorter(word, lexicon).map((stem) => quoteLexeme(stem)) : []),
    ]) ?? ""
  );
}

/** Stems of words that begin so and that do not begin so themselves. */
function listShorter(word: Word, lexicon: Lexicon): string[] {
  const beginning = foldAccents(word.text);
  const stems = lexicon
    .wordsFrom(word.text)
    .flatMap((text) => lexicon.dictionaries.map((each) => toLexeme({ ...word, text }, each, lexicon)));
  return distinct(stems.filter((stem) => !stem.startsWith(beginning)));
}

function requireAny(
  groups: readonly Group[],
  length: number,
  wholes: readonly string[],
  lexicon: Lexicon,
): string | undefined {
  const alternatives = groups.map(({ places, dictionaries }) => {
    const words = inOrder(places);
    if (groups.length === 1 || places.length === length) return words;
    const languages = dictionaries.flatMap((each) => lexicon.languagesOf(each));
    return allOf([words, anyOf(languages.map((each) => quoteLexeme(languageMarker(each))))]);
  });
  return anyOf([...wholes, ...alternatives]);
}

const distinct = (texts: readonly string[]) => [...new Set(texts)];
