import { readBlockLines } from "./noise.ts";
import { DATE, maskDates } from "./noise-dates.ts";

/** A line of a page that changes again and again, wherever its words or its place tell that it is the same one. */
export type VolatileLine = {
  /** Equal for the same line on other pages. */
  key: string;
  /** In how many of the visits it was another one. */
  share: number;
  /** What it said, newest first. */
  texts: string[];
  /** Times that it changed, and those when nothing did but lines such as this one. */
  changed: number;
  alone: number;
};

const MIN_VERSIONS = 4;
const MIN_SHARE = 0.8;
const MAX_LINES = 3_000;
/** Where more lines than these went and came, the page was written anew, and no line tells anything. */
const MAX_CHANGED = 500;
const MAX_LINE_LENGTH = 500;
/** Of a line that are kept. */
const MAX_TEXTS = 100;

type Line = { text: string /** The last heading, and the line above. */; section: string; above: string };
/** A line without what usually changes in it. */
type ToSkeleton = (text: string) => string;
/** What changed from one version to the next: by each key, what it said before and after. */
type Step = { changed: Map<string, string[]>; hasMore: boolean };
type Slot = { changed: number; texts: Set<string> };

/**
 * Lines that changed in nearly every visit, by versions from the oldest to the newest. `visits` is how often the page was
 * looked at in that time, with those visits that brought no version.
 */
export function findVolatileLines(versions: readonly string[], visits: number): VolatileLine[] {
  if (versions.length < MIN_VERSIONS) return [];
  // Most lines are in every version.
  const skeletons = new Map<string, string>();
  const toSkeleton = (text: string) => {
    const skeleton = skeletons.get(text) ?? skeletonOf(text);
    skeletons.set(text, skeleton);
    return skeleton;
  };
  const lines = versions.map(readLines);
  const steps = lines.slice(1).map((after, index) => compareLines(lines[index] ?? [], after, toSkeleton));
  const slots = new Map<string, Slot>();
  for (const { changed } of steps) {
    for (const [key, texts] of changed) {
      const slot = slots.get(key) ?? { changed: 0, texts: new Set<string>() };
      slot.changed++;
      for (const text of texts) if (slot.texts.size < MAX_TEXTS) slot.texts.add(text);
      slots.set(key, slot);
    }
  }
  const comparisons = Math.max(steps.length, visits);
  for (const [key, { changed }] of slots) if (changed < MIN_SHARE * comparisons) slots.delete(key);
  const alone = steps.filter(({ changed, hasMore }) => !hasMore && [...changed.keys()].every((key) => slots.has(key)));
  return [...slots].map(([key, { changed, texts }]) => ({
    key,
    share: changed / comparisons,
    texts: [...texts].reverse(),
    changed,
    alone: alone.filter((step) => step.changed.has(key)).length,
  }));
}

function readLines(markdown: string): Line[] {
  const lines: Line[] = [];
  let section = "";
  let above = "";
  for (const { text: whole, isHeading } of readBlockLines(markdown).slice(0, MAX_LINES)) {
    const text = whole.slice(0, MAX_LINE_LENGTH);
    lines.push({ text, section, above });
    if (isHeading) section = text;
    above = text;
  }
  return lines;
}

/**
 * What went and what came is the same line when its words are the same but for numbers, or else when its place is.
 * `hasMore` when something went or came that is none of these.
 */
function compareLines(before: readonly Line[], after: readonly Line[], toSkeleton: ToSkeleton): Step {
  let [gone, come] = [linesBeside(before, after), linesBeside(after, before)];
  const changed = new Map<string, string[]>();
  if (gone.length > MAX_CHANGED || come.length > MAX_CHANGED) return { changed, hasMore: true };
  const byWords = ({ text, section }: Line) => {
    const skeleton = toSkeleton(text);
    return hasWords(skeleton) ? `words:${skeleton}` : `words:${toSkeleton(section)}:${skeleton}`;
  };
  const byPlace = ({ section, above }: Line) => `place:${toSkeleton(section)}:${toSkeleton(above)}`;
  for (const keyOf of [byWords, byPlace]) {
    const [goneByKey, comeByKey] = [Map.groupBy(gone, keyOf), Map.groupBy(come, keyOf)];
    const isIn = (line: Line) => goneByKey.has(keyOf(line)) && comeByKey.has(keyOf(line));
    for (const [key, lines] of comeByKey) {
      const former = goneByKey.get(key);
      if (former)
        changed.set(
          key,
          [...former, ...lines].map(({ text }) => text),
        );
    }
    gone = gone.filter((line) => !isIn(line));
    come = come.filter((line) => !isIn(line));
  }
  return { changed, hasMore: gone.length > 0 || come.length > 0 };
}

const hasWords = (skeleton: string) => /\p{L}{3}/u.test(skeleton.replaceAll(DATE, ""));

function linesBeside(lines: readonly Line[], others: readonly Line[]): Line[] {
  const left = new Map<string, number>();
  for (const { text } of others) left.set(text, (left.get(text) ?? 0) + 1);
  return lines.filter(({ text }) => {
    const count = left.get(text) ?? 0;
    if (count > 0) left.set(text, count - 1);
    return count === 0;
  });
}

function skeletonOf(text: string): string {
  return maskDates(text)
    .replace(/(?=[a-z]*\d)[0-9a-z]{8,}/gi, "#")
    .replace(/\d+(?:[.,:]\d+)*/g, "0")
    .toLowerCase()
    .slice(0, MAX_LINE_LENGTH);
}
