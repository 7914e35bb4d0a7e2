import { attribute, classNames, type Element, hasClass, isElement, lineOf, type Node, walk } from "../dom.ts";
import { writeNode } from "./elements.ts";
import { strongFormat } from "./inline-elements.ts";
import { flush, type Page } from "./page.ts";
import { trait, traitsOf } from "./traits.ts";

export type Admonition = { alert: string; title: string; dropped: ReadonlySet<Element> };

const alerts: Record<string, string> = {
  note: "NOTE",
  info: "NOTE",
  information: "NOTE",
  seealso: "NOTE",
  abstract: "NOTE",
  summary: "NOTE",
  secondary: "NOTE",
  question: "NOTE",
  example: "NOTE",
  todo: "NOTE",
  tip: "TIP",
  hint: "TIP",
  success: "TIP",
  check: "TIP",
  idea: "TIP",
  important: "IMPORTANT",
  primary: "IMPORTANT",
  warning: "WARNING",
  warn: "WARNING",
  attention: "WARNING",
  caution: "CAUTION",
  danger: "CAUTION",
  error: "CAUTION",
  failure: "CAUTION",
  bug: "CAUTION",
};
/** What a callout without a named kind shows by its icon. */
const icons: Record<string, string> = {
  "💡": "tip",
  "✅": "tip",
  "⚠": "warning",
  "🚧": "warning",
  "❗": "important",
  "📌": "important",
  "🚫": "danger",
  "❌": "danger",
  "🛑": "danger",
  "🔥": "danger",
  ℹ: "note",
  "📝": "note",
};
/** Class names of the box, by generator: what is left after the prefix names the kind. */
const boxes = new Set(
  (
    "admonition theme-admonition markdown-alert custom-block alert callout starlight-aside admonitionblock hint notecard " +
    "callout-block bd-callout aside docs-callout nextra-callout confluence-information-macro usa-alert notion-callout " +
    "book-hint gdoc-hint ak-editor-panel c-callout"
  ).split(" "),
);
const kindPrefix =
  /^(?:theme-admonition-|markdown-alert-|alert--?|callout-|starlight-aside--|hint--?|style-|bd-callout-|admonition-|is-|notecard-|confluence-information-macro-|usa-alert--|c-callout--)/;
const titleClass =
  /(?:^|\s)(?:admonition-title|markdown-alert-title|custom-block-title|callout-title(?:-container)?|callout-header|starlight-aside__title|admonitionHeading\w*|admonition-heading|alert-heading|alert-title|docalert|usa-alert__heading|message-header|title)(?:\s|$)/;
/** A class of its own that says it all, where an element has no other. */
const plainKinds = new Set("note tip important warning caution danger NOTE TIP IMPORTANT WARNING CAUTION".split(" "));
/** A longer one is rather a part of the page that is called so. */
const maxPlainLength = 3000;

/** A note, tip or warning box, as documentation generators mark it up. */
export function findAdmonition(element: Element): Admonition | undefined {
  const given =
    attribute(element, "data-callout") ??
    attribute(element, "data-callout-type") ??
    attribute(element, "data-panel-type");
  const names = classNames(element);
  const kind = given ? given.toLowerCase() : kindOf(element, names);
  if (kind === undefined) return undefined;
  const content = contentOf(element);
  const titleElement = findTitle(content, 4);
  const title = titleElement ? titleOf(titleElement) : "";
  const dropped = new Set<Element>();
  if (titleElement) dropped.add(titleElement);
  const icon = findIcon(element);
  if (icon) dropped.add(icon.element);
  const named = titleElement ? undefined : findSpokenKind(element);
  if (named) dropped.add(named);
  const alert = alerts[kind] ?? alerts[icon ? (icons[icon.text] ?? "") : ""] ?? "NOTE";
  return { alert, title: isKindName(title, kind) ? "" : title, dropped };
}

function kindOf(element: Element, names: readonly string[]): string | undefined {
  const only = names.length === 1 ? names[0] : undefined;
  if (element.name === "details" || element.name === "aside") {
    const kind = names.find((name) => Object.hasOwn(alerts, name));
    if (kind && (only || names.includes("admonition"))) return kind;
    // Docusaurus paints what unfolds like an alert.
    if (element.name === "details") return names.includes("admonition") ? "" : undefined;
  }
  if (only && plainKinds.has(only)) {
    return lineOf(element, maxPlainLength + 1).length > maxPlainLength ? undefined : only.toLowerCase();
  }
  if (only && /^hint-(?:info|warning|danger|success)$/.test(only)) return only.slice(5);
  const isBulma = names.includes("message") && element.name === "article";
  const isBox = isBulma || names.some((name) => boxes.has(name) || name.startsWith("hint-"));
  if (!isBox) return undefined;
  const kinds = names.map((name) => name.replace(kindPrefix, "").toLowerCase());
  const kind = kinds.find((name) => Object.hasOwn(alerts, name) && (name !== "hint" || kinds.length === 1));
  if (kind !== undefined) return kind;
  const isCallout =
    names.includes("admonition") || names.includes("notion-callout") || names.includes("nextra-callout");
  return isCallout || (names.includes("callout") && element.name === "figure") ? "" : undefined;
}

function isKindName(title: string, kind: string): boolean {
  const plain = title.toLowerCase().replace(/[^\p{L}]/gu, "");
  return plain === "" || plain === kind || Object.hasOwn(alerts, plain);
}

/** Bootstrap's and Quarto's titles repeat the kind for screen readers. */
function titleOf(element: Element): string {
  let hidden = "";
  let looked = 0;
  walk(element, (child) => {
    if (child.attributes.length > 0 && traitsOf(child) & trait.screenReader) hidden ||= lineOf(child, 100);
    return hidden === "" && ++looked < 20;
  });
  const title = lineOf(element);
  return hidden !== "" && title.startsWith(hidden) ? title.slice(hidden.length).trim() : title;
}

function findTitle(element: Element, depth: number): Element | undefined {
  let isFirst = true;
  for (const child of element.children.slice(0, 4)) {
    if (!isElement(child)) continue;
    if (child.name === "summary" || titleClass.test((attribute(child, "class") ?? "").slice(0, 1000))) return child;
    // A heading at the start of a box is its title, not one of the page's.
    if (isFirst && /^h[2-6]$/.test(child.name)) return child;
    if (child.name === "p" || child.name === "pre" || child.name === "ul" || child.name === "ol") isFirst = false;
    const found = depth > 1 && isFirst ? findTitle(child, depth - 1) : undefined;
    if (found) return found;
    if (lineOf(child, 20) !== "") isFirst = false;
  }
  return undefined;
}

/** A box of its own for an emoji. */
function findIcon(element: Element): { element: Element; text: string } | undefined {
  let at = element;
  for (let depth = 0; depth < 3; depth++) {
    const first = at.children.find((child) => isElement(child) || child.text.trim() !== "");
    if (!first || !isElement(first)) return undefined;
    const text = lineOf(first, 20).replace(/\ufe0f/g, "");
    if (Object.hasOwn(icons, text)) return { element: first, text };
    at = first;
  }
  return undefined;
}

/** `<strong>Warning:</strong>` at the start, which says again what the box says. */
function findSpokenKind(element: Element): Element | undefined {
  let at = element;
  for (let depth = 0; depth < 4; depth++) {
    const first = at.children.find((child) => isElement(child) || child.text.trim() !== "");
    if (!first || !isElement(first)) return undefined;
    if (first.name === "strong" || first.name === "b") {
      const text = lineOf(first, 40).toLowerCase();
      return text.endsWith(":") && Object.hasOwn(alerts, text.slice(0, -1).trim()) ? first : undefined;
    }
    at = first;
  }
  return undefined;
}

export function writeAdmonition(page: Page, element: Element, { alert, title, dropped }: Admonition): void {
  flush(page);
  const { blocks, keep } = page;
  beginAlert(page, alert);
  if (title !== "") writeTitle(page, title);
  page.keep = dropped.size > 0 ? (child) => !dropped.has(child) && keep(child) : keep;
  for (const child of contentOf(element).children) writeNode(page, child);
  flush(page);
  page.keep = keep;
  blocks.leave();
}

function beginAlert(page: Page, alert: string): void {
  const { blocks } = page;
  blocks.enter("> ", "> ");
  if (blocks.isInCell || !blocks.isShown()) return;
  blocks.write([`[!${alert}]`]);
  blocks.closeGap();
}

export function writeTitle(page: Page, title: string): void {
  page.inline.begin(strongFormat);
  page.inline.text(title);
  flush(page);
  page.inline.end();
}

/** Asciidoctor lays the icon and the text out in a table. */
function contentOf(element: Element): Element {
  if (!hasClass(element, "admonitionblock")) return element;
  let found: Element | undefined;
  const search = (at: Element, depth: number) => {
    for (const child of at.children) {
      if (found || !isElement(child)) continue;
      if (child.name === "td" && classNames(child).includes("content")) found = child;
      else if (depth < 4) search(child, depth + 1);
    }
  };
  search(element, 0);
  return found ?? element;
}

const marker = /^\s*\[!(NOTE|TIP|IMPORTANT|WARNING|CAUTION)\]\s*/i;

/** Writes a quote that says in its text that it is an alert, which whatever made the page did not know. */
export function writeUnreadAlert(page: Page, quote: Element): boolean {
  const paragraph = quote.children.find((child) => isElement(child) || child.text.trim() !== "");
  const first = paragraph && isElement(paragraph) ? paragraph.children[0] : paragraph;
  if (first?.type !== "text") return false;
  const found = marker.exec(first.text.slice(0, 100));
  if (!found?.[1]) return false;
  flush(page);
  beginAlert(page, found[1].toUpperCase());
  const write = (node: Node) => {
    if (node === first) page.inline.text(first.text.slice(found[0].length));
    else writeNode(page, node);
  };
  for (const child of quote.children) {
    if (child !== paragraph || !isElement(child)) {
      write(child);
      continue;
    }
    const [, next] = child.children;
    const isBroken =
      next !== undefined && isElement(next) && next.name === "br" && first.text.trim() === found[0].trim();
    for (const inner of child.children) if (!isBroken || inner !== next) write(inner);
    flush(page);
  }
  flush(page);
  page.blocks.leave();
  return true;
}
