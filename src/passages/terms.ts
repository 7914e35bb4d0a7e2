import { nameMarker } from "./markers.ts";
import type { PassageText, Span } from "./passage-text.ts";
import { foldAccents } from "./stems.ts";
import { readWords, scanWords, type TakeWord, type Word } from "./words.ts";

/** The words of a passage, not yet reduced to stems, with where each stands as terms say it: `3C,7C`. */
export type PassageWords = {
  headings: ReadonlyMap<string, string>;
  text: ReadonlyMap<string, string>;
  /** Those of them that have no stem. */
  kept: readonly string[];
};

type Stems = ReadonlyMap<string, string | null>;

/** Whether a word is reduced to its stem: not what has signs in it, nor pairs of characters. */
export function hasStem({ kind, text }: Pick<Word, "kind" | "text">): boolean {
  return kind === "word" || (kind === "whole" && !/[^\p{L}\p{M}\p{N}]/u.test(text));
}

/** What a word is looked up by; null when it says nothing by itself. @param stems has the texts of those that have one */
export function lexemeOf(word: Word, stems: Stems): string | null {
  const stem = hasStem(word) ? stems.get(word.text) : undefined;
  return stem === undefined ? foldAccents(word.text) : stem;
}

/**
 * @param title of the page, cut
 * @param headings that it stands under, but for the title; those in its text are among them
 */
export function cutPassage(title: readonly Word[], headings: readonly string[], passage: PassageText): PassageWords {
  const kept: string[] = [];
  const above = new Places();
  let offset = 0;
  for (const [index, words] of [title, ...headings.map(cutHeading)].entries()) {
    const weight = index === 0 ? "A" : "B";
    const { take, close } = withLasts((word, _start, _end, position, kind) => {
      above.add(word, offset + position, weight);
      if (!hasStem({ text: word, kind })) kept.push(word);
    });
    for (const { text, start, end, position, kind } of words) take(text, start, end, position, kind);
    close();
    offset += (words.at(-1)?.position ?? -GAP) + GAP;
  }
  const text = new Places();
  const [inCode, inHeading] = [within(passage.code), within(passage.headings)];
  const { take, close } = withLasts((word, start, _end, position, kind) => {
    if (inHeading(start)) return;
    text.add(word, offset + position, inCode(start) ? "" : "C");
    if (kind !== "word" && !hasStem({ text: word, kind })) kept.push(word);
  });
  scanWords(passage.text, take);
  close();
  return { headings: above.lists, text: text.lists, kept };
}

/** Takes the last character of a run of pairs as well: one alone is looked up as what pairs begin with. */
function withLasts(take: TakeWord): { take: TakeWord; close(): void } {
  let pair: { text: string; start: number; end: number; position: number } | undefined;
  const close = () => {
    const [last] = pair?.text.match(/(?<=.)\P{M}\p{M}*$/su) ?? [];
    if (pair && last !== undefined) take(last, pair.start, pair.end, pair.position, "gram");
    pair = undefined;
  };
  return {
    close,
    take: (text, start, end, position, kind) => {
      if (pair && start >= pair.end) close();
      take(text, start, end, position, kind);
      if (kind === "gram") pair = { text, start, end, position };
    },
  };
}

export function cutHeading(heading: string): Word[] {
  return readWords(heading.slice(0, MAX_HEADING));
}

/**
 * The terms of a passage as PostgreSQL reads them; see the table for their weights.
 * @param lexemes of all its words
 * @param isFirst whether it is the one by which the page is found where its title alone is looked for
 */
export function writeTerms(
  { headings, text }: PassageWords,
  lexemes: Stems,
  markers: readonly string[],
  isFirst: boolean,
): string {
  let terms = markers.map(quote).join(" ");
  for (const [word, places] of headings) {
    // Here a word that says nothing says something: "Not Found", "The Who".
    const lexeme = lexemes.get(word) ?? foldAccents(word);
    terms += ` ${quote(lexeme)}:${places}`;
    if (isFirst || places.includes("B")) terms += ` ${quote(nameMarker(lexeme))}`;
  }
  for (const [word, places] of text) {
    const lexeme = lexemes.get(word);
    if (lexeme) terms += ` ${quote(lexeme)}:${places}`;
  }
  return terms;
}

/** More of a title or a heading is not indexed with each passage under it. */
const MAX_HEADING = 500;
/** PostgreSQL knows no position beyond 16,383. */
const MAX_POSITION = 16_383;
/** Of one word in one passage, in characters: more places would make it no more relevant. */
const MAX_PLACES = 80;
/** Between title, headings and text, so that no phrase goes across. */
const GAP = 4;

class Places {
  readonly lists = new Map<string, string>();

  add(word: string, position: number, weight: string): void {
    if (position > MAX_POSITION) return;
    const list = this.lists.get(word);
    if (list === undefined) this.lists.set(word, position + weight);
    else if (list.length < MAX_PLACES) this.lists.set(word, `${list},${position}${weight}`);
  }
}

/** Tells whether places, asked about in their order, are within spans. */
function within(spans: readonly Span[]): (place: number) => boolean {
  let at = 0;
  return (place) => {
    for (let span = spans[at]; span; span = spans[++at]) if (place < span.end) return place >= span.start;
    return false;
  };
}

/** No word has a quotation mark or a backslash; lexemes of dictionaries might. */
function quote(lexeme: string): string {
  const isPlain = !lexeme.includes("'") && !lexeme.includes("\\");
  return isPlain ? `'${lexeme}'` : `'${lexeme.replace(/['\\]/g, "$&$&")}'`;
}
