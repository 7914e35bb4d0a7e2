import { DATE, maskDates } from "./noise-dates.ts";
import { readTracking, rulesFor, type TrackingRule, withoutNoise } from "./tracking.ts";

/** Texts that take turns, as a banner's do, of which a rule may name each. */
const MAX_TURNS = 10;
const MAX_PATTERN = 900;
const NUMBER = /^[\d.,:%+-]+$/;

/**
 * A rule by which what a line said at several times is the same: an expression around the words that it always has, or
 * else that numbers or dates are ignored, or the few texts that take turns. `undefined` when none of these would do, or
 * when it would leave out `steady` lines as well.
 */
export function findRule(
  texts: readonly string[],
  changed: number,
  steady: readonly string[],
): Partial<TrackingRule> | undefined {
  if (texts.length < 2) return undefined;
  const pattern = toPattern(texts);
  const turns = texts.length <= MAX_TURNS && changed >= 2 * (texts.length - 1) && texts.every(hasWords);
  const candidates: Partial<TrackingRule>[] = [
    ...(pattern === undefined ? [] : [{ ignore_text: [pattern] }]),
    { ignore_dates: true },
    { ignore_numbers: true },
    ...(turns ? [{ ignore_text: [...texts].sort() }] : []),
  ];
  return candidates.find((rule) => isEnough(rule, texts) && (!rule.ignore_text || spares(rule, steady)));
}

function isEnough(rule: Partial<TrackingRule>, texts: readonly string[]): boolean {
  const rules = rulesFor(readTracking({ rules: [rule] }), "");
  return new Set(texts.map((text) => withoutNoise(text, rules))).size === 1;
}

function spares(rule: Partial<TrackingRule>, steady: readonly string[]): boolean {
  const rules = rulesFor(readTracking({ rules: [rule] }), "");
  return steady.every((line) => withoutNoise(line, rules) === line);
}

const hasWords = (text: string) => /\p{L}{3}/u.test(text);

/** What texts have in common word by word, with places for what differs; `undefined` when that is too little. */
function toPattern(texts: readonly string[]): string | undefined {
  const rows = texts.map((text) => maskDates(text).split(" "));
  const [first = []] = rows;
  const isAligned = rows.every((row) => row.length === first.length);
  const pattern = isAligned ? alignWords(rows) : aroundWords(rows);
  return pattern === undefined || pattern.length > MAX_PATTERN ? undefined : `re:^${pattern}$`;
}

/** A third of the words must be the same in all. */
function alignWords(rows: readonly string[][]): string | undefined {
  const [first = []] = rows;
  const isSame = first.map((word, index) => rows.every((row) => row[index] === word));
  const same = first.filter((word, index) => isSame[index] && word !== DATE);
  if (!same.some(hasWords) || 3 * same.length < first.length) return undefined;
  return first
    .map((word, index) =>
      isSame[index] && !word.includes(DATE) ? literal(word) : placeFor(rows.map((row) => row[index] ?? "")),
    )
    .join(" ");
}

/** Words at the beginning and at the end, enough of them to be no chance. */
function aroundWords(rows: readonly string[][]): string | undefined {
  const shortest = Math.min(...rows.map((row) => row.length));
  const before = countSame(rows, shortest, (row, index) => row[index]);
  const behind = countSame(rows, shortest - before, (row, index) => row.at(-1 - index));
  const [first = []] = rows;
  const [head, tail] = [first.slice(0, before), first.slice(first.length - behind)];
  const said = [...head, ...tail].join(" ").replaceAll(DATE, "");
  if (said.replace(/[^\p{L}]/gu, "").length < 8) return undefined;
  const write = (words: string[]) => words.map((word) => literal(word).replaceAll(DATE, ".+")).join(" ");
  return `${head.length > 0 ? `${write(head)}\\b` : ""}.*${tail.length > 0 ? ` ${write(tail)}` : ""}`;
}

function countSame(
  rows: readonly string[][],
  most: number,
  wordAt: (row: string[], index: number) => string | undefined,
): number {
  const [first = []] = rows;
  let count = 0;
  while (count < most && rows.every((row) => wordAt(row, count) === wordAt(first, count))) count++;
  return count;
}

/** For a word that differs: what its forms begin and end with stays, such as the marks of `**12**`. */
function placeFor(words: readonly string[]): string {
  if (words.some((word) => word.includes(DATE))) return ".+";
  const [first = ""] = words;
  const prefix = commonLength(words, (word, index) => word[index]);
  const suffix = commonLength(
    words.map((word) => word.slice(prefix)),
    (word, index) => word.at(-1 - index),
  );
  // A digit that all have is none of what stays.
  const head = first.slice(0, prefixEnd(first, prefix));
  const tail = first.slice(first.length - suffix).replace(/^[\d.,:]+/, "");
  const isNumber = words.every((word) => NUMBER.test(word.slice(head.length, word.length - tail.length)));
  return literal(head) + (isNumber ? "[\\d.,:%+-]+" : "\\S*") + literal(tail);
}

function prefixEnd(word: string, length: number): number {
  let end = length;
  while (end > 0 && /[\d.,:]/.test(word.charAt(end - 1))) end--;
  return end;
}

function commonLength(words: readonly string[], charAt: (word: string, index: number) => string | undefined): number {
  const shortest = Math.min(...words.map((word) => word.length));
  const [first = ""] = words;
  let length = 0;
  while (length < shortest && words.every((word) => charAt(word, length) === charAt(first, length))) length++;
  return length;
}

const literal = (text: string) => text.replace(/[\\^$.|?*+()[\]{}]/g, "\\$&");
