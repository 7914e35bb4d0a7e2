import { eq } from "drizzle-orm";
import { rewriteLinks } from "../content/markdown/links.ts";
import { queryRuleOf } from "../crawl/discover.ts";
import { readCrawlOptions } from "../crawl/options.ts";
import { canonicalizeUrl, hashUrl, type QueryRule } from "../crawl/url.ts";
import type { Db } from "../db/db.ts";
import { crawlJobs } from "../db/schema/crawls.ts";
import { AppError } from "../errors.ts";
import {
  type ExportedPage,
  findGoneUrls,
  listExportedPages,
  type PageDocument,
  readAliases,
  readDocuments,
} from "./exported-pages.ts";
import { createFilePaths, type FilePaths, linkBetween } from "./file-path.ts";
import { writeFrontMatter } from "./front-matter.ts";
import { type OutputFolder, openOutputFolder } from "./output-folder.ts";

export type MarkdownFolderRequest = {
  websiteId: string;
  /** Only pages that this crawl reached; all of the website's otherwise. */
  crawlId?: string;
  folder: string;
  /** Each host gets a folder of its own. */
  withHost: boolean;
  signal?: AbortSignal;
  onProgress?: (progress: { done: number; total: number }) => void;
};

export type MarkdownFolderResult = {
  written: number;
  unchanged: number;
  /** Files of pages that left the website. */
  removed: number;
  /** Bytes of all pages' files. */
  bytes: number;
  /** Pages that had to take another name, since a file that is not theirs has the one they should have. */
  displaced: { url: string; path: string }[];
};

/** Redirects and canonical links that are followed from a link to a file. */
const maxSteps = 10;

/** What one batch of documents may hold, going by the size of their pages. */
const maxBatchBytes = 8_000_000;
const maxBatchPages = 100;

/**
 * Writes one Markdown file a page, in a tree that mirrors the website, with links between the pages made relative. A
 * file that exists is replaced only when its front matter names the same page, and removed only when the folder's
 * manifest says that it is ours and its page has left the website. Files that are the same stay untouched. Safe to
 * repeat, and to interrupt at any point.
 * @throws AppError `unavailable` when the folder can't be written or its disk is full, `conflict` when something is in
 *   the way, `not_found` for an unknown crawl
 */
export async function exportMarkdownFolder(db: Db, request: MarkdownFolderRequest): Promise<MarkdownFolderResult> {
  const { signal } = request;
  const folder = await openOutputFolder(request.folder);
  const site = await readSite(db, request);
  const result: MarkdownFolderResult = { written: 0, unchanged: 0, removed: 0, bytes: 0, displaced: [] };
  const { paths, pages, displaced } = await planFiles(db, request, folder);
  result.displaced = displaced;
  const left = await findLeftFiles(db, request.websiteId, folder, paths);
  const links = createLinkMap(paths, left.kept, site);

  let done = 0;
  for (const batch of toBatches(pages)) {
    signal?.throwIfAborted();
    const documents = await readDocuments(
      db,
      batch.map(({ id }) => id),
    );
    await Promise.all(
      documents.map(async (document) => {
        const path = paths.pathOf(document.url);
        const content = toFile(document, path, links);
        result[await folder.write(path, content)]++;
        result.bytes += Buffer.byteLength(content);
        folder.manifest.set(path, {
          url: document.url,
          sha256: Bun.SHA256.hash(content, "hex"),
          crawl: request.crawlId ?? null,
        });
      }),
    );
    done += batch.length;
    request.onProgress?.({ done, total: pages.length });
  }

  for (const path of left.gone) {
    // A file that somebody changed is theirs from then on.
    if (await folder.remove(path, folder.manifest.get(path)?.sha256 ?? "")) result.removed++;
    folder.manifest.delete(path);
  }
  await folder.saveManifest();
  return result;
}

type Site = { query: QueryRule; aliases: Map<string, string> };

async function readSite(db: Db, { websiteId, crawlId }: MarkdownFolderRequest): Promise<Site> {
  const aliases = await readAliases(db, websiteId);
  if (crawlId === undefined) return { query: { mode: "keep" }, aliases };
  const [crawl] = await db.select().from(crawlJobs).where(eq(crawlJobs.id, crawlId));
  if (!crawl || crawl.websiteId !== websiteId) throw new AppError("not_found", `There is no crawl ${crawlId}`);
  return { query: queryRuleOf(readCrawlOptions(crawl.options)), aliases };
}

/** All files are named before the first is written, since any page may link to any other. */
async function planFiles(db: Db, request: MarkdownFolderRequest, folder: OutputFolder) {
  const displaced: MarkdownFolderResult["displaced"] = [];
  const pages: ExportedPage[] = [];
  let isDisplaced = false;
  const paths = createFilePaths({
    withHost: request.withHost,
    isTaken: (path, url) => {
      const owner = folder.findOwner(path);
      const isTaken = owner !== undefined && owner !== url;
      isDisplaced ||= isTaken;
      return isTaken;
    },
  });
  for await (const batch of listExportedPages(db, request)) {
    request.signal?.throwIfAborted();
    for (const page of batch) {
      isDisplaced = false;
      const path = paths.pathOf(page.url);
      if (isDisplaced) displaced.push({ url: page.url, path });
      pages.push(page);
    }
  }
  return { paths, pages, displaced };
}

type LinkMap = {
  /** The file of the page that a link leads to, over redirects; `undefined` when there is none. */
  pathOf(link: string): string | undefined;
};

function createLinkMap(paths: FilePaths, kept: Map<string, string>, { query, aliases }: Site): LinkMap {
  return {
    pathOf: (link) => {
      let url = canonicalizeUrl(link, undefined, query);
      for (let step = 0; url !== undefined && step <= maxSteps; step++) {
        const path = paths.findPath(url) ?? kept.get(url);
        if (path !== undefined) return path;
        url = aliases.get(url);
      }
      return undefined;
    },
  };
}

function* toBatches(pages: ExportedPage[]): Generator<ExportedPage[]> {
  let batch: ExportedPage[] = [];
  let bytes = 0;
  for (const page of pages) {
    if (batch.length === maxBatchPages || (batch.length > 0 && bytes + page.byteLength > maxBatchBytes)) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(page);
    bytes += page.byteLength;
  }
  if (batch.length > 0) yield batch;
}

function toFile(document: PageDocument, path: string, links: LinkMap): string {
  const markdown = rewriteLinks(document.markdown, (link) => {
    const target = links.pathOf(link);
    if (target === undefined) return link;
    const hash = link.indexOf("#");
    const fragment = hash < 0 ? "" : link.slice(hash);
    return target === path && fragment.length > 1 ? fragment : linkBetween(path, target) + fragment;
  });
  return writeFrontMatter(document) + markdown + (markdown.endsWith("\n") ? "" : "\n");
}

type LeftFiles = {
  /** Paths of files whose page has left the website, or has another file now. */
  gone: string[];
  /** Files of pages that this export does not reach, such as those an unfinished crawl has yet to visit, by URL. */
  kept: Map<string, string>;
};

/** What becomes of the files of earlier exports that this one does not write. */
async function findLeftFiles(db: Db, websiteId: string, folder: OutputFolder, paths: FilePaths): Promise<LeftFiles> {
  const others = [...folder.manifest].filter(([path, { url }]) => paths.findPath(url) !== path);
  const goneUrls = await findGoneUrls(
    db,
    websiteId,
    others.map(([, { url }]) => hashUrl(url)),
  );
  const left: LeftFiles = { gone: [], kept: new Map() };
  for (const [path, { url }] of others) {
    if (paths.findPath(url) !== undefined || goneUrls.has(url)) left.gone.push(path);
    else if (folder.findOwner(path) === url) left.kept.set(url, path);
  }
  return left;
}
