import type { Line } from "./lines.ts";
import type { Run } from "./text-runs.ts";

/** A stretch of text, with the address that it links to. */
export type Piece = { text: string; url?: string };

/** Below this a gap is only the space between letters; in ems. */
const spaceInEms = 0.13;
const cjk = /[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef]/;
const invisible = /[\p{Cc}\u200b\ufeff]/gu;
const leader = /(?:\s?[.·…_]){4,200}/g;

export function textOfRuns(runs: readonly Run[]): string {
  return piecesOfRuns(runs)
    .map(({ text }) => text)
    .join("");
}

export function piecesOfLine({ segments }: Line): Piece[] {
  return segments.reduce<Piece[]>((pieces, { runs }) => joinPieces(pieces, piecesOfRuns(runs), " "), []);
}

export function piecesOfRuns(runs: readonly Run[]): Piece[] {
  const pieces: Piece[] = [];
  let last: Run | undefined;
  for (const run of runs) {
    // Dots that lead the eye to a page number say nothing.
    const text = (run.text.includes("...") || run.text.includes(". .") ? run.text.replace(leader, " ") : run.text)
      .replace(/\s+/g, " ")
      .replace(invisible, "");
    const gap = last ? Math.max(run.x - last.x - last.width, last.x - run.x - run.width) : 0;
    const isApart = last !== undefined && gap > spaceInEms * Math.min(last.size, run.size);
    const glue = isApart && !(cjk.test(last?.text.at(-1) ?? "") && cjk.test(text[0] ?? "")) ? " " : "";
    addPiece(pieces, run.url ? { text, url: run.url } : { text }, glue);
    last = run;
  }
  return pieces;
}

export function joinPieces(before: Piece[], after: Piece[], glue: string): Piece[] {
  const [first, ...rest] = after;
  if (!first) return before;
  addPiece(before, first, glue);
  before.push(...rest);
  return before;
}

function addPiece(pieces: Piece[], piece: Piece, glue: string): void {
  const last = pieces.at(-1);
  if (!last) {
    pieces.push(piece);
    return;
  }
  const space = glue !== "" && !/\s$/.test(last.text) && !/^\s/.test(piece.text) ? glue : "";
  if (last.url === piece.url) last.text += space + piece.text;
  else {
    if (last.url === undefined) last.text += space;
    pieces.push(
      last.url !== undefined && space !== "" && piece.url === undefined ? { text: space + piece.text } : piece,
    );
  }
}

/** Puts a line below another: words cut at its end are made whole, if the document has them whole or not at all. */
export function joinLines(before: Piece[], after: Piece[], words: ReadonlySet<string>): Piece[] {
  const last = before.at(-1);
  const [first] = after;
  if (!last || !first) return before.concat(after);
  last.text = last.text.trimEnd();
  const cut = /([\p{L}\p{M}'’-]{1,60})([-\u00ad\u2010])$/u.exec(last.text.slice(-70));
  const rest = /^[\p{Ll}\p{M}]{1,60}/u.exec(first.text.trimStart())?.[0];
  if (cut?.[1] && rest) {
    const hyphenated = `${cut[1]}-${rest}`.toLowerCase();
    const isKept = cut[2] !== "\u00ad" && words.has(hyphenated) && !words.has(`${cut[1]}${rest}`.toLowerCase());
    if (!isKept) last.text = last.text.slice(0, -1);
    first.text = first.text.trimStart();
    return joinPieces(before, after, "");
  }
  const isCjk = cjk.test(last.text.at(-1) ?? "") && cjk.test(first.text.trimStart()[0] ?? "");
  const isCut = /[\p{L}\d][-/\u2010]$/u.test(last.text) && !/\s[-/]$/.test(last.text);
  if (isCjk || isCut) {
    first.text = first.text.trimStart();
    return joinPieces(before, after, "");
  }
  if (last.url !== undefined && last.url !== first.url) before.push({ text: " " });
  return joinPieces(before, after, " ");
}

const maxWords = 200_000;

/** All words that stand within lines, to tell a hyphen from a division. */
export function wordsOf(lines: readonly Line[]): Set<string> {
  const words = new Set<string>();
  for (const line of lines) {
    if (words.size > maxWords) break;
    const found = line.text.toLowerCase().match(/[\p{L}\p{M}'’]+(?:-[\p{L}\p{M}'’]+)*/gu) ?? [];
    // The last may be cut.
    for (const word of found.slice(0, -1)) words.add(word);
  }
  return words;
}
