import { attribute, type Element, textOf } from "./dom.ts";

const maxBlocks = 20;
const maxBlockLength = 256 * 1024;
const maxDepth = 64;

/** What a page's JSON-LD says, by the fields that metadata wants. */
export type LinkedFacts = {
  headline?: string;
  description?: string;
  publishedAt?: string;
  modifiedAt?: string;
  siteName?: string;
  language?: string;
  authors: string[];
  images: string[];
  keywords: string[];
};

/** The page's JSON-LD blocks, parsed; what can't be read, or is absurdly large or deep, is left out. */
export function readJsonLd(scripts: readonly Element[]): unknown[] {
  const blocks: unknown[] = [];
  for (const script of scripts) {
    if (!/^application\/ld\+json/i.test(attribute(script, "type") ?? "")) continue;
    const text = textOf(script);
    if (text.length > maxBlockLength || isTooDeep(text)) continue;
    const value = parseTolerantly(text);
    if (value !== undefined && value !== null) blocks.push(value);
    if (blocks.length >= maxBlocks) break;
  }
  return blocks;
}

/** Counts brackets without regard to strings: too careful for odd texts, and that is the safe side. */
function isTooDeep(text: string): boolean {
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 0x7b || code === 0x5b) {
      if (++depth > maxDepth) return true;
    } else if (code === 0x7d || code === 0x5d) depth--;
  }
  return false;
}

function parseTolerantly(text: string): unknown {
  const bare = text
    .replace(/^\s*(?:\/\/\s*)?(?:<!--|<!\[cdata\[)/i, "")
    .replace(/(?:\/\/ ?)?(?:-->|\]\]>)\s*$/, "")
    .trim();
  return parseStorable(bare) ?? parseStorable(repair(bare));
}

/** Line breaks inside strings, commas before a closing bracket and a last semicolon are what people get wrong. */
function repair(text: string): string {
  return text
    .replace(/\p{Cc}+/gu, " ")
    .replace(/, ?(?=[}\]])/g, "")
    .replace(/;$/, "");
}

function parseStorable(text: string): unknown {
  try {
    // Databases refuse NUL and half surrogates, which JSON can spell.
    return /\\u(?:0000|d[89a-f])/i.test(text) ? JSON.parse(text, keepStorable) : JSON.parse(text);
  } catch {
    return undefined;
  }
}

function keepStorable(_key: string, value: unknown): unknown {
  if (typeof value === "string") return storable(value);
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [storable(key), inner]));
}

function storable(text: string): string {
  return text.toWellFormed().replaceAll("\0", "\ufffd");
}

const contentTypes =
  /^(?:.*Article|.*Posting|Report|WebPage|.*Page|HowTo|Recipe|Product|Event|Course|Book|VideoObject|Review|Dataset|Question)$/;

/** Reads facts from the entities that stand for the page itself; those of other types only name the site. */
export function factsOf(blocks: readonly unknown[]): LinkedFacts {
  const facts: LinkedFacts = { authors: [], images: [], keywords: [] };
  for (const entity of entitiesOf(blocks)) {
    const types = strings(entity["@type"]);
    if (types.includes("WebSite")) facts.siteName ??= string(entity.name);
    if (!types.some((type) => contentTypes.test(type))) continue;
    facts.headline ??= string(entity.headline);
    facts.description ??= string(entity.description);
    facts.publishedAt ??= string(entity.datePublished) ?? string(entity.dateCreated);
    facts.modifiedAt ??= string(entity.dateModified);
    facts.language ??= string(entity.inLanguage);
    facts.siteName ??= nameOf(entity.publisher);
    if (facts.authors.length === 0) facts.authors = list(entity.author).flatMap((author) => nameOf(author) ?? []);
    if (facts.images.length === 0) facts.images = list(entity.image).flatMap((image) => urlOf(image) ?? []);
    if (facts.keywords.length === 0) facts.keywords = strings(entity.keywords).flatMap((words) => words.split(","));
  }
  return facts;
}

type Entity = Record<string, unknown>;

function entitiesOf(blocks: readonly unknown[]): Entity[] {
  const entities: Entity[] = [];
  for (const block of blocks.flatMap(list)) {
    if (!isEntity(block)) continue;
    entities.push(block, ...list(block["@graph"]).filter(isEntity));
    if (isEntity(block.mainEntity)) entities.push(block.mainEntity);
  }
  return entities.slice(0, 200);
}

const isEntity = (value: unknown): value is Entity =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : value === undefined ? [] : [value]);
const strings = (value: unknown): string[] => list(value).filter((inner) => typeof inner === "string");

function string(value: unknown): string | undefined {
  const first = list(value)[0];
  return typeof first === "string" && first.trim() !== "" ? first : undefined;
}

const nameOf = (value: unknown): string | undefined => (isEntity(value) ? string(value.name) : string(value));
const urlOf = (value: unknown): string | undefined =>
  isEntity(value) ? (string(value.url) ?? string(value.contentUrl)) : string(value);
