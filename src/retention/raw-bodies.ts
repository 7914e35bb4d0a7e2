import { and, asc, eq, gt, inArray, notExists, sql } from "drizzle-orm";
import type { Db } from "../db/db.ts";
import { markdownDocuments, pages, rawHtml } from "../db/schema/pages.ts";
import { inBatches } from "./batches.ts";

/** Hashes that are looked at together, by indexes alone; and bodies that are deleted at once, which takes longer. */
const BATCH = 200;

/** Writers wait meanwhile, so the purge gives up before they notice, and comes back the next day. */
const LOCK_TIMEOUT_MS = 2_000;

/**
 * Bodies to which no page and no document refers. They are kept by content, without a count of who refers to them: a
 * transaction may find one that nobody needs, insert nothing, and refer to it while it is being deleted. So bodies are
 * deleted under a lock that every insertion conflicts with, even one that inserts nothing. Once it is granted, whoever
 * inserted before has committed, and their references are seen; whoever comes later waits, finds the body gone, and
 * inserts it anew. A reference is never made without such an insertion, but by a page to the body it has already.
 */
export async function purgeRawBodies(db: Db, signal?: AbortSignal): Promise<number> {
  let count = 0;
  let after: string | undefined;
  await inBatches(db, signal, async (tx) => {
    const looked = await tx
      .select({ hash: rawHtml.hash })
      .from(rawHtml)
      .where(after === undefined ? undefined : gt(rawHtml.hash, after))
      .orderBy(asc(rawHtml.hash))
      .limit(BATCH);
    const hashes = looked.map(({ hash }) => hash);
    const unused = await findUnused(tx, hashes);
    if (unused.length > 0) count += await deleteUnused(tx, unused);
    after = hashes.at(-1);
    return hashes.length === BATCH ? "more" : "done";
  });
  return count;
}

/** Without a lock, as nearly all batches have none. */
async function findUnused(tx: Db, hashes: string[]): Promise<string[]> {
  if (hashes.length === 0) return [];
  const rows = await tx
    .select({ hash: rawHtml.hash })
    .from(rawHtml)
    .where(and(inArray(rawHtml.hash, hashes), isUnused(tx)));
  return rows.map(({ hash }) => hash);
}

async function deleteUnused(tx: Db, hashes: string[]): Promise<number> {
  await tx.execute(sql.raw(`set local lock_timeout = ${LOCK_TIMEOUT_MS}`));
  await tx.execute(sql`lock table ${rawHtml} in share row exclusive mode`);
  const deleted = await tx
    .delete(rawHtml)
    .where(and(inArray(rawHtml.hash, hashes), isUnused(tx)))
    .returning({ hash: rawHtml.hash });
  return deleted.length;
}

function isUnused(tx: Db) {
  const ofPages = tx.select({ hash: pages.rawHash }).from(pages).where(eq(pages.rawHash, rawHtml.hash));
  const ofDocuments = tx
    .select({ hash: markdownDocuments.rawHash })
    .from(markdownDocuments)
    .where(eq(markdownDocuments.rawHash, rawHtml.hash));
  return and(notExists(ofPages), notExists(ofDocuments));
}
