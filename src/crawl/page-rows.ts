import type { Document } from "../content/document.ts";
import type { Parsed } from "../content/parser-pool.ts";
import type { DocumentDetails, markdownDocuments, pages, rawHtml } from "../db/schema/pages.ts";
import type { NewChange } from "../notify/record-changes.ts";
import { addVisit } from "../revisits/visit-history.ts";
import type { Crawl } from "./crawls.ts";
import type { PageOutcome } from "./settle.ts";
import type { PageComparison, Visit } from "./visit-result.ts";

export type PageRow = typeof pages.$inferInsert & { id: string };
export type DocumentRow = typeof markdownDocuments.$inferInsert & { id: string };
export type BodyRow = typeof rawHtml.$inferInsert;

/** A page as it stands, locked until the visit is stored. */
export type StoredPage = Pick<
  typeof pages.$inferSelect,
  | "id"
  | "urlHash"
  | "url"
  | "title"
  | "version"
  | "state"
  | "contentHash"
  | "comparedHash"
  | "documentId"
  | "baselineDocumentId"
  | "rawHash"
  | "lastFetchedAt"
  | "visits"
  | "changes"
  | "unchangedSeconds"
  | "changedIntervals"
>;

export type Answer = Extract<Visit["outcome"], { kind: "page" }>;

/** What a visit makes of its page. */
export type VisitedPage = {
  outcome: PageOutcome;
  page: PageRow;
  document?: DocumentRow;
  body?: BodyRow;
  change?: NewChange;
};

/** The visit was compared with a version that is no longer what changes are measured from: it has to be compared anew. */
export class BaselineMovedError extends Error {
  constructor() {
    super("Another crawl has brought the page meanwhile");
    this.name = "BaselineMovedError";
  }
}

/** @throws BaselineMovedError */
export function describePage(crawl: Crawl, visit: Visit, answer: Answer, before: StoredPage | undefined): VisitedPage {
  const { at } = visit;
  const parsed = textOf(answer);
  const contentHash = parsed?.document.contentHash ?? null;
  const difference = findDifference(crawl, answer, contentHash, before);
  const outcome: PageOutcome = outcomeOf(before, difference);
  const page = toPageRow(crawl, visit, answer, before, difference);
  if (!parsed || isSame(difference)) {
    return { outcome, page, change: before && describeReturn(before, page, undefined, at) };
  }
  const documentId = Bun.randomUUIDv7();
  const version = (before?.version ?? 0) + 1;
  const document = {
    ...{ id: documentId, pageId: page.id, version, crawlId: crawl.id, fetchedAt: at },
    ...describeDocument(parsed.document),
    rawHash: parsed.raw.hash,
  };
  const { hash, zstd, byteLength } = parsed.raw;
  return {
    outcome,
    document,
    body: { hash, zstd, byteLength },
    page: { ...page, documentId, version, contentHash, rawHash: hash },
    change: before && describeChange(before, document, answer, difference, at),
  };
}

/** `undefined` for what has none, such as a film. */
function textOf({ parsed }: Answer): Parsed | undefined {
  return parsed === null || parsed.document.kind === "other" ? undefined : parsed;
}

/** Of a page that is as it was, whether it was sent or not. */
export function describeReturn(
  before: StoredPage,
  { url, title = null }: Pick<PageRow, "url" | "title">,
  to: { documentId: string; version: number } | undefined,
  detectedAt: Date,
): NewChange | undefined {
  if (before.state !== "removed" && before.state !== "moved") return undefined;
  const from = versionOf(before);
  return { kind: "restored", page: { id: before.id, url, title }, from, to: to ?? from, detectedAt };
}

function describeChange(
  before: StoredPage,
  { id: documentId, version, title = null }: DocumentRow,
  { comparison }: Answer,
  difference: Difference,
  detectedAt: Date,
): NewChange | undefined {
  const { url } = before;
  const to = { documentId, version };
  const told = comparison?.kind === "told" ? { summary: comparison.summary, excerpt: comparison.excerpt } : {};
  const restored = describeReturn(before, { url, title }, to, detectedAt);
  if (restored) return { ...restored, ...told };
  if (difference !== "told") return undefined;
  return { kind: "changed", page: { id: before.id, url, title }, from: comparison?.from, to, detectedAt, ...told };
}

/** How a text stands to the one before it; `first` where there is none that it would be measured by. */
type Difference = "first" | "same" | PageComparison["kind"];

/** No version is written. */
const isSame = (difference: Difference) => difference === "same" || difference === "noise";

/** The page is another than it was, as far as can be told. */
const isChanged = (difference: Difference) => difference === "quiet" || difference === "told";

function findDifference(
  crawl: Crawl,
  { comparison }: Answer,
  contentHash: string | null,
  before: StoredPage | undefined,
): Difference {
  if (before === undefined) return "first";
  if (contentHash === before.contentHash) return "same";
  if (contentHash === null || before.documentId === null) return "first";
  if (contentHash === before.comparedHash) return "noise";
  if (crawl.isBaseline) return "first";
  if (comparison?.baseId !== baseIdOf(before)) throw new BaselineMovedError();
  return comparison.kind;
}

function outcomeOf(before: StoredPage | undefined, difference: Difference): PageOutcome {
  if (before === undefined) return "created";
  return isSame(difference) || difference === "remade" ? "unchanged" : "changed";
}

/** Names what a text is compared with: the current version, and the last that was told. */
export function baseIdOf({ documentId, baselineDocumentId }: Pick<StoredPage, "documentId" | "baselineDocumentId">) {
  return `${documentId} ${baselineDocumentId ?? documentId}`;
}

/** The current version of a page; `undefined` where it has none. */
export function versionOf({ documentId, version }: Pick<StoredPage, "documentId" | "version">) {
  return documentId === null ? undefined : { documentId, version };
}

function toPageRow(
  crawl: Crawl,
  { entry, at }: Visit,
  answer: Answer,
  before: StoredPage | undefined,
  difference: Difference,
): PageRow {
  const { parsed } = answer;
  const { host, pathname, search } = new URL(entry.url);
  // What no text takes the place of stays: the document of a page that is the same, or differs in noise.
  const kept = isSame(difference) ? before : undefined;
  return {
    id: before?.id ?? Bun.randomUUIDv7(),
    websiteId: crawl.websiteId,
    urlHash: entry.urlHash,
    url: entry.url,
    host,
    path: pathname + search,
    status: answer.status,
    depth: entry.depth,
    contentType: parsed?.document.contentType ?? answer.contentType,
    title: parsed?.document.title,
    language: parsed?.document.language,
    pageType: parsed?.document.pageType?.type,
    wordCount: parsed?.document.wordCount ?? 0,
    byteLength: answer.byteLength,
    documentId: kept?.documentId ?? null,
    version: before?.version ?? 0,
    contentHash: kept?.contentHash ?? null,
    rawHash: kept?.rawHash ?? null,
    comparedHash: difference === "noise" ? textOf(answer)?.document.contentHash : (kept?.comparedHash ?? null),
    baselineDocumentId:
      difference === "quiet" ? (before?.baselineDocumentId ?? before?.documentId) : (kept?.baselineDocumentId ?? null),
    recipe: answer.recipe,
    etag: answer.etag,
    lastModified: answer.lastModified,
    lastCrawlId: crawl.id,
    isNew: before === undefined && !crawl.isBaseline,
    sitemapModifiedAt: entry.sitemapModifiedAt,
    ...(before && historyAfter(before, at, isChanged(difference))),
    firstSeenAt: at,
    lastFetchedAt: at,
    lastChangedAt: at,
  };
}

/** What is known of how often a page changes, after a visit that it answered. */
export function historyAfter(before: StoredPage, at: Date, hasChanged: boolean) {
  const { visits, changes, unchangedSeconds, changedIntervals } = before;
  const seconds = Math.max(0, Math.round((at.getTime() - before.lastFetchedAt.getTime()) / 1_000));
  const history = addVisit({ visits, changes, unchangedSeconds, changedIntervals }, { seconds, isChanged: hasChanged });
  return { ...history, changedIntervals: [...history.changedIntervals] };
}

function describeDocument(document: Document) {
  const { kind, title, description, language, markdown, wordCount, contentHash, simhash, charset } = document;
  const details: DocumentDetails = {
    authors: document.authors,
    siteName: document.siteName,
    canonicalUrl: document.canonicalUrl,
    publishedAt: document.publishedAt,
    modifiedAt: document.modifiedAt,
    ...document.metadata,
    headings: document.headings,
    pageType: document.pageType,
    quality: document.quality,
  };
  return { kind, title, description, language, markdown, wordCount, contentHash, simhash, charset, details };
}
