import { headingText, type Piece, readPieces } from "../../content/markdown-pieces.ts";
import type { BlockKind, PlacedBlock } from "./diff.ts";

/** Code of more lines is cut at its blank lines, and what is still longer into lines. */
const MAX_CODE_LINES = 40;

const containerPattern = /^(?:[ \t]*>)*[ \t]*/;
const quotePattern = /^[ \t]*>/;
const itemPattern = /^(?:[-*+]|\d{1,9}[.)])[ \t]+/;
const otherPattern = /^(?:<[a-z!/?]|\[\^?[^\]\n]{1,200}\]:|(?:[-*_][ \t]*){3,}$)/i;

type Reading = { blocks: PlacedBlock[]; section: string[] };

/**
 * Cuts Markdown (CommonMark with GFM) into its blocks: each item of a list and each row of a table is one of its own.
 * Separators of tables and blank lines are left out, all else is in a block.
 */
export function readBlocks(markdown: string): PlacedBlock[] {
  const text = tidy(markdown);
  const reading: Reading = { blocks: [], section: [] };
  const above: { level: number; text: string }[] = [];
  for (const piece of readPieces(text)) {
    const source = text.slice(piece.start, piece.end);
    if (piece.kind === "heading") {
      const title = headingText(text, piece);
      while ((above.at(-1)?.level ?? 0) >= piece.level) above.pop();
      reading.section = above.map((heading) => heading.text);
      addBlock(reading, "heading", headingMarkdown(source, piece.level));
      above.push({ level: piece.level, text: title });
      reading.section = above.map((heading) => heading.text);
    } else if (piece.kind === "code") addCode(reading, source, piece);
    else if (piece.kind === "table") addRows(reading, source, piece);
    else addText(reading, source);
  }
  return reading.blocks;
}

function tidy(markdown: string): string {
  const text = markdown.toWellFormed().normalize("NFC");
  return text.includes("\r") ? text.replace(/\r\n?/g, "\n") : text;
}

function addBlock({ blocks, section }: Reading, kind: BlockKind, text: string): void {
  if (text.trim() !== "") blocks.push({ kind, text, section, index: blocks.length });
}

/** Both ways to write a heading are the same one. */
function headingMarkdown(source: string, level: number): string {
  const line = source.trim();
  const isUnderlined = !line.startsWith("#");
  return isUnderlined ? `${"#".repeat(level)} ${(line.split("\n", 1)[0] ?? "").trim()}` : line;
}

function addRows(reading: Reading, source: string, piece: Piece): void {
  const head = source.slice(0, piece.bodyStart - piece.start);
  for (const line of [head.split("\n", 1)[0] ?? "", ...source.slice(head.length).split("\n")]) {
    addBlock(reading, "table_row", line.replace(containerPattern, "").trimEnd());
  }
}

function addCode(reading: Reading, source: string, { opening, closing }: Piece): void {
  const margin = /^[ \t>]*/.exec(opening)?.[0] ?? "";
  const lines = source.trimEnd().split("\n");
  const first = (lines[0] ?? "").slice(margin.length);
  const inner = lines.slice(1).map((line) => withoutMargin(line, margin));
  const fence = closing.slice(margin.length).trim();
  const isClosed = inner.at(-1)?.trim() === fence || isFence(inner.at(-1) ?? "", fence);
  if (isClosed) inner.pop();
  const write = (part: readonly string[]) => addBlock(reading, "code", `${first}\n${part.join("\n")}\n${fence}`);
  if (inner.length <= MAX_CODE_LINES) {
    write(inner);
    return;
  }
  for (const part of partsOf(inner)) {
    if (part.length <= MAX_CODE_LINES) write(part);
    else for (const line of part) write([line]);
  }
}

function isFence(line: string, fence: string): boolean {
  const text = line.trim();
  return text.length >= fence.length && text === (fence[0] ?? "").repeat(text.length);
}

/** What stands between blank lines. */
function partsOf(lines: readonly string[]): string[][] {
  const parts: string[][] = [];
  let part: string[] = [];
  for (const line of lines) {
    if (line.trim() !== "") part.push(line);
    else if (part.length > 0) {
      parts.push(part);
      part = [];
    }
  }
  if (part.length > 0) parts.push(part);
  return parts;
}

function withoutMargin(line: string, margin: string): string {
  let at = 0;
  while (at < margin.length && at < line.length && (line[at] === margin[at] || line[at] === " ")) at++;
  return line.slice(at);
}

function addText(reading: Reading, source: string): void {
  let lines: string[] = [];
  let isQuoted = false;
  const end = () => {
    if (lines.length > 0) addLines(reading, lines, isQuoted);
    lines = [];
    isQuoted = false;
  };
  for (const line of source.split("\n")) {
    const text = line.replace(containerPattern, "").trimEnd();
    if (text === "") end();
    else {
      isQuoted ||= quotePattern.test(line);
      lines.push(text);
    }
  }
  end();
}

function addLines(reading: Reading, lines: readonly string[], isQuoted: boolean): void {
  const text = lines.join("\n");
  if (itemPattern.test(text)) addBlock(reading, "list_item", text.replace(itemPattern, "- "));
  else if (isQuoted) addBlock(reading, "quote", `> ${lines.join("\n> ")}`);
  else addBlock(reading, otherPattern.test(text) ? "other" : "paragraph", text);
}
