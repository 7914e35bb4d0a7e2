import { eq } from "drizzle-orm";
import { rewriteLinks } from "../content/markdown/links.ts";
import { ParseError, type ParserPool } from "../content/parser-pool.ts";
import type { Db } from "../db/db.ts";
import { markdownDocuments, rawHtml } from "../db/schema/pages.ts";
import type { ListedPage } from "./listed-pages.ts";
import { namesOf, type PageNode } from "./page-tree.ts";
import { inTurns } from "./turns.ts";

/** Hubs whose whole page is read for its menus: reading one takes some ten milliseconds. */
const MAX_WHOLE = 20;

/**
 * The pages that hubs link to, each once, in order: first in their text, then, where there is a parser, in their menus. Their
 * text goes first, since menus begin with what is on every page.
 */
export async function readHubLinks(
  { db, parser }: { db: Db; parser?: ParserPool | undefined },
  hubs: readonly PageNode[],
  pages: readonly ListedPage[],
  signal?: AbortSignal,
): Promise<Map<PageNode, string[]>> {
  const find = await createPageFinder(pages, signal);
  const links = new Map<PageNode, string[]>();
  for (const [index, hub] of hubs.entries()) {
    signal?.throwIfAborted();
    const [page] = hub.pages;
    if (!page) continue;
    const document = await findDocument(db, page.documentId);
    if (!document) continue;
    const ids = new Set<string>();
    const add = (url: string) => {
      const id = find(url);
      if (id !== undefined && id !== page.id) ids.add(id);
      return url;
    };
    rewriteLinks(document.markdown, add);
    if (parser && index < MAX_WHOLE)
      for (const url of await readWholePage({ db, parser }, page, document, signal)) add(url);
    links.set(hub, [...ids]);
  }
  return links;
}

/** By its URL, or else by its place: pages link to `index.html` of what is stored under its folder. */
async function createPageFinder(
  pages: readonly ListedPage[],
  signal: AbortSignal | undefined,
): Promise<(url: string) => string | undefined> {
  const byUrl = new Map<string, string>();
  const byPlace = new Map<string, string>();
  for await (const batch of inTurns(pages, signal)) {
    for (const { id, url, host, path } of batch) {
      byUrl.set(url, id);
      if (!path.includes("?")) byPlace.set([host, ...namesOf(path)].join("/"), id);
    }
  }
  return (link) => {
    const [url = ""] = link.split("#", 1);
    const known = byUrl.get(url);
    if (known !== undefined || url.includes("?") || !URL.canParse(url)) return known;
    const { host, pathname } = new URL(url);
    return byPlace.get([host, ...namesOf(pathname)].join("/"));
  };
}

type HubDocument = { markdown: string; rawHash: string; charset: string | null; kind: string };

async function findDocument(db: Db, id: string): Promise<HubDocument | undefined> {
  const { markdown, rawHash, charset, kind } = markdownDocuments;
  const [document] = await db
    .select({ markdown, rawHash, charset, kind })
    .from(markdownDocuments)
    .where(eq(markdownDocuments.id, id));
  return document;
}

async function readWholePage(
  { db, parser }: { db: Db; parser: ParserPool },
  { url }: ListedPage,
  { rawHash, charset, kind }: HubDocument,
  signal: AbortSignal | undefined,
): Promise<string[]> {
  if (kind !== "html") return [];
  const [stored] = await db.select({ zstd: rawHtml.zstd }).from(rawHtml).where(eq(rawHtml.hash, rawHash));
  if (!stored) return [];
  const body = new Uint8Array(await Bun.zstdDecompress(stored.zstd));
  const contentType = charset ? `text/html; charset=${charset}` : "text/html";
  try {
    const { document } = await parser.parse({ url, body, contentType }, signal);
    return document.links.map((link) => link.url);
  } catch (error) {
    // The order is then that of the text alone.
    if (error instanceof ParseError && error.code !== "cancelled") return [];
    throw error;
  }
}
