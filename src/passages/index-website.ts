import type { Clock } from "../clock.ts";
import type { Db } from "../db/db.ts";

export type IndexingProgress = { pages: number; passages: number };

/** What was done: pages indexed anew, passages that are new, kept as they were, and gone. */
export type IndexingResult = { pages: number; removed: number; added: number; kept: number; ended: number };

/**
 * Brings the passages of a website up to its pages: those whose current version is not indexed yet, and those that were
 * removed. Safe to repeat and to end at any moment; each batch is a transaction.
 */
export async function indexWebsite(
  _context: { db: Db; clock: Clock },
  _websiteId: string,
  _run: { signal: AbortSignal; onProgress?: (progress: IndexingProgress) => void },
): Promise<IndexingResult> {
  throw new Error("to be written");
}
