import { readPieces } from "../content/markdown-pieces.ts";
import { toPassageText } from "./passage-text.ts";

const MAX_LENGTH = 200;
/** A sentence that is shorter tells too little by itself. */
const MIN_LENGTH = 20;
/** Where a page says what it is about, if it does. */
const READ_LENGTH = 20_000;

/** What begins a note, where a page begins with one. */
const ALERT = /\[!(?:NOTE|TIP|IMPORTANT|WARNING|CAUTION)\]/g;

/** What underlines a heading in plain text. */
const RULE = /[~=_*#-]{4,}/g;

/** `Author: A. N. Other`, `Source code: Lib/re.py`: a field, which says nothing of what the page is about. */
const FIELD = /^\p{L}[\p{L} ]{1,20}: \S+(?: \S+){0,4}$/u;

/** One line on a page: what it says of itself, or the first sentence of its prose; null when there is none. */
export function summarize({ description, markdown }: { description: string | null; markdown: string }): string | null {
  const said = toLine(description ?? "");
  if (said !== "") return shorten(said);
  const beginning = markdown.slice(0, READ_LENGTH);
  for (const { kind, start, end } of readPieces(beginning)) {
    if (kind !== "text") continue;
    const { text, code } = toPassageText(beginning.slice(start, Math.min(end, start + 2_000)));
    const line = toLine(text);
    const sentence = firstSentence(line);
    const isCode = code.some((span) => span.end - span.start > text.length / 2);
    if (line.length >= MIN_LENGTH && !isCode && !isNoSentence(sentence)) return shorten(sentence);
  }
  return null;
}

/** What is no sentence about anything: a field, an address, a name, or the line before a list. */
export function isNoSentence(text: string): boolean {
  if (FIELD.test(text) || /[:,]$/.test(text) || /^(?:©|\(c\) |copyright\b)/i.test(text)) return true;
  // Scripts without spaces say as much in fewer words.
  return text.split(" ").length < 4 && !/[.!?。！？]$/.test(text) && text.length < 30;
}

const toLine = (text: string) =>
  text
    .slice(0, 2_000)
    .replace(ALERT, "")
    .replace(RULE, " ")
    .replaceAll("\0", "")
    .replace(/\s+/gu, " ")
    .trim()
    .toWellFormed();

function firstSentence(line: string): string {
  for (let at = MIN_LENGTH - 1; at < line.length; at++) {
    const character = line.charAt(at);
    if ("。！？".includes(character)) return line.slice(0, at + 1);
    if (!".!?…".includes(character)) continue;
    // No sentence begins with a small letter: what ends before one is an abbreviation, such as "i.e.".
    if (at + 1 === line.length || /^ \P{Ll}/u.test(line.slice(at + 1, at + 4))) return line.slice(0, at + 1);
  }
  return line;
}

function shorten(line: string): string {
  if (line.length <= MAX_LENGTH) return line;
  const cut = line.slice(0, MAX_LENGTH - 1);
  const space = cut.lastIndexOf(" ");
  return `${(space > MAX_LENGTH / 2 ? cut.slice(0, space) : cut).toWellFormed().replace(/[\s,;:.–-]$/u, "")}…`;
}
