import { headingFinder } from "../content/chunks.ts";
import type { Heading } from "../content/document.ts";
import { headingText, readPieces } from "../content/markdown-pieces.ts";
import { weighTokens } from "../content/token-estimate.ts";
import { AppError } from "../errors.ts";
import { shorten } from "./budget.ts";

/** What stands under a heading, up to the next one that is not below it. */
export type Section = {
  level: number;
  heading: string;
  /** The headings it stands under, outermost first, its own included. */
  path: string[];
  anchor: string | undefined;
  /** UTF-16 offsets into the Markdown, the heading's line included. */
  start: number;
  end: number;
  tokens: number;
};

/** Of the error that names headings there are. */
export const NO_SECTION = "no_section";
/** Nobody reads more, and a page can be nothing but headings. */
const MAX_SECTIONS = 1_000;
const MAX_NAMED = 10;

/** The sections of a document in its order, those inside others too. */
export function readOutline(markdown: string, headings: readonly Heading[]): Section[] {
  const find = headingFinder(headings);
  const sections: Section[] = [];
  const open: Section[] = [];
  const closeFrom = (level: number, end: number) => {
    while ((open.at(-1)?.level ?? 0) >= level) {
      const section = open.pop();
      if (section) section.end = end;
    }
  };
  for (const piece of readPieces(markdown)) {
    if (piece.kind !== "heading") continue;
    if (sections.length === MAX_SECTIONS) break;
    const { level, start } = piece;
    const text = headingText(markdown, piece);
    const known = find(level, text);
    closeFrom(level, start);
    const heading = known?.text ?? text;
    const path = [...open.map((above) => above.heading), heading];
    const section: Section = { level, heading, path, anchor: known?.anchor, start, end: markdown.length, tokens: 0 };
    sections.push(section);
    open.push(section);
  }
  return weigh(markdown, sections);
}

/**
 * A section by its anchor (`#install`), its heading, or headings on the way to it (`Setup > Install`).
 * @throws AppError `not_found` naming what there is
 */
export function getSection(sections: readonly Section[], reference: string): Section {
  const text = reference.trim();
  const anchor = text.replace(/^#/, "");
  const path = text.split(/ (?:>|›) /).map(fold);
  const found =
    sections.find((section) => section.anchor !== undefined && section.anchor === anchor) ??
    sections.find((section) => endsWith(section.path.map(fold), path)) ??
    sections.find((section) => fold(section.heading).includes(fold(text)));
  if (found) return found;
  const named = sections.slice(0, MAX_NAMED).map(({ heading }) => JSON.stringify(shorten(heading, 60)));
  const there = named.length === 0 ? "the page has no headings" : `the first are ${named.join(", ")}`;
  const message = `There is no section ${JSON.stringify(shorten(text, 100))}; ${there}. outline: true lists all`;
  throw new AppError("not_found", message, { code: NO_SECTION });
}

/** Each part of the text is weighed once, however deep sections stand in each other. */
function weigh(markdown: string, sections: Section[]): Section[] {
  const before = new Map<number, number>();
  const places = [...new Set(sections.flatMap(({ start, end }) => [start, end]))].sort((a, b) => a - b);
  let tokens = 0;
  let last = places[0] ?? 0;
  for (const place of places) {
    tokens += weighTokens(markdown, last, place);
    before.set(place, tokens);
    last = place;
  }
  for (const section of sections)
    section.tokens = Math.ceil((before.get(section.end) ?? 0) - (before.get(section.start) ?? 0));
  return sections;
}

const fold = (text: string) => text.trim().toLowerCase();

const endsWith = (path: readonly string[], end: readonly string[]) =>
  end.length > 0 && end.every((part, at) => path[path.length - end.length + at] === part);
