import type { Db } from "../db/db.ts";

/** A dictionary of PostgreSQL's, such as `english`, or `simple` for none: named like its text search configuration. */
export type Dictionary = string;

/** The dictionary of a language (BCP 47), `simple` where PostgreSQL has none. */
export function dictionaryOf(_language: string | null): Dictionary {
  throw new Error("to be written");
}

/**
 * The stems of words, accents folded; null for those that say nothing by themselves (stop words). The database is asked
 * once for each word of a language, for as long as it is remembered.
 */
export async function stemWords(
  _db: Db,
  _dictionary: Dictionary,
  _words: Iterable<string>,
): Promise<ReadonlyMap<string, string | null>> {
  throw new Error("to be written");
}
