import type { Breadcrumb } from "../document.ts";
import { attribute, classNames, type Element, findElement, isElement, lineOf, walk } from "../dom.ts";
import { resolveUrl } from "../links.ts";
import { cleanLabel } from "./labels.ts";

const maxCrumbs = 20;
const maxTextLength = 200;
const maxContainers = 10;
/** A trail is short; what is longer is a menu by another name. */
const maxTrailLength = 1000;

/** How far below the title a trail may still begin, and how far into a page without a title, in elements. */
const belowTitle = 60;
const withoutTitle = 2000;

/**
 * The way from the start page, as JSON-LD has it or, without that, as the first trail on the page shows it, which is
 * looked for down to the page's title.
 */
export function readBreadcrumbs(
  declared: readonly Breadcrumb[],
  root: Element,
  title: Element | undefined,
  baseUrl: string,
): Breadcrumb[] {
  const crumbs = declared.slice(0, maxCrumbs).flatMap(({ text, url }) => crumbOf(text, url, baseUrl) ?? []);
  if (crumbs.length > 0) return crumbs;
  for (const trail of findTrails(root, title ? title.order + belowTitle : withoutTitle)) {
    const shown = crumbsIn(trail, baseUrl);
    if (shown.length > 1 || shown[0]?.url) return shown;
  }
  return [];
}

/** Elements that say that they are breadcrumbs, in document order, none within another. */
function findTrails(root: Element, lastOrder: number): Element[] {
  const trails: Element[] = [];
  const visit = (element: Element): void => {
    for (const child of element.children) {
      if (child.type === "text") continue;
      if (child.order > lastOrder || trails.length >= maxContainers) return;
      if (child.attributes.length > 0 && trailNames.has(child.name) && isTrail(child)) trails.push(child);
      else if (child.name !== "head") visit(child);
    }
  };
  visit(root);
  return trails;
}

const trailNames = new Set("nav ol ul div p span section header menu table td dl aside small".split(" "));

/** A class, label, type or role that says what an element is: those of Sphinx, MkDocs and MediaWiki have other names. */
function isTrail({ attributes }: Element): boolean {
  for (let at = 0; at < attributes.length; at += 2) {
    const value = attributes[at + 1] ?? "";
    switch (attributes[at]) {
      case "class":
        if (isCrumbName(value) || value === "md-path" || value === "related" || value === "subpages") return true;
        break;
      case "id":
      case "itemtype":
      case "typeof":
        if (isCrumbName(value)) return true;
        break;
      case "aria-label":
        if (isCrumbName(value) || (value.length < 40 && crumbLabel.test(value))) return true;
        break;
    }
  }
  return false;
}

/** `breadcrumbs`, `BreadcrumbList`, `crumbs`; asked for every attribute of a page, so the plain look comes first. */
const isCrumbName = (value: string): boolean => value.includes("rumb") && /crumb(?!le)/i.test(value.slice(0, 1000));

const crumbLabel = /^(?:brotkrumen|brotkrümel|fil d['’]ariane|migas de pan|パンくず|хлебные крошки|you are here)/i;

function crumbsIn(trail: Element, baseUrl: string): Breadcrumb[] {
  if (lineOf(trail, maxTrailLength + 1).length > maxTrailLength) return [];
  const items: Element[] = [];
  walk(trail, (element) => {
    if (items.length > maxCrumbs) return false;
    if (element.name !== "li" || isBeside(element)) return undefined;
    items.push(element);
    return false;
  });
  if (items.length > maxCrumbs) return [];
  const crumbs: Breadcrumb[] = [];
  const add = (text: string | null | undefined, href: string | undefined) => {
    const crumb = crumbOf(text, href, baseUrl);
    if (crumb && crumbs.length < maxCrumbs) crumbs.push(crumb);
  };
  for (const item of items) {
    const link = findElement(item, "a");
    // A picture without a link, which some put in front, is no step of the way.
    add((link && labelOf(link)) || lineOf(item, maxTextLength), link && attribute(link, "href"));
  }
  if (items.length === 0) addInline(trail, add);
  return crumbs;
}

/** Without a list: links, and after the last of them the page itself. */
function addInline(trail: Element, add: (text: string, href: string | undefined) => void): void {
  let rest: string[] = [];
  const visit = (element: Element): void => {
    for (const child of element.children) {
      if (!isElement(child)) rest.push(child.text);
      else if (child.name === "a") {
        rest = [];
        add(labelOf(child), attribute(child, "href"));
      } else visit(child);
    }
  };
  visit(trail);
  add(rest.join(" "), undefined);
}

/** Sphinx puts the index and the next page into the same bar. */
function isBeside(item: Element): boolean {
  return (
    item.attributes.length > 0 && classNames(item).some((name) => name === "right" || name === "wy-breadcrumbs-aside")
  );
}

function labelOf(element: Element): string {
  const text = lineOf(element, 2 * maxTextLength);
  if (text !== "") return text;
  const image = findElement(element, "img");
  return attribute(element, "aria-label") ?? attribute(element, "title") ?? (image && attribute(image, "alt")) ?? "";
}

function crumbOf(value: string | null | undefined, href: string | undefined, baseUrl: string): Breadcrumb | undefined {
  const text = trimMarks(cleanLabel(value?.slice(0, 2 * maxTextLength)) ?? "");
  if (text === "" || text.length > maxTextLength) return undefined;
  const url = href ? resolveUrl(href, baseUrl) : undefined;
  return url ? { text, url } : { text };
}

const edge = new Set("> › » / | → ▸ ▶ ❯ · • \\ - – — : ⟩ ← < ‹ «".split(" "));

function trimMarks(text: string): string {
  let [start, end] = [0, text.length];
  const isMark = (at: number) => text[at] === " " || edge.has(text[at] ?? "");
  while (start < end && isMark(start)) start++;
  while (end > start && isMark(end - 1)) end--;
  return text.slice(start, end).replace(/^you are here:? ?/i, "");
}
