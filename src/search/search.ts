import { eq, inArray, min } from "drizzle-orm";
import type { Viewer } from "../access/viewer.ts";
import type { Cache } from "../cache.ts";
import type { Clock } from "../clock.ts";
import type { PageType } from "../content/document.ts";
import type { Db } from "../db/db.ts";
import { pages } from "../db/schema/pages.ts";
import { passages } from "../db/schema/passages.ts";
import type { Embedder } from "../embeddings/embedder.ts";
import { toName } from "../passages/names.ts";
import type { Log } from "../telemetry/log.ts";
import { MAX_RANKED_TERMS } from "./candidates.ts";
import { compileQuery } from "./compile.ts";
import { createContinuation, MAX_SHOWN, markOf } from "./continuation.ts";
import { readFacets } from "./facets.ts";
import { readFrequencies } from "./frequencies.ts";
import { fuseRanks } from "./fusion.ts";
import { parseQuery } from "./query.ts";
import type { RankedPage } from "./ranking.ts";
import { readResults } from "./results.ts";
import { readScope, type Scope } from "./scope.ts";
import { weighTerms } from "./term-worths.ts";
import { searchText, type TextResult } from "./text-search.ts";
import { findNearPages, type NearPages, readMeaning } from "./vector-search.ts";

/** `hybrid` is both where vectors are to be had, and text alone where they are not. */
export const SEARCH_MODES = ["hybrid", "text", "vector"] as const;
export type SearchMode = (typeof SEARCH_MODES)[number];

export type SearchRequest = {
  query: string;
  /** All that the viewer may see when absent. */
  websiteIds?: readonly string[];
  mode?: SearchMode;
  /** What pages said then, in place of now. */
  at?: Date;
  /** The last word is being typed. */
  asTyped?: boolean;
  facets?: boolean;
  /** Passages shown of each page. */
  passagesPerPage?: number;
  limit: number;
  cursor?: string;
};

/** A part of a snippet: text, and whether it is what was searched for. */
export type SnippetPart = { text: string; isMatch: boolean };

export type FoundPassage = {
  id: string;
  place: number;
  headingPath: string[];
  anchor: string | null;
  /** The page's URL with the anchor of the heading to jump to. */
  url: string;
  /** Plain text around what was found. */
  snippet: SnippetPart[];
};

export type SearchResult = {
  pageId: string;
  websiteId: string;
  url: string;
  title: string | null;
  summary: string | null;
  language: string | null;
  pageType: PageType | null;
  /** Higher is better; comparable within one answer alone. */
  score: number;
  /** The version that is current, or was at the time that was asked about. */
  version: number;
  fetchedAt: Date;
  changedAt: Date;
  /** Best first. */
  passages: FoundPassage[];
};

export type Facet = { value: string; label: string; pages: number };

export type SearchAnswer = {
  results: SearchResult[];
  nextCursor: string | null;
  /** Pages that match; at least so many when it is not exact, and then closer with facets. */
  total: { pages: number; isExact: boolean };
  facets?: { websites: Facet[]; paths: Facet[]; languages: Facet[] };
  /** What was searched, and how fresh that is. */
  searched: {
    mode: "text" | "vector" | "hybrid";
    websites: number;
    pages: number;
    passages: number;
    /** When the website that was indexed longest ago was; null where nothing is indexed yet. */
    indexedAt: Date | null;
    at: Date | null;
    /** Whether passages that have some of the words alone were taken too. */
    isLoose: boolean;
    /** Words that were taken for others: no passage has them. */
    corrections: { from: string; to: string[] }[];
    /** What a reader must know, such as that vectors were not to be had and why; in sentences. */
    notes: string[];
  };
};

export type SearchContext = { db: Db; clock: Clock; log: Log; embedder?: Embedder | undefined; cache?: Cache };

/**
 * Searches what the viewer may see.
 * @throws AppError `invalid` naming the place of a fault in the query, or the cursor; `not_found` for a website
 */
export async function search(
  context: SearchContext,
  viewer: Viewer,
  request: SearchRequest,
  signal?: AbortSignal,
): Promise<SearchAnswer> {
  const { db, clock } = context;
  const { at, limit, asTyped = false, passagesPerPage = 1 } = request;
  const query = parseQuery(request.query, { now: clock.now(), asTyped });
  const continuation = createContinuation(nameRequest(request));
  const shown = continuation.read(request.cursor);
  const scope = await readScope(db, viewer, request.websiteIds, query.filters, at);
  signal?.throwIfAborted();
  const { websiteIds, dictionaries } = scope;
  const isNowhere = websiteIds?.length === 0;
  const isElsewhere = isNowhere && scope.unknownSites.length > 0;
  const corrects = !asTyped && !isNowhere;
  const compiled = await compileQuery({ db, clock }, query, { websiteIds, dictionaries, corrects });
  const terms = weighTerms(compiled.terms, await readFrequencies({ db, clock }), MAX_RANKED_TERMS);
  const byWords = async (): Promise<TextResult> => {
    // Signs alone are no words, and what has none of them is not all that there is.
    if (isNowhere || (query.node && compiled.all === undefined)) return NOTHING;
    const name = query.node ? toName(readMeaning(query.node)) : "";
    return searchText(db, { scope, at, compiled, terms, name, enough: limit, signal });
  };
  const byMeaning = () => findNearPages(context, request, { query, scope, compiled }, signal);
  const { text, near } = await (request.mode === "vector" ? searchVectors : searchBoth)(byWords, byMeaning);
  signal?.throwIfAborted();
  const found = fuse(text.pages, near.pages);
  const page = found.filter(({ pageId }) => !shown.has(markOf(pageId))).slice(0, limit);
  for (const { pageId } of page) shown.add(markOf(pageId));
  const isMore = found.some(({ pageId }) => !shown.has(markOf(pageId)));
  const isEnd = shown.size >= MAX_SHOWN;
  const counted = request.facets ? await readFacets(db, text.others ?? found.map(({ pageId }) => pageId)) : undefined;
  return {
    results: await readResults(db, page, { terms, passagesPerPage, at }),
    nextCursor: isMore && !isEnd ? continuation.write(shown) : null,
    total: { pages: Math.max(found.length, counted?.pages ?? 0), isExact: text.isExact },
    ...(counted ? { facets: counted.facets } : {}),
    searched: {
      ...{ mode: modeOf(near, request), ...scope.searched, at: at ?? null, isLoose: text.isLoose },
      corrections: compiled.terms.flatMap(({ text: from, corrections }) =>
        corrections.length > 0 ? [{ from, to: [...corrections] }] : [],
      ),
      notes: [
        ...compiled.notes,
        ...near.notes,
        ...(isMore && isEnd ? [`Only ${MAX_SHOWN} results are shown; narrow the query to see others`] : []),
        ...(at ? [await tellHistory(db, scope)] : []),
        ...(found.length === 0 ? scope.unknownSites.map(tellUnknownSite) : []),
        ...(scope.searched.indexedAt === null && !isElsewhere ? [tellUnindexed(scope)] : []),
      ],
    },
  };
}

type Search<Found> = () => Promise<Found>;

async function searchBoth(byWords: Search<TextResult>, byMeaning: Search<NearPages>) {
  const [text, near] = await Promise.all([byWords(), byMeaning()]);
  return { text, near };
}

async function searchVectors(byWords: Search<TextResult>, byMeaning: Search<NearPages>) {
  const near = await byMeaning();
  return { near, text: near.pages ? NOTHING : await byWords() };
}

const NOTHING: TextResult = { pages: [], isExact: true, isLoose: false };

const modeOf = ({ pages }: NearPages, { mode }: SearchRequest) =>
  pages === undefined ? "text" : mode === "vector" ? "vector" : "hybrid";

/** All that a cursor holds for. */
const nameRequest = ({ query, websiteIds, mode, at, asTyped }: SearchRequest) => [
  query,
  websiteIds?.toSorted() ?? null,
  mode ?? null,
  at?.getTime() ?? null,
  asTyped === true,
];

/** Of a page that both found, the passages that words found come first, since these can be marked. */
function fuse(text: readonly RankedPage[], near: readonly RankedPage[] | undefined): readonly RankedPage[] {
  if (!near) return text;
  const byWords = new Map(text.map((page) => [page.pageId, page]));
  const byMeaning = new Map(near.map((page) => [page.pageId, page]));
  return fuseRanks([[...byWords.keys()], [...byMeaning.keys()]]).flatMap(({ id, score }) => {
    const [first, second] = [byWords.get(id), byMeaning.get(id)];
    const page = first ?? second;
    const known = new Set(first?.passages.map((passage) => passage.id));
    const others = first ? (second?.passages ?? []).filter((passage) => !known.has(passage.id)) : [];
    return page ? [{ ...page, score, passages: [...page.passages, ...others] }] : [];
  });
}

/** Pages that were seen first have the oldest versions; ids are in that order. */
const FIRST_PAGES = 100;

const tellUnknownSite = (site: string) =>
  `site:${site} is no website's host or name; a host has its port with it if the website's URL has one`;

const tellUnindexed = ({ searched }: Scope) =>
  searched.pages === 0
    ? "Nothing of what was searched is indexed yet"
    : "What was searched is being indexed for the first time: there will be more";

async function tellHistory(db: Db, { websiteIds }: Scope): Promise<string> {
  const first = db
    .select({ id: pages.id })
    .from(pages)
    .where(websiteIds && inArray(pages.websiteId, [...websiteIds]))
    .orderBy(pages.id)
    .limit(FIRST_PAGES)
    .as("first");
  const [oldest] = await db
    .select({ since: min(passages.fromAt) })
    .from(first)
    .innerJoin(passages, eq(passages.pageId, first.id));
  if (!oldest?.since) return "No text is kept of what was searched";
  return `What pages said is known from ${oldest.since.toISOString()} on, as far as their versions are kept`;
}
