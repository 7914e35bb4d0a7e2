import type { Clock } from "../clock.ts";
import type { Db } from "../db/db.ts";

export type BuiltIndex = { kind: "llms_txt" | "llms_full" | "site_map"; version: number; isNew: boolean };

/**
 * Builds a website's `llms.txt`, `llms-full.txt` and site map from what is indexed of its pages, and keeps those that
 * differ from their last version. Safe to repeat.
 */
export async function buildWebsiteIndexes(
  _context: { db: Db; clock: Clock },
  _websiteId: string,
  _signal?: AbortSignal,
): Promise<BuiltIndex[]> {
  throw new Error("to be written");
}
