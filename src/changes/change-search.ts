import type { Db } from "../db/db.ts";
import { compilePattern, matches, type Pattern } from "../patterns/pattern.ts";
import { type ChangeFilter, type ChangePlace, listChanges, type PlacedChange } from "./changes.ts";

/** Paths that are meant: what the database narrows them down to, and what is then held against each. */
export type PathFilter = { pathPrefix?: string; pattern?: Pattern };

/** Rows that are read at a time, and in all by one call, when a pattern decides which are meant. */
const BATCH = 500;
const MAX_LOOKED_AT = 5_000;

/**
 * A path's beginning such as `/docs/`, or a pattern such as `/docs/v*` or `re:/v[0-9]+$`.
 * @param normalize writes the beginning of a path as paths are kept
 * @throws AppError `invalid`
 */
export function readPathFilter(text: string, normalize: (prefix: string) => string): PathFilter {
  if (text.startsWith("/") && !/[*?[\]{}\\]/.test(text)) return { pathPrefix: normalize(text) };
  const pattern = compilePattern(text);
  const [start = ""] = /^\/[^*?[\]{}\\]*/.exec(text) ?? [];
  return start.length > 1 ? { pattern, pathPrefix: normalize(start) } : { pattern };
}

/**
 * Some of the changes that are meant, newest first, and where to go on; nowhere at the end. They may be fewer than
 * `limit`, and none at all, though there is more: a pattern is held against so many rows at a time and no more.
 */
export async function searchChanges(
  db: Db,
  { pattern, ...filter }: ChangeFilter & PathFilter,
  { limit, after }: { limit: number; after?: ChangePlace },
): Promise<{ changes: PlacedChange[]; next?: ChangePlace }> {
  if (!pattern) {
    const rows = await listChanges(db, filter, { limit: limit + 1, after });
    const changes = rows.slice(0, limit);
    return { changes, next: rows.length > limit ? placeOf(changes) : undefined };
  }
  const changes: PlacedChange[] = [];
  let place = after;
  for (let looked = 0; looked < MAX_LOOKED_AT; looked += BATCH) {
    const rows = await listChanges(db, filter, { limit: BATCH, after: place });
    for (const row of rows) {
      place = { detectedAtUs: row.detectedAtUs, id: row.id };
      if (matches(pattern, row.url)) changes.push(row);
      if (changes.length === limit) return { changes, next: place };
    }
    if (rows.length < BATCH) return { changes };
  }
  return { changes, next: place };
}

/** All that are meant, newest first, in batches. What is found meanwhile is newer, and not among them. */
export async function* eachChange(
  db: Db,
  filter: ChangeFilter & PathFilter,
  limit = Number.POSITIVE_INFINITY,
): AsyncGenerator<PlacedChange[]> {
  let left = limit;
  let after: ChangePlace | undefined;
  do {
    const { changes, next } = await searchChanges(db, filter, { limit: Math.min(BATCH, left), after });
    if (changes.length > 0) yield changes;
    left -= changes.length;
    after = next;
  } while (after && left > 0);
}

const placeOf = (changes: readonly PlacedChange[]): ChangePlace | undefined => {
  const last = changes.at(-1);
  return last && { detectedAtUs: last.detectedAtUs, id: last.id };
};
