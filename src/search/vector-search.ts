import { findNearestTo, type NearPassage } from "../embeddings/nearest.ts";
import { findListed } from "./candidates.ts";
import type { CompiledQuery } from "./compile.ts";
import type { QueryNode, SearchQuery } from "./query.ts";
import type { RankedPage, RankedPassage } from "./ranking.ts";
import type { Scope } from "./scope.ts";
import type { SearchContext, SearchRequest } from "./search.ts";
import { findMeantPages } from "./text-search.ts";

export type NearPages = {
  /** Nearest first; `undefined` where vectors were not asked, or are not to be had. */
  pages: RankedPage[] | undefined;
  /** What a reader must know of that. */
  notes: string[];
};

/** Passages that are taken beside those that words find, and where there are vectors alone. */
const MAX_NEAR = { hybrid: 50, vector: 100 };
/** So many times more are looked at where filters leave some out. */
const FILTERED = 10;
/** As near as the nearest, by the cosine, or this much of it: vectors always find something. */
const MIN_NEARNESS = 0.7;

/**
 * Finds pages by what they mean. What a query asks for in so many words, by quotation marks or a minus, is asked of
 * these pages too.
 */
export async function findNearPages(
  context: SearchContext,
  request: SearchRequest,
  { query, scope, compiled }: { query: SearchQuery; scope: Scope; compiled: CompiledQuery },
  signal?: AbortSignal,
): Promise<NearPages> {
  const { mode = "hybrid", at, asTyped } = request;
  const text = query.node ? readMeaning(query.node) : "";
  const isAsked = mode !== "text" && !asTyped && text !== "";
  if (!isAsked) return { pages: undefined, notes: [] };
  const isWanted = context.embedder !== undefined || request.mode !== undefined;
  if (at) return without("Vectors know what pages say now alone, so they were left out", isWanted);
  const { websiteIds, isMeant } = scope;
  const { languages, not } = query.filters;
  const isFiltered =
    scope.isNarrow || isMeant || compiled.excluded !== undefined || languages.length + not.languages.length > 0;
  const limit = MAX_NEAR[mode] * (isFiltered ? FILTERED : 1);
  const near = await findNearestTo(context, text, { websiteIds, limit }, signal);
  if ("reason" in near) return without(`${near.reason}; found by words alone`, isWanted);
  const ids = near.map(({ passageId }) => passageId);
  const tsquery = hasPhrase(query.node) ? compiled.all : undefined;
  const found = await findListed(context.db, ids, { scope, tsquery, excluded: compiled.excluded }, []);
  const pages = group(found, near);
  const pageIds = pages.map(({ pageId }) => pageId);
  const meant = isMeant && (await findMeantPages(context.db, pageIds, isMeant));
  const kept = pages.filter(({ pageId }) => meant?.has(pageId) ?? true).slice(0, MAX_NEAR[mode]);
  const nearest = kept[0]?.score ?? 0;
  return { pages: kept.filter(({ score }) => score >= MIN_NEARNESS * nearest), notes: [] };
}

/** Who asked for no vectors, and has no endpoint for them, need not be told that there are none. */
const without = (note: string, isWanted: boolean): NearPages => ({ pages: undefined, notes: isWanted ? [note] : [] });

function group(found: readonly Omit<RankedPassage, "score">[], near: readonly NearPassage[]): RankedPage[] {
  const distances = new Map(near.map(({ passageId, distance }) => [passageId, distance]));
  const passages = found
    .map((each) => ({ ...each, score: 1 - (distances.get(each.id) ?? 2) }))
    .sort((a, b) => b.score - a.score || (a.id < b.id ? -1 : 1));
  const byPage = new Map<string, RankedPage>();
  for (const passage of passages) {
    const { pageId, websiteId, score } = passage;
    const page = byPage.get(pageId);
    if (page) page.passages.push(passage);
    else byPage.set(pageId, { pageId, websiteId, score, passages: [passage] });
  }
  return [...byPage.values()];
}

/** The words of a query without what it excludes, in their order. */
export function readMeaning(node: QueryNode): string {
  switch (node.kind) {
    case "not":
      return "";
    case "and":
    case "or":
      return node.nodes.map(readMeaning).filter(Boolean).join(" ");
    default:
      return node.text;
  }
}

function hasPhrase(node: QueryNode | undefined): boolean {
  if (node?.kind === "and" || node?.kind === "or") return node.nodes.some(hasPhrase);
  return node?.kind === "phrase";
}
