import { attribute, type Element, lineOf } from "../dom.ts";
import type { Survey } from "../survey.ts";
import { countWords, WORD_GROUPS } from "./class-words.ts";
import { measureTexts } from "./text-sizes.ts";

export type ListItem = {
  element: Element;
  /** The link that the item is about: that of its heading, else the one with most text. */
  link: Element | undefined;
  title: string;
};

export type ItemList = {
  /** The smallest element around all items. */
  container: Element;
  /** In page order, none inside another. */
  items: ListItem[];
};

/** Elements of one make: the same name and class, in parents of the same name and class. */
type Kind = { items: Element[]; characters: number; rich: number; depth: number };

const minItems = 3;
const maxKinds = 4000;
const maxItems = 3000;
/** Kinds that hold less than this share of what the best one holds are something beside the list. */
const leastShare = 0.25;
/** Of a level further out this share of the items may be missing. */
const nearlyAll = 0.9;
/** What a link alone counts for, beside what has a heading, a picture, a price or a date. */
const bareWeight = 0.35;
/** Characters of an item that is more than a label, and of one that is no part of the page's frame. */
const minItem = 12;
const maxItem = 2500;
/** Items from which on more of them say no more. */
const manyItems = 8;
/** A box with a name for navigation that holds this share of the page is the page's frame. */
const frameShare = 0.4;

const silent = new Set(["script", "style", "select", "textarea", "option", "head"]);
const chrome = new Set(["nav", "footer", "aside", "header"]);
const chromeRoles = new Set(["navigation", "banner", "contentinfo", "search", "dialog", "complementary", "menu"]);
const chromeWords =
  /(?:^|[\s_-])(?:nav|navbar|navigation|menu|megamenu|submenu|footer|header|breadcrumbs?|sidebar|filters?|facets?|refinements?|pagination|pager|related|recommend(?:ed|ations)|recently|cookie|consent|modal|popup|share|social|tags?|swatch(?:es)?|comments?|reviews?|language|footer-?links)(?:$|[\s_-])/i;
const headings = new Set(["h1", "h2", "h3", "h4", "h5", "h6"]);
const maxNames = 300;

/** Finds what a listing lists: the repeated items that hold most of it, of whatever make; `undefined` for none. */
export function findItems(root: Element, survey: Survey): ItemList | undefined {
  const page = survey.body ?? root;
  const sizes = measureTexts(page);
  const kinds = gatherKinds(page, sizes);
  const ranked = [...kinds.values()]
    .filter(({ items }) => items.length >= minItems)
    .map((kind) => ({ kind, weight: weightOf(kind) }))
    .sort((a, b) => b.weight - a.weight);
  const [best] = ranked;
  if (!best || best.weight === 0) return undefined;
  const items: Element[] = [];
  const taken = new Set<Element>();
  const around = new Set<Element>();
  const take = (kind: Kind) => {
    for (const item of kind.items) {
      taken.add(item);
      items.push(item);
      for (let at = item.parent; at && !around.has(at); at = at.parent) around.add(at);
    }
  };
  take(outermost(best.kind, ranked));
  for (const { kind, weight } of ranked) {
    if (weight < best.weight * leastShare || items.length >= maxItems) break;
    if (!kind.items.some((item) => around.has(item) || isWithin(item, taken))) take(kind);
  }
  items.sort((a, b) => a.order - b.order);
  return { container: commonAncestor(items, page), items: items.slice(0, maxItems).map(describe) };
}

type Inside = { links: number; isRich: boolean };

function gatherKinds(page: Element, sizes: Int32Array): Map<string, Kind> {
  const kinds = new Map<string, Kind>();
  const frame = (sizes[page.order] ?? 0) * frameShare;
  const visit = (element: Element, above: string, depth: number): Inside => {
    const inside: Inside = { links: 0, isRich: false };
    const own = makeOf(element);
    for (const child of element.children) {
      if (child.type === "text" || silent.has(child.name)) continue;
      if (isChrome(child, (sizes[child.order] ?? 0) < frame)) continue;
      const made = visit(child, own, depth + 1);
      inside.links += made.links;
      inside.isRich ||= made.isRich;
    }
    if (element.name === "a") inside.links++;
    if (headings.has(element.name) || element.name === "img" || element.name === "time" || isPrice(element))
      inside.isRich = true;
    const size = sizes[element.order] ?? 0;
    if (inside.links > 0 && size <= maxItem && (size >= minItem || inside.isRich))
      note(kinds, `${above}>${own}`, element, size, inside, depth);
    return inside;
  };
  visit(page, "", 0);
  return kinds;
}

function note(
  kinds: Map<string, Kind>,
  key: string,
  element: Element,
  size: number,
  inside: Inside,
  depth: number,
): void {
  const kind = kinds.get(key);
  if (kind) {
    kind.items.push(element);
    kind.characters += size;
    kind.rich += Number(inside.isRich);
    kind.depth = Math.min(kind.depth, depth);
  } else if (kinds.size < maxKinds) {
    kinds.set(key, { items: [element], characters: size, rich: Number(inside.isRich), depth });
  }
}

function makeOf(element: Element): string {
  const value = attribute(element, "class");
  if (!value || element.name === "li" || element.name === "tr") return element.name;
  const trimmed = value.trimStart();
  const end = trimmed.indexOf(" ");
  return `${element.name}.${(end < 0 ? trimmed : trimmed.slice(0, end)).slice(0, 60).replace(/\d+/g, "")}`;
}

/** How much a kind of items counts: their text, less where they are links and nothing else, and where they are few. */
function weightOf({ items, characters, rich }: Kind): number {
  const richness = rich / items.length;
  return characters * (bareWeight + (1 - bareWeight) * richness) * Math.min(1, items.length / manyItems);
}

/** Of kinds that lie in each other, the one furthest out that still has an element for nearly each item. */
function outermost(kind: Kind, ranked: readonly { kind: Kind }[]): Kind {
  let found = kind;
  const inner = new Set(kind.items);
  for (const { kind: other } of ranked) {
    if (other === kind || other.depth >= found.depth || other.items.length < kind.items.length * nearlyAll) continue;
    if (other.items.length > kind.items.length * (2 - nearlyAll)) continue;
    if (other.items.filter((item) => holdsOne(item, inner)).length >= other.items.length * nearlyAll) found = other;
  }
  return found;
}

/** Elements looked at in one item. */
const maxLook = 150;

function holdsOne(element: Element, inner: ReadonlySet<Element>): boolean {
  let left = maxLook;
  const look = (at: Element): boolean =>
    at.children.some((child) => child.type === "element" && left-- > 0 && (inner.has(child) || look(child)));
  return look(element);
}

function isWithin(element: Element, taken: ReadonlySet<Element>): boolean {
  for (let at: Element | null = element; at; at = at.parent) if (taken.has(at)) return true;
  return false;
}

function isChrome(element: Element, isSmall: boolean): boolean {
  if (chrome.has(element.name) && (isSmall || element.name !== "header")) return true;
  const { attributes } = element;
  for (let at = 0; at < attributes.length; at += 2) {
    const value = attributes[at + 1] as string;
    if (attributes[at] === "role" && chromeRoles.has(value)) return true;
    const isName = isSmall && (attributes[at] === "class" || attributes[at] === "id");
    if (isName && value.length <= maxNames && chromeWords.test(value) && element.name !== "body") return true;
  }
  return false;
}

const priceGroup = WORD_GROUPS.indexOf("price");
const counts = new Int32Array(WORD_GROUPS.length);

function isPrice(element: Element): boolean {
  const names = attribute(element, "class");
  if (!names?.includes("rice")) return false;
  counts.fill(0);
  countWords(names, counts);
  return (counts[priceGroup] as number) > 0;
}

function commonAncestor(items: readonly Element[], page: Element): Element {
  const [first] = items;
  if (!first) return page;
  const seen = new Map<Element, number>();
  for (const item of items) {
    for (let at = item.parent; at; at = at.parent) seen.set(at, (seen.get(at) ?? 0) + 1);
  }
  for (let at = first.parent; at; at = at.parent) if (seen.get(at) === items.length) return at;
  return page;
}

const maxTitle = 300;

function describe(element: Element): ListItem {
  const link = mainLink(element);
  return { element, link, title: link ? lineOf(link, maxTitle) : "" };
}

function mainLink(item: Element): Element | undefined {
  let best: Element | undefined = item.name === "a" ? item : undefined;
  let most = -1;
  let left = maxLook;
  const look = (element: Element, isHeading: boolean): Element | undefined => {
    for (const child of element.children) {
      if (child.type === "text" || left-- <= 0) continue;
      const isTitle = isHeading || headings.has(child.name);
      if (child.name === "a" && attribute(child, "href") !== undefined) {
        const { length } = lineOf(child, maxTitle);
        if (isTitle && length > 0) return child;
        if (length > most) {
          most = length;
          best = child;
        }
      }
      const found = look(child, isTitle);
      if (found) return found;
    }
    return undefined;
  };
  return look(item, false) ?? best;
}
