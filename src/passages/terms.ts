import type { PassageText, Span } from "./passage-text.ts";
import { foldAccents } from "./stems.ts";
import { readWords, type Word } from "./words.ts";

/** The words of a passage by where they stand, cut but not yet reduced to stems. */
export type PassageWords = {
  /** Of the page's title, and of the headings that the passage stands under. */
  title: readonly Word[];
  headings: readonly (readonly Word[])[];
  /** Of its text without its headings, and which of its parts are code. */
  text: readonly Word[];
  code: readonly Span[];
};

type Stems = ReadonlyMap<string, string | null>;

/** Whether a word is reduced to its stem: not what has signs in it, nor pairs of characters. */
export function hasStem({ kind, text }: Word): boolean {
  return kind === "word" || (kind === "whole" && !/[^\p{L}\p{M}\p{N}]/u.test(text));
}

/** What a word is looked up by; null when it says nothing by itself. @param stems has the texts of those that have one */
export function lexemeOf(word: Word, stems: Stems): string | null {
  if (word.kind === "gram") return word.text;
  const stem = hasStem(word) ? stems.get(word.text) : undefined;
  return stem === undefined ? foldAccents(word.text) : stem;
}

/** @param path the headings that it stands under, outermost first; the page's title need not be among them */
export function cutPassage(title: string | null, path: readonly string[], { text, code, headings }: PassageText) {
  const below = path[0] === title ? path.slice(1) : path;
  const cut: PassageWords = {
    title: title === null ? [] : readWords(title.slice(0, MAX_HEADING)),
    headings: below.map((heading) => readWords(heading.slice(0, MAX_HEADING))),
    // The headings in it are those that it stands under.
    text: outside(readWords(text), headings),
    code,
  };
  return cut;
}

/** The texts of words whose stems `writeTerms` needs. */
export function* listStemmed({ title, headings, text }: PassageWords): Iterable<string> {
  for (const words of [title, ...headings, text]) for (const word of words) if (hasStem(word)) yield word.text;
}

/** More of a title or a heading is not indexed with each passage under it. */
const MAX_HEADING = 500;
/** PostgreSQL knows no position beyond 16,383. */
const MAX_POSITION = 16_383;
/** Of one lexeme in one passage: more would make it no more relevant. */
const MAX_PLACES = 16;
/** Between title, headings and text, so that no phrase goes across. */
const GAP = 4;

/** The terms of a passage as PostgreSQL reads them; see the table for their weights. */
export function writeTerms({ title, headings, text, code }: PassageWords, stems: Stems, markers: readonly string[]) {
  const places = new Map<string, { list: string; count: number }>();
  const add = (lexeme: string, position: number, weight: string) => {
    if (position > MAX_POSITION) return;
    const known = places.get(lexeme);
    if (!known) places.set(lexeme, { list: `${position}${weight}`, count: 1 });
    else if (known.count < MAX_PLACES) {
      known.list += `,${position}${weight}`;
      known.count++;
    }
  };
  let offset = 0;
  for (const [index, words] of [title, ...headings].entries()) {
    const weight = index === 0 ? "A" : "B";
    // Here a word that says nothing says something: "Not Found", "The Who".
    for (const word of words) add(lexemeOf(word, stems) ?? foldAccents(word.text), offset + word.position, weight);
    offset += (words.at(-1)?.position ?? -GAP) + GAP;
  }
  let span = 0;
  for (const word of text) {
    const lexeme = lexemeOf(word, stems);
    if (lexeme === null) continue;
    while ((code[span]?.end ?? Number.POSITIVE_INFINITY) <= word.start) span++;
    const isCode = (code[span]?.start ?? Number.POSITIVE_INFINITY) <= word.start;
    add(lexeme, offset + word.position, isCode ? "" : "C");
  }
  let terms = markers.map(quote).join(" ");
  for (const [lexeme, { list }] of places) terms += ` ${quote(lexeme)}:${list}`;
  return terms;
}

/** No lexeme has a quotation mark or a backslash, since no word has one; those of dictionaries might. */
const quote = (lexeme: string) => (/['\\]/.test(lexeme) ? `'${lexeme.replace(/['\\]/g, "$&$&")}'` : `'${lexeme}'`);

function outside(words: readonly Word[], spans: readonly Span[]): readonly Word[] {
  if (spans.length === 0) return words;
  let at = 0;
  return words.filter(({ start }) => {
    while ((spans[at]?.end ?? Number.POSITIVE_INFINITY) <= start) at++;
    return (spans[at]?.start ?? Number.POSITIVE_INFINITY) > start;
  });
}
