import { inArray } from "drizzle-orm";
import type { Db } from "../db/db.ts";
import { pages } from "../db/schema/pages.ts";
import { wholeNameMarker } from "../passages/markers.ts";
import { isName } from "../passages/names.ts";
import {
  type Asked,
  type Candidate,
  findCandidates,
  findNamedPages,
  findPagesHaving,
  isBeyondScan,
  type Lookup,
  MAX_CANDIDATES,
  prepareSearching,
} from "./candidates.ts";
import type { CompiledQuery } from "./compile.ts";
import { type RankedPage, rankPages } from "./ranking.ts";
import { type WeighedTerm, worthOf } from "./term-worths.ts";
import { quoteLexeme, toNames } from "./tsquery.ts";

type TextRequest = Asked & {
  compiled: CompiledQuery;
  terms: readonly WeighedTerm[];
  /** The query's words, as names are compared. */
  name: string;
  /** Fewer pages that match all of the query, and those that match some of it are taken too. */
  enough: number;
  signal: AbortSignal | undefined;
};

export type TextResult = {
  /** Best first: those that match all of the query before those that match some of it. */
  pages: RankedPage[];
  /** Whether they are all that there are. */
  isExact: boolean;
  isLoose: boolean;
  /** What there is more of than was weighed, where the database alone can tell. */
  others?: Omit<Lookup, "limit">;
};

/** Passages that are called as the query says, and that have its words in their names, which are weighed at the most. */
const MAX_CALLED = 100;
const MAX_NAMED = 300;
/** Passages that have a term, which are weighed at the most; of so many terms. */
const LOOSE_STEP = 100;
const LOOSE_TERMS = 4;
/** What a page must have of the query's worth that has not all of it. */
const MIN_LOOSE_SHARE = 0.3;

/** Finds pages by their words. Whatever the query, so many passages are looked at and ranked at the most. */
export async function searchText(db: Db, request: TextRequest): Promise<TextResult> {
  return db.transaction(async (tx) => {
    await prepareSearching(tx);
    const { scope, at, terms, compiled, signal, enough } = request;
    const namedPages = await findNamedPages(tx, request, compiled.all === undefined);
    const lookup = { scope, at, tsquery: compiled.all, namedPages };
    signal?.throwIfAborted();
    const first = await findCandidates(tx, [{ ...lookup, limit: MAX_CANDIDATES }], terms);
    signal?.throwIfAborted();
    const isWhole = first.length < MAX_CANDIDATES;
    const strict = isWhole ? first : await addNamed(tx, lookup, request, first);
    const ranked = await keepMeant(tx, rankPages(strict, request), request);
    const loose = ranked.length < enough ? await findLoose(tx, lookup, request, ranked) : { pages: [], isWhole: true };
    const pages = [...ranked, ...loose.pages];
    signal?.throwIfAborted();
    return {
      pages,
      isExact: isWhole && loose.isWhole && (await isScanned(tx, lookup)),
      isLoose: loose.pages.length > 0,
      ...(isWhole || scope.isMeant || compiled.excluded !== undefined ? {} : { others: lookup }),
    };
  });
}

/** Conditions of pages are held against so many passages that match, and no more. */
async function isScanned(tx: Db, lookup: Omit<Lookup, "limit">): Promise<boolean> {
  const { scope, namedPages, tsquery } = lookup;
  // The newest of more, where nothing else is asked for.
  if (namedPages) return tsquery !== undefined || namedPages.length < MAX_CANDIDATES;
  return !scope.isNarrow || !(await isBeyondScan(tx, lookup));
}

/** Of words that are everywhere, those passages too that are named by them. */
async function addNamed(
  tx: Db,
  lookup: Omit<Lookup, "limit">,
  { compiled, terms, name, signal }: TextRequest,
  found: readonly Candidate[],
): Promise<Candidate[]> {
  const { all, excluded } = compiled;
  if (all === undefined) return [...found];
  const whole = isName(name)
    ? [{ ...lookup, tsquery: quoteLexeme(wholeNameMarker(name)) + without(excluded), limit: MAX_CALLED }]
    : [];
  const parts = { ...lookup, tsquery: `(${toNames(all)})${without(excluded)}`, limit: MAX_NAMED };
  const named = await findCandidates(tx, [...whole, parts], terms);
  signal?.throwIfAborted();
  return [...new Map([...found, ...named].map((each) => [each.id, each])).values()];
}

const without = (excluded: string | undefined) => (excluded === undefined ? "" : ` & !(${excluded})`);

/** What only the program, or the page as a whole, can tell. */
async function keepMeant(
  tx: Db,
  ranked: RankedPage[],
  { scope: { isMeant }, compiled: { excluded }, at }: TextRequest,
): Promise<RankedPage[]> {
  const pageIds = ranked.map(({ pageId }) => pageId);
  const having = excluded === undefined ? undefined : await findPagesHaving(tx, pageIds, excluded, at);
  const meant = isMeant && (await findMeantPages(tx, pageIds, isMeant));
  return ranked.filter(({ pageId }) => !having?.has(pageId) && (meant?.has(pageId) ?? true));
}

export async function findMeantPages(
  tx: Db,
  pageIds: readonly string[],
  isMeant: (url: string) => boolean,
): Promise<Set<string>> {
  if (pageIds.length === 0) return new Set();
  const rows = await tx
    .select({ id: pages.id, url: pages.url })
    .from(pages)
    .where(inArray(pages.id, [...pageIds]));
  return new Set(rows.filter(({ url }) => isMeant(url)).map(({ id }) => id));
}

/** What has the rarest terms, each together with another and alone. */
async function findLoose(
  tx: Db,
  lookup: Omit<Lookup, "limit">,
  request: TextRequest,
  strict: readonly RankedPage[],
): Promise<{ pages: RankedPage[]; isWhole: boolean }> {
  const { compiled, terms, signal } = request;
  // Of one name that is found, its parts alone are something else.
  const isFound = terms.length < 2 && strict.length > 0;
  if (compiled.some === undefined || isFound) return { pages: [], isWhole: true };
  const lookups = toLooseQueries(compiled, terms).map((tsquery) => ({ ...lookup, tsquery, limit: LOOSE_STEP }));
  signal?.throwIfAborted();
  const found = await findCandidates(tx, lookups, terms);
  const known = new Set(strict.map(({ pageId }) => pageId));
  const all = terms.reduce((sum, term) => sum + worthOf(term), 0);
  const isTelling = ({ passages }: RankedPage) => {
    const had = terms.filter((_, i) => passages.some(({ ranks }) => (ranks[i] ?? 0) > 0));
    return all === 0 || terms.length < 2 || had.reduce((sum, term) => sum + worthOf(term), 0) >= MIN_LOOSE_SHARE * all;
  };
  const ranked = rankPages(found, request).filter((page) => !known.has(page.pageId) && isTelling(page));
  return { pages: await keepMeant(tx, ranked, request), isWhole: found.length < LOOSE_STEP };
}

/** A term alone is looked for where a page that has no other would be shown. */
function toLooseQueries({ some, excluded }: CompiledQuery, terms: readonly WeighedTerm[]): (string | undefined)[] {
  const all = terms.reduce((sum, term) => sum + worthOf(term), 0);
  const rarest = terms
    .filter(({ isOptional }) => !isOptional)
    .toSorted((a, b) => worthOf(b) - worthOf(a))
    .slice(0, LOOSE_TERMS)
    .map((term) => ({ tsquery: `(${term.term.tsquery})`, isTelling: worthOf(term) >= MIN_LOOSE_SHARE * all }));
  if (rarest.length < 2) return [some];
  const together = rarest.slice(0, -1).map(({ tsquery }, i) => [
    tsquery,
    `(${rarest
      .slice(i + 1)
      .map((other) => other.tsquery)
      .join(" | ")})`,
  ]);
  const alone = rarest.filter(({ isTelling }) => isTelling).map(({ tsquery }) => [tsquery]);
  // Not with all that some of is wanted: an index would read each of its words again.
  return [...together, ...alone].map((parts) => parts.join(" & ") + without(excluded));
}
