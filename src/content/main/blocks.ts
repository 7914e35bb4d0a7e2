import { attribute, type Element, type Node } from "../dom.ts";
import { isConcealed } from "../hidden.ts";
import { isBlock } from "../nesting.ts";
import { HIDDEN, MARKING_NAMES, markingsOf } from "./markings.ts";
import { countText, emptyCounts, type KnownWords, type TextCounts } from "./text-counts.ts";

/** What a reader sees as one paragraph, heading, item or row: the smallest part of a page that is kept or left out. */
export type Block = {
  /** The element that it is all of, or that it lies in beside other blocks. */
  element: Element;
  /** The neighbours among the element's children that it consists of. */
  nodes: Node[];
  counts: TextCounts;
  linkCharacters: number;
  linkWords: number;
  links: number;
  boldCharacters: number;
  codeCharacters: number;
  images: number;
  depth: number;
  /** Levels up to the nearest element of each marking; `FAR` where there is none. */
  distances: Uint8Array;
  /** Of the class names and tags from the body down, of the tags alone, and of the element and its parent. */
  pathHash: number;
  tagsHash: number;
  localHash: number;
};

export const FAR = 31;

export type Blocks = {
  blocks: Block[];
  /** For each element by its order: the first block in it, and the one after the last. */
  from: Int32Array;
  to: Int32Array;
  /** Some blocks were not looked at: there are more than the bound. */
  isTruncated: boolean;
};

/** A block costs some 50 µs, all things together. */
const maxBlocks = 16_000;
/** Blocks in a cell beyond which the cells of its row are cut up. */
const maxCellBlocks = 2;

/** Neither their text nor what is in them is ever shown; they go with the text that they stand in. */
const silentNames = new Set(
  "script style link meta title template select option optgroup textarea input iframe svg canvas object embed audio video datalist frame noframes map track source param img picture".split(
    " ",
  ),
);
const mediaNames = new Set(["img", "picture", "video", "audio", "iframe", "embed", "object", "hr", "math"]);
const blockLike = new Set(["summary", "button", "noscript", "slot", "dialog"]);

const isBlockLike = ({ name }: Element) => isBlock(name) || blockLike.has(name) || name.includes("-");

/** Cuts what is below the body into blocks, in one pass in document order. */
export function cutBlocks(body: Element, elements: number, known: KnownWords): Blocks {
  return new Cutter(elements, known).run(body);
}

class Cutter {
  private readonly blocks: Block[] = [];
  private readonly from: Int32Array;
  private readonly to: Int32Array;
  /** Blocks below each element, itself left out. */
  private readonly inner: Int32Array;
  /** For each marking the depth of the innermost open element that bears it, or -1. */
  private readonly nearest = new Int16Array(MARKING_NAMES.length).fill(-1);
  /** Markings of open elements and what `nearest` said before them, by turns. */
  private readonly saved: number[] = [];
  private depth = 0;
  private isTruncated = false;

  constructor(
    elements: number,
    private readonly known: KnownWords,
  ) {
    this.from = new Int32Array(elements);
    this.to = new Int32Array(elements);
    this.inner = new Int32Array(elements);
  }

  run(body: Element): Blocks {
    this.countInner(body);
    this.descend(body, 0, 1, 1, 0);
    const { blocks, from, to, isTruncated } = this;
    return { blocks, from, to, isTruncated };
  }

  private countInner(element: Element): number {
    let blocks = 0;
    for (const child of element.children) {
      if (child.type === "text" || silentNames.has(child.name)) continue;
      blocks += this.countInner(child) + (isBlockLike(child) ? 1 : 0);
    }
    this.inner[element.order] = blocks;
    return blocks;
  }

  private descend(element: Element, depth: number, path: number, tags: number, above: number): void {
    const { order } = element;
    this.from[order] = this.blocks.length;
    const before = this.saved.length;
    this.depth = depth;
    const naming = markingsOf(element, this.mark);
    if (isConcealed(element)) this.mark(HIDDEN);
    this.cut({
      element,
      depth,
      path: Math.imul(path ^ naming, 0x0100_0193),
      tags: Math.imul(tags ^ tagHash(element.name), 0x0100_0193),
      naming,
      local: Math.imul(naming ^ above, 0x0100_0193),
    });
    while (this.saved.length > before) {
      const near = this.saved.pop() as number;
      this.nearest[this.saved.pop() as number] = near;
    }
    this.to[order] = this.blocks.length;
  }

  /** An arrow, since it is handed on for every element. */
  private readonly mark = (marking: number): void => {
    this.saved.push(marking, this.nearest[marking] as number);
    this.nearest[marking] = this.depth;
  };

  private cut(place: Place): void {
    const { element } = place;
    if (element.name === "pre" || (element.name === "tr" && this.isPlainRow(element))) {
      this.add(place, element.children);
      return;
    }
    let run: Node[] = [];
    let breaks = 0;
    for (const child of element.children) {
      if (child.type === "text") {
        if (child.text.trim() !== "") breaks = 0;
        run.push(child);
        continue;
      }
      if (child.name === "br") {
        // Two in a row end a paragraph on pages that know none.
        if (++breaks === 2) {
          this.add(place, run);
          run = [];
        } else run.push(child);
        continue;
      }
      const isSilent = silentNames.has(child.name);
      if (!isSilent || mediaNames.has(child.name)) breaks = 0;
      if (child.name !== "hr" && (isSilent || (!isBlockLike(child) && (this.inner[child.order] as number) === 0))) {
        run.push(child);
        continue;
      }
      this.add(place, run);
      run = [];
      if (child.name === "hr") this.add(place, [child]);
      else this.descend(child, place.depth + 1, place.path, place.tags, place.naming);
    }
    this.add(place, run);
  }

  /** Whether a table's row holds so little that it is read as one. */
  private isPlainRow(row: Element): boolean {
    return row.children.every((cell) => cell.type === "text" || (this.inner[cell.order] as number) <= maxCellBlocks);
  }

  private add(place: Place, nodes: Node[]): void {
    if (nodes.length === 0) return;
    const { element, depth, path, tags, local } = place;
    const block: Block = {
      element,
      nodes,
      counts: emptyCounts(),
      linkCharacters: 0,
      linkWords: 0,
      links: 0,
      boldCharacters: 0,
      codeCharacters: 0,
      images: 0,
      depth,
      distances: noDistances,
      pathHash: path,
      tagsHash: tags,
      localHash: local,
    };
    for (const node of nodes) this.count(node, block, false, false, false);
    if (block.counts.characters === 0 && block.images === 0) return;
    if (this.blocks.length >= maxBlocks) {
      this.isTruncated = true;
      return;
    }
    const distances = new Uint8Array(MARKING_NAMES.length);
    for (let at = 0; at < distances.length; at++) {
      const near = this.nearest[at] as number;
      distances[at] = near < 0 ? FAR : Math.min(depth - near, FAR - 1);
    }
    block.distances = distances;
    this.blocks.push(block);
  }

  private count(node: Node, block: Block, isLink: boolean, isBold: boolean, isCode: boolean): void {
    if (node.type === "text") {
      const { counts } = block;
      const { characters, words } = counts;
      countText(node.text, counts, this.known);
      const added = counts.characters - characters;
      if (isLink) {
        block.linkCharacters += added;
        block.linkWords += counts.words - words;
      }
      if (isBold) block.boldCharacters += added;
      if (isCode) block.codeCharacters += added;
      return;
    }
    const { name } = node;
    if (mediaNames.has(name)) block.images++;
    if (silentNames.has(name)) return;
    if (name === "a" && attribute(node, "href") !== undefined) block.links++;
    const isA = isLink || name === "a";
    const isB = isBold || name === "b" || name === "strong";
    const isC = isCode || name === "code" || name === "kbd" || name === "samp" || name === "tt";
    // Inline elements can lie in each other hundreds of levels deep, no further.
    for (const child of node.children) this.count(child, block, isA, isB, isC);
  }
}

type Place = { element: Element; depth: number; path: number; tags: number; naming: number; local: number };

/** Of a tag's name, which is short. */
function tagHash(name: string): number {
  let hash = name.length;
  for (let at = 0; at < name.length && at < 10; at++) hash = Math.imul(hash ^ name.charCodeAt(at), 0x0100_0193);
  return hash;
}

const noDistances = new Uint8Array(0);
