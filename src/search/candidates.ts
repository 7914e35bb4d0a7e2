import { type SQL, sql } from "drizzle-orm";
import { type Db, rowsOf, toUuids } from "../db/db.ts";
import { pages } from "../db/schema/pages.ts";
import { passages } from "../db/schema/passages.ts";
import { TERM_WEIGHTS } from "./ranking.ts";
import type { Scope } from "./scope.ts";
import type { WeighedTerm } from "./term-worths.ts";

/** A passage that may be shown, with what it is ranked by. */
export type Candidate = {
  id: string;
  pageId: string;
  websiteId: string;
  place: number;
  /** Links from a start URL. */
  depth: number;
  /** When the page's text was first found as it is, in seconds. */
  changedAt: number;
  /** Where it has one of the terms, as have the headings; else they are left out. */
  title: string | null;
  /** But for the title; outermost first. */
  headings: string[];
  /** How well it has each of the terms, 0 for not at all. */
  ranks: number[];
  /** How close together it has all of them. */
  cover: number;
  /** Which terms its title and its headings have, a bit for each. */
  inTitle: number;
  inHeadings: number;
  /** Different words in all. */
  length: number;
};

/** Passages that are ranked at the most, and that are looked at for them. */
export const MAX_CANDIDATES = 400;
const MAX_SCANNED = 20_000;
/** So few pages are named to the index, in place of each passage being asked for its page. */
const MAX_NAMED_PAGES = 2_000;
/** What a passage is ranked by; the bits of a number are as many. */
export const MAX_RANKED_TERMS = 24;
const STATEMENT_TIMEOUT_MS = 10_000;

export type Asked = { scope: Scope; at: Date | undefined };

/**
 * Has what follows in the transaction planned anew with the words at hand, whose number of passages differs by a
 * thousand times; without compiling, which takes longer than it saves; and ended where it takes too long.
 */
export async function prepareSearching(tx: Db): Promise<void> {
  await tx.execute(
    sql`select set_config('plan_cache_mode', 'force_custom_plan', true), set_config('jit', 'off', true), set_config('max_parallel_workers_per_gather', '0', true), set_config('statement_timeout', ${String(STATEMENT_TIMEOUT_MS)}, true)`,
  );
}

/**
 * The pages that conditions leave, where they are few: `undefined` where they are not. Where nothing else is asked for,
 * they are the newest of however many.
 */
export async function findNamedPages(tx: Db, { scope }: Asked, isAll: boolean): Promise<string[] | undefined> {
  if (!scope.isNarrow) return undefined;
  const limit = isAll ? MAX_CANDIDATES : MAX_NAMED_PAGES + 1;
  const order = isAll ? sql`order by ${pages.lastChangedAt} desc` : sql``;
  const ofWebsites = scope.websiteIds && sql`${pages.websiteId} = any(${toUuids(scope.websiteIds)})`;
  const where = allOf([ofWebsites, ...scope.conditions]);
  const found = await tx.execute(sql`select ${pages.id} as id from ${pages} where ${where} ${order} limit ${limit}`);
  const ids = rowsOf<{ id: string }>(found).map(({ id }) => id);
  return ids.length <= MAX_NAMED_PAGES ? ids : undefined;
}

/** What is looked up: a tsquery, or a list of passages; and what else is asked of them. */
export type Lookup = Asked & {
  /** `undefined` for whatever the conditions leave. */
  tsquery: string | undefined;
  namedPages: readonly string[] | undefined;
  limit: number;
};

/**
 * What any of the lookups finds, those of the first ones first; a passage once.
 * @param terms `MAX_RANKED_TERMS` at the most
 */
export async function findCandidates(
  tx: Db,
  lookups: readonly Lookup[],
  terms: readonly WeighedTerm[],
): Promise<Candidate[]> {
  const asked = lookups.filter(({ namedPages }) => namedPages?.length !== 0);
  if (asked.length === 0) return [];
  const parts = asked.map((lookup) => sql`(${matching(lookup, sql`${passages.terms}`)})`);
  const found = await readCandidates(tx, sql.join(parts, sql` union all `), terms);
  return lookups.length === 1 ? found : [...new Map(found.map((each) => [each.id, each])).values()];
}

/** Whether more passages match, whatever their pages, than are looked at. */
export async function isBeyondScan(tx: Db, lookup: Omit<Lookup, "limit">): Promise<boolean> {
  const matches = matchingPassages(lookup, sql`1`, sql`offset ${MAX_SCANNED - 1} limit 1`);
  return rowsOf(await tx.execute(matches)).length > 0;
}

/** Those of a list that the scope has, and that match `tsquery` if it is given. */
export async function findListed(
  tx: Db,
  ids: readonly string[],
  { scope, tsquery, excluded }: { scope: Scope; tsquery: string | undefined; excluded: string | undefined },
  terms: readonly WeighedTerm[],
): Promise<Candidate[]> {
  if (ids.length === 0) return [];
  const wanted = withMarkers(scope, tsquery);
  const where = allOf([
    sql`${passages.id} = any(${toUuids(ids)})`,
    sql`${passages.toAt} is null`,
    scope.websiteIds && sql`${passages.websiteId} = any(${toUuids(scope.websiteIds)})`,
    wanted === undefined ? undefined : sql`${passages.terms} @@ ${wanted}::tsquery`,
    excluded === undefined ? undefined : sql`not ${passages.terms} @@ ${excluded}::tsquery`,
  ]);
  const columns = sql`${passageColumns}, ${passages.terms}, g.*`;
  const found = sql`select ${columns} from ${passages} cross join lateral (${pageOf(sql`${passages.pageId}`, scope)}) g where ${where}`;
  return readCandidates(tx, found, terms);
}

/** Which of the pages have a passage that matches. */
export async function findPagesHaving(
  tx: Db,
  pageIds: readonly string[],
  tsquery: string,
  at: Date | undefined,
): Promise<Set<string>> {
  if (pageIds.length === 0) return new Set();
  const found = await tx.execute(
    sql`select distinct ${passages.pageId} as id from ${passages} where ${passages.pageId} = any(${toUuids(pageIds)}) and ${at ? wasCurrent(at) : sql`${passages.toAt} is null`} and ${passages.terms} @@ ${tsquery}::tsquery`,
  );
  return new Set(rowsOf<{ id: string }>(found).map(({ id }) => id));
}

/** The pages that match, so many at the most; `null` for terms, which is not looked at. */
export const matchingPages = (lookup: Lookup): SQL =>
  sql`select distinct m.page_id from (${matching(lookup, sql`null as terms`)}) m`;

async function readCandidates(tx: Db, found: SQL, terms: readonly WeighedTerm[]): Promise<Candidate[]> {
  const ranks = terms.map(rankOf);
  const required = terms.filter(({ isOptional }) => !isOptional);
  const cover =
    required.length < 2
      ? sql`0::real`
      : sql`ts_rank_cd(${TERM_WEIGHTS}::real[], p.terms, ${required.map(({ term }) => `(${term.tsquery})`).join(" & ")}::tsquery)`;
  // Few columns: for a thousand rows drivers take longer over a cell than the database over a rank. A title is of no use
  // where it has no term.
  const numbers = sql.join(
    [sql`p.place, p.depth, p.changed_at, f.in_title, f.in_headings, length(p.terms), ${cover}`, ...ranks],
    sql`, `,
  );
  const rows = await tx.execute(sql`
    select p.id, p.page_id as "pageId", p.website_id as "websiteId", concat_ws(' ', ${numbers}) as numbers,
      case when f.in_title > 0 then p.title end as title,
      case when f.in_headings > 0
        then array_to_json(case when p.heading_path[1] = p.title then p.heading_path[2:] else p.heading_path end)::text
      end as headings
    from (${found}) p
    cross join lateral (select ${bits(terms, "A")} as in_title, ${bits(terms, "B")} as in_headings offset 0) f`);
  return rowsOf<CandidateRow>(rows).map(({ id, pageId, websiteId, title, headings: json, numbers }) => {
    const ranks = numbers.split(" ").map(Number);
    const [place = 0, depth = 0, changedAt = 0, inTitle = 0, inHeadings = 0, length = 0, cover = 0] = ranks.splice(
      0,
      7,
    );
    const headings: string[] = json === null ? [] : JSON.parse(json);
    return {
      id,
      pageId,
      websiteId,
      title,
      headings,
      place,
      depth,
      changedAt,
      inTitle,
      inHeadings,
      length,
      cover,
      ranks,
    };
  });
}

type CandidateRow = Pick<Candidate, "id" | "pageId" | "websiteId" | "title"> & {
  numbers: string;
  headings: string | null;
};

/**
 * `ts_rank` takes the mean over alternatives, of which a passage has one at the best; and it looks at the lexemes alone
 * where they are not simply alternatives.
 */
function rankOf({ term, lexemes, isSimple }: WeighedTerm): SQL {
  const query = sql`${term.tsquery}::tsquery`;
  const rank = sql`ts_rank(${TERM_WEIGHTS}::real[], p.terms, ${query})`;
  if (isSimple) return lexemes === 1 ? rank : sql`${rank} * ${sql.raw(String(lexemes))}`;
  return sql`case when p.terms @@ ${query} then ${rank} else 0 end`;
}

/** Which terms stand where a weight is given. */
function bits(terms: readonly WeighedTerm[], weight: "A" | "B"): SQL {
  if (terms.length === 0) return sql`0`;
  const each = terms.map(({ term }, i) => {
    const query = sql`${withWeight(term.tsquery, weight)}::tsquery`;
    return sql`case when p.terms @@ ${query} then ${sql.raw(String(2 ** i))} else 0 end`;
  });
  return sql`(${sql.join(each, sql` + `)})`;
}

const withWeight = (tsquery: string, weight: "A" | "B") =>
  tsquery.replace(/('(?:[^']|'')*')(:\*)?/g, (_, lexeme: string, prefix = ":") => `${lexeme}${prefix}${weight}`);

/**
 * Passages that match, with their page's conditions. Two limits: of words that are everywhere only so many passages are
 * looked at, whatever the conditions make of them.
 */
function matching(lookup: Lookup, terms: SQL): SQL {
  const { scope, limit } = lookup;
  const columns = sql`${passageColumns}, ${terms}`;
  const parts = matchingPassages(lookup, columns, sql`limit ${MAX_SCANNED}`);
  return sql`select m.*, g.* from (${parts}) m cross join lateral (${pageOf(sql`m.page_id`, scope)}) g limit ${limit}`;
}

function matchingPassages({ scope, at, tsquery, namedPages }: Omit<Lookup, "limit">, columns: SQL, limit: SQL): SQL {
  const wanted = withMarkers(scope, tsquery);
  const asked = [
    wanted === undefined ? sql`${passages.place} = 0` : sql`${passages.terms} @@ ${wanted}::tsquery`,
    namedPages && sql`${passages.pageId} = any(${toUuids(namedPages)})`,
  ];
  const part = (times: SQL) => sql`(select ${columns} from ${passages} where ${allOf([...asked, times])} ${limit})`;
  if (!at) return part(sql`${passages.toAt} is null`);
  // Each part in the words of its partial index.
  const current = part(sql`${passages.toAt} is null and ${passages.fromAt} <= ${toText(at)}::timestamptz`);
  return sql`${current} union all ${part(sql`${passages.toAt} is not null and ${wasCurrent(at)}`)}`;
}

const passageColumns = sql`${passages.id}, ${passages.pageId}, ${passages.websiteId}, ${passages.place}, ${passages.headingPath}`;

/**
 * The page with an id, if it is meant. `offset 0` keeps it a look-up for each passage: where the planner knows nothing of
 * a table that was filled a moment ago, it would rather hold all pages against all passages.
 */
const pageOf = (id: SQL, { conditions }: Scope): SQL =>
  sql`select ${pages.depth}, ${pages.title}, extract(epoch from ${pages.lastChangedAt})::float8 as changed_at from ${pages} where ${allOf([sql`${pages.id} = ${id}`, ...conditions])} offset 0`;

const wasCurrent = (at: Date) =>
  sql`${passages.fromAt} <= ${toText(at)}::timestamptz and (${passages.toAt} is null or ${passages.toAt} > ${toText(at)}::timestamptz)`;

function withMarkers({ markers }: Scope, tsquery: string | undefined): string | undefined {
  if (markers === undefined || tsquery === undefined) return markers ?? tsquery;
  return `${markers} & (${tsquery})`;
}

function allOf(conditions: readonly (SQL | undefined)[]): SQL {
  const given = conditions.filter((condition) => condition !== undefined);
  return given.length === 0 ? sql`true` : sql.join(given, sql` and `);
}

const toText = (at: Date) => at.toISOString();
