import { and, eq, inArray, isNull } from "drizzle-orm";
import { isOwnedBy, type Viewer } from "../access/viewer.ts";
import { createScope } from "../crawl/scope.ts";
import { scrape } from "../crawl/scrape.ts";
import { readSitemaps } from "../crawl/sitemap.ts";
import { canonicalizeUrl, hashUrl } from "../crawl/url.ts";
import type { Db } from "../db/db.ts";
import { pages } from "../db/schema/pages.ts";
import { websites } from "../db/schema/websites.ts";
import { AppError } from "../errors.ts";
import { type Fetch, FetchError } from "../fetch/fetch.ts";
import type { Call, McpContext } from "./call.ts";

export type MappedUrl = { url: string; source: "link" | "sitemap"; title: string | null };

export type LiveMap = {
  urls: MappedUrl[];
  /** Whether all that the page and the sitemaps name is in it. */
  isComplete: boolean;
  /** What could not be read. */
  problems: string[];
};

/** Sitemaps that one look reads: those of large websites are hundreds. */
const MAX_SITEMAPS = 20;
const MAX_SITEMAP_BYTES = 10_000_000;
const MAX_PROBLEMS = 5;
const TOTAL_MS = 45_000;

type Asked = { url: string; pathPrefix: string | undefined; limit: number };

/**
 * URLs of a website as a page of it and its sitemaps name them now, of its host alone. What can't be read is told and
 * the rest is given.
 * @throws AppError when neither can be, and the signal's reason
 */
export async function mapLive(
  context: McpContext,
  { url, pathPrefix, limit }: Asked,
  call: Pick<Call, "signal" | "progress">,
): Promise<LiveMap> {
  const signal = AbortSignal.any([call.signal, AbortSignal.timeout(TOTAL_MS)]);
  const scope = createScope({ seeds: [url], within: "host", include: [], exclude: [] });
  const found = new Map<string, MappedUrl>();
  const problems: string[] = [];
  let isFull = false;
  const add = (link: string, source: MappedUrl["source"], title: string | null) => {
    const canonical = canonicalizeUrl(link, undefined, { mode: "keep" });
    if (canonical === undefined || found.has(canonical) || scope.check(canonical, 1) !== "ok") return;
    const { pathname, search } = new URL(canonical);
    if (pathPrefix !== undefined && !(pathname + search).startsWith(pathPrefix)) return;
    if (found.size >= limit) isFull = true;
    else found.set(canonical, { url: canonical, source, title });
  };
  let failure: unknown;
  try {
    const { document, finalUrl } = await scrape(context, { url }, signal);
    add(finalUrl, "link", document.title);
    for (const link of document.links) add(link.url, "link", link.text === "" ? null : link.text);
  } catch (error) {
    call.signal.throwIfAborted();
    if (!(error instanceof AppError)) throw error;
    failure = error;
    problems.push(error.message);
  }
  await call.progress({ done: 1, total: 2, message: `${found.size} URLs from links; reading sitemaps` });
  const { origin } = new URL(url);
  const { sitemaps } = await context.robots.get(url, signal);
  const onSite = [...sitemaps, `${origin}/sitemap.xml`].filter((each) => scope.check(each, 0) !== "scope");
  const limits = { maxSitemaps: MAX_SITEMAPS, maxBytes: MAX_SITEMAP_BYTES };
  const onProblem = (problem: { url: string; message: string }) => {
    if (problems.length < MAX_PROBLEMS) problems.push(`${problem.url}: ${problem.message}`);
  };
  try {
    const asked = { urls: [...new Set(onSite)], fetch: asSitemapFetch(context.fetch), signal, limits, onProblem };
    for await (const entry of readSitemaps(asked)) {
      add(entry.url, "sitemap", null);
      if (isFull) break;
    }
  } catch (error) {
    call.signal.throwIfAborted();
    if (!signal.aborted) throw error;
    problems.push("Not all sitemaps were read: it took too long");
    isFull = true;
  }
  if (found.size === 0 && failure) throw failure;
  await call.progress({ done: 2, total: 2, message: `${found.size} URLs` });
  return { urls: [...found.values()], isComplete: !isFull, problems };
}

/** A sitemap that may not be fetched is one that can't be read; the others are read all the same. */
function asSitemapFetch(fetch: Fetch): Fetch {
  return async (request) => {
    try {
      return await fetch(request);
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      throw new FetchError("bad_redirect", error.message, { cause: error });
    }
  };
}

/** Which of some URLs are stored as pages of the viewer's. */
export async function findStored(db: Db, viewer: Viewer, urls: readonly string[]): Promise<Set<string>> {
  if (urls.length === 0) return new Set();
  const rows = await db
    .select({ url: pages.url })
    .from(pages)
    .innerJoin(websites, eq(websites.id, pages.websiteId))
    .where(and(inArray(pages.urlHash, urls.map(hashUrl)), isOwnedBy(viewer), isNull(websites.deletedAt)));
  return new Set(rows.map(({ url }) => url));
}
