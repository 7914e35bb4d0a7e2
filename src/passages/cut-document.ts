import { toChunks } from "../content/chunks.ts";
import type { Heading } from "../content/document.ts";
import { sha256, toUuid } from "../content/fingerprint.ts";
import { listNames } from "./names.ts";
import { toPassageText } from "./passage-text.ts";
import { cutHeading, cutPassage, type PassageWords } from "./terms.ts";

const PASSAGE_TOKENS = 512;

/** Of a longer document the beginning is indexed: 500 pages of a book. */
const MAX_LENGTH = 1_500_000;

export type CutPassage = {
  place: number;
  hash: string;
  headingPath: string[];
  anchor: string | null;
  /** Markdown. */
  text: string;
  tokens: number;
  words: PassageWords;
  /** What it is called, and its page where it is the first of it. */
  names: string[];
};

type Text = { title: string | null; markdown: string; headings: readonly Heading[] };

/** Cuts a document into passages, one at a time, so that other work may go between. */
export function* cutDocument({ title, markdown, headings }: Text): Iterable<CutPassage> {
  // No space of the Markdown is worth half a character.
  const text = markdown.length > MAX_LENGTH ? markdown.slice(0, MAX_LENGTH).toWellFormed() : markdown;
  const chunks = toChunks(text, { maxTokens: PASSAGE_TOKENS, overlapTokens: 0, title, headings });
  const titleWords = cutHeading(title ?? "");
  let place = 0;
  for (const { headingPath: path, anchor = null, text: chunk, tokens } of chunks) {
    // The gap behind it is not its own: it would be another passage once something follows.
    const text = chunk.trimEnd();
    if (text === "") continue;
    const headingPath = path.map(toStorable);
    const below = headingPath[0] === title ? headingPath.slice(1) : headingPath;
    const words = cutPassage(titleWords, below, toPassageText(text));
    const names = listNames(place === 0 ? title : null, below.at(-1));
    const hash = hashPassage(headingPath, text);
    yield { place: place++, hash, headingPath, anchor, text, tokens, words, names };
  }
}

/** What is packed may hold anything; text of PostgreSQL's not. */
const toStorable = (text: string) => text.replaceAll("\0", "").toWellFormed();

function hashPassage(headingPath: readonly string[], text: string): string {
  // No text has this character, which PostgreSQL does not take.
  return toUuid(sha256(`${headingPath.join("\0")}\0\0${text}`));
}
