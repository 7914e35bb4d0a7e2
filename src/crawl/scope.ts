import { getDomain } from "tldts";
import { compilePattern, matches, type Pattern } from "../patterns/pattern.ts";
import { isSurelyNoPage } from "./page-type.ts";
import { canonicalizeUrl } from "./url.ts";

/** Why a URL that was found is not crawled. Stable names: they are counted for each crawl and shown to people. */
export type SkipReason =
  | "scope" // on a host that does not belong to the crawl
  | "excluded" // an exclude pattern matches
  | "not_included" // no include pattern matches
  | "depth" // too many links away from the start
  | "type" // its extension says that it is no page
  | "robots" // robots.txt disallows it
  | "nofollow"
  | "noindex"
  | "too_long"
  | "bad_url"
  | "path_repetition" // /a/b/a/b/a/b
  | "path_depth"
  | "query_growth" // too many parameters, or one too often
  | "calendar" // a date too far away
  | "pattern_budget" // too many URLs of one shape
  | "duplicate_farm" // its shape brings the same content, or redirects, again and again
  | "host_budget"
  | "host_stopped" // its host failed too often
  | "limit" // the crawl has all the pages it may have
  | "canonical"; // it names another URL as the real one

export type Scope = {
  /** `url` is canonical; `depth` is the number of links from a seed. */
  check(url: string, depth: number): "ok" | SkipReason;
};

export type ScopeOptions = {
  seeds: readonly string[];
  /** The seeds' hosts, their registrable domains, or everything. */
  within: "host" | "domain" | "any";
  include: readonly string[];
  exclude: readonly string[];
  maxDepth?: number;
  /** Hosts (`example.org`, `localhost:8080`) that count as the site besides those of the seeds. */
  hosts?: readonly string[];
};

/** Most sites link to few hosts; a crawl of everything must not remember them all. */
const maxKnownHosts = 10_000;

/**
 * What belongs to a crawl. Hosts are compared without the scheme and a leading `www.`; domains by the public suffix
 * list with its private part, so that two users of github.io are two sites; addresses and names without a domain, such
 * as `localhost`, exactly and with their port. Seeds belong whatever the rules say, unless they are excluded.
 * @throws AppError `invalid` for a bad pattern
 */
export function createScope(options: ScopeOptions): Scope {
  const include = options.include.map(compilePattern);
  const exclude = options.exclude.map(compilePattern);
  const maxDepth = options.maxDepth ?? Number.POSITIVE_INFINITY;
  const seeds = new Set(
    options.seeds.flatMap((seed) => [seed, canonicalizeUrl(seed, undefined, { mode: "keep" }) ?? seed]),
  );
  const isOnSite = createSiteTest(options);

  return {
    check(url, depth) {
      if (exclude.length > 0 && matchesAny(exclude, url)) return "excluded";
      if (seeds.has(url)) return "ok";
      if (!isOnSite(authorityOf(url))) return "scope";
      if (isSurelyNoPage(url)) return "type";
      if (depth > maxDepth) return "depth";
      return include.length === 0 || matchesAny(include, url) ? "ok" : "not_included";
    },
  };
}

function createSiteTest({ seeds, within, hosts = [] }: ScopeOptions): (host: string) => boolean {
  if (within === "any") return () => true;
  const keyOf = within === "host" ? withoutWww : domainOf;
  const site = new Set([...seeds.map(authorityOf), ...hosts.map((host) => host.toLowerCase())].map(keyOf));
  const known = new Map<string, boolean>();

  return (host) => {
    const before = known.get(host);
    if (before !== undefined) return before;
    const isOnSite = site.has(keyOf(host));
    if (known.size >= maxKnownHosts) known.clear();
    known.set(host, isOnSite);
    return isOnSite;
  };
}

/** Host and port of a canonical URL, without the cost of parsing it once more. */
function authorityOf(url: string): string {
  const start = url.indexOf("://") + 3;
  const end = url.indexOf("/", start);
  return end < 0 ? url.slice(start) : url.slice(start, end);
}

function withoutWww(host: string): string {
  return host.startsWith("www.") ? host.slice("www.".length) : host;
}

/** The registrable domain; the host with its port where there is none: an address, `localhost`, a public suffix itself. */
function domainOf(host: string): string {
  return getDomain(host, { allowPrivateDomains: true }) ?? withoutWww(host);
}

function matchesAny(patterns: readonly Pattern[], url: string): boolean {
  return patterns.some((pattern) => matches(pattern, url));
}
