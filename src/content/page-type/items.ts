import type { Element } from "../dom.ts";
import type { Block } from "../main/blocks.ts";
import type { ItemList } from "./listing.ts";

/**
 * Of an item's blocks those stay that are this likely to be content. What a listing lists is content as a whole; goods
 * come with buttons, badges and choices of colour.
 */
const LEAST = { listing: 0.02, collection: 0.12 };

/** For each element of a page by its order: 1 inside an item. */
export function markItems({ items }: ItemList, elements: number): Uint8Array {
  const marks = new Uint8Array(elements);
  const mark = (element: Element) => {
    marks[element.order] = 1;
    for (const child of element.children) if (child.type === "element") mark(child);
  };
  for (const { element } of items) mark(element);
  return marks;
}

/** Keeps more of what a listing lists, or a collection, than of what stands beside it. */
export function settleItems(
  type: "listing" | "collection",
  blocks: readonly Block[],
  marks: Uint8Array,
  probabilities: Float64Array,
  isKept: Uint8Array,
): void {
  for (const [at, { element, nodes }] of blocks.entries()) {
    if (isKept[at] || (probabilities[at] as number) < LEAST[type]) continue;
    const isInItem = marks[element.order] || nodes.some((node) => node.type === "element" && marks[node.order]);
    if (isInItem) isKept[at] = 1;
  }
}
