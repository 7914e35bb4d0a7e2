import { attribute } from "../dom.ts";
import { type Census, COUNTED, countPage } from "./census.ts";
import { WORD_GROUPS } from "./class-words.ts";
import { DECLARED, type DeclaredTypes, readDeclaredTypes } from "./declared-types.ts";
import type { PageFacts } from "./facts.ts";
import { countLinks, LINK_KIND_NAMES } from "./link-kinds.ts";
import type { Item } from "./siblings.ts";
import { PATH_GROUP_NAMES, readUrlShape, type UrlShape } from "./url-shape.ts";

/** What rules and the model look at. */
export type PageTraits = {
  facts: PageFacts;
  census: Census;
  declared: DeclaredTypes;
  url: UrlShape;
};

export function readTraits(facts: PageFacts): PageTraits {
  const census = countPage(facts.survey.root);
  return { facts, census, declared: readDeclaredTypes(facts, census.itemTypes), url: readUrlShape(facts.url) };
}

/** Numbers, and their names when they are asked for. */
type Row = { values: number[]; names?: string[] };

/** The row of numbers that the model decides by. */
export function describePage(traits: PageTraits): Float32Array {
  const row: Row = { values: [] };
  describe(traits, row);
  return new Float32Array(row.values);
}

/** What the numbers of a row are called, in their order. */
export function nameFeatures(traits: PageTraits): string[] {
  const names: string[] = [];
  describe(traits, { values: [], names });
  return names;
}

function describe(traits: PageTraits, row: Row): void {
  describeUrl(traits.url, row);
  describeText(traits.census, row);
  describeDeclared(traits, row);
  describeLinks(traits, row);
  describeItems("repeated", traits.census.repeated, traits.census, row);
  describeItems("cards", traits.census.cards, traits.census, row);
}

function put(row: Row, name: string, value: number, of = ""): void {
  row.values.push(value);
  row.names?.push(of === "" ? name : `${name}-${of}`);
}

const log = (count: number) => Math.log2(1 + count);
const share = (part: number, whole: number) => (whole > 0 ? part / whole : 0);

function describeUrl(url: UrlShape, row: Row): void {
  put(row, "url-depth", url.depth);
  put(row, "url-last-length", url.lastLength);
  put(row, "url-last-hyphens", url.lastHyphens);
  put(row, "url-last-digits", url.lastDigits);
  put(row, "url-digits", url.digits);
  put(row, "url-parameters", url.parameters);
  put(row, "url-date", Number(url.hasDate));
  put(row, "url-extension", Number(url.hasExtension));
  put(row, "url-slash", Number(url.endsInSlash));
  put(row, "url-hosts", url.hosts);
  for (const [at, name] of PATH_GROUP_NAMES.entries()) put(row, "url", url.groups[at] as number, name);
}

function describeText(census: Census, row: Row): void {
  const { characters, contentCharacters } = census;
  put(row, "elements", log(census.elements));
  put(row, "characters", log(characters));
  put(row, "content-characters", log(contentCharacters));
  put(row, "content-share", share(contentCharacters, characters));
  put(row, "link-density", share(census.linkCharacters, characters));
  put(row, "content-link-density", share(census.contentLinkCharacters, contentCharacters));
  put(row, "links", log(census.links));
  put(row, "content-links", log(census.contentLinks));
  put(row, "characters-a-link", share(contentCharacters, census.contentLinks + 1));
  put(row, "characters-an-element", share(characters, census.elements));
  put(row, "commas", share(census.commas, characters));
  put(row, "stops", share(census.stops, characters));
  put(row, "questions", share(census.questions, characters));
  put(row, "question-count", log(census.questions));
  put(row, "digits", share(census.digits, characters));
  put(row, "prices", log(census.prices));
  put(row, "prices-density", share(census.prices, characters));
  put(row, "years", log(census.years));
  put(row, "labels", log(census.labels));
  put(row, "lines", log(census.lines));
  put(row, "sentences", log(census.sentences));
  put(row, "paragraphs", log(census.paragraphs));
  put(row, "paragraph-share", share(census.paragraphCharacters, characters));
  put(row, "paragraph-length", share(census.paragraphCharacters, census.paragraphs + census.sentences));
  put(row, "longest", log(census.longest));
  put(row, "prose", log(census.prose));
  put(row, "prose-share", share(census.prose, contentCharacters));
  put(row, "prose-parents", log(census.proseParents));
  put(row, "date-after-title", census.dateAfterTitle);
  put(row, "images", log(census.images));
  put(row, "linked-images", log(census.linkedImages));
  put(row, "linked-image-share", share(census.linkedImages, census.images));
  put(row, "heading-links", log(census.headingLinks));
  put(row, "code-share", share(census.codeCharacters, characters));
  for (const [at, name] of COUNTED.entries()) put(row, "tag", log(census.names[at] as number), name);
  const all = census.words.reduce((sum, count) => sum + count, 0);
  for (const [at, name] of WORD_GROUPS.entries()) {
    put(row, "word", log(census.words[at] as number), name);
    put(row, "word-share", share(census.words[at] as number, all), name);
  }
}

/** Kinds of pages that systems of content management write into the body's class. */
const BODY_KINDS: readonly [string, RegExp][] = [
  ["page", /(?:^|[\s_-])page(?:[\s_-]|$)/],
  ["single", /(?:^|\s)single(?:[\s-]|$)/],
  ["home", /(?:^|[\s-])(?:home|front|frontpage|landing)(?:[\s-]|$)/],
  ["archive", /(?:^|[\s-])(?:archive|category|tag|taxonomy|search|collection|listing)(?:[\s-]|$)/],
  ["product", /(?:^|[\s-])product(?:[\s-]|$)/],
  ["article", /(?:^|[\s-])(?:article|post|blog|news)(?:[\s-]|$)/],
];
const maxBodyClass = 1000;

function describeDeclared({ declared, facts }: PageTraits, row: Row): void {
  const body = (facts.survey.body && attribute(facts.survey.body, "class"))?.slice(0, maxBodyClass) ?? "";
  for (const [name, kind] of BODY_KINDS) put(row, "body", Number(kind.test(body)), name);
  const { main, all, openGraph } = declared;
  for (const [at, name] of DECLARED.entries()) {
    put(row, "main", Math.min(2, main[at] as number), name);
    put(row, "any", log(all[at] as number), name);
  }
  put(row, "og-article", Number(openGraph === "article"));
  put(row, "og-website", Number(openGraph === "website"));
  put(row, "og-product", Number(/^(?:og:)?product(?:\.item)?$/.test(openGraph)));
  put(row, "og-group", Number(/product\.group|category/.test(openGraph)));
  put(row, "og-none", Number(openGraph === ""));
  const metas = new Set<string>();
  for (const meta of facts.survey.metas.slice(0, 300)) {
    const name = attribute(meta, "property") ?? attribute(meta, "name");
    if (name) metas.add(name.toLowerCase());
  }
  put(row, "meta-published", Number(metas.has("article:published_time")));
  put(row, "meta-section", Number(metas.has("article:section") || metas.has("article:tag")));
  put(row, "meta-author", Number(metas.has("author") || metas.has("article:author") || metas.has("parsely-author")));
  put(row, "meta-reading", Number(metas.has("twitter:label1") || metas.has("twitter:data1")));
  put(row, "meta-price", Number(metas.has("product:price:amount") || metas.has("og:price:amount")));
  put(row, "meta-citation", Number(metas.has("citation_title") || metas.has("dc.title")));
}

function describeLinks({ facts }: PageTraits, row: Row): void {
  const links = countLinks(facts);
  for (const [at, name] of LINK_KIND_NAMES.entries()) {
    put(row, "links", log(links.kinds[at] as number), name);
    put(row, "links-share", share(links.kinds[at] as number, links.total), name);
  }
  put(row, "links-fragment", share(links.fragments, links.total));
  put(row, "links-below", share(links.below, links.total));
  put(row, "links-beside", share(links.beside, links.total));
  put(row, "links-outside", share(links.outside, links.total));
  put(row, "links-slug", share(links.slugs, links.total));
  put(row, "links-slugs", log(links.slugs));
  const rels = new Set<string>();
  for (const link of facts.survey.linkElements.slice(0, 200)) rels.add(attribute(link, "rel") ?? "");
  put(row, "rel-next", Number(rels.has("next")));
  put(row, "rel-prev", Number(rels.has("prev")));
  put(row, "rel-amp", Number(rels.has("amphtml")));
  put(row, "h1", facts.survey.headings.filter(({ name }) => name === "h1").length);
}

function describeItems(name: string, items: Item | undefined, census: Census, row: Row): void {
  const count = items?.count ?? 0;
  put(row, name, count, "count");
  put(row, name, share(items?.characters ?? 0, census.contentCharacters), "share");
  put(row, name, share(items?.characters ?? 0, count), "length");
  put(row, name, share(items?.linkCharacters ?? 0, items?.characters ?? 0), "linked");
  put(row, name, share(items?.links ?? 0, count), "links");
  put(row, name, share(items?.images ?? 0, count), "images");
  put(row, name, share(items?.prices ?? 0, count), "prices");
  put(row, name, share(items?.dates ?? 0, count), "dates");
  put(row, name, share(items?.headings ?? 0, count), "headings");
  put(row, name, share(items?.paragraphs ?? 0, count), "paragraphs");
}
