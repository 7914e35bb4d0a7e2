import type { Document, Statements } from "../document.ts";
import { attribute, type Element, lineOf } from "../dom.ts";
import { headingText } from "../headings.ts";
import { resolveUrl } from "../links.ts";
import { combineRobots, parseRobotsMeta, parseRobotsTag } from "../robots-directives.ts";
import type { Survey } from "../survey.ts";
import { findAuthors } from "./authors.ts";
import { readBreadcrumbs } from "./breadcrumbs.ts";
import { findDates } from "./dates.ts";
import { readJsonLd } from "./json-ld.ts";
import { cleanLabel, squeeze, uniqueLabels } from "./labels.ts";
import { readLanguage } from "./language.ts";
import { findLicence } from "./licence.ts";
import { factsOf, type LinkedFacts } from "./linked-facts.ts";
import { allMetas, allRelated, firstMeta, groupByRel, type Metas, type Related, readMetas } from "./metas.ts";
import { readLines, readNeighbourhood } from "./neighbourhood.ts";
import { findSiteName } from "./site-name.ts";
import { chooseTitle } from "./title.ts";

export type Metadata = Statements & Pick<Document, "robots" | "metadata">;

export type MetadataInput = {
  /** Where the page came from. */
  url: string;
  /** What its links resolve against. */
  baseUrl: string;
  /** The `X-Robots-Tag` header as sent. */
  robotsTag?: string | null;
};

const maxProperties = 100;
const maxFooters = 5;
const maxHeadings = 20;
const leastHeading = 4;
const maxTitleLength = 500;
const maxTagLength = 100;
const maxKeywordsLength = 5000;

/** Everything a page says about itself: the first source that speaks wins, declarations before what is only shown. */
export function readMetadata(survey: Survey, { url, baseUrl, robotsTag }: MetadataInput): Metadata {
  const { anchors, properties, times } = survey;
  const linked = groupByRel(survey.linkElements);
  const related = groupByRel(survey.related);
  const metas = readMetas(survey.metas);
  const jsonLd = readJsonLd(survey.scripts);
  const tag = survey.title ? cleanLabel(lineOf(survey.title)) : null;
  const openGraph = cleanLabel(firstMeta(metas, "og:title", "twitter:title"));
  const canonicalUrl = canonicalOf(linked, baseUrl);
  const headings = titleHeadings(survey);
  const texts = headings.map(headingText);
  const facts = factsOf(jsonLd, {
    urls: new Set([url, canonicalUrl ?? url]),
    titles: [openGraph, tag, ...texts.slice(0, 5)].flatMap((title) => (title ? [title] : [])),
  });
  const siteName = findSiteName(
    [firstMeta(metas, "og:site_name"), facts.siteName, firstMeta(metas, "application-name")],
    tag,
    url,
  );
  const told = chooseTitle(texts, { tag, openGraph, headline: cleanLabel(facts.headline), siteName });
  const heading = told.heading === undefined ? undefined : headings[texts.indexOf(told.heading)];
  const lines = heading ? readNeighbourhood(heading) : [];
  const footers = survey.footers.slice(-maxFooters).flatMap(readLines);
  const language = readLanguage(survey.body ?? survey.root, heading, [
    attribute(survey.root, "lang"),
    attribute(survey.root, "xml:lang"),
    survey.body && attribute(survey.body, "lang"),
    ...["content-language", "language", "dc.language", "dcterms.language", "og:locale"].map((name) =>
      firstMeta(metas, name),
    ),
    facts.language,
  ]);
  return {
    title: told.title,
    description: cleanLabel(
      firstMeta(metas, "description", "og:description", "twitter:description", "dc.description") ?? facts.description,
    ),
    language,
    canonicalUrl,
    siteName,
    authors: findAuthors({ metas, facts, related, properties, lines, headings: survey.headings, anchors, siteName }),
    ...findDates({ metas, facts, properties, times, lines, footers, language, url }),
    robots: combineRobots(parseRobotsMeta(robotsIn(metas)), parseRobotsTag(robotsTag)),
    metadata: {
      openGraph: openGraphOf(metas),
      jsonLd,
      images: imagesOf(linked, metas, facts, baseUrl),
      tags: tagsOf(related, metas, facts),
      feeds: feedsOf(linked, baseUrl),
      licence: findLicence({ metas, facts, linked, anchors, related, footers, baseUrl }),
      breadcrumbs: readBreadcrumbs(facts.breadcrumbs, survey.body ?? survey.root, heading, baseUrl),
    },
  };
}

/** The `<h1>`s; on a page without any, those lesser headings that `<title>` begins with. */
function titleHeadings({ headings, title }: Survey): Element[] {
  const first = headings.filter(({ name }) => name === "h1").slice(0, maxHeadings);
  if (first.length > 0 || !title) return first;
  const tag = squeeze(lineOf(title, maxTitleLength));
  return headings.slice(0, maxHeadings).filter((heading) => {
    const text = squeeze(headingText(heading));
    return text.length >= leastHeading && tag.startsWith(text);
  });
}

function canonicalOf(linked: Related, baseUrl: string): string | null {
  const [element] = allRelated(linked, "canonical");
  return resolveUrl((element && attribute(element, "href")) ?? "", baseUrl) ?? null;
}

function robotsIn(metas: Metas): { name: string; content: string }[] {
  return ["robots", "orbweaver"].flatMap((name) => allMetas(metas, name).map((content) => ({ name, content })));
}

function openGraphOf(metas: Metas): Record<string, string> {
  const openGraph: Record<string, string> = {};
  let count = 0;
  for (const [name, [content]] of metas) {
    if (!/^(?:og|twitter|article):/.test(name)) continue;
    openGraph[name] = cleanLabel(content) ?? "";
    if (++count >= maxProperties) break;
  }
  return openGraph;
}

function imagesOf(linked: Related, metas: Metas, facts: LinkedFacts, baseUrl: string): string[] {
  const declared = allRelated(linked, "image_src").map((link) => attribute(link, "href"));
  const hrefs = [
    ...allMetas(metas, "og:image"),
    firstMeta(metas, "og:image:url"),
    firstMeta(metas, "twitter:image"),
    firstMeta(metas, "twitter:image:src"),
  ];
  return uniqueLabels(
    [...hrefs, ...declared, ...facts.images].flatMap((href) => resolveUrl(href ?? "", baseUrl) ?? []),
  );
}

function tagsOf(related: Related, metas: Metas, facts: LinkedFacts): string[] {
  const keywords = (firstMeta(metas, "keywords", "news_keywords") ?? "").slice(0, maxKeywordsLength).split(",");
  const linked = allRelated(related, "tag")
    .slice(0, maxProperties)
    .map((anchor) => lineOf(anchor, maxTagLength + 1));
  const tags = [...allMetas(metas, "article:tag"), ...keywords, ...facts.keywords, ...linked];
  return uniqueLabels(tags.flatMap((tag) => (tag.length <= maxTagLength ? (cleanLabel(tag) ?? []) : [])));
}

function feedsOf(linked: Related, baseUrl: string): string[] {
  const feeds = allRelated(linked, "alternate").filter((link) =>
    /^application\/(?:rss|atom|feed)\+(?:xml|json)/i.test(attribute(link, "type") ?? ""),
  );
  return uniqueLabels(feeds.flatMap((link) => resolveUrl(attribute(link, "href") ?? "", baseUrl) ?? []));
}
