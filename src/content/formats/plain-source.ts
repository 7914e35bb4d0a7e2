import { readLines } from "./markdown-source.ts";
import type { Reading } from "./reading.ts";

const ESC = "\u001b";
const BELL = "\u0007";
const BACKSPACE = "\b";

/** Plain text as it is, without what was meant for a terminal or a printer. */
export function readPlainSource(text: string, url: string): Reading {
  let markdown = text.replace(/\r\n?/g, "\n").replace(/^\ufeff/, "");
  if (markdown.includes(ESC)) markdown = withoutEscapes(markdown);
  if (markdown.includes(BACKSPACE)) markdown = withoutOverstrikes(markdown);
  if (markdown.includes("\f")) markdown = withoutPageBreaks(markdown);
  const { links, isTruncated } = readLines(markdown, url, false);
  return { markdown, links, isTruncated };
}

// Built from texts, since a control character in a literal is nearly always a mistake.
const control = new RegExp(`${ESC}\\[[0-9:;<=>?]{0,64}[ -/]{0,8}[@-~]`, "g");
const command = new RegExp(`${ESC}[\\]PX^_][^${BELL}${ESC}\n]{0,2000}(?:${BELL}|${ESC}\\\\)`, "g");
const otherEscape = new RegExp(`${ESC}[ -/]{0,8}[0-~]`, "g");

/** Colours, cursor movements and titles (ECMA-48). */
function withoutEscapes(text: string): string {
  return text.replace(control, "").replace(command, "").replace(otherEscape, "").replaceAll(ESC, "");
}

/** A printer strikes a letter twice for bold, and an underline first for underlined ones, as in `man` pages. */
function withoutOverstrikes(text: string): string {
  const kept: string[] = [];
  for (const character of text) {
    if (character !== BACKSPACE) kept.push(character);
    else if (kept.at(-1) !== "\n") kept.pop();
  }
  return kept.join("");
}

/** Lines looked at beside a page break. */
const maxEdge = 6;

/** RFCs and their like: what stands at the foot and the head of every page is no text. */
function withoutPageBreaks(text: string): string {
  const pages = text.split(/\n?\f\n?/);
  if (pages.length > 10_000) return text.replaceAll("\f", "\n");
  const heads = new Map<string, number>();
  for (const page of pages.slice(1)) {
    const head = firstLine(page);
    if (head) heads.set(head.text, (heads.get(head.text) ?? 0) + 1);
  }
  return pages
    .map((page, at) => {
      let body = page;
      const head = firstLine(body);
      if (at > 0 && head && (heads.get(head.text) ?? 0) > 1) body = body.slice(head.end);
      if (at < pages.length - 1) body = body.replace(/\n[^\n]{0,200}\[?\bPage \d{1,5}\]?[ \t]{0,20}\n{0,4}$/i, "\n");
      if (at > 0) body = body.replace(/^\n{1,20}/, "");
      return at < pages.length - 1 ? body.replace(/\n{1,20}$/, "") : body;
    })
    .join("\n\n");
}

function firstLine(page: string): { text: string; end: number } | undefined {
  let start = 0;
  for (let count = 0; count < maxEdge; count++) {
    const end = page.indexOf("\n", start);
    const text = page.slice(start, end < 0 ? start + 500 : Math.min(end, start + 500)).trim();
    if (text !== "") return { text, end: end < 0 ? page.length : end };
    if (end < 0) return undefined;
    start = end + 1;
  }
  return undefined;
}
