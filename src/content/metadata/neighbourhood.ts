import { attribute, collapse, type Element, type Node } from "../dom.ts";
import { isBlock } from "../nesting.ts";

/** A line as it stands on the page, with what is in it. */
export type Line = {
  text: string;
  anchors: readonly Element[];
  times: readonly Element[];
  /** Elements whose class says that they hold an author. */
  authors: readonly Element[];
};

const maxElements = 400;
const maxLines = 50;
const maxLength = 3000;
/** A line of at least so many characters is running text, and a byline does not stand far inside it. */
const proseLength = 160;
const maxProse = 3;
/** Links, times or authors of one line. */
const maxListed = 20;
const maxBefore = 6;
const maxLengthBefore = 300;
const none: readonly Element[] = [];
const skipped = new Set("nav form select script textarea button option table pre video audio iframe dialog".split(" "));
/** Their edges part words, where the source has no space and the style sheet has a margin. */
const apart = new Set(["a", "time", "span", "img", "address", "svg"]);
/** The end of a class name that says author, and nothing of a portrait, a post or a biography. */
const authorName =
  /(?:^|[\s_-])(?:authors?|bylines?|by-line|writers?|contributors?|username|autor|auteur)(?:[_-]{1,2}(?:names?|links?|url|meta|info|text|wrap|wrapper|container|block|list|item|display|line|vcard|\d{1,4}))*(?:\s|$)/i;

/** The lines around a page's title: a few above it, and those below it up to where running text is under way. */
export function readNeighbourhood(heading: Element): Line[] {
  const before: Line[] = [];
  for (let element = heading, levels = 0; element.parent && levels < 4 && before.length < maxBefore; levels++) {
    if (element.name === "body" || element.name === "main") break;
    before.unshift(...linesBefore(element));
    element = element.parent;
  }
  const reader = new LineReader();
  for (let element = heading; element.parent && !reader.isDone; element = element.parent) {
    const { children } = element.parent;
    for (let at = children.indexOf(element) + 1; at < children.length && !reader.isDone; at++) {
      const child = children[at];
      if (child) reader.visit(child);
    }
    reader.endLine();
    if (element.name === "body") break;
  }
  return [...before, ...reader.lines];
}

/** The lines inside an element, such as a footer: all that fit into the bounds. */
export function readLines(element: Element): Line[] {
  const reader = new LineReader();
  reader.visit(element);
  reader.endLine();
  return reader.lines;
}

/** Short lines right in front of an element, the last ones if there are many. */
function linesBefore(element: Element): Line[] {
  const siblings = element.parent?.children ?? [];
  const at = siblings.indexOf(element);
  const reader = new LineReader();
  for (const sibling of siblings.slice(Math.max(0, at - maxBefore), at)) {
    if (!reader.isDone) reader.visit(sibling);
  }
  reader.endLine();
  return reader.isDone || reader.length > maxLengthBefore ? [] : reader.lines;
}

class LineReader {
  readonly lines: Line[] = [];
  isDone = false;
  length = 0;
  private elements = 0;
  private prose = 0;
  private parts: string[] = [];
  private anchors: readonly Element[] = none;
  private times: readonly Element[] = none;
  private authors: readonly Element[] = none;

  visit(node: Node): void {
    if (this.isDone) return;
    if (node.type === "text") {
      const text = node.text.length > 2000 ? node.text.slice(0, 2000) : node.text;
      this.parts.push(text);
      this.length += text.length;
      return;
    }
    if (++this.elements > maxElements || this.length > maxLength) {
      this.isDone = true;
      return;
    }
    if (skipped.has(node.name)) return;
    const isApart = isBlock(node.name) || node.name === "br";
    if (isApart) this.endLine();
    else if (apart.has(node.name)) this.parts.push(" ");
    if (node.name === "a") this.anchors = [...this.anchors, node].slice(0, maxListed);
    else if (node.name === "time") this.times = [...this.times, node].slice(0, maxListed);
    if (isAuthorMark(node)) this.authors = [...this.authors, node].slice(0, maxListed);
    for (const child of node.children) this.visit(child);
    if (isApart) this.endLine();
    else if (apart.has(node.name)) this.parts.push(" ");
  }

  endLine(): void {
    const { parts, anchors, times, authors } = this;
    if (parts.length === 0) return;
    const text = collapse(parts.length === 1 ? (parts[0] ?? "") : parts.join(""));
    this.parts = [];
    if (text === "") return;
    this.lines.push({ text, anchors, times, authors });
    this.anchors = none;
    this.times = none;
    this.authors = none;
    if (text.length >= proseLength) this.prose++;
    if (this.lines.length >= maxLines || this.prose >= maxProse) this.isDone = true;
  }
}

function isAuthorMark(element: Element): boolean {
  if (element.attributes.length === 0) return false;
  const names = attribute(element, "class");
  return (
    names !== undefined &&
    names.length < 300 &&
    /[hb][oy][rl]|write|tribut|username|auteur/i.test(names) &&
    authorName.test(names)
  );
}
