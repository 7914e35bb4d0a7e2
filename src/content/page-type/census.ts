import { attribute, type Element } from "../dom.ts";
import { ownCopy } from "../names.ts";
import { isBlock } from "../nesting.ts";
import { countWords, WORD_GROUPS } from "./class-words.ts";
import { type Item, Siblings } from "./siblings.ts";

/** What one pass over a page counts. Characters do not count white space. */
export type Census = {
  elements: number;
  characters: number;
  /** Outside menus, headers and footers. */
  contentCharacters: number;
  linkCharacters: number;
  contentLinkCharacters: number;
  links: number;
  contentLinks: number;
  commas: number;
  stops: number;
  questions: number;
  digits: number;
  prices: number;
  /** Short texts with a year in them. */
  years: number;
  /** Runs of text between two blocks, outside of links for the most part, by length. */
  labels: number;
  lines: number;
  sentences: number;
  paragraphs: number;
  paragraphCharacters: number;
  longest: number;
  /** Characters of the paragraphs that are children of one element, where they are most; and how many elements have some. */
  prose: number;
  proseParents: number;
  /** Characters between the first title and the nearest date after it; -1 where there is none. */
  dateAfterTitle: number;
  images: number;
  linkedImages: number;
  headingLinks: number;
  /** Elements by name, for the names in `COUNTED`. */
  names: Int32Array;
  codeCharacters: number;
  /** Elements whose class or id speaks of each group of words. */
  words: Int32Array;
  /** Microdata's types, as given. */
  itemTypes: string[];
  /** Where scripts come from. */
  sources: string[];
  /** The neighbours of one make that hold most text outside of menus. */
  repeated: Item | undefined;
  /** Those of all that hold most links and images. */
  cards: Item | undefined;
};

/** Names of elements that are counted. */
export const COUNTED = (
  "p li dt td th tr table article section main nav aside header footer form input button select textarea label " +
  "iframe video audio pre code blockquote figure h1 h2 h3 h4 h5 h6 time ul ol dl br hr b strong details sup"
).split(" ");
const silentNames = new Set(
  "script style template select option textarea svg iframe object video audio canvas".split(" "),
);
const chromeNames = new Set(["nav", "footer", "header", "aside"]);
const headingNames = new Set(["h1", "h2", "h3", "h4", "h5", "h6"]);

/** All that a name says of its element, so that each is looked up once. */
type Tag = { countedAt: number; isSilent: boolean; isChrome: boolean; isHeading: boolean; isEdge: boolean };

const tags = new Map<string, Tag>();
const maxTags = 1000;

function tagOf(name: string): Tag {
  const known = tags.get(name);
  if (known) return known;
  const tag = {
    countedAt: COUNTED.indexOf(name),
    isSilent: silentNames.has(name),
    isChrome: chromeNames.has(name),
    isHeading: headingNames.has(name),
    isEdge: isBlock(name) || name === "br",
  };
  // Pages may make up names without end.
  if (tags.size < maxTags && name.length < 32) tags.set(ownCopy(name), tag);
  return tag;
}

const chromeRoles = new Set(["navigation", "banner", "contentinfo", "search", "dialog", "complementary"]);
const currencies = new Set("$€£¥₹₽₩₺₪฿₫₴₦".split("").map((sign) => sign.charCodeAt(0)));
const maxListed = 300;
const maxYearText = 40;
const maxLabel = 24;
const maxLine = 80;
const maxSentence = 200;

export function countPage(body: Element): Census {
  return new Counter().run(body);
}

class Counter {
  private readonly census: Census = {
    elements: 0,
    characters: 0,
    contentCharacters: 0,
    linkCharacters: 0,
    contentLinkCharacters: 0,
    links: 0,
    contentLinks: 0,
    commas: 0,
    stops: 0,
    questions: 0,
    digits: 0,
    prices: 0,
    years: 0,
    labels: 0,
    lines: 0,
    sentences: 0,
    paragraphs: 0,
    paragraphCharacters: 0,
    longest: 0,
    prose: 0,
    proseParents: 0,
    dateAfterTitle: -1,
    images: 0,
    linkedImages: 0,
    headingLinks: 0,
    names: new Int32Array(COUNTED.length),
    codeCharacters: 0,
    words: new Int32Array(WORD_GROUPS.length),
    itemTypes: [],
    sources: [],
    repeated: undefined,
    cards: undefined,
  };
  private isInLink = false;
  private isInChrome = false;
  private isInCode = false;
  private isInHeading = false;
  /** The run of text since the last edge of a block. */
  private runLength = 0;
  private runLinked = 0;
  private headings = 0;
  /** Where the first `<h1>` began, in characters. */
  private titleAt = -1;

  run(body: Element): Census {
    this.visitChildren(body);
    this.endRun();
    return this.census;
  }

  private visit(element: Element): void {
    const { census } = this;
    const { name } = element;
    census.elements++;
    const tag = tagOf(name);
    const { countedAt, isEdge } = tag;
    if (countedAt >= 0) census.names[countedAt] = (census.names[countedAt] as number) + 1;
    if (countedAt === timeAt) this.noteDate();
    if (name === "img") {
      census.images++;
      if (this.isInLink) census.linkedImages++;
    }
    const wasInChrome = this.isInChrome;
    if (element.attributes.length > 0) this.readNames(element);
    if (tag.isSilent) {
      this.isInChrome = wasInChrome;
      return;
    }
    if (tag.isChrome && !(name === "header" && isInArticle(element))) this.isInChrome = true;
    if (isEdge) this.endRun();
    const wasInLink = this.isInLink;
    const wasInCode = this.isInCode;
    const wasInHeading = this.isInHeading;
    if (name === "a") {
      this.isInLink = true;
      census.links++;
      if (!this.isInChrome) census.contentLinks++;
      if (wasInHeading) census.headingLinks++;
    } else if (name === "pre" || name === "code") this.isInCode = true;
    else if (tag.isHeading) {
      this.headings++;
      if (name === "h1" && this.titleAt < 0) this.titleAt = census.characters;
      this.isInHeading = true;
      if (wasInLink) census.headingLinks++;
    }
    this.visitChildren(element);
    if (isEdge) this.endRun();
    this.isInLink = wasInLink;
    this.isInCode = wasInCode;
    this.isInHeading = wasInHeading;
    this.isInChrome = wasInChrome;
  }

  private visitChildren(element: Element): void {
    const { census } = this;
    const { children } = element;
    // Fewer neighbours are no list.
    const siblings = children.length >= 3 ? new Siblings() : undefined;
    let prose = 0;
    for (const child of children) {
      if (child.type === "text") {
        this.count(child.text);
        continue;
      }
      const { characters, linkCharacters, links, images, prices, years, paragraphs } = census;
      const times = this.times();
      const { headings } = this;
      this.visit(child);
      if (child.name === "p") prose += census.characters - characters;
      siblings?.add(
        child,
        census.characters - characters,
        census.linkCharacters - linkCharacters,
        census.links > links ? 1 : 0,
        census.images > images ? 1 : 0,
        census.prices > prices ? 1 : 0,
        census.years > years || this.times() > times ? 1 : 0,
        this.headings > headings ? 1 : 0,
        census.paragraphs > paragraphs ? 1 : 0,
      );
    }
    this.noteProse(prose);
    const group = this.isInChrome ? undefined : siblings?.largest();
    if (!group) return;
    if (group.characters > (census.repeated?.characters ?? 0)) census.repeated = group;
    const weight = Math.min(group.images, group.links);
    if (weight > Math.min(census.cards?.images ?? 0, census.cards?.links ?? 0)) census.cards = group;
  }

  private noteProse(prose: number): void {
    if (prose < maxSentence || this.isInChrome) return;
    this.census.proseParents++;
    this.census.prose = Math.max(this.census.prose, prose);
  }

  private noteDate(): void {
    if (this.titleAt >= 0 && this.census.dateAfterTitle < 0) {
      this.census.dateAfterTitle = this.census.characters - this.titleAt;
    }
  }

  private times(): number {
    return this.census.names[timeAt] as number;
  }

  private readNames(element: Element): void {
    const { words, itemTypes, sources } = this.census;
    const { attributes } = element;
    for (let at = 0; at < attributes.length; at += 2) {
      const value = attributes[at + 1] as string;
      switch (attributes[at]) {
        case "class":
        case "id":
          countWords(value, words);
          break;
        case "itemtype":
          if (itemTypes.length < maxListed) itemTypes.push(value);
          break;
        case "src":
          if (element.name === "script" && sources.length < maxListed) sources.push(value);
          break;
        case "role":
          if (chromeRoles.has(value)) this.isInChrome = true;
          break;
      }
    }
  }

  private endRun(): void {
    const length = this.runLength;
    if (length === 0) return;
    const { census, runLinked } = this;
    this.runLength = this.runLinked = 0;
    if (runLinked > length / 2) return;
    if (length <= maxLabel) census.labels++;
    else if (length <= maxLine) census.lines++;
    else {
      if (length <= maxSentence) census.sentences++;
      else census.paragraphs++;
      census.paragraphCharacters += length;
      if (length > census.longest) census.longest = length;
    }
  }

  private count(text: string): void {
    const { census } = this;
    let characters = 0;
    let digits = 0;
    let years = 0;
    for (let at = 0; at < text.length; at++) {
      const code = text.charCodeAt(at);
      if (code <= 32) {
        if (digits === 4) years++;
        digits = 0;
        continue;
      }
      characters++;
      if (code >= 48 && code <= 57) {
        census.digits++;
        digits++;
        continue;
      }
      if (digits === 4) years++;
      digits = 0;
      if (code > 96 && code < 123) continue;
      if (code === 44 || code === 0x3001 || code === 0xff0c || code === 0x060c) census.commas++;
      else if (code === 46 || code === 0x3002 || code === 0x0964) census.stops++;
      else if (code === 63 || code === 0xff1f || code === 0x061f) census.questions++;
      else if (currencies.has(code)) census.prices++;
    }
    if (characters === 0) return;
    if (digits === 4) years++;
    if (years > 0 && characters < maxYearText) {
      census.years++;
      this.noteDate();
    }
    census.characters += characters;
    this.runLength += characters;
    if (this.isInCode) census.codeCharacters += characters;
    if (!this.isInChrome) census.contentCharacters += characters;
    if (!this.isInLink) return;
    census.linkCharacters += characters;
    this.runLinked += characters;
    if (!this.isInChrome) census.contentLinkCharacters += characters;
  }
}

const timeAt = COUNTED.indexOf("time");

/** An article's own header holds its title. */
function isInArticle(element: Element): boolean {
  for (let at = element.parent, up = 0; at && up < 4; at = at.parent, up++) {
    if (at.name === "article" || at.name === "main" || attribute(at, "role") === "main") return true;
  }
  return false;
}
