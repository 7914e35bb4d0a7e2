import type { Clock } from "../clock.ts";
import type { Db } from "../db/db.ts";
import type { Embedder, Embedding } from "./embedder.ts";

export type NearPassage = { passageId: string; pageId: string /** Cosine distance, 0 to 2. */; distance: number };

/** Why vectors can't be searched, in a sentence. */
export type NoVectors = { reason: string };

/**
 * The passages nearest to a text, nearest first, by the model that serves.
 * @returns the reason where vectors are not to be had: no endpoint, no extension, nothing embedded yet, or no answer in time
 */
export async function findNearestTo(
  _context: { db: Db; clock: Clock; embedder?: Embedder | undefined },
  _text: string,
  _scope: { websiteIds: readonly string[] | undefined; limit: number },
  _signal?: AbortSignal,
): Promise<NearPassage[] | NoVectors> {
  throw new Error("to be written");
}

/** The passages nearest to a vector that is known. */
export async function findNearest(
  _context: { db: Db; clock: Clock },
  _vector: Embedding,
  _scope: { websiteIds: readonly string[] | undefined; limit: number; exceptPageId?: string },
): Promise<NearPassage[] | NoVectors> {
  throw new Error("to be written");
}
