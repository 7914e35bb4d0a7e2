import { and, asc, count, desc, eq, inArray, isNotNull, lt, max, type SQL, sql } from "drizzle-orm";
import type { Db } from "../db/db.ts";
import { crawlJobs } from "../db/schema/crawls.ts";
import { type ChangeKind, pageChanges } from "../db/schema/pages.ts";
import { AppError } from "../errors.ts";
import { type ChangeCounts, toCounts } from "./changes.ts";
import { diffMarkdown } from "./diff/block-diff.ts";
import { type Excerpt, excerptOf } from "./diff/excerpt.ts";
import { netChanges } from "./net-changes.ts";
import { readDocuments } from "./versions.ts";

/** What is left of all that happened to a page between two times. */
export type NetChange = {
  pageId: string;
  url: string;
  title: string | null;
  kind: ChangeKind;
  /** Versions at either end, where there was one. */
  fromVersion: number | null;
  toVersion: number | null;
  fromDocumentId: string | null;
  toDocumentId: string | null;
  /** Where it is now, of one that moved. */
  toUrl: string | null;
  reason: string | null;
  /** The greatest of the changes in between, of the texts that were compared. */
  share: number | null;
  /** Changes in between. */
  changes: number;
  changedAt: Date;
};

/** One end of what is compared; a crawl stands for the time at which it ended. */
export type Moment = { at: Date; crawlId: string | null };
export type Span = { from: Moment; to: Moment };
export type SpanRequest = { from?: Date; to?: Date; fromCrawl?: string; toCrawl?: string };

/**
 * The times that are meant: unless told otherwise those of the last two crawls that were completed. With a start alone,
 * it ends now; with an end alone, it starts with the crawl before.
 * @throws AppError `invalid`, `not_found` (with the code `not_yet` where there are no two crawls), or `conflict` for a
 * crawl that is not over
 */
export async function resolveSpan(db: Db, websiteId: string, request: SpanRequest, now: Date): Promise<Span> {
  const { from, to, fromCrawl, toCrawl } = request;
  const start = fromCrawl ? await readCrawlEnd(db, websiteId, fromCrawl) : from && { at: from, crawlId: null };
  const end = toCrawl ? await readCrawlEnd(db, websiteId, toCrawl) : to && { at: to, crawlId: null };
  const span = {
    to: end ?? (start ? { at: now, crawlId: null } : await getCompletedBefore(db, websiteId, undefined)),
    from: start,
  };
  const whole = { ...span, from: span.from ?? (await getCompletedBefore(db, websiteId, span.to)) };
  if (whole.from.at < whole.to.at) return whole;
  const message = `must be before the end, which is ${whole.to.at.toISOString()}`;
  throw new AppError("invalid", `from ${message}`, { faults: [{ at: fromCrawl ? "from_crawl" : "from", message }] });
}

export type NetFilter = { kinds?: readonly ChangeKind[] };

/** In the order of their pages, which is the order in which those were first seen. */
export async function listNetChanges(
  db: Db,
  websiteId: string,
  span: Span,
  { kinds, limit, after }: NetFilter & { limit: number; after?: string },
): Promise<NetChange[]> {
  const { from, columns } = netChanges(websiteId, span);
  return db
    .select(columns)
    .from(from)
    .where(
      and(
        kinds ? inArray(columns.kind, [...kinds]) : isNotNull(columns.kind),
        after ? sql`${columns.pageId} > ${after}::uuid` : undefined,
      ),
    )
    .orderBy(asc(columns.pageId))
    .limit(limit);
}

export async function countNetChanges(db: Db, websiteId: string, span: Span): Promise<ChangeCounts> {
  const { from, columns } = netChanges(websiteId, span);
  const rows = await db
    .select({ kind: columns.kind, changes: count() })
    .from(from)
    .where(isNotNull(columns.kind))
    .groupBy(columns.kind);
  return toCounts(rows);
}

/** Characters of two texts that are compared in passing: several are, while nobody else is answered. */
const MAX_COMPARED = 200_000;

export type LargeChange = { change: NetChange; excerpt: Excerpt };

/** Of the pages whose text changed those that changed most, with the first of what came and went. */
export async function listLargest(db: Db, websiteId: string, span: Span, limit: number): Promise<LargeChange[]> {
  const { from, columns } = netChanges(websiteId, span);
  const largest = await db
    .select(columns)
    .from(from)
    .where(and(eq(columns.kind, "changed"), isNotNull(columns.share)))
    .orderBy(desc(columns.share), asc(columns.pageId))
    .limit(limit);
  const ids = largest.flatMap(({ fromDocumentId, toDocumentId }) => [fromDocumentId, toDocumentId]);
  const kept = await readDocuments(
    db,
    ids.filter((id) => id !== null),
  );
  const textOf = (id: string | null) => (id === null ? undefined : kept.get(id)?.markdown);
  return largest.map((change) => {
    const [before, after] = [textOf(change.fromDocumentId), textOf(change.toDocumentId)];
    // What was given up can't be shown.
    const isShown = before !== undefined && after !== undefined && before.length + after.length <= MAX_COMPARED;
    return { change, excerpt: isShown ? excerptOf(diffMarkdown(before, after)) : { added: [], removed: [] } };
  });
}

/** All of them in batches, for export. */
export async function* eachNetChange(
  db: Db,
  websiteId: string,
  span: Span,
  filter: NetFilter,
): AsyncGenerator<NetChange[]> {
  let after: string | undefined;
  do {
    const rows = await listNetChanges(db, websiteId, span, { ...filter, limit: BATCH, after });
    if (rows.length > 0) yield rows;
    after = rows.length === BATCH ? rows.at(-1)?.pageId : undefined;
  } while (after);
}

const BATCH = 500;

const { id, state, finishedAt } = crawlJobs;

async function readCrawlEnd(db: Db, websiteId: string, crawlId: string): Promise<Moment> {
  const [crawl] = await findEnds(db, and(eq(id, crawlId), eq(crawlJobs.websiteId, websiteId)));
  if (!crawl) throw new AppError("not_found", `There is no crawl ${crawlId} of website ${websiteId}`);
  if (crawl.finishedAt) return toMoment(crawl);
  throw new AppError("conflict", `Crawl ${crawlId} is ${crawl.state}: what it finds is known when it is over`);
}

/** The end of the last crawl that was completed before; of all, when nothing is given. */
async function getCompletedBefore(db: Db, websiteId: string, before: Moment | undefined): Promise<Moment> {
  const isEarlier = before && and(lt(finishedAt, before.at), before.crawlId ? lt(id, before.crawlId) : undefined);
  const [crawl] = await findEnds(db, and(eq(crawlJobs.websiteId, websiteId), eq(state, "completed"), isEarlier));
  if (crawl?.finishedAt) return toMoment(crawl);
  const message = `Website ${websiteId} has no ${before ? "two " : ""}completed crawls to compare; name the times by from and to`;
  throw new AppError("not_found", message, { code: "not_yet" });
}

type End = { id: string; state: string; finishedAt: Date | null; lastChangeAt: Date | null };

function findEnds(db: Db, isMeant: SQL | undefined): Promise<End[]> {
  const lastChange = db
    .select({ at: max(pageChanges.detectedAt) })
    .from(pageChanges)
    .where(eq(pageChanges.crawlId, id));
  return db
    .select({ id, state, finishedAt, lastChangeAt: sql<Date | null>`(${lastChange})`.mapWith(finishedAt) })
    .from(crawlJobs)
    .where(isMeant)
    .orderBy(desc(finishedAt))
    .limit(1);
}

/** What a crawl finds at its very end may be noted a moment later. */
function toMoment({ id: crawlId, finishedAt, lastChangeAt }: End): Moment {
  const at = finishedAt ?? lastChangeAt ?? new Date(0);
  return { crawlId, at: lastChangeAt && lastChangeAt > at ? lastChangeAt : at };
}
