import { weighTokens } from "../content/token-estimate.ts";
import { toVisible } from "./untrusted.ts";

/** What an answer takes of a model's attention unless it is told otherwise, and the bounds of that; in tokens. */
export const DEFAULT_TOKENS = 4_000;
export const LEAST_TOKENS = 200;
export const MOST_TOKENS = 20_000;

/** Long runs of one sign weigh next to nothing, and are bounded by this: no text has more letters to a token. */
const MAX_CHARACTERS_PER_TOKEN = 6;
/** What is given up at the most so that a text ends between two paragraphs, lines or words. */
const MAX_GIVEN_UP = 0.25;

/**
 * Where the part of a text ends that begins at `start` and has at most so many tokens: between two paragraphs if that is
 * not far, else between lines, else between words.
 */
export function findCut(text: string, start: number, maxTokens: number): number {
  const farthest = Math.min(text.length, start + Math.ceil(maxTokens) * MAX_CHARACTERS_PER_TOKEN);
  if (weighTokens(text, start, farthest) <= maxTokens) {
    return farthest === text.length ? farthest : backToGap(text, start, farthest);
  }
  let [fits, over] = [start, farthest];
  while (over - fits > 1) {
    const middle = (fits + over) >>> 1;
    if (weighTokens(text, start, middle) <= maxTokens) fits = middle;
    else over = middle;
  }
  return backToGap(text, start, fits);
}

/** The beginning of a text of strangers on one line, as far as people see it; marked where something was left out. */
export function shorten(text: string, maxLength: number): string {
  const line = toVisible(text.slice(0, 4 * maxLength))
    .replace(/\s+/g, " ")
    .trim();
  if (line.length <= maxLength) return line.toWellFormed();
  return `${withoutHalf(line, 0, maxLength - 1).trimEnd()}…`;
}

/**
 * The first of some items that fit together, at least one; and whether all of them do.
 * @param spent tokens that the answer has already
 */
export function takeFitting<Item>(
  items: readonly Item[],
  maxTokens: number,
  write: (item: Item) => string,
  spent = 0,
): { shown: Item[]; isAll: boolean } {
  const shown: Item[] = [];
  let tokens = spent;
  for (const item of items) {
    const text = write(item);
    tokens += 1 + weighTokens(text, 0, text.length);
    if (tokens > maxTokens && shown.length > 0) return { shown, isAll: false };
    shown.push(item);
  }
  return { shown, isAll: true };
}

function backToGap(text: string, start: number, end: number): number {
  if (end >= text.length) return text.length;
  const least = end - Math.floor((end - start) * MAX_GIVEN_UP);
  for (const gap of ["\n\n", "\n", " "]) {
    const at = text.lastIndexOf(gap, end - gap.length);
    if (at >= least && at > start) return at + gap.length;
  }
  // Not between the halves of a character; and never nowhere, since whoever reads on by this would not get on.
  const isHalf = isHigh(text.charCodeAt(end - 1)) && isLow(text.charCodeAt(end));
  return Math.max(start + (isHigh(text.charCodeAt(start)) ? 2 : 1), isHalf ? end - 1 : end);
}

function withoutHalf(text: string, start: number, end: number): string {
  return text.slice(start, isHigh(text.charCodeAt(end - 1)) ? end - 1 : end);
}

const isHigh = (code: number) => code >= 0xd800 && code < 0xdc00;
const isLow = (code: number) => code >= 0xdc00 && code < 0xe000;
