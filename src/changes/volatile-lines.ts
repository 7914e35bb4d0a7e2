import { readBlockLines } from "./noise.ts";
import { maskDates } from "./noise-dates.ts";

/** A line of a page that changes again and again, wherever its words or its place tell that it is the same one. */
export type VolatileLine = {
  /** Equal for the same line on other pages. */
  key: string;
  /** In how many of the visits it was another one. */
  share: number;
  /** What it said, newest first. */
  texts: string[];
  /** Times that it changed, and those when nothing else did. */
  changed: number;
  alone: number;
};

const MIN_VERSIONS = 4;
const MIN_SHARE = 0.8;
const MAX_LINES = 5_000;
const MAX_LINE_LENGTH = 500;

type Line = { text: string; section: string; above: string };
type Slot = { changed: number; alone: number; texts: Set<string> };

/**
 * Lines that changed in nearly every visit, by versions from the oldest to the newest. `visits` is how often the page was
 * looked at in that time, with those visits that brought no version.
 */
export function findVolatileLines(versions: readonly string[], visits: number): VolatileLine[] {
  if (versions.length < MIN_VERSIONS) return [];
  const slots = new Map<string, Slot>();
  let before: Line[] | undefined;
  for (const version of versions) {
    const after = readLines(version);
    if (before) countChanges(before, after, slots);
    before = after;
  }
  const comparisons = Math.max(versions.length - 1, visits);
  return [...slots].flatMap(([key, { changed, alone, texts }]) => {
    const share = changed / comparisons;
    return share < MIN_SHARE ? [] : [{ key, share, texts: [...texts].reverse(), changed, alone }];
  });
}

function readLines(markdown: string): Line[] {
  const lines: Line[] = [];
  let section = "";
  let above = "";
  for (const { text, isHeading } of readBlockLines(markdown).slice(0, MAX_LINES)) {
    const skeleton = skeletonOf(text);
    lines.push({ text: text.slice(0, MAX_LINE_LENGTH), section, above });
    if (isHeading) section = skeleton;
    above = skeleton;
  }
  return lines;
}

/** What went and what came is the same line when its words are the same but for numbers, or else when its place is. */
function countChanges(before: readonly Line[], after: readonly Line[], slots: Map<string, Slot>): void {
  const [gone, come] = [linesBeside(before, after), linesBeside(after, before)];
  const changed = new Map<string, string[]>();
  const take = (keyOf: (line: Line) => string, from: Line[], to: Line[]): [Line[], Line[]] => {
    const keys = new Set(from.map(keyOf));
    const taken = new Set<string>();
    for (const line of to) {
      const key = keyOf(line);
      if (!keys.has(key)) continue;
      taken.add(key);
      changed.set(key, [...(changed.get(key) ?? []), line.text]);
    }
    for (const line of from) if (taken.has(keyOf(line))) changed.get(keyOf(line))?.unshift(line.text);
    return [from.filter((line) => !taken.has(keyOf(line))), to.filter((line) => !taken.has(keyOf(line)))];
  };
  const [goneStill, comeStill] = take(keyByWords, gone, come);
  const [goneElse, comeElse] = take(keyByPlace, goneStill, comeStill);
  const isAlone = changed.size === 1 && goneElse.length === 0 && comeElse.length === 0;
  for (const [key, texts] of changed) {
    const slot = slots.get(key) ?? { changed: 0, alone: 0, texts: new Set<string>() };
    slot.changed++;
    if (isAlone) slot.alone++;
    for (const text of texts) if (slot.texts.size < MAX_TEXTS) slot.texts.add(text);
    slots.set(key, slot);
  }
}

const MAX_TEXTS = 100;

function linesBeside(lines: readonly Line[], others: readonly Line[]): Line[] {
  const left = new Map<string, number>();
  for (const { text } of others) left.set(text, (left.get(text) ?? 0) + 1);
  return lines.filter(({ text }) => {
    const count = left.get(text) ?? 0;
    if (count > 0) left.set(text, count - 1);
    return count === 0;
  });
}

function keyByWords({ text, section }: Line): string {
  const skeleton = skeletonOf(text);
  return /\p{L}{3}/u.test(skeleton.replaceAll("date", "")) ? `words:${skeleton}` : `words:${section}:${skeleton}`;
}

const keyByPlace = ({ section, above }: Line) => `place:${section}:${above}`;

/** A line without what usually changes in it. */
function skeletonOf(text: string): string {
  return maskDates(text)
    .replace(/(?=[a-z]*\d)[0-9a-z]{8,}/gi, "#")
    .replace(/\d+(?:[.,:]\d+)*/g, "0")
    .toLowerCase()
    .slice(0, MAX_LINE_LENGTH);
}
