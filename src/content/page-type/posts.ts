import type { Element, Node } from "../dom.ts";
import type { Block } from "../main/blocks.ts";
import { isPostChrome } from "./post-bodies.ts";
import type { Post, Thread } from "./thread.ts";

/** Where an element lies in a thread. */
export const IN_POST = 1;
export const IN_BODY = 2;

/** For each element of a page by its order: whether it is in a post's body, or in a post around its body. */
export function markThread({ posts }: Thread, elements: number): Uint8Array {
  const marks = new Uint8Array(elements);
  for (const { element } of posts) mark(element, IN_POST, marks);
  for (const { bodies, isRemark } of posts) {
    if (!isRemark) for (const body of bodies) mark(body, IN_BODY, marks);
  }
  return marks;
}

function mark(element: Element, value: number, marks: Uint8Array): void {
  const own = value === IN_BODY && isPostChrome(element) ? IN_POST : value;
  marks[element.order] = own;
  for (const child of element.children) if (child.type === "element") mark(child, own, marks);
}

/** Keeps what was written, whatever was thought of it, and leaves out what stands around it in its post. */
export function settlePosts(blocks: readonly Block[], marks: Uint8Array, isKept: Uint8Array): void {
  for (const [at, { element, nodes }] of blocks.entries()) {
    const own = marks[element.order] ?? 0;
    const holdsBody = nodes.some((node) => node.type === "element" && marks[node.order] === IN_BODY);
    if (own === IN_BODY || holdsBody) isKept[at] = 1;
    else if (own === IN_POST) isKept[at] = 0;
  }
}

/**
 * A tree, or a copy of some of it, with a line before each post's body that names author and date in the page's words.
 * What is given stays as it is.
 */
export function withBylines(root: Element, { posts }: Thread): Element {
  const lines = new Map<number, Element>();
  for (const post of posts) {
    const [body] = post.bodies;
    const line = post.isRemark ? undefined : bylineElement(post);
    if (body && line) lines.set(body.order, line);
  }
  return lines.size > 0 ? insertLines(root, lines) : root;
}

/** Only what lies above a line is made anew. */
function insertLines(element: Element, lines: ReadonlyMap<number, Element>): Element {
  const children: Node[] = [];
  let isChanged = false;
  for (const child of element.children) {
    if (child.type === "text") {
      children.push(child);
      continue;
    }
    const line = lines.get(child.order);
    if (line) children.push(line);
    const made = insertLines(child, lines);
    children.push(made);
    isChanged ||= line !== undefined || made !== child;
  }
  return isChanged ? { ...element, children } : element;
}

/** `<p><strong>author</strong> · date</p>`; `undefined` when neither is known. */
export function bylineElement({ author, shownDate, date, isAccepted }: Post): Element | undefined {
  const day = shownDate ?? date?.slice(0, 10);
  if (author === null && day === undefined) return undefined;
  const line = element("p", []);
  if (author !== null) line.children.push(element("strong", [author]));
  const rest = [...(day === undefined ? [] : [day]), ...(isAccepted ? ["✓"] : [])].join(" · ");
  if (rest !== "") line.children.push({ type: "text", text: author === null ? rest : ` · ${rest}`, parent: line });
  return line;
}

/** It has no place among the page's elements, and a number that none of them has. */
function element(name: string, texts: string[]): Element {
  const made: Element = { type: "element", name, attributes: [], children: [], parent: null, order: -1 };
  made.children = texts.map((text): Node => ({ type: "text", text, parent: made }));
  return made;
}
