import { getDomain } from "tldts";

/** Words of hosts and paths, grouped by what they lead to. */
const PATH_GROUPS: Readonly<Record<string, string>> = {
  article: "blog blogs news article articles story stories post posts magazine press insights journal opinion read",
  docs: "docs doc documentation guide guides reference manual manuals api tutorial tutorials handbook man userguide howto learn",
  help: "help support kb knowledgebase hc faq faqs",
  wiki: "wiki wikis",
  forum:
    "forum forums community communities thread threads topic t discussion discussions discuss questions question boards board showthread viewtopic comments talk answers d ask",
  product: "product products p dp item items itm pd prod gp ip sku",
  shop: "shop store buy",
  collection: "collections collection c cat category categories browse product-category department departments catalog",
  listing: "topics tag tags list lists search archive archives index directory chart rankings jobs trending latest all",
  service:
    "services service solutions solution features platform pricing about industries practice-areas what-we-do why",
  event: "events event courses course programs program training",
};

export const PATH_GROUP_NAMES: readonly string[] = Object.keys(PATH_GROUPS);

const groupOf = new Map<string, number>(
  Object.values(PATH_GROUPS).flatMap((words, group) => words.split(" ").map((word): [string, number] => [word, group])),
);

/** What a URL tells before its page is read. */
export type UrlShape = {
  /** Segments of the path. */
  depth: number;
  isRoot: boolean;
  /** For each group: 0 no, 1 in the host, 2 as a segment, 3 as the last segment. */
  groups: Uint8Array;
  lastLength: number;
  lastHyphens: number;
  lastDigits: number;
  digits: number;
  parameters: number;
  hasDate: boolean;
  hasExtension: boolean;
  endsInSlash: boolean;
  /** Names before the registrable domain, `www` left out. */
  hosts: number;
};

const maxLength = 2000;

export function readUrlShape(url: string): UrlShape {
  const groups = new Uint8Array(PATH_GROUP_NAMES.length);
  const { hostname, pathname, searchParams } = URL.parse(url.slice(0, maxLength)) ?? blank;
  const segments = pathname.toLowerCase().split("/").filter(Boolean);
  const last = segments.at(-1) ?? "";
  const domain = getDomain(hostname) ?? hostname;
  const subdomains = hostname.slice(0, Math.max(0, hostname.length - domain.length - 1)).split(".");
  const hosts = subdomains.filter((name) => name !== "" && name !== "www");
  for (const name of hosts) mark(groups, name, 1);
  for (const segment of segments) {
    const rank = segment === last ? 3 : 2;
    const name = segment.replace(/\.[a-z]{2,5}$/, "");
    mark(groups, name, rank);
    // `product-category` is a word of its own; of other names with hyphens only short ones speak of a kind.
    if (name.length < 24 && name.includes("-")) for (const word of name.split("-")) mark(groups, word, 1);
  }
  return {
    depth: segments.length,
    isRoot: segments.length === 0,
    groups,
    lastLength: last.length,
    lastHyphens: countOf(last, /[-_]/g),
    lastDigits: countOf(last, /\d/g),
    digits: countOf(pathname, /\d/g),
    parameters: [...searchParams.keys()].filter((name) => !/^(?:utm_|srsltid|gclid|fbclid)/.test(name)).length,
    hasDate: /\/(?:19|20)\d\d[/-](?:0?[1-9]|1[0-2]|[a-z]{3})(?:[/-]|$)/.test(pathname.toLowerCase()),
    hasExtension: /\.[a-z]{2,5}$/.test(last),
    endsInSlash: pathname.endsWith("/"),
    hosts: hosts.length,
  };
}

const blank = { hostname: "", pathname: "/", searchParams: new URLSearchParams() };

function mark(groups: Uint8Array, word: string, rank: number): void {
  const group = groupOf.get(word);
  if (group !== undefined) groups[group] = Math.max(groups[group] as number, rank);
}

function countOf(text: string, pattern: RegExp): number {
  return text.match(pattern)?.length ?? 0;
}
