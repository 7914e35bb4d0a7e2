import { foldText, stepsPerCharacter, type TextPattern } from "../patterns/text-pattern.ts";
import { maskDates } from "./noise-dates.ts";
import { splitLine } from "./noise-links.ts";
import { putInOrder } from "./noise-order.ts";
import type { NoiseRules } from "./tracking.ts";

/**
 * What expressions may cost over one text, in instructions times characters: half a second's work at the very worst.
 * Lines beyond it are compared as they are.
 */
export const MAX_STEPS = 20_000_000;

/** Numbers: grouped, with a fraction, a sign, or a unit of thousands (`1.2k`). */
const number =
  /(?:(?<![\p{L}\p{Nd}])[+\u2212-])?\p{Nd}+(?:[.,:'\u2019\u066b\u066c]\p{Nd}+|[ \u00a0\u2009\u202f]\p{Nd}{3}(?!\p{Nd}))*(?:[kmb](?![\p{L}\p{Nd}]))?/giu;
/** A digit, so that a list stays one (`3.`) and nothing becomes a heading. */
const NUMBER = "0";

/** Zero-width characters, soft hyphens and marks of direction: nobody sees them. */
const invisible = /[\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]/g;
const spaces = /[^\S\n]+/g;
const fence = /^[ \t>]{0,100}(?:(?:[-*+]|\d{1,9}[.)])[ \t]{1,4})?(`{3,100}|~{3,100})/;
/** What places a line: quotes, indentation, the mark of a list or heading. */
const margin = /^[ \t>]*(?:(?:[-*+]|\d{1,9}[.)]|#{1,6})[ \t]+)?(?:\[[ xX]\][ \t]+)?/;
const saysSomething = /[\p{L}\p{N}]/u;

/** Markdown of the same structure without what is never a change, and without what the rules say is none. */
export function removeNoise(markdown: string, rules: NoiseRules): string {
  const budget = { stepsLeft: MAX_STEPS };
  const lines: string[] = [];
  let openFence = "";
  for (const raw of markdown
    .normalize("NFC")
    .replace(invisible, "")
    .split(/\r\n?|\n/)) {
    const marks = fence.exec(raw)?.[1];
    const isFence = marks !== undefined && (openFence === "" || endsFence(raw, marks, openFence));
    if (isFence) {
      lines.push(raw.trimEnd());
      openFence = openFence === "" ? marks : "";
      continue;
    }
    const line = openFence === "" ? cleanLine(raw, rules, budget) : cleanCode(raw, rules, budget);
    if (line !== undefined) lines.push(line);
  }
  const text = lines.join("\n");
  const ordered = rules.sortLines || rules.uniqueLines ? putInOrder(text, rules) : text;
  return ordered
    .replace(/\n{3,}/g, "\n\n")
    .replace(/^\n+/, "")
    .trimEnd();
}

/** The lines that rules see, each without what places it; of text that noise was left out of. */
export function readBlockLines(text: string): { text: string; isHeading: boolean }[] {
  return text.split("\n").flatMap((line) => {
    const place = margin.exec(line)?.[0] ?? "";
    const content = line.slice(place.length);
    return saysSomething.test(content) ? [{ text: content, isHeading: place.includes("#") }] : [];
  });
}

const endsFence = (line: string, marks: string, open: string) =>
  marks.length >= open.length && marks[0] === open[0] && line.trimEnd().endsWith(marks);

type Budget = { stepsLeft: number };

/** `undefined` when the rules leave the line out. */
function cleanLine(raw: string, rules: NoiseRules, budget: Budget): string | undefined {
  const place = margin.exec(raw)?.[0] ?? "";
  const content = raw.slice(place.length).replace(spaces, " ").trim();
  if (content === "") return place.trimEnd();
  // Links first: what is noise in them must not keep a text from being found.
  const cleaned = splitLine(content)
    .map((part) => part.text)
    .join("");
  const kept = ignoreText(cleaned, rules.ignoreText, budget);
  if (kept === undefined) return undefined;
  const masked = rules.ignoreDates || rules.ignoreNumbers ? maskVisible(kept, rules) : kept;
  return (rules.ignoreNumbers ? place.replace(/\d+/, NUMBER) : place) + masked;
}

function cleanCode(raw: string, rules: NoiseRules, budget: Budget): string | undefined {
  const kept = ignoreText(raw.trimEnd(), rules.ignoreText, budget);
  return kept === undefined ? undefined : mask(kept, rules);
}

/** Where links lead is no number and no date. */
function maskVisible(line: string, rules: NoiseRules): string {
  return splitLine(line)
    .map(({ kind, text }) => (kind === "text" ? mask(text, rules) : text))
    .join("");
}

function mask(text: string, { ignoreDates, ignoreNumbers }: NoiseRules): string {
  const undated = ignoreDates ? maskDates(text) : text;
  return ignoreNumbers ? undated.replace(number, NUMBER) : undated;
}

/**
 * Each pattern is looked for in the Markdown and, where that lacks it, in the words without their marks, which is what
 * people see; the words stand for the line then.
 */
function ignoreText(line: string, patterns: readonly TextPattern[], budget: Budget): string | undefined {
  if (patterns.length === 0) return line;
  let seen = lookAt(line);
  for (const pattern of patterns) {
    if (pattern.kind === "words") {
      if (seen.folded.some((text) => text.includes(pattern.words))) return undefined;
      continue;
    }
    const { text, words } = seen;
    const left = leaveOut(text, pattern, budget) ?? (words === text ? undefined : leaveOut(words, pattern, budget));
    if (left === undefined) continue;
    if (!saysSomething.test(left)) return undefined;
    seen = lookAt(left.replace(spaces, " ").trim());
  }
  return seen.text;
}

function lookAt(text: string) {
  const words = wordsOf(text);
  return { text, words, folded: words === text ? [foldText(text)] : [foldText(text), foldText(words)] };
}

/** `undefined` when nothing matches. */
function leaveOut(
  text: string,
  pattern: Extract<TextPattern, { kind: "expression" }>,
  budget: Budget,
): string | undefined {
  const steps = text.length * stepsPerCharacter(pattern);
  if (steps > budget.stepsLeft) return undefined;
  budget.stepsLeft -= steps;
  const matcher = pattern.expression.matcher(text);
  let left = "";
  let end = 0;
  while (matcher.find()) {
    left += text.slice(end, matcher.start());
    end = matcher.end();
  }
  return end === 0 ? undefined : left + text.slice(end);
}

/** The text of one line of Markdown as people read it. */
function wordsOf(line: string): string {
  if (!/[\\[*_`~<|]/.test(line)) return line;
  return splitLine(line)
    .map(({ kind, text }) => (kind === "text" ? text : ""))
    .join("")
    .replace(/\\([!-/:-@[-`{-~])|!\[|\]\([^()]{0,300}\)|[[\]*`]|~~|<\/?[a-z]{1,6}>/g, "$1")
    .replace(/(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])/gu, "")
    .replace(spaces, " ")
    .trim();
}
