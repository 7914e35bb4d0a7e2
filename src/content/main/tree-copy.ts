import type { Element, Node } from "../dom.ts";
import { isMarkedHidden, withoutConcealment } from "../hidden.ts";
import type { Blocks } from "./blocks.ts";

/** The tree below `root` with the kept blocks alone. What was concealed and is kept is shown. */
export function copyKept(root: Element, { blocks, from, to }: Blocks, isKept: Uint8Array): Element {
  const nodes = new Set<Node>();
  const kept = new Int32Array(blocks.length + 1);
  for (const [at, block] of blocks.entries()) {
    kept[at + 1] = (kept[at] as number) + (isKept[at] as number);
    if (isKept[at]) for (const node of block.nodes) nodes.add(node);
  }
  const copy = (element: Element, parent: Element | null): Element => {
    const attributes = isMarkedHidden(element) ? withoutConcealment(element.attributes) : element.attributes;
    const twin: Element = { ...element, attributes, parent, children: [] };
    for (const child of element.children) {
      if (nodes.has(child)) twin.children.push(child);
      else if (child.type === "element") {
        const [first, last] = [from[child.order] as number, to[child.order] as number];
        if ((kept[last] as number) > (kept[first] as number)) twin.children.push(copy(child, twin));
      }
    }
    return twin;
  };
  return copy(root, null);
}
