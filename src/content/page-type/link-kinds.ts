import { attribute } from "../dom.ts";
import type { PageFacts } from "./facts.ts";
import { groupOfHash, HASH_START, stepHash, tableOf } from "./word-table.ts";

/** Words of addresses, by what the links lead to. */
const KINDS: Readonly<Record<string, string>> = {
  cart: "cart basket checkout warenkorb panier carrito wishlist addtocart carrello winkelwagen",
  product: "product products p dp ip itm pd item sku produkt produit producto prodotto",
  collection: "collections collection c cat category categories browse department kategorie categorie categoria",
  member: "u user users member members memberlist profile profiles userid showuser",
  post: "post comment reply answer msg findcomment pid permalink",
  reply: "newreply quote posting vote upvote threads viewtopic showthread topic thread",
  tag: "tag tags topics label keyword schlagwort",
  author: "author authors by contributor contributors staff autor auteur",
  contact: "contact contacts demo signup register trial pricing booking schedule kontakt started",
  article: "news blog article articles story stories artikel noticias actualites",
  docs: "docs doc documentation api reference guide manual tutorial",
  edit: "edit blob tree github gitlab",
  telephone: "tel",
  mail: "mailto",
  pages: "page paged start offset",
  job: "job jobs careers career",
};

export const LINK_KIND_NAMES: readonly string[] = Object.keys(KINDS);

const table = tableOf(Object.values(KINDS));
const metAt = new Float64Array(LINK_KIND_NAMES.length);
let serial = 0;

/** What a page's links have in common. */
export type LinkCensus = {
  total: number;
  kinds: Int32Array;
  /** To a place on the same page. */
  fragments: number;
  /** To pages below, beside and outside of this one. */
  below: number;
  beside: number;
  outside: number;
  /** To paths that end in several words, as titles do. */
  slugs: number;
};

const maxAnchors = 1500;
const maxHref = 300;

export function countLinks({ survey, url }: PageFacts): LinkCensus {
  const census = {
    total: 0,
    kinds: new Int32Array(LINK_KIND_NAMES.length),
    fragments: 0,
    below: 0,
    beside: 0,
    outside: 0,
    slugs: 0,
  };
  const { pathname, host } = URL.parse(url) ?? { pathname: "/", host: "" };
  const stem = pathname.replace(/\.[a-z]{2,5}$/i, "").replace(/\/$/, "");
  const folder = stem.slice(0, stem.lastIndexOf("/") + 1);
  for (const anchor of survey.anchors) {
    if (anchor.name !== "a" || census.total >= maxAnchors) continue;
    const href = attribute(anchor, "href");
    if (!href) continue;
    census.total++;
    if (href.charCodeAt(0) === 35) {
      census.fragments++;
      continue;
    }
    const hyphens = readHref(href, census.kinds);
    if (hyphens >= 3) census.slugs++;
    const start = pathStart(href, host);
    if (start < 0) census.outside++;
    else if (
      href.length > start + stem.length + 1 &&
      href.startsWith(stem, start) &&
      href.charCodeAt(start + stem.length) === 47
    )
      census.below++;
    else if (folder.length > 1 && href.startsWith(folder, start)) census.beside++;
  }
  return census;
}

/** Counts the kinds that a link is of, each once, and returns the hyphens in the last segment of its path. */
function readHref(href: string, kinds: Int32Array): number {
  serial++;
  const end = Math.min(href.length, maxHref);
  let hash = HASH_START;
  let letters = 0;
  let hyphens = 0;
  let isPath = true;
  for (let at = 0; at <= end; at++) {
    const code = at < end ? href.charCodeAt(at) : 0;
    const lower = code | 32;
    if (lower > 96 && lower < 123) {
      hash = stepHash(hash, lower);
      letters++;
      continue;
    }
    if (letters > 0) {
      const kind = groupOfHash(table, hash);
      if (kind >= 0 && metAt[kind] !== serial) {
        metAt[kind] = serial;
        kinds[kind] = (kinds[kind] as number) + 1;
      }
      hash = HASH_START;
      letters = 0;
    }
    if (!isPath) continue;
    if (code === 63 || code === 35) isPath = false;
    else if (code === 45) hyphens++;
    else if (code === 47 && at < end - 1) hyphens = 0;
  }
  return hyphens;
}

/** Where the path of a link within the same host begins; -1 for a link that leads away. */
function pathStart(href: string, host: string): number {
  if (href.charCodeAt(0) === 47) return href.charCodeAt(1) === 47 ? -1 : 0;
  const colon = href.indexOf(":");
  if (colon < 0 || colon > 10) return 0;
  if (!href.startsWith("//", colon + 1) || !href.startsWith(host, colon + 3)) return -1;
  const start = colon + 3 + host.length;
  return href.charCodeAt(start) === 47 ? start : -1;
}
