import { toSentences, toUnits, type Unit } from "./chunk-units.ts";
import type { Heading } from "./document.ts";
import { headingText, type Piece, readPieces } from "./markdown-pieces.ts";
import { estimateTokens } from "./token-estimate.ts";

/** A passage of a document, ready for embedding. */
export type Chunk = {
  index: number;
  /** The headings that it stands under, outermost first, its own included. */
  headingPath: string[];
  /** Of the nearest heading that has one. */
  anchor?: string;
  /**
   * The Markdown from `start` to `end`. Where a passage begins or ends inside a table or a block of code, the table's
   * head or the fence is repeated around it, so that it can be read by itself.
   */
  text: string;
  /** UTF-16 offsets into the Markdown. */
  start: number;
  end: number;
  /** An estimate, as are the limits; see `estimateTokens`. */
  tokens: number;
};

export type ChunkOptions = {
  /** Default 512, at least 16. */
  maxTokens?: number;
  /** How much of a passage its successor under the same heading repeats. Default 64, at most half of `maxTokens`. */
  overlapTokens?: number;
  /** The document's: the root of each heading path, unless the first heading says it. */
  title?: string | null;
  /** The document's, in order, for their anchors. */
  headings?: readonly Heading[];
};

export const DEFAULT_CHUNK_TOKENS = 512;
export const DEFAULT_CHUNK_OVERLAP = 64;
const LEAST_TOKENS = 16;
/** Headings after so many begin no passage of their own: nobody wrote that many. */
const MAX_SECTIONS = 20_000;

type Section = { path: string[]; anchor: string | undefined; pieces: Piece[] };

/**
 * Splits Markdown into passages: at its headings, then between blocks, and inside a block only when that is too long by
 * itself: between items, rows, lines of code, sentences, at last words. Together they cover the whole text, in order.
 */
export function toChunks(markdown: string, options: ChunkOptions = {}): Chunk[] {
  const maxTokens = Math.max(LEAST_TOKENS, options.maxTokens ?? DEFAULT_CHUNK_TOKENS);
  const overlapTokens = Math.min(Math.max(0, options.overlapTokens ?? DEFAULT_CHUNK_OVERLAP), maxTokens / 2);
  if (markdown.trim() === "") return [];
  const chunks: Chunk[] = [];
  for (const { path, anchor, pieces } of readSections(markdown, options)) {
    for (const units of packUnits(markdown, pieces, maxTokens, overlapTokens)) {
      const { start, end, text } = joinUnits(markdown, units);
      const place = { index: chunks.length, headingPath: path, ...(anchor === undefined ? {} : { anchor }) };
      chunks.push({ ...place, text, start, end, tokens: estimateTokens(text) });
    }
  }
  return chunks;
}

/** What stands under each heading; one with nothing under it goes with the heading inside it that follows. */
function readSections(markdown: string, { title, headings = [] }: ChunkOptions): Section[] {
  const sections: Section[] = [];
  const above: { level: number; text: string; anchor: string | undefined }[] = [];
  const findHeading = headingFinder(headings);
  let section: Section = { path: title ? [title] : [], anchor: undefined, pieces: [] };
  for (const piece of readPieces(markdown)) {
    if (piece.kind !== "heading" || sections.length >= MAX_SECTIONS) {
      section.pieces.push(piece);
      continue;
    }
    const text = headingText(markdown, piece);
    const known = findHeading(piece.level, text);
    const isEmpty = section.pieces.every(({ kind, level }) => kind === "heading" && level < piece.level);
    while ((above.at(-1)?.level ?? 0) >= piece.level) above.pop();
    above.push({ level: piece.level, text: known?.text ?? text, anchor: known?.anchor });
    const path = above.map((heading) => heading.text).filter((each) => each !== "");
    if (title && path[0] !== title) path.unshift(title);
    const anchor = above.findLast((heading) => heading.anchor !== undefined)?.anchor;
    if (isEmpty) section = { path, anchor, pieces: [...section.pieces, piece] };
    else {
      sections.push(section);
      section = { path, anchor, pieces: [piece] };
    }
  }
  sections.push(section);
  return sections;
}

/** Looks headings of the Markdown up in order among those that the document lists; either may have some that the other lacks. */
export function headingFinder(headings: readonly Heading[]): (level: number, text: string) => Heading | undefined {
  const farthest = 8;
  let at = 0;
  return (level, text) => {
    for (let next = at; next < Math.min(headings.length, at + farthest); next++) {
      const heading = headings[next];
      if (heading?.level !== level || lettersOf(heading.text) !== lettersOf(text)) continue;
      at = next + 1;
      return heading;
    }
    return undefined;
  };
}

/** What is left when marks and white space don't count. */
const lettersOf = (text: string) => text.slice(0, 200).replace(/[^\p{L}\p{N}]/gu, "");

/** Groups units into passages of at most `maxTokens`. */
function packUnits(markdown: string, pieces: readonly Piece[], maxTokens: number, overlapTokens: number): Unit[][] {
  const packed: Unit[][] = [];
  let current: Unit[] = [];
  let size = 0;
  const fits = (unit: Unit) => size + unit.tokens + (current[0] ?? unit).beforeTokens + unit.afterTokens <= maxTokens;
  const add = (unit: Unit) => {
    if (current.length > 0 && !fits(unit)) {
      packed.push(current);
      current = tailOf(markdown, current, Math.min(overlapTokens, size / 2, maxTokens - sizeAlone(unit)));
      size = sizeOf(current);
    }
    current.push(unit);
    size += unit.tokens;
  };
  for (const piece of pieces) {
    for (const unit of toUnits(markdown, piece, maxTokens)) {
      const isBelowHeading = current.length > 0 && current.every((each) => each.piece.kind === "heading");
      // A heading is no passage by itself: it takes the first sentences along.
      if (isBelowHeading && !fits(unit)) for (const part of toSentences(markdown, unit, maxTokens - size)) add(part);
      else add(unit);
    }
  }
  if (current.length > 0) packed.push(current);
  return packed;
}

/** The end of a passage that its successor repeats: whole units, or sentences of the last one. */
function tailOf(markdown: string, units: readonly Unit[], maxTokens: number): Unit[] {
  const tail: Unit[] = [];
  let left = maxTokens;
  const take = (candidates: readonly Unit[]): void => {
    for (const unit of candidates.toReversed()) {
      if (sizeAlone(unit) > left || unit.piece.kind === "heading") return;
      left -= unit.tokens;
      tail.unshift(unit);
    }
  };
  take(units);
  const [last] = units.slice(-1);
  if (tail.length === 0 && last && left > 0) take(toSentences(markdown, last, Number.POSITIVE_INFINITY));
  return tail;
}

const sizeAlone = ({ tokens, beforeTokens, afterTokens }: Unit) => tokens + beforeTokens + afterTokens;
const sizeOf = (units: readonly Unit[]) => units.reduce((sum, { tokens }) => sum + tokens, 0);

function joinUnits(markdown: string, units: readonly Unit[]): { start: number; end: number; text: string } {
  const [first, last] = [units[0], units.at(-1)];
  if (!first || !last) return { start: 0, end: 0, text: "" };
  const text = markdown.slice(first.start, last.end);
  const after = last.after !== "" && !text.endsWith("\n") ? `\n${last.after}` : last.after;
  return { start: first.start, end: last.end, text: first.before + text + after };
}
