import { and, eq, inArray, sql } from "drizzle-orm";
import { judgeStored } from "../changes/answer.ts";
import { type ComparedVersion, toCompared } from "../changes/comparable-text.ts";
import { compareVersions } from "../changes/compare.ts";
import type { TrackedWebsite } from "../changes/tracked-website.ts";
import { rulesFor } from "../changes/tracking.ts";
import { ParseError, type ParserPool } from "../content/parser-pool.ts";
import type { Db } from "../db/db.ts";
import { markdownDocuments, pages } from "../db/schema/pages.ts";
import type { StoredDocument } from "../pages/document.ts";
import type { Page } from "../pages/pages.ts";
import type { Crawl } from "./crawls.ts";
import { describeDoubt } from "./doubt.ts";
import { toExtractOptions } from "./extract-options.ts";
import type { CrawlOptions } from "./options.ts";
import { type Answer, baseIdOf } from "./page-rows.ts";
import type { PageComparison, Visit } from "./visit-result.ts";
import type { WatchedWebsite } from "./watched-website.ts";

export type ComparisonContext = {
  db: Db;
  parser: ParserPool;
  readWebsite(): Promise<WatchedWebsite | undefined>;
};

type Work = { context: ComparisonContext; crawl: Crawl; website: TrackedWebsite; signal: AbortSignal };

type Compared = { compared: Visit[]; website: WatchedWebsite | undefined };

/** A visit whose page may differ from what is stored. */
type Candidate = { visit: Visit; answer: Answer };

/**
 * Compares what visits brought with what is stored of their pages, before any transaction: those that differ get a
 * comparison, and those that answered well without being content are failures from then on. Costs nothing where no page
 * differs.
 * @param isAgain the pages may have been brought by others since their URLs were read
 */
export async function compareVisits(
  context: ComparisonContext,
  crawl: Crawl,
  visits: Visit[],
  { isAgain, signal }: { isAgain: boolean; signal: AbortSignal },
): Promise<Compared> {
  const website = await context.readWebsite();
  const candidates = visits.flatMap((visit) => {
    const { outcome } = visit;
    return outcome.kind === "page" && (isAgain || mayDiffer(visit, outcome)) ? [{ visit, answer: outcome }] : [];
  });
  if (candidates.length === 0 || !website) return { compared: visits, website };
  const bases = await findBases(context.db, crawl.websiteId, candidates);
  const outcomes = new Map<Visit, Visit["outcome"]>();
  for (const candidate of candidates) {
    const stored = bases.get(candidate.visit.entry.urlHash);
    if (stored) outcomes.set(candidate.visit, await compare({ context, crawl, website, signal }, candidate, stored));
  }
  return { compared: visits.map((visit) => ({ ...visit, outcome: outcomes.get(visit) ?? visit.outcome })), website };
}

function mayDiffer({ entry: { known } }: Visit, { parsed }: Answer): boolean {
  if (!known?.hasDocument || parsed === null || parsed.document.kind === "other") return false;
  const { contentHash } = parsed.document;
  return contentHash !== known.contentHash && contentHash !== known.comparedHash;
}

/** The current version of a page, and the last that was told where that is another. */
type Base = { id: string; page: Page; current: StoredDocument; told: StoredDocument };

async function findBases(db: Db, websiteId: string, candidates: Candidate[]): Promise<Map<string, Base>> {
  const hashes = candidates.map(({ visit }) => visit.entry.urlHash);
  const { urlHash, documentId, baselineDocumentId } = pages;
  const rows = await db
    .select({ page: pages, document: markdownDocuments })
    .from(pages)
    .innerJoin(
      markdownDocuments,
      sql`${markdownDocuments.id} in (${documentId}, coalesce(${baselineDocumentId}, ${documentId}))`,
    )
    .where(and(eq(pages.websiteId, websiteId), inArray(urlHash, hashes)));
  const bases = new Map<string, Base>();
  for (const [hash, some] of Map.groupBy(rows, ({ page }) => page.urlHash)) {
    const current = some.find(({ page, document }) => document.id === page.documentId);
    if (!current) continue;
    const told = some.find(({ page, document }) => document.id === page.baselineDocumentId) ?? current;
    const { page, document } = current;
    bases.set(hash, { id: baseIdOf(page), page, current: document, told: told.document });
  }
  return bases;
}

async function compare(
  { context, crawl, website: { tracking }, signal }: Work,
  { visit, answer }: Candidate,
  base: Base,
): Promise<Visit["outcome"]> {
  const { url } = visit.entry;
  const { doubt, parsed, status } = answer;
  if (parsed === null) return answer;
  if (doubt !== undefined && judgeStored(base.current, url) !== doubt) {
    return { kind: "failed", code: doubt, message: describeDoubt(doubt), status };
  }
  const { markdown, contentType, charset } = parsed.document;
  const after = { url, markdown, readRaw: () => unpack(parsed.raw.zstd, contentType, charset) };
  const isMadeAlike = base.page.recipe === answer.recipe;
  const rules = rulesFor(tracking, url);
  const compareWith = async (version: StoredDocument) => {
    const before = toCompared(context.db, base.page, version);
    const remade = isMadeAlike ? before : await remake(context.parser, before, crawl, signal);
    // What it was made from is gone: whether the page changed too can't be told.
    return remade && compareVersions(context, remade, after, rules, signal);
  };
  const from = { documentId: base.told.id, version: base.told.version };
  const done = (comparison: PageComparison): Answer => ({
    ...answer,
    comparison: { ...comparison, baseId: base.id, from },
  });
  const sinceCurrent = (await compareWith(base.current)) ?? { kind: "noise" };
  if (sinceCurrent.kind === "noise") return done(isMadeAlike ? sinceCurrent : { kind: "remade" });
  if (base.told === base.current) return done(sinceCurrent);
  // Small steps add up to what is told: they are measured from the last version that was.
  const sinceTold = await compareWith(base.told);
  return done(sinceTold?.kind === "told" ? sinceTold : { kind: "quiet", summary: sinceCurrent.summary });
}

/** The version as it would be made today; `undefined` when it can't be. */
async function remake(
  parser: ParserPool,
  version: ComparedVersion,
  crawl: Crawl,
  signal: AbortSignal,
): Promise<ComparedVersion | undefined> {
  const raw = await version.readRaw();
  if (!raw) return undefined;
  const options = toExtractOptions(crawl.options as CrawlOptions);
  try {
    const { document } = await parser.parse({ url: version.url, ...raw, ...options }, signal);
    return { ...version, markdown: document.markdown };
  } catch (error) {
    if (error instanceof ParseError && error.code !== "queue_full" && error.code !== "cancelled") return undefined;
    throw error;
  }
}

async function unpack(zstd: Uint8Array, contentType: string | null, charset: string | null) {
  const parameter = contentType && charset ? `; charset=${charset}` : "";
  const body = new Uint8Array(await Bun.zstdDecompress(new Uint8Array(zstd)));
  return { body, contentType: contentType && contentType + parameter };
}
