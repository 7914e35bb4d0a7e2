import type { Heading } from "./document.ts";
import { attribute, classNames, collapse, type Element, isElement, lineOf, type Node } from "./dom.ts";

const maxHeadings = 1000;
const maxTextLength = 500;
/** Looking among more would make a crowd of headings quadratic. */
const maxSiblings = 40;
const permalinkClass =
  /^(?:headerlink|header-anchor|anchor|anchor-link|anchorjs-link|hash-link|heading-anchor|permalink|direct-link|mw-editsection|toc-anchor|header-link|headinglink|sl-anchor-link|subheading-anchor|doc-anchor|zola-anchor|td-heading-self-link)$/;
const permalinkMark = /^[\s#¶§🔗\u200b]*$/u;

export function isHeading(node: Node): boolean {
  return node.type === "element" && node.name.length === 2 && node.name[0] === "h" && node.name !== "hr";
}

export function readHeadings(elements: readonly Element[]): Heading[] {
  const headings: Heading[] = [];
  for (const element of elements) {
    const text = headingText(element);
    if (text === "") continue;
    const anchor = anchorOf(element);
    const level = Number(element.name.slice(1));
    headings.push(anchor ? { level, text, anchor } : { level, text });
    if (headings.length >= maxHeadings) break;
  }
  return headings;
}

/** A heading's text without the mark that links to itself. */
export function headingText(element: Element): string {
  const parts: string[] = [];
  collect(element, parts, 4 * maxTextLength);
  return collapse(parts.join("").toWellFormed()).slice(0, maxTextLength).toWellFormed();
}

/** Returns how many characters may follow. */
function collect(element: Element, parts: string[], maxLength: number): number {
  let left = maxLength;
  for (const child of element.children) {
    if (left <= 0) break;
    if (child.type === "text") {
      parts.push(child.text.slice(0, left));
      left -= child.text.length;
    } else if (child.name === "br") {
      parts.push(" ");
    } else if (child.name !== "button" && child.name !== "script" && !isPermalink(child)) {
      left = collect(child, parts, left);
    }
  }
  return left;
}

/** A link inside a heading that is only there to be copied. */
export function isPermalink(element: Element): boolean {
  if (element.attributes.length === 0) return false;
  if (element.name !== "a") return classNames(element).includes("mw-editsection");
  const text = element.children.length === 0 ? "" : shortText(element);
  if (attribute(element, "href")?.startsWith("#") && permalinkMark.test(text)) return true;
  return text.length <= 20 && classNames(element).some((name) => permalinkClass.test(name)) && !/\p{L}{3}/u.test(text);
}

function shortText(element: Element): string {
  let text = "";
  for (const child of element.children) {
    text += child.type === "text" ? child.text : shortText(child);
    if (text.length > 40) break;
  }
  return text.slice(0, 40);
}

function anchorOf(element: Element): string | undefined {
  const own = attribute(element, "id");
  if (own) return own.replace(/^user-content-/, "");
  for (const child of element.children) {
    if (child.type !== "element") continue;
    const inner = attribute(child, "id") ?? (child.name === "a" ? attribute(child, "name") : undefined);
    if (inner) return inner;
    const href = child.name === "a" ? attribute(child, "href") : undefined;
    if (href && href.length > 1 && href.startsWith("#")) return href.slice(1);
  }
  const beside = anchorBeside(element);
  if (beside) return beside;
  const { parent } = element;
  const isFirst = parent?.children.find((child) => child.type === "element") === element;
  return isFirst && parent && parent.name !== "body" ? attribute(parent, "id") || undefined : undefined;
}

/** GitHub and Starlight put the permalink after the heading, and old pages a named anchor before it. */
function anchorBeside(element: Element): string | undefined {
  const { parent } = element;
  if (!parent || parent.children.length > maxSiblings) return undefined;
  const siblings = parent.children.filter(isElement);
  const at = siblings.indexOf(element);
  const before = siblings[at - 1];
  if (before && lineOf(before, 1) === "" && (before.name === "a" || before.name === "span")) {
    const name = attribute(before, "id") ?? (before.name === "a" ? attribute(before, "name") : undefined);
    if (name) return name;
  }
  const after = siblings[at + 1];
  const href = after?.name === "a" && isPermalink(after) ? attribute(after, "href") : undefined;
  return href && href.length > 1 && href.startsWith("#") ? href.slice(1) : undefined;
}
