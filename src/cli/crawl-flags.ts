import { readCrawlOptions } from "../crawl/options.ts";
import { AppError } from "../errors.ts";

/** What `orbweaver crawl` takes, as commander reads it; what is not given is absent. */
export type CrawlFlags = {
  out?: string;
  /** False with `--no-files`. */
  files: boolean;
  llms?: boolean;
  baseUrl?: string;
  data?: string;
  config?: string;
  json?: boolean;
  quiet?: boolean;
  restart?: boolean;
  scope?: string;
  include?: string[];
  exclude?: string[];
  maxPages?: number;
  maxDepth?: number;
  maxBytes?: number;
  /** Milliseconds. */
  maxDuration?: number;
  query?: string;
  queryParameter?: string[];
  /** False with `--no-sitemaps`. */
  sitemaps: boolean;
  sitemap?: string[];
  /** False with `--no-robots`. */
  robots: boolean;
  ignoreNofollow?: boolean;
  skipNoindex?: boolean;
  canonical?: string;
  content?: string;
  includeSelector?: string[];
  excludeSelector?: string[];
  /** False with `--no-images`. */
  images: boolean;
  /** False with `--no-links`. */
  links: boolean;
  navigation?: boolean;
  concurrency?: number;
  /** Milliseconds. */
  delay?: number;
  maxRetries?: number;
};

/** Options that are named otherwise than their flag. */
const FLAG_OF: Record<string, string> = {
  max_duration_s: "--max-duration",
  delay_ms: "--delay",
  query_parameters: "--query-parameter",
  sitemap_urls: "--sitemap",
  include_selectors: "--include-selector",
  exclude_selectors: "--exclude-selector",
};

/**
 * The crawl's options that the flags name, checked.
 * @throws AppError `invalid` naming the flag
 */
export function toCrawlOptions(flags: CrawlFlags): Record<string, unknown> {
  const given = {
    scope: flags.scope,
    include: flags.include,
    exclude: flags.exclude,
    max_pages: flags.maxPages,
    max_depth: flags.maxDepth,
    max_bytes: flags.maxBytes,
    max_duration_s: flags.maxDuration === undefined ? undefined : Math.max(1, Math.round(flags.maxDuration / 1_000)),
    query: flags.query ?? (flags.queryParameter ? "allow" : undefined),
    query_parameters: flags.queryParameter,
    sitemaps: flags.sitemaps ? undefined : false,
    sitemap_urls: flags.sitemap,
    robots: flags.robots ? undefined : false,
    nofollow: flags.ignoreNofollow ? false : undefined,
    noindex: flags.skipNoindex,
    canonical: flags.canonical,
    content: flags.content,
    include_selectors: flags.includeSelector,
    exclude_selectors: flags.excludeSelector,
    images: flags.images ? undefined : false,
    links: flags.links ? undefined : false,
    navigation: flags.navigation,
    concurrency: flags.concurrency,
    delay_ms: flags.delay,
    max_retries: flags.maxRetries,
  };
  const options = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  try {
    readCrawlOptions(options);
  } catch (error) {
    throw error instanceof AppError ? nameFlag(error) : error;
  }
  return options;
}

function nameFlag(error: AppError): AppError {
  const [fault] = error.faults;
  if (!fault) return error;
  const name = fault.at.split("/")[1] ?? "";
  const flag = FLAG_OF[name] ?? `--${name.replaceAll("_", "-")}`;
  return new AppError(error.reason, `${flag}: ${fault.message}`, { faults: [...error.faults], cause: error });
}
