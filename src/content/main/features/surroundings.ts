import type { Element } from "../../dom.ts";
import { type Block, FAR } from "../blocks.ts";
import { HIDDEN } from "../markings.ts";
import { type Family, fill, type PageNumbers, put, type Row } from "./family.ts";
import { linkDensity } from "./own.ts";
import { between } from "./sums.ts";

const ANCESTOR = "linkDensity share commas stops headings paragraphs blocks words place prose size".split(" ");
const LEVELS = 6;
const NEIGHBOUR = "words linkDensity stops tag isSame isSibling characters commas hidden".split(" ");
const REACH = [1, 2, 3];
const WINDOW = "words linkDensity stops paragraphs headings".split(" ");
const WIDTHS = [2, 7];

/** What lies in the block's element and in those around it. */
export const ANCESTORS: Family = {
  names: Array.from({ length: LEVELS }, (_, level) => ANCESTOR.map((name) => `up${level}:${name}`)).flat(),
  write: (row, { sums, from, to, characters }, { element }, index) => {
    let up: Element | null = element;
    for (let level = 0; level < LEVELS; level++) {
      if (!up || up.name === "html") {
        fill(row, ANCESTOR.length);
        continue;
      }
      const first = from[up.order] as number;
      const last = to[up.order] as number;
      const inside = Math.max(between(sums.characters, first, last), 1);
      const words = between(sums.words, first, last);
      const size = Math.max(last - first, 1);
      put(row, between(sums.linkCharacters, first, last) / inside);
      put(row, inside / characters);
      put(row, between(sums.commas, first, last) / size);
      put(row, between(sums.stops, first, last) / size);
      put(row, between(sums.headings, first, last) / size);
      put(row, between(sums.paragraphs, first, last) / size);
      put(row, size);
      put(row, words / size);
      put(row, (index - first) / size);
      put(row, between(sums.prose, first, last) / Math.max(words, 1));
      put(row, words);
      up = up.parent;
    }
  },
};

/** The blocks before and after it, one by one. */
export const NEIGHBOURS: Family = {
  names: REACH.flatMap((by) => [-by, by]).flatMap((by) => NEIGHBOUR.map((name) => `at${by}:${name}`)),
  write: (row, page, block, index) => {
    for (const by of REACH) {
      writeNeighbour(row, page, block, index - by);
      writeNeighbour(row, page, block, index + by);
    }
  },
};

function writeNeighbour(row: Row, { blocks, tags }: PageNumbers, block: Block, at: number): void {
  const other = at < 0 ? undefined : blocks[at];
  if (!other) {
    fill(row, NEIGHBOUR.length);
    return;
  }
  const { counts } = other;
  put(row, counts.words);
  put(row, linkDensity(other));
  put(row, counts.stops);
  put(row, tags[at] as number);
  put(row, Number(other.pathHash === block.pathHash));
  put(row, Number(other.element.parent === block.element.parent));
  put(row, counts.characters / Math.max(counts.words, 1));
  put(row, counts.commas);
  put(row, other.distances[HIDDEN] === FAR ? 0 : 1);
}

/** What the text around it is like. */
export const WINDOWS: Family = {
  names: WIDTHS.flatMap((by) => WINDOW.map((name) => `around${by}:${name}`)),
  write: (row, { blocks, sums }, _block, index) => {
    for (const by of WIDTHS) {
      const first = Math.max(0, index - by);
      const last = Math.min(blocks.length, index + by + 1);
      const size = last - first;
      put(row, between(sums.words, first, last) / size);
      put(row, between(sums.linkCharacters, first, last) / Math.max(between(sums.characters, first, last), 1));
      put(row, between(sums.stops, first, last) / size);
      put(row, between(sums.paragraphs, first, last) / size);
      put(row, between(sums.headings, first, last) / size);
    }
  },
};
