import type { Element } from "../dom.ts";
import type { Block, Blocks } from "./blocks.ts";

/** Rows of one table are kept or left out together: half a table misleads. */
export function settleTables(
  { blocks, from, to }: Blocks,
  isKept: Uint8Array,
  probabilities: Float64Array,
  threshold: number,
): void {
  let table: Element | undefined;
  for (const { element } of blocks) {
    const own = element.name === "tr" ? tableOf(element) : undefined;
    if (!own || own === table) continue;
    table = own;
    const [first, last] = [from[own.order] as number, to[own.order] as number];
    if (!blocks.slice(first, last).every(({ element: { name } }) => name === "tr" || name === "caption")) continue;
    let mass = 0;
    let words = 0;
    for (let at = first; at < last; at++) {
      const weight = Math.max((blocks[at] as Block).counts.words, 1);
      mass += (probabilities[at] as number) * weight;
      words += weight;
    }
    isKept.fill(Number(mass / words >= threshold), first, last);
  }
}

function tableOf(row: Element): Element | undefined {
  for (let up = row.parent; up; up = up.parent) if (up.name === "table") return up;
  return undefined;
}

/** Images, videos and rules without words are kept where what stands before and after them is, or beside it in one box. */
export function settleMedia({ blocks, from, to }: Blocks, isKept: Uint8Array): void {
  const hasText = (at: number) => (blocks[at]?.counts.words ?? 0) > 0;
  let before = -1;
  for (let at = 0; at < blocks.length; at++) {
    if (hasText(at)) {
      before = at;
      continue;
    }
    let after = at + 1;
    while (after < blocks.length && !hasText(after)) after++;
    const isBetween = before >= 0 && isKept[before] === 1 && (after >= blocks.length || isKept[after] === 1);
    const isBeside =
      isKept[before] === 1 || isKept[after] === 1 ? sharesBox(blocks[at] as Block, isKept, from, to) : false;
    for (let one = at; one < after; one++) isKept[one] = Number(isBetween || isBeside);
    at = after - 1;
  }
}

/** A listing is kept where most of what stands beside it in its box is: its words say little of what it is. */
export function settleCode({ blocks, from, to }: Blocks, isKept: Uint8Array): void {
  for (const [at, { element }] of blocks.entries()) {
    if (element.name !== "pre" || isKept[at] === 1) continue;
    let box = element.parent;
    // Those of highlighters stand in boxes of their own.
    while (box && (to[box.order] as number) - (from[box.order] as number) === 1) box = box.parent;
    if (!box) continue;
    const beside = isKept.subarray(from[box.order], to[box.order]);
    if (2 * beside.reduce((sum, one) => sum + one, 0) >= beside.length) isKept[at] = 1;
  }
}

/** Whether most blocks of the box around an image are kept, as those of a figure with its caption. */
function sharesBox({ element }: Block, isKept: Uint8Array, from: Int32Array, to: Int32Array): boolean {
  for (const box of [element, element.parent]) {
    if (!box) return false;
    const [first, last] = [from[box.order] as number, to[box.order] as number];
    const kept = isKept.subarray(first, last).reduce((sum, one) => sum + one, 0);
    if (kept > 0) return kept * 2 >= last - first - 1;
  }
  return false;
}
