import { attribute } from "../dom.ts";
import type { PageFacts } from "./facts.ts";

/** Types of schema.org that pages declare, and that tell what they are for. */
export const DECLARED = (
  "Article NewsArticle BlogPosting TechArticle Report WebPage CollectionPage ItemPage AboutPage ContactPage FAQPage " +
  "SearchResultsPage QAPage DiscussionForumPosting Question Answer Comment Product ProductGroup Offer AggregateOffer " +
  "AggregateRating Review ItemList ListItem OfferCatalog BreadcrumbList Service LocalBusiness ProfessionalService " +
  "Organization Corporation Person Blog Event Course JobPosting Recipe HowTo SoftwareApplication WebApplication " +
  "SoftwareSourceCode APIReference VideoObject Movie Book WebSite SiteNavigationElement WPHeader ProfilePage"
).split(" ");

const declaredAt = new Map(DECLARED.map((name, at): [string, number] => [name, at]));

/** How often each type of `DECLARED` is named, in JSON-LD and in microdata, those of the page itself apart. */
export type DeclaredTypes = {
  /** Of the page's own entities. */
  main: Int32Array;
  /** Anywhere. */
  all: Int32Array;
  /** `og:type`, in lower case. */
  openGraph: string;
};

const maxEntities = 2000;
const maxDepth = 12;

export function readDeclaredTypes({ survey, jsonLd }: PageFacts, itemTypes: readonly string[]): DeclaredTypes {
  const main = new Int32Array(DECLARED.length);
  const all = new Int32Array(DECLARED.length);
  let left = maxEntities;
  const visit = (value: unknown, depth: number, isMain: boolean) => {
    if (typeof value !== "object" || value === null || depth > maxDepth || left-- <= 0) return;
    if (Array.isArray(value)) {
      for (const inner of value) visit(inner, depth + 1, isMain);
      return;
    }
    for (const [key, inner] of Object.entries(value)) {
      if (key === "@type") {
        for (const type of Array.isArray(inner) ? inner : [inner]) count(type, isMain, main, all);
      } else if (typeof inner === "object") {
        visit(inner, depth + 1, isMain && (key === "@graph" || key === "mainEntity"));
      }
    }
  };
  for (const block of jsonLd) visit(block, 0, true);
  for (const type of itemTypes) count(type, false, main, all);
  const openGraph = survey.metas.find((meta) => attribute(meta, "property")?.trim() === "og:type");
  return { main, all, openGraph: (openGraph && attribute(openGraph, "content")?.trim().toLowerCase()) ?? "" };
}

function count(type: unknown, isMain: boolean, main: Int32Array, all: Int32Array): void {
  if (typeof type !== "string" || type.length > 100) return;
  const at = declaredAt.get(type.slice(Math.max(type.lastIndexOf("/"), type.lastIndexOf(":")) + 1));
  if (at === undefined) return;
  all[at] = (all[at] as number) + 1;
  if (isMain) main[at] = (main[at] as number) + 1;
}
