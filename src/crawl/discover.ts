import type { Link } from "../content/document.ts";
import { type NewUrl, toNewUrl } from "./frontier.ts";
import type { CrawlOptions } from "./options.ts";
import { createRecentMap } from "./recent.ts";
import { createScope } from "./scope.ts";
import { createTrapGuard } from "./trap.ts";
import { canonicalizeUrl, hashUrl, maxUrlLength, type QueryRule } from "./url.ts";

export type Discovery = {
  /** The links of a page at `depth` that the crawl should follow, and how many it should not, by reason. */
  follow(links: readonly Link[], depth: number, isNofollow: boolean): { found: NewUrl[]; cut: Record<string, number> };
  /** One URL that a site names itself, as in a redirect or a sitemap; the reason when it is not to be fetched. */
  weigh(url: string, depth: number): { url: string } | { reason: string };
  /** Those that lead to the website's own hosts, as hashes of canonical URLs. */
  hashLinks(links: readonly Link[]): string[];
  /** Tells what a URL brought, so that URLs of its kind that bring nothing new can be left out. */
  observe(url: string, contentHash: string): void;
  /** Tells that a URL led elsewhere. */
  observeRedirect(url: string): void;
  /** Tells that a page named another as its canonical one. */
  prefer(url: string): void;
  isPreferred(url: string): boolean;
  /** Makes another host part of the website. */
  adopt(host: string): void;
  /** Takes no link for known any more, since pages that had some were not stored. */
  forgetSeen(): void;
};

/** Links remembered as seen. The frontier knows all of them; this spares asking it about the links every page repeats. */
const MAX_SEEN = 100_000;

const MAX_PREFERRED = 20_000;

/** Links whose hash is remembered: those of a site's navigation are on all its pages. */
const MAX_HASHED = 20_000;

export function createDiscovery(
  options: CrawlOptions,
  site: { seeds: string[]; hosts: string[] },
  now: () => Date,
): Discovery {
  const traps = createTrapGuard();
  const hosts = [...site.hosts];
  let scope = createScope(toScopeOptions(options, site.seeds, hosts));
  const query = queryRuleOf(options);
  let seen = createRecentSet(MAX_SEEN);
  const preferred = createRecentSet(MAX_PREFERRED);
  let hashes = createRecentMap<string | null>(MAX_HASHED);

  function weigh(link: string, depth: number): { url: string } | { reason: string } {
    const url = canonicalizeUrl(link, undefined, query);
    if (url === undefined) return { reason: link.length > maxUrlLength ? "too_long" : "bad_url" };
    const inScope = scope.check(url, depth);
    if (inScope !== "ok") return { reason: inScope };
    const trap = traps.check(url, now());
    return trap === "ok" ? { url } : { reason: trap };
  }

  function follow(links: readonly Link[], depth: number, isNofollow: boolean) {
    const found: NewUrl[] = [];
    const cut: Record<string, number> = {};
    for (const link of links) {
      if (seen.has(link.url)) continue;
      if (options.nofollow && (isNofollow || isMarkedNofollow(link))) {
        cut.nofollow = (cut.nofollow ?? 0) + 1;
        continue;
      }
      const weighed = weigh(link.url, depth + 1);
      // Another page may link to it from nearer.
      if (!("reason" in weighed && weighed.reason === "depth")) seen.add(link.url);
      if ("url" in weighed) found.push(toNewUrl(weighed.url, { depth: depth + 1, source: "link" }));
      else cut[weighed.reason] = (cut[weighed.reason] ?? 0) + 1;
    }
    return { found, cut };
  }

  function hashLink(link: string): string | null {
    let hash = hashes.get(link);
    if (hash === undefined) {
      const url = canonicalizeUrl(link, undefined, query);
      hash = url !== undefined && scope.check(url, 0) === "ok" ? hashUrl(url) : null;
      hashes.set(link, hash);
    }
    return hash;
  }

  return {
    follow,
    weigh,
    hashLinks: (links) => links.flatMap(({ url }) => hashLink(url) ?? []),
    observe: traps.observe,
    observeRedirect: traps.observeRedirect,
    prefer: preferred.add,
    isPreferred: preferred.has,
    adopt: (host) => {
      hosts.push(host);
      scope = createScope(toScopeOptions(options, site.seeds, hosts));
      hashes = createRecentMap(MAX_HASHED);
    },
    forgetSeen: () => {
      seen = createRecentSet(MAX_SEEN);
    },
  };
}

function toScopeOptions(options: CrawlOptions, seeds: string[], hosts: string[]) {
  const { scope: within, include, exclude, max_depth: maxDepth } = options;
  return { seeds, hosts, within, include, exclude, maxDepth };
}

/** What a crawl's options say of URL queries. */
export function queryRuleOf({ query, query_parameters }: CrawlOptions): QueryRule {
  return query === "allow" ? { mode: "allow", names: query_parameters } : { mode: query };
}

function isMarkedNofollow({ rel }: Link): boolean {
  return rel !== undefined && /(^|\s)(nofollow|ugc|sponsored)(\s|$)/i.test(rel);
}

/** Remembers at least the last `half` of what was added, in memory that stays bounded. */
function createRecentSet(limit: number) {
  let young = new Set<string>();
  let old = new Set<string>();
  return {
    has: (value: string) => young.has(value) || old.has(value),
    add: (value: string) => {
      if (young.size >= limit / 2) [old, young] = [young, new Set()];
      young.add(value);
    },
  };
}
