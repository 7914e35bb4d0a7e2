import { and, desc, eq, inArray, isNull } from "drizzle-orm";
import type { Clock } from "../clock.ts";
import type { ParserPool } from "../content/parser-pool.ts";
import type { Db } from "../db/db.ts";
import { crawlJobs } from "../db/schema/crawls.ts";
import { markdownDocuments } from "../db/schema/pages.ts";
import { websites } from "../db/schema/websites.ts";
import { planFullText } from "./full-text.ts";
import { type ListedPage, readListedPages } from "./listed-pages.ts";
import { filterOf, type LlmsOptions } from "./llms-options.ts";
import { type WrittenLlmsTxt, writeLlmsTxt } from "./llms-txt.ts";
import { onOneLine, toWebsiteSummary } from "./page-titles.ts";
import { writeSiteMap } from "./site-map.ts";
import { type IndexKind, keepIndex } from "./website-indexes.ts";
import { chooseInTurns, type OrderedPages, orderPages, toLlmsTxt, type WebsiteName } from "./website-list.ts";
import { readStoredOptions } from "./website-llms.ts";

export type BuiltIndex = { kind: IndexKind; version: number; isNew: boolean };

/** A parser reads the menus of pages, which tell the order of those that no text links to. */
export type BuildContext = { db: Db; clock: Clock; parser?: ParserPool | undefined };

export type WebsitePreview = WrittenLlmsTxt & { full: { parts: number; pages: number; bytes: number } };

type BuiltWebsite = Pick<typeof websites.$inferSelect, "id" | "url" | "name">;

/**
 * Builds a website's `llms.txt`, `llms-full.txt` and site map from what is indexed of its pages, and keeps those that
 * differ from their last version. Safe to repeat. Nothing for a website that is not there, or deleted, or has no pages.
 */
export async function buildWebsiteIndexes(
  context: BuildContext,
  websiteId: string,
  signal?: AbortSignal,
): Promise<BuiltIndex[]> {
  const { db, clock } = context;
  const { id, url, name, llms } = websites;
  const [website] = await db
    .select({ id, url, name, llms })
    .from(websites)
    .where(and(eq(id, websiteId), isNull(websites.deletedAt)));
  if (!website) return [];
  const ordered = await readOrdered(context, website, signal);
  if (ordered.tree.root.count === 0) return [];
  const options = readStoredOptions(website.llms);
  const naming = await nameWebsite(db, website, ordered.start);
  const made = { crawlId: (await findLastCrawl(db, websiteId)) ?? null, createdAt: clock.now() };

  const list = writeLlmsTxt(await toLlmsTxt(ordered, options, naming, signal), limitsOf(options));
  const full = await planFull(ordered.pages, options, naming, signal);
  const map = await writeSiteMap(website, ordered.tree.root, signal);
  const bytes = full.parts.reduce((sum, part) => sum + part.bytes, 0);
  const documents = full.parts.reduce((count, part) => count + part.documents.length, 0);
  const built = [
    { kind: "llms_txt", content: list.text, byteLength: Buffer.byteLength(list.text), pages: list.links },
    { kind: "llms_full", content: JSON.stringify(full), byteLength: bytes, pages: documents },
    { kind: "site_map", content: map.text, byteLength: Buffer.byteLength(map.text), pages: map.pages },
  ] as const;
  const kept: BuiltIndex[] = [];
  for (const index of built) {
    signal?.throwIfAborted();
    const version = await keepIndex(db, websiteId, index, made);
    if (version) kept.push({ kind: index.kind, ...version });
  }
  return kept;
}

/** What `llms.txt` would be by other options; nothing is kept. */
export async function previewLlmsTxt(
  context: Omit<BuildContext, "clock">,
  website: BuiltWebsite,
  options: LlmsOptions,
  signal?: AbortSignal,
): Promise<WebsitePreview> {
  const ordered = await readOrdered(context, website, signal);
  const naming = await nameWebsite(context.db, website, ordered.start);
  const { parts } = await planFull(ordered.pages, options, naming, signal);
  const full = {
    parts: parts.length,
    pages: parts.reduce((count, { documents }) => count + documents.length, 0),
    bytes: parts.reduce((sum, { bytes }) => sum + bytes, 0),
  };
  return { ...writeLlmsTxt(await toLlmsTxt(ordered, options, naming, signal), limitsOf(options)), full };
}

async function readOrdered(
  context: Omit<BuildContext, "clock">,
  { id, url }: BuiltWebsite,
  signal: AbortSignal | undefined,
): Promise<OrderedPages> {
  return orderPages(context, url, await readListedPages(context.db, id, signal), signal);
}

async function planFull(
  pages: readonly ListedPage[],
  options: LlmsOptions,
  naming: WebsiteName,
  signal: AbortSignal | undefined,
) {
  const [isListed, isInFull] = [filterOf(options), filterOf(options.full)];
  const { title, summary } = { title: options.title ?? naming.title, summary: options.summary ?? naming.summary };
  const chosen = await chooseInTurns(pages, (url) => isListed(url) && isInFull(url), signal);
  return planFullText(chosen, { title, summary, maxBytes: options.full.max_bytes });
}

const limitsOf = ({ max_links: maxLinks, max_bytes: maxBytes }: LlmsOptions) => ({ maxLinks, maxBytes });

/** As its owner calls it, where that is more than its host; else as the start page does. */
async function nameWebsite(db: Db, { name, url }: BuiltWebsite, start: ListedPage | undefined): Promise<WebsiteName> {
  const [document] = start
    ? await db
        .select({
          title: markdownDocuments.title,
          description: markdownDocuments.description,
          details: markdownDocuments.details,
        })
        .from(markdownDocuments)
        .where(eq(markdownDocuments.id, start.documentId))
    : [];
  const isOwn = name !== new URL(url).host;
  const title = onOneLine((isOwn ? name : document?.details.siteName || document?.title) || name);
  const declared = onOneLine(document?.description ?? "");
  return { title, summary: declared || toWebsiteSummary(start?.summary ?? "") };
}

async function findLastCrawl(db: Db, websiteId: string): Promise<string | undefined> {
  const [crawl] = await db
    .select({ id: crawlJobs.id })
    .from(crawlJobs)
    .where(and(eq(crawlJobs.websiteId, websiteId), inArray(crawlJobs.state, ["completed", "failed", "cancelled"])))
    .orderBy(desc(crawlJobs.id))
    .limit(1);
  return crawl?.id;
}
