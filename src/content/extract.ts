import { isHidden } from "./boilerplate.ts";
import { attribute, type Element, textOf, walk } from "./dom.ts";
import { findLandmark, isMain } from "./landmarks.ts";
import { measurePage } from "./measure.ts";
import { type Pruned, prune, type Strictness, weigh } from "./pruning.ts";

export type Extraction = {
  /** What to turn into Markdown. */
  root: Element;
  /** False for elements to leave out, with everything inside them. */
  keep: (element: Element) => boolean;
};

/** A child that holds this share of the text is all that matters of its parent. */
const nearlyAll = 0.85;
/** Less than this share of the page means that too much was taken away. */
const leastShare = 0.2;
/** From this many characters of prose on, a list of links beside it is navigation. */
const proseOfArticle = 800;
const linkListShare = 0.7;
const listNames = new Set(["ul", "ol", "div", "section", "table", "dl"]);
const strictnesses: readonly Strictness[] = ["names", "looks"];

/**
 * Finds a page's main content: takes away what calls itself boilerplate, then goes down from the body as long as one
 * child holds nearly all that reads like text. In doubt it keeps more rather than less.
 */
export function extractMain(root: Element): Extraction {
  const body = root.children.find((child) => child.type === "element" && child.name === "body");
  const page = body?.type === "element" ? body : root;
  const measures = measurePage(page);
  const whole = measures.of(page);
  if (!whole || whole.characters === 0) return extractPage(root);
  for (const strictness of strictnesses) {
    const pruned = prune(page, measures, strictness);
    const landmark = findLandmark(page, pruned);
    const isEnough = pruned.massOf(page) >= weigh(whole) * leastShare;
    // What little a page says in its own <main> is what it says.
    if (!isEnough && !(landmark && isMain(landmark) && pruned.massOf(landmark) > 0)) continue;
    const main = descend(landmark ?? page, pruned);
    if (saysArticle(root)) dropLinkLists(main, pruned);
    return extraction(main, pruned);
  }
  return extraction(page, prune(page, measures, "tags"));
}

/** The whole page, but for what is hidden from its readers. */
export function extractPage(root: Element): Extraction {
  return { root, keep: (element) => !isHidden(element) };
}

function extraction(root: Element, pruned: Pruned): Extraction {
  // The scripts that the parser leaves are formulas, which only the Markdown writer can tell.
  return { root, keep: (element) => pruned.isKept(element) || element.name === "script" };
}

function descend(from: Element, page: Pruned): Element {
  const enough = page.massOf(from) * nearlyAll;
  let current = from;
  for (;;) {
    const next = current.children.find((child) => child.type === "element" && page.massOf(child) >= enough);
    if (next?.type !== "element" || page.massOf(next) === 0 || isTable(next)) return current;
    current = next;
  }
}

/** Cells without their table, and items without their list, would lose their shape. */
function isTable({ name }: Element): boolean {
  return name === "tr" || name === "tbody" || name === "li" || name === "dd" || name === "p" || name === "pre";
}

/** Whether the page calls itself an article, where a list of links leads elsewhere; in documentation it is content. */
function saysArticle(root: Element): boolean {
  let isArticle = false;
  walk(root, (element) => {
    if (element.name === "meta" && attribute(element, "property") === "og:type") {
      isArticle ||= attribute(element, "content") === "article";
    } else if (element.name === "script") {
      isArticle ||= /"@type"\s{0,5}:\s{0,5}\[?\s{0,5}"(?:News|Blog|Tech)?(?:Article|Posting)"/.test(textOf(element));
    }
    return element.name === "html" || element.name === "head";
  });
  return isArticle;
}

function dropLinkLists(main: Element, page: Pruned): void {
  if ((page.measureOf(main)?.prose ?? 0) < proseOfArticle) return;
  const visit = (element: Element) => {
    for (const child of element.children) {
      const own = child.type === "element" && page.isKept(child) ? page.measureOf(child) : undefined;
      if (!own || child.type === "text") continue;
      const isLinks = own.links > 1 && own.linkCharacters > own.characters * linkListShare;
      if (own.paragraphs === 0 && isLinks && listNames.has(child.name)) page.drop(child);
      else visit(child);
    }
  };
  visit(main);
}
