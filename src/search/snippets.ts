import type { SnippetPart } from "./search.ts";

/**
 * A stretch of a text that is what was searched for, in UTF-16 code units: the number of the term that it is, and whether
 * it may be a part of it alone, as of a script that is written without spaces.
 */
export type Match = { start: number; end: number; term: number; isPart?: boolean };

type SnippetOptions = {
  /** What finding each term is worth. */
  worths: readonly number[];
  /** Columns that it is wide: a character of Chinese takes two. */
  width?: number;
};

const WIDTH = 240;
/** The least that is shown of a second place, and what is looked through for the end of a sentence. */
const MIN_WIDTH = 60;
const MARGIN = 60;
const ELLIPSIS = "…";

/**
 * The part or two of a text that have most of what was searched for, cut where sentences or at least words end. Where
 * nothing of it is in the text, its beginning.
 * @param matches in the order of their starts; they may overlap
 */
export function cutSnippet(text: string, matches: readonly Match[], options: SnippetOptions): SnippetPart[] {
  const { worths, width = WIDTH } = options;
  const best = findDensest(text, matches, worths, width);
  if (!best) return writeParts(text, [extend(text, 0, 0, width)], []);
  const missing = matches.filter(({ term }) => !best.terms.has(term));
  const second = missing.length > 0 ? findDensest(text, missing, worths, width / 3) : undefined;
  if (!second) return writeParts(text, [extend(text, best.start, best.end, width)], matches);
  const rest = Math.max(MIN_WIDTH, width / 3);
  const ranges = [extend(text, best.start, best.end, width - rest), extend(text, second.start, second.end, rest)];
  return writeParts(text, ranges, matches);
}

/**
 * The matches without parts that stand alone, where the text has more of their term together elsewhere: two characters in
 * the midst of another word are nothing that was looked for.
 * @param matches in the order of their starts
 */
export function withoutStrays(matches: readonly Match[]): readonly Match[] {
  const isJoined = (one: Match | undefined, next: Match | undefined) =>
    one !== undefined && next !== undefined && one.term === next.term && next.start < one.end;
  const isAlone = matches.map(
    (match, at) => match.isPart === true && !isJoined(matches[at - 1], match) && !isJoined(match, matches[at + 1]),
  );
  const together = new Set(matches.filter(({ isPart }, at) => isPart && !isAlone[at]).map(({ term }) => term));
  return matches.filter(({ term }, at) => !isAlone[at] || !together.has(term));
}

type Range = { start: number; end: number };

/** The matches that stand closest together for what they are worth; each term counts once, and again only a little. */
function findDensest(
  text: string,
  matches: readonly Match[],
  worths: readonly number[],
  width: number,
): (Range & { terms: Set<number> }) | undefined {
  let best: { from: number; to: number; worth: number } | undefined;
  const counts = new Map<number, number>();
  const worthOf = (term: number) => 0.05 + (worths[term] ?? 0);
  let [worth, to] = [0, 0];
  for (let from = 0; from < matches.length; from++) {
    const first = matches[from];
    if (!first) break;
    for (let next = matches[to]; next; next = matches[to]) {
      if (to > from && columnsOf(text, first.start, next.end) > width) break;
      const count = counts.get(next.term) ?? 0;
      worth += count === 0 ? worthOf(next.term) : 0.01;
      counts.set(next.term, count + 1);
      to++;
    }
    if (!best || worth > best.worth + 1e-9) best = { from, to, worth };
    const count = counts.get(first.term) ?? 0;
    worth -= count === 1 ? worthOf(first.term) : 0.01;
    counts.set(first.term, count - 1);
  }
  if (!best) return undefined;
  const within = matches.slice(best.from, best.to);
  const start = within[0]?.start ?? 0;
  const end = within.reduce((last, match) => Math.max(last, match.end), start);
  return { start, end, terms: new Set(within.map(({ term }) => term)) };
}

/** Wide characters count for two; of a long stretch it is enough to know that it is long. */
function columnsOf(text: string, start: number, end: number): number {
  const stop = Math.min(end, start + 2 * WIDTH);
  let columns = end - stop;
  for (let at = start; at < stop; at++) columns += isWide(text.charCodeAt(at)) ? 2 : 1;
  return columns;
}

const isWide = (code: number) =>
  (code >= 0x2e80 && code <= 0xd7a3) || (code >= 0xf900 && code <= 0xfaff) || (code >= 0xff00 && code <= 0xff60);

/** A stretch with what stands around it, up to a width: a little before, and more after, where sentences go on. */
function extend(text: string, start: number, end: number, width: number): Range {
  const room = Math.max(0, width - columnsOf(text, start, end));
  const before = walk(text, start, -1, room / 3);
  const from = beginning(text, before, start);
  const spent = columnsOf(text, from, start);
  const to = ending(text, end, walk(text, end, 1, Math.max(0, room - spent)));
  return { start: from, end: to };
}

/** So many columns on, or to the end. */
function walk(text: string, from: number, step: 1 | -1, columns: number): number {
  let at = from;
  for (let left = columns; left > 0; at += step) {
    const next = step === 1 ? at : at - 1;
    if (next < 0 || next >= text.length) break;
    left -= isWide(text.charCodeAt(next)) ? 2 : 1;
  }
  return at;
}

const isSpace = (code: number) => code <= 32 || code === 0xa0 || code === 0x3000;
const isSentenceEnd = (code: number) =>
  code === 46 || code === 33 || code === 63 || code === 10 || code === 0x3002 || code === 0xff01 || code === 0xff1f;
const isLow = (code: number) => code >= 0xdc00 && code <= 0xdfff;

/** Where a sentence begins between the two places, or else a word; the later ones are nearer to what was found. */
function beginning(text: string, from: number, start: number): number {
  if (from === 0) return 0;
  const first = Math.max(0, from - MARGIN);
  for (let at = from; at > first; at--) if (isBeginning(text, at)) return at;
  for (let at = from; at < start; at++) if (isBeginning(text, at)) return at;
  for (let at = from; at < start; at++) if (isSpace(text.charCodeAt(at - 1)) || isWide(text.charCodeAt(at))) return at;
  return start;
}

function isBeginning(text: string, at: number): boolean {
  const before = text.charCodeAt(at - 1);
  if (before === 10 || before === 0x3002 || before === 0xff01 || before === 0xff1f) return true;
  return isSpace(before) && at > 1 && isSentenceEnd(text.charCodeAt(at - 2));
}

function ending(text: string, end: number, to: number): number {
  if (to >= text.length) return text.length;
  const first = Math.max(end, to - MARGIN);
  for (let at = to; at > first; at--)
    if (isSentenceEnd(text.charCodeAt(at - 1)) && (isSpace(text.charCodeAt(at)) || isWide(text.charCodeAt(at - 1))))
      return at;
  for (let at = to; at > end; at--) if (isSpace(text.charCodeAt(at)) || isWide(text.charCodeAt(at - 1))) return at;
  return end === 0 ? wholeCharacter(text, to) : end;
}

/** Of a text without any place to cut, such as a key, no half of a character. */
const wholeCharacter = (text: string, at: number) => (isLow(text.charCodeAt(at)) ? at - 1 : at);

function writeParts(text: string, ranges: readonly Range[], matches: readonly Match[]): SnippetPart[] {
  const parts: SnippetPart[] = [];
  let last: number | undefined;
  for (const range of joinRanges(ranges)) {
    if (last !== undefined) add(parts, ` ${ELLIPSIS} `, false);
    else if (text.slice(0, range.start).trim() !== "") add(parts, `${ELLIPSIS} `, false);
    let at = range.start;
    for (const match of joinRanges(matches.filter(({ start, end }) => start >= range.start && end <= range.end))) {
      add(parts, text.slice(at, match.start), false);
      add(parts, text.slice(match.start, match.end), true);
      at = match.end;
    }
    add(parts, text.slice(at, range.end), false);
    last = range.end;
  }
  if (last !== undefined && text.slice(last).trim() !== "") add(parts, ` ${ELLIPSIS}`, false);
  return trim(parts);
}

/** In order, those that touch as one. */
function joinRanges(ranges: readonly Range[]): Range[] {
  const joined: Range[] = [];
  for (const { start, end } of ranges.toSorted((a, b) => a.start - b.start)) {
    const last = joined.at(-1);
    if (last && start <= last.end) last.end = Math.max(last.end, end);
    else joined.push({ start, end });
  }
  return joined;
}

function add(parts: SnippetPart[], text: string, isMatch: boolean): void {
  const last = parts.at(-1);
  const plain = toPlain(text);
  const shown = last === undefined || last.text.endsWith(" ") ? plain.replace(/^ /, "") : plain;
  if (shown === "") return;
  if (last && last.isMatch === isMatch) last.text += shown;
  else parts.push({ text: shown, isMatch });
}

/** On one line, without what is not seen, or turns the order of what is; halves of characters are none. */
const toPlain = (text: string) =>
  text
    .replace(/[\p{Cc}\s\u2028\u2029]+/gu, " ")
    .replace(/[\u202a-\u202e\u2066-\u2069\ufeff]/gu, "")
    .toWellFormed();

function trim(parts: SnippetPart[]): SnippetPart[] {
  const last = parts.at(-1);
  if (last) last.text = last.text.trimEnd();
  return parts.filter(({ text }) => text !== "");
}
