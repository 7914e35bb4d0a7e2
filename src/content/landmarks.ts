import { attribute, type Element } from "./dom.ts";
import type { Pruned } from "./pruning.ts";

/** A landmark holds at least this share of a page. */
const landmarkShare = 0.4;
/** One that bears a name for content and nothing else may hold less, since teasers can outweigh a short article. */
const namedShare = 0.1;
const leastNamedProse = 300;

/** What blog engines, news sites and documentation generators call the element that holds a page's own text. */
const contentClasses = new Set(
  (
    "entry-content post-content post-body article-body article-content article__body article__content articlebody " +
    "articlecontent article-text story-body story-content post__content entry__content blog-post-content body-copy " +
    "rich-text c-article-body markdown-body rst-content mw-parser-output theme-doc-markdown vp-doc md-content " +
    "td-content documentwrapper"
  ).split(" "),
);

/** The smallest landmark that holds a good share of the page, or the one element that says it holds the text. */
export function findLandmark(body: Element, page: Pruned): Element | undefined {
  const whole = page.massOf(body);
  const named: Element[] = [];
  let best: Element | undefined;
  const visit = (element: Element, isInsideNamed: boolean) => {
    for (const child of element.children) {
      if (child.type === "text" || !page.isKept(child)) continue;
      const mass = page.massOf(child);
      if (mass < whole * namedShare) continue;
      const isNamed = isNamedContent(child);
      if (isNamed && !isInsideNamed) named.push(child);
      if (mass >= whole * landmarkShare && (isNamed || child.name === "article" || isMain(child))) best = child;
      visit(child, isInsideNamed || isNamed);
    }
  };
  visit(body, false);
  const [only] = named;
  return only && named.length === 1 && (page.measureOf(only)?.prose ?? 0) > leastNamedProse ? only : best;
}

export function isMain(element: Element): boolean {
  return element.name === "main" || attribute(element, "role") === "main";
}

function isNamedContent(element: Element): boolean {
  if (element.attributes.length === 0) return false;
  if (/\barticleBody\b/.test(attribute(element, "itemprop") ?? "")) return true;
  const names = attribute(element, "class");
  if (!names || names.length > 500) return false;
  return names
    .toLowerCase()
    .split(/\s+/)
    .some((name) => contentClasses.has(name));
}
