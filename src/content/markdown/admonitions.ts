import { attribute, classNames, type Element, isElement, lineOf } from "../dom.ts";
import { writeNode } from "./elements.ts";
import { strongFormat } from "./inline-elements.ts";
import { flush, type Page } from "./page.ts";

export type Admonition = { alert: string; title: string; titleElement: Element | undefined };

const alerts: Record<string, string> = {
  note: "NOTE",
  info: "NOTE",
  information: "NOTE",
  seealso: "NOTE",
  abstract: "NOTE",
  secondary: "NOTE",
  question: "NOTE",
  example: "NOTE",
  tip: "TIP",
  hint: "TIP",
  success: "TIP",
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
/** Class names of the box, by generator: what is left after the prefix names the kind. */
const boxes = new Set([
  ..."admonition theme-admonition markdown-alert custom-block alert callout starlight-aside admonitionblock hint".split(
    " ",
  ),
  ..."notecard callout-block bd-callout aside docs-callout nextra-callout".split(" "),
]);
/** Cheaper than taking every class attribute apart. */
const boxHint = /admonition|alert|custom-block|callout|aside|hint|notecard/;
const kindPrefix =
  /^(?:theme-admonition-|markdown-alert-|alert--?|callout-|starlight-aside--|hint--?|bd-callout-|admonition-|is-|notecard-)/;
const titleClass =
  /(?:^|\s)(?:admonition-title|markdown-alert-title|custom-block-title|callout-title(?:-container)?|starlight-aside__title|admonitionHeading\w*|admonition-heading|alert-heading|alert-title)(?:\s|$)/;

/** A note, tip or warning box, as documentation generators mark it up. */
export function findAdmonition(element: Element): Admonition | undefined {
  if (element.attributes.length === 0) return undefined;
  const value = attribute(element, "class");
  const callout = attribute(element, "data-callout");
  if (!value && !callout) return undefined;
  if (value && (value.length > 1000 || (!callout && !boxHint.test(value)))) return undefined;
  const names = classNames(element);
  if (!callout && !names.some((name) => boxes.has(name))) return undefined;
  const kinds = callout ? [callout] : names.map((name) => name.replace(kindPrefix, "").toLowerCase());
  const kind = kinds.find((name) => alerts[name] !== undefined && (name !== "hint" || kinds.length === 1));
  if (kind === undefined && !names.includes("admonition")) return undefined;
  const titleElement = findTitle(element, 3);
  const title = titleElement ? lineOf(titleElement) : "";
  return { alert: alerts[kind ?? "note"] ?? "NOTE", title: isKindName(title, kind) ? "" : title, titleElement };
}

function isKindName(title: string, kind: string | undefined): boolean {
  const plain = title.toLowerCase().replace(/[^\p{L}]/gu, "");
  return plain === "" || plain === kind || alerts[plain] !== undefined;
}

function findTitle(element: Element, depth: number): Element | undefined {
  for (const child of element.children.slice(0, 4)) {
    if (!isElement(child)) continue;
    if (titleClass.test((attribute(child, "class") ?? "").slice(0, 1000))) return child;
    const found = depth > 1 ? findTitle(child, depth - 1) : undefined;
    if (found) return found;
  }
  return undefined;
}

export function writeAdmonition(page: Page, element: Element, { alert, title, titleElement }: Admonition): void {
  flush(page);
  const { blocks, keep } = page;
  blocks.enter("> ", "> ");
  if (!blocks.isInCell && blocks.isShown()) {
    blocks.write([`[!${alert}]`]);
    blocks.closeGap();
  }
  if (title !== "") {
    page.inline.begin(strongFormat);
    page.inline.text(title);
    flush(page);
    page.inline.end();
  }
  page.keep = titleElement ? (child) => child !== titleElement && keep(child) : keep;
  // Asciidoctor lays the icon and the text out in a table.
  for (const child of contentOf(element)) writeNode(page, child);
  flush(page);
  page.keep = keep;
  blocks.leave();
}

function contentOf(element: Element): Element["children"] {
  if (!classNames(element).includes("admonitionblock")) return element.children;
  let found: Element | undefined;
  const search = (at: Element, depth: number) => {
    for (const child of at.children) {
      if (found || !isElement(child)) continue;
      if (child.name === "td" && classNames(child).includes("content")) found = child;
      else if (depth < 4) search(child, depth + 1);
    }
  };
  search(element, 0);
  return found?.children ?? element.children;
}
