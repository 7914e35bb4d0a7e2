import { sql } from "drizzle-orm";
import type { Db } from "../db/db.ts";
import { pageLinks } from "../db/schema/pages.ts";

/** Bytes of a URL's hash that are kept: two of a million URLs share them once in forty million websites. */
export const TARGET_BYTES = 8;
/** Further links of one page are left out; 64 KB are enough for it. */
const MAX_TARGETS = 8_192;

export type LinkingPage = {
  pageId: string;
  /** Hashes of the canonical URLs it links to, within the website. */
  urlHashes: readonly string[];
};

/** Remembers which pages each of these links to; writes only where that changed. To be called in a transaction. */
export async function storePageLinks(tx: Db, pages: readonly LinkingPage[]): Promise<void> {
  if (pages.length === 0) return;
  const rows = pages
    .map(({ pageId, urlHashes }) => ({ pageId, targets: packTargets(urlHashes) }))
    // In one order everywhere, so that crawls that meet in the same pages can't block each other.
    .sort((a, b) => (a.pageId < b.pageId ? -1 : 1));
  await tx
    .insert(pageLinks)
    .values(rows)
    .onConflictDoUpdate({
      target: pageLinks.pageId,
      set: { targets: sql`excluded.targets` },
      setWhere: sql`${pageLinks.targets} <> excluded.targets`,
    });
}

/** The target at a place of the bytes, as a number: its first 52 bits, which are enough to tell a website's pages apart. */
export function readTarget(targets: Buffer, at: number): number {
  return targets.readUInt32BE(at) * 2 ** 20 + (targets.readUInt32BE(at + 4) >>> 12);
}

/** See `page_links.targets`. */
function packTargets(urlHashes: readonly string[]): Uint8Array {
  const starts = new Set(urlHashes.map((hash) => hash.slice(0, 8) + hash.slice(9, 13) + hash.slice(14, 18)));
  const sorted = [...starts].sort().slice(0, MAX_TARGETS);
  return Uint8Array.fromHex(sorted.join(""));
}
