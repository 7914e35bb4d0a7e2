import { type Element, type Node, walk } from "../dom.ts";

/** What is not HTML is built as the same light tree, so that one writer escapes and lays out everything. */
export function createElement(
  name: string,
  children: readonly (Node | string)[] = [],
  attributes: readonly string[] = [],
): Element {
  const element: Element = { type: "element", name, attributes, children: [], parent: null, order: 0 };
  appendChildren(element, children);
  return element;
}

/** Makes nodes the last children of an element; strings become texts. */
export function appendChildren(element: Element, children: readonly (Node | string)[]): void {
  for (const child of children) {
    if (typeof child === "string") {
      if (child !== "") element.children.push({ type: "text", text: child, parent: element });
    } else {
      child.parent = element;
      element.children.push(child);
    }
  }
}

/** Gives the elements their numbers, once all are in their places. */
export function numberElements(root: Element): Element {
  let order = 0;
  root.order = order++;
  walk(root, (element) => {
    element.order = order++;
    return true;
  });
  return root;
}
