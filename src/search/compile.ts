import type { Clock } from "../clock.ts";
import type { Db } from "../db/db.ts";
import type { Dictionary } from "../passages/stems.ts";
import type { SearchQuery } from "./query.ts";

/** A word or phrase that results are ranked by. */
export type CompiledTerm = {
  /** As it was written. */
  text: string;
  /** As PostgreSQL reads queries (`to tsquery` without a dictionary: `'advisori' | 'advisory'`), for all dictionaries. */
  tsquery: string;
  /** Stems of it by dictionary, for marking what was found; with `isPrefix` what begins with one of them. */
  stems: ReadonlyMap<Dictionary, readonly string[]>;
  isPrefix: boolean;
  /** It is a word that says nothing by itself: what has it stands before what has not, no more. */
  isOptional: boolean;
  /** Words of the vocabulary that were taken beside it, since no passage has it. */
  corrections: readonly string[];
};

export type CompiledQuery = {
  terms: readonly CompiledTerm[];
  /** What a passage must match, as a tsquery, without markers; `undefined` where there are filters alone. */
  all: string | undefined;
  /** Looser: what has some of the terms and nothing that is excluded; `undefined` where that would be the same. */
  some: string | undefined;
  /** What no passage that is shown may match, though that is in `all` and `some` too: for pages that have it elsewhere. */
  excluded: string | undefined;
  /** What a reader must know, in sentences. */
  notes: readonly string[];
};

/**
 * Turns a query into what PostgreSQL looks up, under each of the dictionaries that the searched websites have.
 * Words that none of them has are corrected by the websites' own vocabulary, if `corrects`.
 */
export async function compileQuery(
  _context: { db: Db; clock: Clock },
  _query: SearchQuery,
  _scope: { websiteIds: readonly string[] | undefined; dictionaries: readonly Dictionary[]; corrects: boolean },
): Promise<CompiledQuery> {
  throw new Error("to be written");
}
