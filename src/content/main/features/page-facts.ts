import { attribute, textOf } from "../../dom.ts";
import type { Survey } from "../../survey.ts";

/** What the page says of itself as numbers, the same for all its blocks. */
export const PAGE_FACT_NAMES = [
  "og:article",
  "og:product",
  "og:website",
  "ld:article",
  "ld:product",
  "ld:list",
  "ld:thread",
  "ld:business",
  "url:depth",
  "url:slug",
  "url:digits",
  "url:query",
  "url:date",
  "generator",
  "headings",
  "h1s",
  "times",
  "feeds",
] as const;

const maxJsonLd = 100_000;

export function readPageFacts(survey: Survey, url: string): number[] {
  let ogType = "";
  let generator = 0;
  for (const meta of survey.metas) {
    if (attribute(meta, "property") === "og:type") ogType = (attribute(meta, "content") ?? "").toLowerCase();
    if (attribute(meta, "name")?.toLowerCase() === "generator") {
      const content = attribute(meta, "content") ?? "";
      generator = /wordpress/i.test(content)
        ? 1
        : /sphinx|docusaurus|mkdocs|vitepress|hugo|jekyll/i.test(content)
          ? 2
          : 3;
    }
  }
  let types = "";
  for (const script of survey.scripts) {
    if (!(attribute(script, "type") ?? "").includes("ld+json")) continue;
    for (const [, type = ""] of textOf(script, maxJsonLd).matchAll(/"@type"\s{0,9}:\s{0,9}\[?\s{0,9}"(\w{1,60})"/g)) {
      if (types.length < 4_000) types += `${type} `;
    }
  }
  const parsed = URL.parse(url);
  const path = parsed?.pathname ?? "/";
  const segments = path.split("/").filter(Boolean);
  const last = segments.at(-1) ?? "";
  return [
    Number(ogType === "article"),
    Number(ogType.includes("product")),
    Number(ogType === "website"),
    Number(/Article|BlogPosting/.test(types)),
    Number(/\bProduct\b/.test(types)),
    Number(/ItemList|CollectionPage|SearchResults/.test(types)),
    Number(/DiscussionForum|QAPage|Question|Comment/.test(types)),
    Number(/LocalBusiness|Service|FAQPage|SoftwareApplication/.test(types)),
    Math.min(segments.length, 10),
    Math.min(last.split(/[-_]/).length, 20),
    Math.min((last.match(/\d/g) ?? []).length, 20),
    Math.min(parsed?.search.length ?? 0, 50),
    Number(/\/(?:19|20)\d\d\/\d\d?\//.test(path)),
    generator,
    Math.min(survey.headings.length, 200),
    Math.min(survey.headings.filter(({ name }) => name === "h1").length, 20),
    Math.min(survey.times.length, 100),
    survey.linkElements.filter((link) => /rss|atom/.test(attribute(link, "type") ?? "")).length,
  ];
}
