import { findCut } from "./budget.ts";
import { badInput } from "./moments.ts";
import { getSection, readOutline, type Section } from "./outline.ts";
import { toVisible } from "./untrusted.ts";

export type Readable = { markdown: string; headings: readonly { level: number; text: string; anchor?: string }[] };

/** A part of a document that fits into an answer. */
export type Reading = {
  text: string;
  /** Characters of the document before it, and where it ends. */
  start: number;
  end: number;
  /** Of what is read: the document, or its section. */
  length: number;
  /** Where to read on; null at the end. Counted as `offset` is: from the beginning of what is read. */
  nextOffset: number | null;
  section: Section | undefined;
};

/**
 * Reads a document from a place on, or one section of it.
 * @throws AppError `invalid` for a place beyond its end, `not_found` for a section
 */
export function readPart(
  { markdown, headings }: Readable,
  { section: reference, offset, maxTokens }: { section?: string; offset: number; maxTokens: number },
): Reading {
  const section = reference === undefined ? undefined : getSection(readOutline(markdown, headings), reference);
  const { start, end } = section ?? { start: 0, end: markdown.length };
  const length = end - start;
  if (offset > 0 && offset >= length) throw badInput("offset", `must be less than ${length}, where the text ends`);
  const from = start + offset;
  const to = from + findCut(markdown.slice(from, end), 0, maxTokens);
  const text = toVisible(markdown.slice(from, to));
  return { text, start: from, end: to, length, nextOffset: to < end ? to - start : null, section };
}

/** Tells how to read on, where there is more. */
export function describeRest({ nextOffset, length }: Reading): string {
  return nextOffset === null
    ? ""
    : `\nRead so far: ${nextOffset} of ${length} characters. Go on with offset: ${nextOffset}`;
}
