import { inArray, sql } from "drizzle-orm";
import type { Viewer } from "../access/viewer.ts";
import type { Clock } from "../clock.ts";
import { type Db, rowsOf, toUuids } from "../db/db.ts";
import { pages } from "../db/schema/pages.ts";
import { indexedPages, passages } from "../db/schema/passages.ts";
import { websites } from "../db/schema/websites.ts";
import { findNearest, findPageVector, type NearPassage } from "../embeddings/nearest.ts";
import { getPage } from "../pages/pages.ts";
import { readFrequencies } from "./frequencies.ts";
import type { QueryFilters } from "./query.ts";
import { readScope, type Scope } from "./scope.ts";
import { quoteLexeme } from "./tsquery.ts";

export type SimilarPage = {
  pageId: string;
  websiteId: string;
  url: string;
  title: string | null;
  summary: string | null;
  /** Between 0 and 1; comparable within one answer alone. */
  score: number;
};

export type SimilarPages = {
  /** Most similar first. */
  pages: SimilarPage[];
  /** What they were found by: what pages mean, or the words that tell them from others. */
  by: "vectors" | "words";
};

/**
 * Pages like one, on all websites that the viewer sees.
 * @throws AppError `not_found`
 */
export async function findSimilar(
  context: { db: Db; clock: Clock },
  viewer: Viewer,
  pageId: string,
  { limit }: { limit: number },
): Promise<SimilarPages> {
  const { db } = context;
  await getPage(db, viewer, pageId);
  const scope = await readScope(db, viewer, undefined, NO_FILTERS);
  const byVectors = await findByVectors(context, pageId, scope, limit);
  if (byVectors) return { pages: await readPages(db, byVectors), by: "vectors" };
  return { pages: await readPages(db, await findByWords(context, pageId, scope, limit)), by: "words" };
}

const NO_LISTS = { sites: [], paths: [], languages: [], pageTypes: [] };
const NO_FILTERS: QueryFilters = { ...NO_LISTS, not: NO_LISTS };

type Scored = { pageId: string; score: number };

/** Passages that are looked at for a page: some pages have many that are near. */
const NEAR_PER_PAGE = 8;

async function findByVectors(
  context: { db: Db; clock: Clock },
  pageId: string,
  { websiteIds }: Scope,
  limit: number,
): Promise<Scored[] | undefined> {
  const vector = await findPageVector(context, pageId);
  if (!vector) return undefined;
  const near = await findNearest(context, vector, { websiteIds, limit: limit * NEAR_PER_PAGE, exceptPageId: pageId });
  return "reason" in near ? undefined : groupByPage(near).slice(0, limit);
}

/** The nearest passage speaks for its page. */
function groupByPage(near: readonly NearPassage[]): Scored[] {
  const nearest = new Map<string, number>();
  for (const { pageId, distance } of near) if (!nearest.has(pageId)) nearest.set(pageId, distance);
  return [...nearest].map(([pageId, distance]) => ({ pageId, score: Math.min(1, Math.max(0, 1 - distance)) }));
}

/** Words that tell a page from others, and passages that are looked at for each of them. */
const MAX_WORDS = 24;
const PASSAGES_PER_WORD = 300;
/** Lexemes of a page that are weighed. */
const MAX_LEXEMES = 2_000;

async function findByWords(
  context: { db: Db; clock: Clock },
  pageId: string,
  scope: Scope,
  limit: number,
): Promise<Scored[]> {
  const { db } = context;
  const words = await findTellingWords(context, pageId);
  const total = words.reduce((sum, { worth }) => sum + worth, 0);
  if (total === 0) return [];
  const { markers, websiteIds } = scope;
  const rows = words.map(({ lexeme, worth }) => ({
    query: markers ? `${quoteLexeme(lexeme)} & (${markers})` : quoteLexeme(lexeme),
    worth,
  }));
  const isSeen = websiteIds
    ? sql`p.website_id = any(${toUuids(websiteIds)})`
    : sql`exists (select 1 from ${websites} w where w.id = p.website_id and w.deleted_at is null)`;
  const result = await db.execute(sql`
    select page_id, (sum(worth) / ${total}::float8)::float8 as score from (
      select distinct found.page_id, word.query, word.worth
      from json_to_recordset(${JSON.stringify(rows)}::text::json) as word(query text, worth float8)
      cross join lateral (
        select p.page_id from ${passages} p
        where p.to_at is null and p.terms @@ word.query::tsquery and p.page_id <> ${pageId} and ${isSeen}
        limit ${PASSAGES_PER_WORD}) found) shared
    group by page_id order by score desc, page_id limit ${limit}`);
  return rowsOf<{ page_id: string; score: number }>(result).map((row) => ({ pageId: row.page_id, score: row.score }));
}

/** What a page says often that others seldom say; what stands in its headings counts twice. */
async function findTellingWords(
  { db, clock }: { db: Db; clock: Clock },
  pageId: string,
): Promise<{ lexeme: string; worth: number }[]> {
  const { rarityOf } = await readFrequencies({ db, clock });
  const result = await db.execute(sql`
    select lexeme, sum(coalesce(cardinality(positions), 1))::int as count,
      bool_or(weights && '{A,B}'::text[]) as is_heading
    from ${passages} p, unnest(p.terms)
    where p.page_id = ${pageId} and p.to_at is null and lexeme collate "C" >= ' '
    group by lexeme order by count desc, lexeme limit ${MAX_LEXEMES}`);
  return rowsOf<{ lexeme: string; count: number; is_heading: boolean | null }>(result)
    .map(({ lexeme, count, is_heading }) => {
      const worth = (1 + Math.log(count)) * rarityOf(lexeme) * (is_heading ? 2 : 1);
      return { lexeme, worth };
    })
    .sort((a, b) => b.worth - a.worth || (a.lexeme < b.lexeme ? -1 : 1))
    .slice(0, MAX_WORDS);
}

/** In the order given. */
async function readPages(db: Db, scored: readonly Scored[]): Promise<SimilarPage[]> {
  if (scored.length === 0) return [];
  const ids = scored.map(({ pageId }) => pageId);
  const { pageId, websiteId, title, summary } = indexedPages;
  const rows = await db
    .select({ pageId, websiteId, title, summary, url: pages.url })
    .from(indexedPages)
    .innerJoin(pages, sql`${pages.id} = ${pageId}`)
    .where(inArray(pageId, ids));
  const byId = new Map(rows.map((row) => [row.pageId, row]));
  return scored.flatMap(({ pageId, score }) => {
    const row = byId.get(pageId);
    return row ? [{ ...row, score }] : [];
  });
}
