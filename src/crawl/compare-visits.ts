import { and, eq, inArray, sql } from "drizzle-orm";
import { judgeStored } from "../changes/answer.ts";
import { compareVersions } from "../changes/compare.ts";
import type { TrackedWebsite } from "../changes/tracked-website.ts";
import { rulesFor } from "../changes/tracking.ts";
import type { ParserPool } from "../content/parser-pool.ts";
import type { Db } from "../db/db.ts";
import { markdownDocuments, pages, rawHtml } from "../db/schema/pages.ts";
import type { Crawl } from "./crawls.ts";
import { describeDoubt } from "./doubt.ts";
import { type Answer, baseIdOf } from "./page-rows.ts";
import type { Visit } from "./visit-result.ts";

export type ComparisonContext = {
  db: Db;
  parser: ParserPool;
  /** The crawl's; `undefined` when it is deleted. */
  readWebsite(): Promise<TrackedWebsite | undefined>;
};

type Compared = { compared: Visit[]; website: TrackedWebsite | undefined };

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
  const website = isAgain || visits.some(({ entry }) => entry.known) ? await context.readWebsite() : undefined;
  const candidates = visits.flatMap((visit) => {
    const { outcome } = visit;
    return outcome.kind === "page" && (isAgain || mayDiffer(visit, outcome)) ? [{ visit, answer: outcome }] : [];
  });
  if (candidates.length === 0 || !website) return { compared: visits, website };
  const bases = await findBases(context.db, crawl.websiteId, candidates);
  const outcomes = new Map<Visit, Visit["outcome"]>();
  for (const candidate of candidates) {
    const stored = bases.get(candidate.visit.entry.urlHash);
    if (stored) outcomes.set(candidate.visit, await compare(context, website, candidate, stored, signal));
  }
  return { compared: visits.map((visit) => ({ ...visit, outcome: outcomes.get(visit) ?? visit.outcome })), website };
}

function mayDiffer({ entry: { known } }: Visit, { parsed }: Answer): boolean {
  if (!known?.hasDocument || parsed === null || parsed.document.kind === "other") return false;
  const { contentHash } = parsed.document;
  return contentHash !== known.contentHash && contentHash !== known.comparedHash;
}

type StoredVersion = typeof markdownDocuments.$inferSelect;

/** The current version, and the last that was told where that is another. */
type Base = { id: string; current: StoredVersion; told: StoredVersion };

async function findBases(db: Db, websiteId: string, candidates: Candidate[]): Promise<Map<string, Base>> {
  const hashes = candidates.map(({ visit }) => visit.entry.urlHash);
  const rows = await db
    .select({
      page: {
        urlHash: pages.urlHash,
        documentId: pages.documentId,
        baselineDocumentId: pages.baselineDocumentId,
      },
      document: markdownDocuments,
    })
    .from(pages)
    .innerJoin(
      markdownDocuments,
      sql`${markdownDocuments.id} in (${pages.documentId}, coalesce(${pages.baselineDocumentId}, ${pages.documentId}))`,
    )
    .where(and(eq(pages.websiteId, websiteId), inArray(pages.urlHash, hashes)));
  const bases = new Map<string, Base>();
  for (const [urlHash, some] of Map.groupBy(rows, ({ page }) => page.urlHash)) {
    const current = some.find(({ page, document }) => document.id === page.documentId);
    if (!current) continue;
    const told = some.find(({ page, document }) => document.id === page.baselineDocumentId) ?? current;
    bases.set(urlHash, { id: baseIdOf(current.page), current: current.document, told: told.document });
  }
  return bases;
}

async function compare(
  context: ComparisonContext,
  { tracking }: TrackedWebsite,
  { visit, answer }: Candidate,
  { id: baseId, current, told }: Base,
  signal: AbortSignal,
): Promise<Visit["outcome"]> {
  const { url } = visit.entry;
  const { doubt, parsed, status } = answer;
  if (parsed === null) return answer;
  if (doubt !== undefined && judgeStored(current, url) !== doubt) {
    return { kind: "failed", code: doubt, message: describeDoubt(doubt), status };
  }
  const { markdown, contentType, charset } = parsed.document;
  const rules = rulesFor(tracking, url);
  const sideOf = (version: StoredVersion) => ({
    ...{ url, markdown: version.markdown },
    // Of one type over time, near enough: where that changed, so did the text.
    readRaw: () => readStored(context.db, version, contentType),
  });
  const after = { url, markdown, readRaw: () => unpack(parsed.raw.zstd, contentType, charset) };
  const compareWith = (version: StoredVersion) => compareVersions(context, sideOf(version), after, rules, signal);
  const comparison = await compareWith(current);
  if (comparison.kind === "noise" || told === current) return { ...answer, comparison: { ...comparison, baseId } };
  // Small steps add up to what is told: they are measured from the last version that was.
  const sinceTold = await compareWith(told);
  const isBack = sinceTold.kind === "noise";
  return {
    ...answer,
    comparison: { ...(isBack ? { kind: "quiet", summary: comparison.summary } : sinceTold), baseId },
  };
}

async function readStored(db: Db, { rawHash, charset }: StoredVersion, contentType: string | null) {
  const [row] = await db.select({ zstd: rawHtml.zstd }).from(rawHtml).where(eq(rawHtml.hash, rawHash));
  return row && unpack(row.zstd, contentType, charset);
}

async function unpack(zstd: Uint8Array, contentType: string | null, charset: string | null) {
  const parameter = contentType && charset ? `; charset=${charset}` : "";
  return {
    body: new Uint8Array(await Bun.zstdDecompress(new Uint8Array(zstd))),
    contentType: contentType && contentType + parameter,
  };
}
