import type { Viewer } from "../access/viewer.ts";
import type { Clock } from "../clock.ts";
import type { PageType } from "../content/document.ts";
import type { Db } from "../db/db.ts";
import type { Embedder } from "../embeddings/embedder.ts";
import type { Log } from "../telemetry/log.ts";

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
  /** Pages that match; at least so many when it is not exact. */
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

export type SearchContext = { db: Db; clock: Clock; log: Log; embedder?: Embedder | undefined };

/**
 * Searches what the viewer may see.
 * @throws AppError `invalid` naming the place of a fault in the query, or the cursor; `not_found` for a website
 */
export async function search(
  _context: SearchContext,
  _viewer: Viewer,
  _request: SearchRequest,
  _signal?: AbortSignal,
): Promise<SearchAnswer> {
  throw new Error("to be written");
}
