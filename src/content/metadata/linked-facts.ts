import type { Breadcrumb } from "../document.ts";

/** What a page's JSON-LD says of the page, by the fields that metadata wants. */
export type LinkedFacts = {
  headline?: string;
  description?: string;
  publishedAt?: string;
  modifiedAt?: string;
  siteName?: string;
  language?: string;
  licence?: string;
  authors: string[];
  /** Those of the authors that are said to be persons, and no organisations. */
  people: string[];
  images: string[];
  keywords: string[];
  /** URLs as given. */
  breadcrumbs: Breadcrumb[];
};

/** How an entity is known to be about this page and not about one that it links to. */
export type PageClues = { urls: ReadonlySet<string>; titles: readonly string[] };

type Entity = Record<string, unknown>;

const maxEntities = 400;
const maxListed = 50;
const maxCrumbs = 30;

/** What somebody wrote at some time. */
const writtenTypes = /(?:Article|Posting|Report|HowTo|Recipe|Question|Dataset)$/;
const pageTypes = /Page$/;
/** Their author and date are the thing's, not the page's. */
const thingTypes = /^(?:Product|ProductGroup|Event|Course|Book|Movie|VideoObject|SoftwareApplication|Service|Place)$/;

/** Reads facts from the entities that stand for the page itself; those of other types only name the site. */
export function factsOf(blocks: readonly unknown[], clues: PageClues): LinkedFacts {
  const facts: LinkedFacts = { authors: [], people: [], images: [], keywords: [], breadcrumbs: [] };
  if (blocks.length === 0) return facts;
  const entities = entitiesOf(blocks);
  const known = byId(entities);
  const written = aboutThisPage(
    entities.filter((entity) => isOf(entity, writtenTypes)),
    clues,
  );
  const pages = entities.filter((entity) => isOf(entity, pageTypes));
  for (const entity of [...written, ...pages]) addOrigin(facts, entity, known);
  for (const entity of [...written, ...pages, ...entities.filter((entity) => isOf(entity, thingTypes))]) {
    addContent(facts, entity);
  }
  for (const entity of entities) {
    if (isOf(entity, /^WebSite$/)) facts.siteName ??= string(entity.name) ?? string(entity.alternateName);
    if (facts.breadcrumbs.length === 0) facts.breadcrumbs = crumbsOf(entity);
  }
  for (const entity of [...written, ...pages]) facts.siteName ??= nameOf(entity.publisher, known);
  return facts;
}

function addOrigin(facts: LinkedFacts, entity: Entity, known: ReadonlyMap<string, Entity>): void {
  facts.publishedAt ??= string(entity.datePublished) ?? string(entity.dateCreated);
  facts.modifiedAt ??= string(entity.dateModified);
  facts.licence ??= urlOf(entity.license);
  if (facts.authors.length > 0) return;
  const people = [...list(entity.author), ...(entity.author === undefined ? list(entity.creator) : [])];
  const nameAll = (some: readonly unknown[]) => some.slice(0, maxListed).flatMap((one) => nameOf(one, known) ?? []);
  facts.authors = nameAll(people);
  facts.people = nameAll(people.filter((person) => isEntity(person) && isOf(person, /^Person$/)));
}

function addContent(facts: LinkedFacts, entity: Entity): void {
  facts.headline ??= string(entity.headline) ?? (isOf(entity, /^Question$/) ? string(entity.name) : undefined);
  facts.description ??= string(entity.description);
  facts.language ??= string(entity.inLanguage);
  if (facts.images.length === 0) {
    facts.images = list(entity.image)
      .slice(0, maxListed)
      .flatMap((image) => urlOf(image) ?? []);
  }
  if (facts.keywords.length === 0) {
    facts.keywords = list(entity.keywords)
      .slice(0, maxListed)
      .flatMap((words) => (string(words) ?? nameOf(words) ?? "").split(","));
  }
}

/** Several articles are a listing's teasers, unless one of them is this page. */
function aboutThisPage(entities: readonly Entity[], { urls, titles }: PageClues): readonly Entity[] {
  if (entities.length < 2) return entities;
  const own = entities.filter((entity) => {
    const headline = string(entity.headline) ?? string(entity.name);
    if (headline && titles.some((title) => title.startsWith(headline) || headline.startsWith(title))) return true;
    return [entity.url, entity.mainEntityOfPage, entity["@id"]].some((value) =>
      urls.has(withoutFragment(urlOf(value))),
    );
  });
  return own.length > 0 || entities.length > 2 ? own : entities;
}

function withoutFragment(url: string | undefined): string {
  return (url ?? "").slice(0, 2000).split("#", 1)[0] ?? "";
}

/** The entities at the top, in graphs, and what a page calls its main one; entities deeper down are parts of others. */
function entitiesOf(blocks: readonly unknown[]): Entity[] {
  const entities: Entity[] = [];
  for (const block of blocks.flatMap(list)) {
    if (entities.length >= maxEntities) break;
    if (!isEntity(block)) continue;
    for (const entity of [block, ...list(block["@graph"]).slice(0, maxEntities)]) {
      if (!isEntity(entity)) continue;
      entities.push(entity);
      for (const inner of [entity.mainEntity, entity.mainEntityOfPage, entity.breadcrumb]) {
        if (isEntity(inner) && inner["@type"] !== undefined) entities.push(inner);
      }
    }
  }
  return entities.slice(0, maxEntities);
}

function byId(entities: readonly Entity[]): Map<string, Entity> {
  const known = new Map<string, Entity>();
  for (const entity of entities) {
    const id = entity["@id"];
    if (typeof id === "string" && entity.name !== undefined && !known.has(id)) known.set(id, entity);
  }
  return known;
}

function crumbsOf(entity: Entity): Breadcrumb[] {
  if (!isOf(entity, /^BreadcrumbList$/)) return [];
  const items = list(entity.itemListElement).filter(isEntity).slice(0, maxCrumbs);
  return items
    .map((item, at) => ({ item, position: Number(item.position ?? at + 1) }))
    .sort((a, b) => a.position - b.position)
    .flatMap(({ item }) => {
      const text = string(item.name) ?? nameOf(item.item);
      const url = isEntity(item.item) ? (string(item.item["@id"]) ?? string(item.item.url)) : string(item.item);
      return text ? [url ? { text, url } : { text }] : [];
    });
}

/** Whether one of an entity's types is of these; they may be spelled with the vocabulary in front. */
function isOf(entity: Entity, types: RegExp): boolean {
  return list(entity["@type"])
    .slice(0, 10)
    .some((type) => typeof type === "string" && type.length < 100 && types.test(type.replace(/^.*[/#:]/, "")));
}

const isEntity = (value: unknown): value is Entity =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : value === undefined ? [] : [value]);

function string(value: unknown): string | undefined {
  const first = list(value)[0];
  if (isEntity(first)) return typeof first["@value"] === "string" ? first["@value"] : undefined;
  return typeof first === "string" && first.trim() !== "" ? first : undefined;
}

/** A name as text, or of an entity, which may be said elsewhere under the same `@id`; one step, so no cycle is run. */
function nameOf(value: unknown, known?: ReadonlyMap<string, Entity>): string | undefined {
  const first = list(value)[0];
  if (!isEntity(first)) return string(first);
  const id = first["@id"];
  return string(first.name) ?? (typeof id === "string" ? string(known?.get(id)?.name) : undefined);
}

function urlOf(value: unknown): string | undefined {
  const first = list(value)[0];
  return isEntity(first) ? (string(first.url) ?? string(first.contentUrl) ?? string(first["@id"])) : string(first);
}
