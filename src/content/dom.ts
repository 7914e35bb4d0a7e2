/**
 * A light tree of a page. It is never deeper than about `maxDepth` (400), so code that walks it may recurse.
 * Scripts, styles, comments, SVG contents and inert templates are not in it; `<noscript>` and declarative shadow roots are.
 */
export type Node = Element | Text;

export type Element = {
  type: "element";
  /** Lower case. */
  name: string;
  /** Names and values by turns, names in lower case, entities decoded; read them with `attribute`. */
  attributes: readonly string[];
  children: Node[];
  parent: Element | null;
  /** Position among the page's elements in document order, the root being 0. */
  order: number;
};

/** Neighbouring texts are not merged: a comment between two leaves two. */
export type Text = { type: "text"; text: string; parent: Element };

export function isElement(node: Node): node is Element {
  return node.type === "element";
}

/** `undefined` when the element does not have it; the empty string when it has no value. */
export function attribute(element: Element, name: string): string | undefined {
  const { attributes } = element;
  for (let at = 0; at < attributes.length; at += 2) {
    if (attributes[at] === name) return attributes[at + 1];
  }
  return undefined;
}

export function classNames(element: Element): string[] {
  const value = attribute(element, "class");
  if (!value) return [];
  // Most have one class, and splitting costs more than looking.
  return /\s/.test(value) ? value.split(/\s+/).filter(Boolean) : [value];
}

export function hasClass(element: Element, name: string): boolean {
  const value = attribute(element, "class");
  return value?.includes(name) ? classNames(element).includes(name) : false;
}

/**
 * All text below a node as it stands in the source, white space included. Give a limit where elements of one kind may
 * lie in each other, or the same text is copied once a level.
 */
export function textOf(node: Node, maxLength = Number.POSITIVE_INFINITY): string {
  if (node.type === "text") return node.text.slice(0, maxLength);
  const [first] = node.children;
  if (first?.type === "text" && node.children.length === 1) return first.text.slice(0, maxLength);
  const parts: string[] = [];
  collectText(node, parts, maxLength);
  return parts.join("");
}

/** Returns how much of the limit is left. */
function collectText(element: Element, parts: string[], maxLength: number): number {
  let left = maxLength;
  for (const child of element.children) {
    if (left <= 0) break;
    if (child.type === "element" && child.name !== "br") {
      if (child.name !== "script") left = collectText(child, parts, left);
      continue;
    }
    const text = child.type === "text" ? child.text : "\n";
    parts.push(text.length > left ? text.slice(0, left) : text);
    left -= text.length;
  }
  return left;
}

/** Text on one line, for labels and titles: runs of white space become one space, and an endless text is cut. */
export function lineOf(node: Node, maxLength = 10_000): string {
  return collapse(textOf(node, maxLength).toWellFormed());
}

/** White space that is not one space by itself. */
const loose = /[^\S ]| {2}|\u200b/;

export function collapse(text: string): string {
  if (!loose.test(text)) return text.trim();
  return text.replace(/[\s\u200b\ufeff]+/g, " ").trim();
}

/** Calls `visit` for each element below `root`, in document order; where it returns false, what is inside is left out. */
export function walk(root: Element, visit: (element: Element) => boolean | undefined): void {
  for (const child of root.children) {
    if (child.type === "element" && visit(child) !== false) walk(child, visit);
  }
}

/** The first element below `root` of that name, in document order. */
export function findElement(root: Element, name: string): Element | undefined {
  for (const child of root.children) {
    if (child.type !== "element") continue;
    if (child.name === name) return child;
    const found = findElement(child, name);
    if (found) return found;
  }
  return undefined;
}

export { type ParseLimits, parseHtml } from "./parse-html.ts";
