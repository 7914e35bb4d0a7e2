import { joinLines, type Piece, piecesOfLine, wordsOf } from "./line-text.ts";
import type { Line } from "./lines.ts";
import { type Marker, readMarker } from "./markers.ts";
import { fontOf, headingRatio, type Measures, measure } from "./measures.ts";
import { findTable } from "./tables.ts";

/** Lines that belong together. */
export type Block =
  | { kind: "text"; lines: Line[]; pieces: Piece[]; marker?: Marker; isContents?: boolean }
  | { kind: "code"; text: string }
  | { kind: "table"; rows: Piece[][][] };

export type TextBlock = Extract<Block, { kind: "text" }>;

/** More than the usual distance between lines parts paragraphs. */
const leadingSlack = 1.25;
const sentenceEnd = /[.!?:;。！？][)"'”’»\]]{0,2}$/u;

export function toBlocks(lines: readonly Line[]): { blocks: Block[]; measures: Measures } {
  const measures = measure(lines);
  const words = wordsOf(lines);
  const contents = findContents(lines);
  const blocks: Block[] = [];
  let notBefore = 0;
  for (let at = 0; at < lines.length; ) {
    const line = lines[at];
    if (!line) break;
    const table = line.segments.length > 1 && at >= notBefore && !contents.has(line) ? findTable(lines, at) : undefined;
    if (table) {
      blocks.push({ kind: "table", rows: table.rows });
      at = table.end;
      continue;
    }
    // Looking for a table again at each line of what is none would take long.
    if (line.segments.length > 1 && at >= notBefore) notBefore = at + 2;
    const end = isMono(line, measures) ? findCodeEnd(lines, at, measures) : at;
    if (end > at + 1 || (end > at && /[{};=<>$#|]/.test(line.text))) {
      blocks.push({ kind: "code", text: toCode(lines.slice(at, end)) });
      at = end;
      continue;
    }
    if (contents.has(line)) {
      blocks.push({ kind: "text", lines: [line], pieces: piecesOfLine(line), marker: { length: 0 }, isContents: true });
      at++;
      continue;
    }
    const last = blocks.at(-1);
    if (last?.kind === "text" && continues(last, line, measures)) {
      last.pieces = joinLines(last.pieces, piecesOfLine(line), words);
      last.lines.push(line);
    } else blocks.push(startBlock(line));
    at++;
  }
  return { blocks, measures };
}

const dotsAndPage = /(?:\s?[.·…_]){4,200}\s{0,20}(?:\d{1,4}|[ivxlc]{1,7})\s{0,5}$/;
const page = /\s(?:\d{1,4}|[ivxlc]{1,7})\s{0,5}$/;

/** Entries in a table of contents: dots lead to their pages, or those of their neighbours do. */
function findContents(lines: readonly Line[]): Set<Line> {
  const contents = new Set(lines.filter(({ ending }) => dotsAndPage.test(ending)));
  const dotted = new Set(contents);
  lines.forEach((line, at) => {
    const neighbours = [lines[at - 1], lines[at + 1]];
    if (page.test(line.ending) && neighbours.some((other) => other && dotted.has(other))) contents.add(line);
  });
  return contents;
}

function startBlock(line: Line): TextBlock {
  const pieces = piecesOfLine(line);
  const marker = readMarker(pieces[0]?.text.trimStart() ?? "");
  return marker ? { kind: "text", lines: [line], pieces, marker } : { kind: "text", lines: [line], pieces };
}

function continues(block: TextBlock, next: Line, measures: Measures): boolean {
  const { lines } = block;
  const last = lines.at(-1);
  if (!last || block.isContents || Math.abs(last.size - next.size) > 0.08 * Math.max(last.size, next.size))
    return false;
  const before = last.text.trimEnd();
  const after = next.text.trimStart();
  if (readMarker(after)) return false;
  const isSameColumn = next.page === last.page && next.y > last.y;
  if (!isSameColumn) return goesOn(before, after) && last.size < headingRatio * measures.bodySize;
  if (next.y - last.y > leadingSlack * measures.leading * last.size) return false;
  if (isOtherFont(block, measures) !== (isSetApart(next, measures) && isOtherFont(block, measures))) return false;
  const body = lines.slice(1);
  const left = body.length > 0 ? Math.min(...body.slice(-20).map((line) => line.left)) : undefined;
  const indent = next.left - (left ?? last.left);
  if (block.marker) return next.left > (lines[0]?.left ?? 0) + 0.4 * next.size || indent < 0.4 * next.size;
  if (indent > 0.8 * next.size && (left !== undefined || sentenceEnd.test(before)) && indent < 6 * next.size)
    return false;
  return last.size >= headingRatio * measures.bodySize || !hadRoom(lines, next, after);
}

/** Whether the next line's first word would have stood on the line before, had the author not ended it there. */
function hadRoom(lines: readonly Line[], next: Line, text: string): boolean {
  const last = lines.at(-1);
  // A word that is cut had no room.
  if (!last || text === "" || /\p{L}[-\u00ad\u2010]\s*$/u.test(last.text.slice(-9))) return false;
  const right = Math.max(next.right, ...lines.slice(-20).map((line) => line.right));
  const wordLength = text.search(/\s/) < 0 ? text.length : text.search(/\s/);
  const wordWidth = (wordLength / text.length) * (next.right - next.left);
  return right - last.right > 1.1 * wordWidth + 1.5 * next.size;
}

/** A sentence goes on in the next column, or on the next page. */
function goesOn(before: string, after: string): boolean {
  if (/\p{L}[-\u00ad\u2010]$/u.test(before)) return /^\p{Ll}/u.test(after);
  return !sentenceEnd.test(before) && /^[\p{Ll}(]/u.test(after);
}

/** All of it is in one font that is not the body's, such as a heading in bold of the same size. */
function isOtherFont({ lines }: TextBlock, measures: Measures): boolean {
  return lines.every((line) => isSetApart(line, measures));
}

export function isSetApart(line: Line, { bodyFont, fontShare }: Measures): boolean {
  const font = fontOf(line);
  return font !== undefined && font !== bodyFont && (fontShare.get(font) ?? 0) < 0.25;
}

function isMono({ segments }: Line, { monoFonts }: Measures): boolean {
  return segments.every(({ runs }) => runs.every(({ font }) => monoFonts.has(font)));
}

function findCodeEnd(lines: readonly Line[], start: number, measures: Measures): number {
  let end = start;
  let last: Line | undefined;
  for (let at = start; at < lines.length; at++) {
    const line = lines[at];
    if (!line || !isMono(line, measures)) break;
    const isNear = !last || line.page !== last.page || Math.abs(line.y - last.y) < 2.6 * measures.leading * line.size;
    if (!isNear) break;
    last = line;
    end = at + 1;
  }
  return end;
}

const maxIndent = 120;

/** Letters of one width: what stands where tells how far a line is indented. */
function toCode(lines: readonly Line[]): string {
  const left = lines.reduce((least, line) => Math.min(least, line.left), Number.POSITIVE_INFINITY);
  const texts: string[] = [];
  let last: Line | undefined;
  for (const line of lines) {
    const run = line.segments[0]?.runs[0];
    const letter = run && run.text.length > 0 ? run.width / run.text.length : 0.6 * line.size;
    const column = (x: number) => Math.min(maxIndent, Math.max(0, Math.round((x - left) / Math.max(1, letter))));
    if (last && last.page === line.page && line.y - last.y > 1.7 * line.size) texts.push("");
    let text = "";
    for (const { runs } of line.segments) {
      for (const { x, text: piece } of runs) text = text.padEnd(Math.min(column(x), text.length + maxIndent)) + piece;
    }
    texts.push(text.trimEnd());
    last = line;
  }
  return texts.join("\n");
}
