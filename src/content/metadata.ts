import { toIsoDate } from "./dates.ts";
import type { Document } from "./document.ts";
import { attribute, collapse, type Element, lineOf } from "./dom.ts";
import { headingText } from "./headings.ts";
import { factsOf, type LinkedFacts, readJsonLd } from "./json-ld.ts";
import { resolveUrl } from "./links.ts";
import { combineRobots, parseRobotsMeta, parseRobotsTag } from "./robots-directives.ts";
import type { Survey } from "./survey.ts";
import { chooseTitle } from "./title.ts";

export type Metadata = Pick<
  Document,
  | "title"
  | "description"
  | "language"
  | "canonicalUrl"
  | "siteName"
  | "authors"
  | "publishedAt"
  | "modifiedAt"
  | "robots"
  | "metadata"
>;

const maxTextLength = 2000;
const maxListed = 50;
const maxProperties = 100;
const none: readonly string[] = [];

/** Everything a page says about itself: the first source that speaks wins, the page's own words before the embeds'. */
export function readMetadata(survey: Survey, baseUrl: string, robotsTag: string | null | undefined): Metadata {
  const metas = readMetas(survey.metas);
  const jsonLd = readJsonLd(survey.scripts);
  const facts = factsOf(jsonLd);
  const properties = readProperties(survey.properties);
  const siteName = clean(metas.get("og:site_name") ?? metas.get("application-name") ?? facts.siteName);
  const heading = survey.headings.find((element) => element.name === "h1" && headingText(element) !== "");
  return {
    title: chooseTitle({
      tag: survey.title && clean(lineOf(survey.title)),
      openGraph: clean(metas.get("og:title") ?? metas.get("twitter:title")),
      headline: clean(facts.headline),
      heading: heading && headingText(heading),
      siteName,
    }),
    description: clean(
      metas.get("description") ?? metas.get("og:description") ?? metas.get("twitter:description") ?? facts.description,
    ),
    language: languageOf(survey, metas, facts),
    canonicalUrl: canonicalOf(survey, baseUrl),
    siteName,
    authors: authorsOf(survey, metas, facts, properties),
    publishedAt: publishedAt(survey, metas, facts, properties),
    modifiedAt:
      firstDate(
        metas.get("article:modified_time"),
        facts.modifiedAt,
        metas.get("og:updated_time"),
        properties.get("datemodified"),
        metas.get("dcterms.modified"),
        metas.get("last-modified"),
      ) ?? null,
    robots: combineRobots(parseRobotsMeta(namedMetas(survey.metas)), parseRobotsTag(robotsTag)),
    metadata: {
      openGraph: openGraphOf(metas),
      jsonLd,
      images: imagesOf(survey, metas, facts, baseUrl),
      tags: tagsOf(survey, metas, facts),
      feeds: feedsOf(survey, baseUrl),
    },
  };
}

/** The first content of each name or property, in lower case. */
type Metas = ReadonlyMap<string, string>;

function readMetas(elements: readonly Element[]): Metas {
  const metas = new Map<string, string>();
  for (const { name, content } of namedMetas(elements)) {
    if (!metas.has(name)) metas.set(name, content);
  }
  return metas;
}

function namedMetas(elements: readonly Element[]): { name: string; content: string }[] {
  const named: { name: string; content: string }[] = [];
  for (const element of elements.slice(0, 1000)) {
    const name = attribute(element, "property") ?? attribute(element, "name") ?? attribute(element, "http-equiv");
    const content = attribute(element, "content");
    if (name && content?.trim()) named.push({ name: name.trim().toLowerCase(), content });
  }
  return named;
}

/** Microdata: the first value of each `itemprop`, in lower case. */
function readProperties(elements: readonly Element[]): Map<string, string> {
  const properties = new Map<string, string>();
  for (const element of elements) {
    const name = attribute(element, "itemprop")?.trim().toLowerCase();
    if (!name || properties.has(name) || !/^(?:author|datepublished|datemodified|name)$/.test(name)) continue;
    const value = attribute(element, "content") ?? attribute(element, "datetime") ?? authorIn(element);
    if (value) properties.set(name, value);
  }
  return properties;
}

function authorIn(element: Element): string {
  const line = lineOf(element);
  return line.length <= 100 ? line : "";
}

function clean(value: string | null | undefined): string | null {
  const text = collapse((value ?? "").slice(0, 2 * maxTextLength)).slice(0, maxTextLength);
  return text === "" ? null : text.toWellFormed();
}

function canonicalOf(survey: Survey, baseUrl: string): string | null {
  const element = survey.linkElements.find((link) => relsOf(link).includes("canonical"));
  return resolveUrl((element && attribute(element, "href")) ?? "", baseUrl) ?? null;
}

function relsOf(element: Element): readonly string[] {
  const rel = attribute(element, "rel");
  return rel ? rel.toLowerCase().split(/\s+/) : none;
}

function languageOf(survey: Survey, metas: Metas, facts: LinkedFacts): string | null {
  const { root, body } = survey;
  const declared = [
    attribute(root, "lang"),
    attribute(root, "xml:lang"),
    body && attribute(body, "lang"),
    metas.get("content-language"),
    metas.get("language"),
    metas.get("dc.language"),
    metas.get("og:locale"),
    facts.language,
  ];
  for (const value of declared) {
    const language = normalizeLanguage(value);
    if (language) return language;
  }
  return null;
}

/** `pt_br` → `pt-BR`; `null` for what is no language tag. Of a list, the first. */
export function normalizeLanguage(value: string | undefined): string | null {
  const tag = value?.split(/[,;]/)[0]?.trim().replaceAll("_", "-");
  if (!tag || tag.length > 35 || !/^[a-z]{2,3}(?:-|$)/i.test(tag)) return null;
  try {
    return Intl.getCanonicalLocales(tag)[0] ?? null;
  } catch {
    return normalizeLanguage(tag.split("-").length > 1 ? tag.split("-")[0] : undefined);
  }
}

function authorsOf(
  survey: Survey,
  metas: Metas,
  facts: LinkedFacts,
  properties: ReadonlyMap<string, string>,
): string[] {
  const named = [
    ...[metas.get("author"), metas.get("article:author"), metas.get("parsely-author"), metas.get("dc.creator")],
    ...[metas.get("sailthru.author"), metas.get("citation_author")],
  ];
  const linked = survey.anchors.filter((anchor) => relsOf(anchor).includes("author")).map(authorIn);
  const candidates = [facts.authors, named, linked, [properties.get("author")]];
  for (const names of candidates) {
    const authors = unique(names.flatMap((name) => authorName(name) ?? []));
    if (authors.length > 0) return authors;
  }
  return [];
}

function authorName(value: string | undefined): string | undefined {
  const name = clean(value)?.replace(/^(?:by|von|par|por)[: ]+/i, "");
  return name && name.length <= 100 && !/^(?:https?:|@|\/)/i.test(name) ? name : undefined;
}

function publishedAt(
  survey: Survey,
  metas: Metas,
  facts: LinkedFacts,
  properties: ReadonlyMap<string, string>,
): string | null {
  const declared = firstDate(
    metas.get("article:published_time"),
    facts.publishedAt,
    metas.get("og:published_time"),
    properties.get("datepublished"),
    ...["datepublished", "parsely-pub-date", "sailthru.date", "pubdate", "publish-date", "date"].map((name) =>
      metas.get(name),
    ),
    ...["dc.date", "dcterms.created", "dc.date.issued", "citation_publication_date", "citation_date"].map((name) =>
      metas.get(name),
    ),
  );
  if (declared) return declared;
  const time = survey.times.find((element) => element.attributes.includes("pubdate")) ?? survey.times[0];
  // Several times on a page are a list's or comments', which tell nothing about the page.
  const isClear = time?.attributes.includes("pubdate") || survey.times.length === 1;
  return time && isClear ? toIsoDate(attribute(time, "datetime")) : null;
}

function firstDate(...values: (string | undefined)[]): string | null {
  for (const value of values) {
    const date = toIsoDate(value);
    if (date) return date;
  }
  return null;
}

function openGraphOf(metas: Metas): Record<string, string> {
  const openGraph: Record<string, string> = {};
  let count = 0;
  for (const [name, content] of metas) {
    if (!/^(?:og|twitter|article):/.test(name) || name.length > 100) continue;
    openGraph[name] = clean(content) ?? "";
    if (++count >= maxProperties) break;
  }
  return openGraph;
}

function imagesOf(survey: Survey, metas: Metas, facts: LinkedFacts, baseUrl: string): string[] {
  const declared = survey.linkElements
    .filter((link) => relsOf(link).includes("image_src"))
    .map((link) => attribute(link, "href"));
  const hrefs = [
    metas.get("og:image"),
    metas.get("og:image:url"),
    metas.get("twitter:image"),
    metas.get("twitter:image:src"),
  ];
  return unique([...hrefs, ...declared, ...facts.images].flatMap((href) => resolveUrl(href ?? "", baseUrl) ?? []));
}

function tagsOf(survey: Survey, metas: Metas, facts: LinkedFacts): string[] {
  const articleTags = namedMetas(survey.metas)
    .filter(({ name }) => name === "article:tag")
    .map(({ content }) => content);
  const keywords = (metas.get("keywords") ?? metas.get("news_keywords") ?? "").split(",");
  const linked = survey.anchors.filter((anchor) => relsOf(anchor).includes("tag")).map(authorIn);
  return unique(
    [...articleTags, ...keywords, ...facts.keywords, ...linked].flatMap((tag) => clean(tag.slice(0, 100)) ?? []),
  );
}

function feedsOf(survey: Survey, baseUrl: string): string[] {
  const feeds = survey.linkElements.filter(
    (link) =>
      relsOf(link).includes("alternate") &&
      /^application\/(?:rss|atom|feed)\+(?:xml|json)/i.test(attribute(link, "type") ?? ""),
  );
  return unique(feeds.flatMap((link) => resolveUrl(attribute(link, "href") ?? "", baseUrl) ?? []));
}

function unique(values: readonly string[]): string[] {
  return [...new Set(values)].slice(0, maxListed);
}
