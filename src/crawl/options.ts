import { type Static, Type } from "@sinclair/typebox";
import { Value } from "@sinclair/typebox/value";
import { AppError } from "../errors.ts";
import { compilePattern } from "../patterns/pattern.ts";
import { ExtractFields, findSelectorFaults } from "./extract-options.ts";
import { canonicalizeUrl } from "./url.ts";

const Patterns = (description: string, example: string) =>
  Type.Array(Type.String({ minLength: 1, maxLength: 1_000 }), {
    maxItems: 100,
    default: [],
    description,
    examples: [[example]],
  });

/** What a crawl may be told. Every option has a default; a website keeps those that differ. */
export const CrawlOptions = Type.Object(
  {
    scope: Type.Union([Type.Literal("host"), Type.Literal("domain"), Type.Literal("any")], {
      default: "host",
      description: "Hosts that belong to the crawl: the start URL's, its whole registrable domain, or all",
    }),
    include: Patterns(
      "URLs must match one of these, when there are any: a glob, or a regular expression after re:",
      "/docs/**",
    ),
    exclude: Patterns("URLs that match one of these are left out", "/docs/archive/**"),
    max_pages: Type.Integer({
      default: 10_000,
      minimum: 1,
      maximum: 10_000_000,
      description: "Pages to fetch at the most",
    }),
    max_depth: Type.Integer({
      default: 50,
      minimum: 0,
      maximum: 1_000,
      description: "Links to follow from a start URL",
    }),
    max_bytes: Type.Integer({
      default: 10_000_000_000,
      minimum: 1_000,
      maximum: 10_000_000_000_000,
      description: "Body bytes to read over the wire, all pages together",
    }),
    max_duration_s: Type.Integer({
      default: 86_400,
      minimum: 1,
      maximum: 31_536_000,
      description: "Seconds of work, pauses left out",
    }),
    query: Type.Union([Type.Literal("keep"), Type.Literal("drop"), Type.Literal("allow")], {
      default: "keep",
      description: "What becomes of a URL's query; allow keeps only the parameters named in query_parameters",
    }),
    query_parameters: Type.Array(Type.String({ minLength: 1, maxLength: 200 }), { maxItems: 100, default: [] }),
    sitemaps: Type.Boolean({ default: true, description: "Read the sitemaps that robots.txt names, and /sitemap.xml" }),
    sitemap_urls: Type.Array(Type.String({ pattern: "^https?://", maxLength: 2_048 }), {
      maxItems: 100,
      default: [],
      description: "Further sitemaps to read",
    }),
    robots: Type.Boolean({ default: true, description: "Obey robots.txt (RFC 9309)" }),
    nofollow: Type.Boolean({ default: true, description: "Don't follow links and pages marked nofollow" }),
    noindex: Type.Boolean({ default: false, description: "Don't store pages marked noindex" }),
    canonical: Type.Union([Type.Literal("off"), Type.Literal("same_path"), Type.Literal("all")], {
      default: "same_path",
      description:
        "Store a page under the canonical URL it names and not under its own: never, when only the query differs, or always",
    }),
    ...ExtractFields,
    concurrency: Type.Integer({ default: 4, minimum: 1, maximum: 256, description: "Requests to one host at a time" }),
    delay_ms: Type.Integer({
      default: 100,
      minimum: 0,
      maximum: 600_000,
      description: "Least time between two requests to one host; grows by itself when the host is slow",
    }),
    max_retries: Type.Integer({
      default: 3,
      minimum: 0,
      maximum: 10,
      description: "Further attempts when a fetch fails",
    }),
  },
  { additionalProperties: false },
);

export type CrawlOptions = Static<typeof CrawlOptions>;

/**
 * Fills in defaults, the later of two given sets over the earlier.
 * @throws AppError `invalid` naming each option that can't be used, bad patterns included
 */
export function readCrawlOptions(...given: (Partial<CrawlOptions> | Record<string, unknown>)[]): CrawlOptions {
  const options = Value.Default(CrawlOptions, Object.assign({}, ...given));
  const faults = [...Value.Errors(CrawlOptions, options)].map(({ path, message }) => ({ at: path, message }));
  if (faults.length === 0) faults.push(...findFaults(options as CrawlOptions));
  const [first] = faults;
  if (first) throw new AppError("invalid", `${first.at.slice(1)}: ${first.message}`, { faults });
  return options as CrawlOptions;
}

function findFaults(options: CrawlOptions) {
  const { include, exclude, sitemap_urls } = options;
  const unusable = sitemap_urls.flatMap((url, index) =>
    canonicalizeUrl(url, undefined, { mode: "keep" }) === undefined
      ? [{ at: `/sitemap_urls/${index}`, message: `${JSON.stringify(url)} is not an http or https URL` }]
      : [],
  );
  return [...unusable, ...findPatternFaults({ include, exclude }), ...findSelectorFaults(options)];
}

function findPatternFaults(lists: Pick<CrawlOptions, "include" | "exclude">) {
  return Object.entries(lists).flatMap(([name, patterns]) =>
    patterns.flatMap((pattern, index) => {
      try {
        compilePattern(pattern);
        return [];
      } catch (error) {
        if (error instanceof AppError) return [{ at: `/${name}/${index}`, message: error.message }];
        throw error;
      }
    }),
  );
}
