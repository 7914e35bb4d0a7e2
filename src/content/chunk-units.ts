import type { Piece } from "./markdown-pieces.ts";
import { weighTokens } from "./token-estimate.ts";

/** What passages are put together from: a piece of Markdown, or a part of one that is too long. */
export type Unit = {
  start: number;
  end: number;
  tokens: number;
  piece: Piece;
  /** What goes before it, and after it, when a passage begins or ends with it: a fence, or the head of a table. */
  before: string;
  after: string;
  /** Tokens of these. */
  beforeTokens: number;
  afterTokens: number;
};

/** The pieces as units of at most `maxTokens`, in order and without a gap. */
export function toUnits(markdown: string, piece: Piece, maxTokens: number): Unit[] {
  const whole = unitOf(markdown, piece, piece.start, piece.end);
  if (whole.tokens <= maxTokens) return [whole];
  if (piece.kind === "code") return splitCode(markdown, piece, maxTokens);
  if (piece.kind === "table") return splitTable(markdown, piece, maxTokens);
  return splitText(markdown, piece, piece.start, piece.end, maxTokens);
}

/** The sentences of a unit of prose, or the unit itself; for where a passage may begin inside of it. */
export function toSentences(markdown: string, unit: Unit, maxTokens: number): Unit[] {
  const { piece } = unit;
  return piece.kind === "text" ? splitText(markdown, piece, unit.start, unit.end, maxTokens) : [unit];
}

const nothingAround = { before: "", after: "", beforeTokens: 0, afterTokens: 0 };

function unitOf(markdown: string, piece: Piece, start: number, end: number): Unit {
  return { start, end, tokens: weighTokens(markdown, start, end), piece, ...nothingAround };
}

function splitCode(markdown: string, piece: Piece, maxTokens: number): Unit[] {
  const { opening, closing } = piece;
  const [beforeTokens, afterTokens] = [
    weighTokens(opening, 0, opening.length),
    weighTokens(closing, 0, closing.length) + 1,
  ];
  if (beforeTokens + afterTokens > maxTokens / 2) return splitText(markdown, piece, piece.start, piece.end, maxTokens);
  const units = splitLines(markdown, piece, piece.start, maxTokens - beforeTokens - afterTokens);
  joinFirst(markdown, units);
  for (const unit of units) {
    if (unit.start > piece.start) Object.assign(unit, { before: opening, beforeTokens });
    if (unit.end < piece.end) Object.assign(unit, { after: closing, afterTokens });
  }
  return units;
}

function splitTable(markdown: string, piece: Piece, maxTokens: number): Unit[] {
  const head = unitOf(markdown, piece, piece.start, piece.bodyStart);
  // A head that is half of a passage is not worth repeating.
  if (head.tokens > maxTokens / 2) return splitLines(markdown, piece, piece.start, maxTokens);
  const around = { before: markdown.slice(head.start, head.end), beforeTokens: head.tokens };
  const rows = splitLines(markdown, piece, piece.bodyStart, maxTokens - head.tokens);
  const units = [head, ...rows.map((row) => Object.assign(row, around))];
  joinFirst(markdown, units);
  return units;
}

/** Neither an opening fence nor the head of a table stands alone. */
function joinFirst(markdown: string, units: Unit[]): void {
  const [first, second] = units;
  if (first && second) units.splice(0, 2, unitOf(markdown, first.piece, first.start, second.end));
}

function splitLines(markdown: string, piece: Piece, start: number, maxTokens: number): Unit[] {
  const units: Unit[] = [];
  const { end } = piece;
  for (let at = start; at < end; ) {
    const lineBreak = markdown.indexOf("\n", at);
    const lineEnd = lineBreak < 0 || lineBreak >= end ? end : lineBreak + 1;
    const line = unitOf(markdown, piece, at, lineEnd);
    if (line.tokens <= maxTokens) units.push(line);
    else units.push(...splitWords(markdown, piece, at, lineEnd, maxTokens));
    at = lineEnd;
  }
  return units;
}

function splitText(markdown: string, piece: Piece, start: number, end: number, maxTokens: number): Unit[] {
  const units: Unit[] = [];
  for (let at = start; at < end; ) {
    const sentenceEnd = findSentenceEnd(markdown, at, end);
    const sentence = unitOf(markdown, piece, at, sentenceEnd);
    if (sentence.tokens <= maxTokens) units.push(sentence);
    else units.push(...splitWords(markdown, piece, at, sentenceEnd, maxTokens));
    at = sentenceEnd;
  }
  return units;
}

const closers = "\"')]}»”’*_`";
const wideClosers = "」』）】》”’";

/** After a full stop with what closes and the space behind it, after one of East Asia, or after a line. */
function findSentenceEnd(text: string, start: number, end: number): number {
  for (let at = start; at < end; at++) {
    const code = text.charCodeAt(at);
    if (code === 10) return skipBlank(text, at + 1, end);
    const isWide = code === 0x3002 || code === 0xff01 || code === 0xff1f || code === 0xff61;
    if (!isWide && code !== 46 && code !== 33 && code !== 63 && code !== 0x2026) continue;
    let next = at + 1;
    while (next < end && (isWide ? wideClosers : closers).includes(text.charAt(next))) next++;
    if (isWide || isBlank(text.charCodeAt(next))) return skipBlank(text, next, end);
    at = next - 1;
  }
  return end;
}

function skipBlank(text: string, start: number, end: number): number {
  let at = start;
  while (at < end && isBlank(text.charCodeAt(at))) at++;
  return at;
}

const isBlank = (code: number) => code === 32 || code === 10 || code === 9 || code === 13;

/** Where nothing divides a text it is cut, after as many characters. */
const LONGEST_WORD = 64;

/** Runs of words, each a part of what a passage holds, so that there are not as many of them as words. */
function splitWords(markdown: string, piece: Piece, start: number, end: number, maxTokens: number): Unit[] {
  const units: Unit[] = [];
  const enough = Math.max(1, maxTokens / 4);
  let from = start;
  let tokens = 0;
  for (let at = start; at < end; ) {
    const wordEnd = findWordEnd(markdown, at, end, maxTokens);
    const word = weighTokens(markdown, at, wordEnd);
    if (at > from && tokens + word > enough) {
      units.push(unitOf(markdown, piece, from, at));
      from = at;
      tokens = 0;
    }
    tokens += word;
    at = wordEnd;
  }
  units.push(unitOf(markdown, piece, from, end));
  return units;
}

function findWordEnd(text: string, start: number, end: number, maxTokens: number): number {
  const longest = Math.min(end, start + Math.max(2, Math.min(LONGEST_WORD, Math.floor(maxTokens / 2))));
  let at = start;
  while (at < longest && !isBlank(text.charCodeAt(at))) at++;
  if (at >= end) return end;
  if (at < longest) return Math.min(longest, skipBlank(text, at, longest));
  // Not between the halves of one character.
  const isHalf = (text.charCodeAt(at) & 0xfc00) === 0xdc00 && (text.charCodeAt(at - 1) & 0xfc00) === 0xd800;
  return isHalf ? at - 1 : at;
}
