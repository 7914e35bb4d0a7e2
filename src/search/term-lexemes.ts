import { languageMarker } from "../passages/markers.ts";
import { type Dictionary, foldAccents } from "../passages/stems.ts";
import { lexemeOf } from "../passages/terms.ts";
import type { Word } from "../passages/words.ts";
import { allOf, anyOf, inOrder, quoteLexeme } from "./tsquery.ts";

/** What is known of a query's words. */
export type Lexicon = {
  dictionaries: readonly Dictionary[];
  /** Null for a word that says nothing by itself in that dictionary. */
  stemsOf(dictionary: Dictionary): ReadonlyMap<string, string | null>;
  /** Languages whose passages have their stems by a dictionary; none for those of no language. */
  languagesOf(dictionary: Dictionary): readonly string[];
  /** Words of the vocabulary that stand for one that no passage has. */
  correctionsOf(word: string): readonly string[];
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
};

/** A place in a term, and what may stand there. */
type Place = { position: number; lexemes: string[]; isPrefix: boolean };

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
    const lexemes = lexicon.dictionaries.map((each) => lexemesOf(part, each, lexicon) ?? [foldAccents(part.text)]);
    return placeOf(part, lexemes.flat(), isPrefix && part === last);
  });
  const groups = new Map<string, Group>();
  for (const dictionary of lexicon.dictionaries) {
    const isKept = parts.map((part) => (isPrefix && part === last) || lexemesOf(part, dictionary, lexicon) !== null);
    const key = isKept.join();
    const places = strict.filter((_, index) => isKept[index]);
    const group = groups.get(key) ?? { places, dictionaries: [] };
    group.dictionaries.push(dictionary);
    groups.set(key, group);
  }
  const wholeLexemes = distinct(
    lexicon.dictionaries.flatMap((each) => (whole && lexemesOf(whole, each, lexicon)) ?? []),
  );
  const wholes = wholeLexemes.map((lexeme) => quoteLexeme(lexeme, isPrefix));
  const all = [...groups.values()];
  const full = [...wholes, inOrder(strict.map(toPart))];
  const plain = [...wholes, ...all.map(({ places }) => inOrder(places.map(toPart)))];
  const said = strict.filter((place) => all.every(({ places }) => places.includes(place)));
  return {
    required: requireAny(all, parts.length, wholes, lexicon),
    plain: anyOf(plain) ?? anyOf(full) ?? "",
    strict: anyOf(full) ?? "",
    loose: said.length > 0 ? said.map((place) => toPart(place).tsquery) : wholes,
    stems: new Map(
      lexicon.dictionaries.map((dictionary) => [
        dictionary,
        distinct([
          ...((whole && lexemesOf(whole, dictionary, lexicon)) ?? []),
          ...parts.flatMap((part) => lexemesOf(part, dictionary, lexicon) ?? [foldAccents(part.text)]),
          ...(isPrefix && last ? [foldAccents(last.text)] : []),
        ]),
      ]),
    ),
  };
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

/** Null where the word says nothing by itself. */
function lexemesOf(word: Word, dictionary: Dictionary, lexicon: Lexicon): string[] | null {
  const stems = lexicon.stemsOf(dictionary);
  const texts = [word.text, ...lexicon.correctionsOf(word.text)];
  const lexemes = texts.map((text) => lexemeOf({ ...word, text }, stems)).filter((lexeme) => lexeme !== null);
  return lexemes.length === 0 ? null : lexemes;
}

/** The beginning of a word may be longer than the stem of the words that begin so. */
const placeOf = (part: Word, lexemes: string[], isPrefix: boolean): Place => ({
  position: part.position,
  lexemes: distinct(isPrefix ? [foldAccents(part.text), ...lexemes] : lexemes),
  isPrefix,
});

const toPart = ({ position, lexemes, isPrefix }: Place) => ({
  position,
  tsquery: anyOf(lexemes.map((lexeme) => quoteLexeme(lexeme, isPrefix))) ?? "",
});

function requireAny(
  groups: readonly Group[],
  length: number,
  wholes: readonly string[],
  lexicon: Lexicon,
): string | undefined {
  const alternatives = groups.map(({ places, dictionaries }) => {
    const words = inOrder(places.map(toPart));
    if (groups.length === 1 || places.length === length) return words;
    const languages = dictionaries.flatMap((each) => lexicon.languagesOf(each));
    return allOf([words, anyOf(languages.map((each) => quoteLexeme(languageMarker(each))))]);
  });
  return anyOf([...wholes, ...alternatives]);
}

const distinct = (texts: readonly string[]) => [...new Set(texts)];
