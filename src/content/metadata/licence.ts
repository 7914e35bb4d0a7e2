import { attribute, type Element } from "../dom.ts";
import { resolveUrl } from "../links.ts";
import { cleanLabel } from "./labels.ts";
import type { LinkedFacts } from "./linked-facts.ts";
import { allRelated, firstMeta, type Metas, type Related } from "./metas.ts";
import type { Line } from "./neighbourhood.ts";

export type LicenceSources = {
  metas: Metas;
  facts: LinkedFacts;
  /** `<link>` elements. */
  linked: Related;
  anchors: readonly Element[];
  /** Those of the anchors with a `rel`. */
  related: Related;
  /** Lines of the page's footers. */
  footers: readonly Line[];
  baseUrl: string;
};

const maxNameLength = 200;
const maxAnchors = 5000;
const creativeCommons = /^(?:https?:)?\/\/(?:www\.)?creativecommons\.org\/(?:licenses|licences|publicdomain)\//;
const deedName = /\bCC[ -](?:BY(?:-(?:NC|SA|ND)){0,2}|0)(?: \d\.\d)?\b/;

/** The licence of the page's text: a URL where there is one, else its name. */
export function findLicence({
  metas,
  facts,
  linked: links,
  anchors,
  related,
  footers,
  baseUrl,
}: LicenceSources): string | null {
  const linked = licenceIn(links) ?? licenceIn(related);
  const said =
    (linked && attribute(linked, "href")) ??
    facts.licence ??
    firstMeta(metas, "dcterms.license", "dcterms.licence", "dc.rights.license", "license", "licence", "cc:license");
  const declared = said && (urlOf(said, baseUrl) ?? nameOf(said));
  if (declared) return declared;
  return commonsIn(anchors, footers, baseUrl);
}

function licenceIn(related: Related): Element | undefined {
  return ["license", "licence", "cc:license"].flatMap((rel) => allRelated(related, rel))[0];
}

function urlOf(value: string, baseUrl: string): string | undefined {
  return /^(?:https?:)?\/\/|^\.{0,2}\/|\.html?$/i.test(value.trim()) ? resolveUrl(value, baseUrl) : undefined;
}

function nameOf(value: string): string | undefined {
  const name = cleanLabel(value);
  return name && name.length <= maxNameLength ? name : undefined;
}

/** In a footer a link to a deed is the page's; elsewhere it may be a picture's, unless all of the page agree. */
function commonsIn(anchors: readonly Element[], footers: readonly Line[], baseUrl: string): string | null {
  for (const { anchors: inside } of footers) {
    for (const anchor of inside) {
      const href = attribute(anchor, "href");
      if (href?.includes("creativecommons") && creativeCommons.test(href)) return resolveUrl(href, baseUrl) ?? null;
    }
  }
  const deeds = new Set<string>();
  for (const [at, anchor] of anchors.entries()) {
    if (at >= maxAnchors) break;
    const href = attribute(anchor, "href");
    if (href?.includes("creativecommons") && creativeCommons.test(href)) deeds.add(resolveUrl(href, baseUrl) ?? "");
  }
  const [deed] = deeds;
  if (deeds.size === 1 && deed) return deed;
  for (const { text } of footers) {
    if (text.length > 500 || !text.includes("CC")) continue;
    const name = deedName.exec(text)?.[0];
    if (name) return name;
  }
  return null;
}
