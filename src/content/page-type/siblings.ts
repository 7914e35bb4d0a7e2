import { attribute, type Element } from "../dom.ts";

/** What neighbours of one make hold together; flags are counted once an item. */
export type Item = {
  count: number;
  characters: number;
  linkCharacters: number;
  links: number;
  images: number;
  prices: number;
  dates: number;
  headings: number;
  paragraphs: number;
};

type Kind = { name: string; className: string; sum: Item };

const minItems = 3;
/** Kinds looked at of one parent: items, and what may stand between them. */
const maxKinds = 3;

/** Gathers the children of one element by make: their name and first class. */
export class Siblings {
  private readonly kinds: Kind[] = [];

  add(
    child: Element,
    characters: number,
    linkCharacters: number,
    links: number,
    images: number,
    prices: number,
    dates: number,
    headings: number,
    paragraphs: number,
  ): void {
    if (characters === 0 && images === 0) return;
    const { sum } = this.kindOf(child);
    sum.count++;
    sum.characters += characters;
    sum.linkCharacters += linkCharacters;
    sum.links += links;
    sum.images += images;
    sum.prices += prices;
    sum.dates += dates;
    sum.headings += headings;
    sum.paragraphs += paragraphs;
  }

  private kindOf(child: Element): Kind {
    const { name } = child;
    const className = firstClass(child);
    const known = this.kinds.find((kind) => kind.name === name && kind.className === className);
    if (known) return known;
    const fresh = { name, className, sum: emptyItem() };
    if (this.kinds.length < maxKinds) {
      this.kinds.push(fresh);
      return fresh;
    }
    // What came once only makes room, so that a heading and a menu before a list do not hide it.
    const at = this.kinds.findIndex(({ sum }) => sum.count === 1);
    if (at >= 0) this.kinds[at] = fresh;
    return fresh;
  }

  /** The kind that holds most text, of those that come at least three times. */
  largest(): Item | undefined {
    let best: Item | undefined;
    for (const { sum } of this.kinds) {
      if (sum.count >= minItems && (!best || sum.characters > best.characters)) best = sum;
    }
    return best;
  }
}

/** List items, rows and articles are of one make whatever their classes, which often number them or tell odd from even. */
const classless = new Set(["li", "tr", "article", "dd", "dt", "p", "td", "option"]);

function firstClass(element: Element): string {
  if (classless.has(element.name)) return "";
  const value = attribute(element, "class");
  if (!value) return "";
  const end = value.indexOf(" ", 1);
  return end < 0 ? value : value.slice(0, end);
}

function emptyItem(): Item {
  return {
    count: 0,
    characters: 0,
    linkCharacters: 0,
    links: 0,
    images: 0,
    prices: 0,
    dates: 0,
    headings: 0,
    paragraphs: 0,
  };
}
