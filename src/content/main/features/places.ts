import type { Element } from "../../dom.ts";
import { type Block, type Blocks, FAR } from "../blocks.ts";
import { HIDDEN, MARKING_NAMES } from "../markings.ts";
import { VOCABULARY_NAMES } from "../vocabulary.ts";
import { type Family, fill, put, type Row } from "./family.ts";
import { linkDensity } from "./own.ts";
import { isHeading, isParagraph } from "./sums.ts";

/** Where in the page a block stands: among all blocks, from its landmarks, below which heading. */
export function placeFamily(page: Blocks): Family["write"] {
  const { blocks } = page;
  const twins = countTwins(blocks);
  const marks = findLandmarks(page);
  const headings = headingsAbove(blocks);
  return (row, { sums, words, titleWords }, block, index) => {
    const { counts } = block;
    const own = Math.max(counts.words, 1);
    const twin = twins[index] as Twins;
    put(row, index / blocks.length);
    put(row, (sums.words[index] as number) / words);
    put(row, words - (sums.words[index + 1] as number));
    put(row, twin.count);
    put(row, twin.before);
    put(row, Number(twin.before === 0 && twin.count > 1));
    put(row, counts.titleWords / titleWords);
    put(row, counts.titleWords / own);
    put(row, counts.descriptionWords / own);
    put(row, from(marks.h1, index));
    put(row, Number(marks.h1 >= 0));
    put(row, Number(index >= marks.bestFrom && index < marks.bestTo));
    put(row, levelsTo(block.element, marks.best));
    put(row, marks.bestShare);
    put(row, index < marks.bestFrom ? index - marks.bestFrom : Math.max(index - marks.bestTo + 1, 0));
    put(row, from(marks.comments, index));
    put(row, Number(marks.comments >= 0));
    put(row, from(marks.titleHeading, index));
    writeHeading(row, blocks, index, headings[index] as number);
  };
}

const HEADING = "since level words linkDensity isInside".split(" ");

export const PLACE_NAMES: readonly string[] = [
  ..."place textBefore textAfter twins twinsBefore isFirstTwin titleWords titleShare descriptionShare".split(" "),
  ..."fromH1 hasH1 inBest levelsToBest bestShare fromBest toComments hasComments fromTitleHeading".split(" "),
  ...HEADING.map((name) => `heading:${name}`),
  ...VOCABULARY_NAMES.map((name) => `heading:says:${name}`),
];

/** How many blocks say the same, and how many of them came before. */
type Twins = { count: number; before: number };

function countTwins(blocks: readonly Block[]): Twins[] {
  const counts = new Map<number, number>();
  const before = blocks.map(({ counts: { hash } }) => {
    const seen = counts.get(hash) ?? 0;
    counts.set(hash, seen + 1);
    return seen;
  });
  return before.map((seen, at) => ({ before: seen, count: counts.get((blocks[at] as Block).counts.hash) ?? 1 }));
}

const from = (mark: number, index: number) => (mark < 0 ? -1_000 : index - mark);

type Landmarks = {
  /** Places among the blocks, or -1. */
  h1: number;
  titleHeading: number;
  comments: number;
  /** The element whose own paragraphs say most, as readability scores it. */
  best: Element | undefined;
  bestFrom: number;
  bestTo: number;
  /** Of all paragraphs' score. */
  bestShare: number;
};

const COMMENT = MARKING_NAMES.indexOf(".comment");

function findLandmarks({ blocks, from, to }: Blocks): Landmarks {
  const scores = new Map<Element, number>();
  let h1 = -1;
  let titleHeading = -1;
  let mostTitle = 0;
  let comments = -1;
  let total = 0;
  for (let at = 0; at < blocks.length; at++) {
    const block = blocks[at] as Block;
    const { counts, element } = block;
    if (h1 < 0 && element.name === "h1") h1 = at;
    if (isHeading(block) && counts.titleWords > mostTitle) {
      mostTitle = counts.titleWords;
      titleHeading = at;
    }
    if (comments < 0 && block.distances[COMMENT] !== FAR) comments = at;
    if (!isParagraph(block) || block.distances[HIDDEN] !== FAR) continue;
    const score = (1 + counts.commas + Math.min(counts.words / 20, 5)) * (1 - linkDensity(block));
    total += score;
    const parent = element.name === "p" || element.name === "li" ? element.parent : element;
    if (!parent) continue;
    scores.set(parent, (scores.get(parent) ?? 0) + score);
    if (parent.parent) scores.set(parent.parent, (scores.get(parent.parent) ?? 0) + score / 2);
  }
  let best: Element | undefined;
  let most = 0;
  for (const [element, score] of scores) {
    if (score > most) {
      most = score;
      best = element;
    }
  }
  const bestFrom = best ? (from[best.order] as number) : 0;
  const bestTo = best ? (to[best.order] as number) : 0;
  return { h1, titleHeading, comments, best, bestFrom, bestTo, bestShare: total > 0 ? most / total : 0 };
}

const maxLevels = 40;

/** Steps up from either element until both are the same; -1 without the other. */
function levelsTo(element: Element, best: Element | undefined): number {
  if (!best) return -1;
  let levels = 0;
  let one: Element | null = element;
  let other: Element | null = best;
  while (one && other && one !== other && levels < maxLevels) {
    // An element's order is less than that of all below it: the one that comes later is the one to leave.
    if (one.order > other.order) one = one.parent;
    else other = other.parent;
    levels++;
  }
  return levels;
}

/** For each block the nearest heading before it, or -1; a heading's own is the one above it. */
function headingsAbove(blocks: readonly Block[]): Int32Array {
  const above = new Int32Array(blocks.length);
  let last = -1;
  for (let at = 0; at < blocks.length; at++) {
    above[at] = last;
    if (isHeading(blocks[at] as Block)) last = at;
  }
  return above;
}

function writeHeading(row: Row, blocks: readonly Block[], index: number, above: number): void {
  const heading = blocks[above];
  if (!heading) {
    fill(row, HEADING.length + VOCABULARY_NAMES.length);
    return;
  }
  const { counts, element } = heading;
  put(row, index - above);
  put(row, Number(element.name[1]));
  put(row, counts.words);
  put(row, linkDensity(heading));
  put(row, Number(isBelow(blocks[index] as Block, element.parent)));
  for (let subject = 0; subject < VOCABULARY_NAMES.length; subject++) put(row, counts.subjects[subject] as number);
}

const nearLevels = 6;

/** Whether a block lies in an element, a few levels down at most. */
function isBelow({ element }: Block, parent: Element | null): boolean {
  let up: Element | null = element;
  for (let level = 0; up && level < nearLevels; level++, up = up.parent) if (up === parent) return true;
  return false;
}
