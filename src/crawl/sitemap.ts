import { type Fetch, FetchError, type FetchResponse } from "../fetch/fetch.ts";
import { readChunks } from "./sitemap-bytes.ts";
import { createSitemapParser, type SitemapEntry } from "./sitemap-parser.ts";

export type SitemapLimits = {
  /** Sitemaps read, indexes included. Default 1,000. */
  maxSitemaps?: number;
  /** Indexes within indexes. Default 3. */
  maxNesting?: number;
  /** Entries of one sitemap. Default 50,000, as sitemaps.org has it. */
  maxEntries?: number;
  /** Bytes of one sitemap, decoded. Default 50 MB, as sitemaps.org has it. */
  maxBytes?: number;
};

export type SitemapUrl = {
  /** Absolute, as the sitemap has it: neither canonical nor within any scope, and perhaps on another host. */
  url: string;
  /** ISO 8601. */
  lastModifiedAt?: string;
  /** 0 to 1. */
  priority?: number;
};

export type SitemapOptions = {
  urls: readonly string[];
  fetch: Fetch;
  signal?: AbortSignal;
  limits?: SitemapLimits;
  /** Told of each sitemap that could not be read, or not wholly; the others are read all the same. */
  onProblem?: (problem: { url: string; message: string }) => void;
};

type Queued = { url: string; nesting: number };

/**
 * The pages that sitemaps name, as they are read: XML sitemaps and indexes, lists of lines, RSS and Atom feeds, each
 * gzipped or not. A page may come twice. One sitemap's bytes are in memory at a time.
 * @throws the signal's reason, and nothing else
 */
export async function* readSitemaps(options: SitemapOptions): AsyncGenerator<SitemapUrl, void, undefined> {
  const { maxSitemaps = 1_000, maxNesting = 3 } = options.limits ?? {};
  const onProblem = options.onProblem ?? (() => {});
  const queue: Queued[] = [];
  const seen = new Set<string>();
  const enqueue = (url: string, nesting: number, from: string) => {
    if (seen.has(url)) return;
    if (seen.size >= maxSitemaps)
      onProblem({ url: from, message: `Names ${url}, beyond the ${maxSitemaps} that are read` });
    else if (nesting > maxNesting) onProblem({ url: from, message: `Names ${url}, nested deeper than ${maxNesting}` });
    else {
      seen.add(url);
      queue.push({ url, nesting });
    }
  };

  for (const url of options.urls) {
    const absolute = toHttpUrl(url, undefined);
    if (absolute === undefined) onProblem({ url, message: "Is no http: or https: URL" });
    else enqueue(absolute, 0, url);
  }
  for (let next = queue.shift(); next; next = queue.shift()) {
    const { url, nesting } = next;
    for await (const entry of readSitemap(url, options)) {
      if (entry.kind === "sitemap") enqueue(entry.url, nesting + 1, url);
      else yield toSitemapUrl(entry);
    }
  }
}

async function* readSitemap(url: string, options: SitemapOptions): AsyncGenerator<SitemapEntry, void, undefined> {
  const { signal, limits = {}, onProblem = () => {} } = options;
  const { maxEntries = 50_000, maxBytes = 50 * 1024 * 1024 } = limits;
  const response = await fetchSitemap(url, options, maxBytes);
  if (!response) return;
  const parser = createSitemapParser();
  let entries = 0;
  let broken = 0;
  let example = "";
  for await (const chunk of readChunks(response.body, maxBytes, (message) => onProblem({ url, message }))) {
    signal?.throwIfAborted();
    for (const entry of parser.write(chunk)) {
      const absolute = toHttpUrl(entry.url, response.url);
      if (absolute === undefined) {
        broken += 1;
        example ||= entry.url;
        continue;
      }
      if (entries >= maxEntries) {
        onProblem({ url, message: `Has more than ${maxEntries} entries; the rest is not read` });
        return;
      }
      entries += 1;
      yield { ...entry, url: absolute };
    }
    if (parser.fault !== undefined) break;
  }
  if (broken > 0) onProblem({ url, message: `${broken} entries are no URLs, such as ${JSON.stringify(example)}` });
  const fault = parser.fault ?? (entries + broken === 0 ? "Has no entries" : undefined);
  if (fault !== undefined) onProblem({ url, message: fault });
}

async function fetchSitemap(
  url: string,
  { fetch, signal, onProblem = () => {} }: SitemapOptions,
  maxBytes: number,
): Promise<FetchResponse | undefined> {
  signal?.throwIfAborted();
  try {
    const response = await fetch({ url, maxBytes, signal, wantsBody: ({ status }) => status === 200 });
    if (response.status === 200) return response;
    onProblem({ url, message: `Answered ${response.status}` });
  } catch (error) {
    signal?.throwIfAborted();
    if (!(error instanceof FetchError)) throw error;
    onProblem({ url, message: error.message });
  }
  return undefined;
}

/** `undefined` for what can't be fetched. sitemaps.org wants absolute URLs, yet many have paths only. */
function toHttpUrl(url: string, base: string | undefined): string | undefined {
  if (url === "" || url.length > 8_192) return undefined;
  const parsed = URL.parse(url, base);
  return parsed && /^https?:$/.test(parsed.protocol) ? parsed.href : undefined;
}

function toSitemapUrl({ url, lastModified, priority }: SitemapEntry): SitemapUrl {
  // ISO 8601 or a feed's RFC 822; Date.parse alone would take "1.5" for a day in 2001.
  const isDate = lastModified !== undefined && /^(?:\d{4}(?:$|-\d\d)|[A-Z][a-z]{2}, \d)/.test(lastModified);
  const modified = isDate ? Date.parse(lastModified) : Number.NaN;
  const weight = priority === undefined ? Number.NaN : Number(priority);
  return {
    url,
    ...(!Number.isNaN(modified) && { lastModifiedAt: new Date(modified).toISOString() }),
    ...(weight >= 0 && weight <= 1 && { priority: weight }),
  };
}
