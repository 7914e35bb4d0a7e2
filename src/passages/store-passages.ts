import { and, eq, isNull, sql } from "drizzle-orm";
import { type Db, rowsOf, takeOver, toUuids } from "../db/db.ts";
import { pages } from "../db/schema/pages.ts";
import { indexedPages, passages } from "../db/schema/passages.ts";
import { websites } from "../db/schema/websites.ts";
import { type CutVersion, diffPage, type PageWrites, type StoredPassage } from "./page-diff.ts";
import { isThere, MAKE, type PendingPage } from "./pending.ts";

/** A page with what is new of it, the oldest first; of one that is gone, when that was. */
export type PageBatch = { page: PendingPage; versions: readonly CutVersion[]; goneAt?: Date };

/** Pages that are indexed anew, and that are gone; passages that are new, kept as they were, and gone. */
export type StoredCounts = { pages: number; removed: number; added: number; kept: number; ended: number };

export const noCounts = (): StoredCounts => ({ pages: 0, removed: 0, added: 0, kept: 0, ended: 0 });

export function addCounts(total: StoredCounts, counts: StoredCounts): void {
  for (const name of Object.keys(total) as (keyof StoredCounts)[]) total[name] += counts[name];
}

/**
 * Writes what is new of some pages in one transaction. Pages that have changed since they were read are left to the next
 * look.
 * @returns `undefined` when the website is gone
 */
export function storeBatch(
  db: Db,
  websiteId: string,
  batch: readonly PageBatch[],
  now: Date,
): Promise<StoredCounts | undefined> {
  return db.transaction(
    async (tx) => {
      // First, as whoever deletes it for good takes its lock before those of its pages.
      const isLive = and(eq(websites.id, websiteId), isNull(websites.deletedAt));
      const [website] = await tx.select({ id: websites.id }).from(websites).where(isLive).for("key share");
      if (!website) return undefined;
      const same = await lockUnchanged(tx, batch);
      const current = await readCurrent(tx, same);
      const writes = same.map((each) => ({ ...each, ...diffPage(each, current.get(each.page.id) ?? []) }));
      await writePassages(tx, websiteId, writes);
      await writePages(tx, websiteId, writes, now);
      return countWrites(writes);
    },
    // A statement behind the locks must see what was committed before them.
    { isolationLevel: "read committed" },
  );
}

/** Locks the pages in the order that crawls do, and gives those that are as they were when they were looked at. */
async function lockUnchanged(tx: Db, batch: readonly PageBatch[]): Promise<PageBatch[]> {
  const ids = toUuids(batch.map(({ page }) => page.id));
  const locked = await tx.execute(sql`
    select ${pages.id} as id, case when ${isThere} then ${pages.documentId} end as "documentId" from ${pages}
    where ${pages.id} = any(${ids}) order by ${pages.id} for no key update`);
  // Behind the locks: another that indexes may have been at them.
  const { pageId, documentId } = indexedPages;
  const indexed = await tx.select({ pageId, documentId }).from(indexedPages).where(sql`${pageId} = any(${ids})`);
  const documentOf = new Map(
    rowsOf<{ id: string; documentId: string | null }>(locked).map((row) => [row.id, row.documentId]),
  );
  const indexedOf = new Map(indexed.map((row) => [row.pageId, row.documentId]));
  return batch.filter(
    ({ page }) => documentOf.get(page.id) === page.documentId && indexedOf.get(page.id) === page.indexed?.documentId,
  );
}

async function readCurrent(tx: Db, batch: readonly PageBatch[]): Promise<Map<string, StoredPassage[]>> {
  const known = batch.filter(({ page }) => page.indexed).map(({ page }) => page.id);
  if (known.length === 0) return new Map();
  const { id, pageId, hash, place, anchor, fromVersion, fromAt, toAt } = passages;
  const rows = await tx
    .select({ ...{ id, pageId, hash, place, anchor, fromVersion, fromAt } })
    .from(passages)
    .where(and(sql`${pageId} = any(${toUuids(known)})`, isNull(toAt)))
    .orderBy(place);
  return Map.groupBy(rows, (row) => row.pageId);
}

async function writePassages(tx: Db, websiteId: string, pageWrites: readonly PageWrites[]): Promise<void> {
  const removed = pageWrites.flatMap((writes) => writes.removed);
  if (removed.length > 0) await tx.delete(passages).where(sql`${passages.id} = any(${toUuids(removed)})`);
  const ended = pageWrites.flatMap((writes) => writes.ended);
  if (ended.length > 0) {
    await tx.execute(sql`
      update ${passages} p set to_version = v.to_version, to_at = v.to_at
      from json_to_recordset(${JSON.stringify(ended)}::text::json) as v(id uuid, to_version integer, to_at timestamptz)
      where p.id = v.id`);
  }
  const moved = pageWrites.flatMap((writes) => writes.moved);
  if (moved.length > 0) {
    await tx.execute(sql`
      update ${passages} p set place = v.place, anchor = v.anchor
      from json_to_recordset(${JSON.stringify(moved)}::text::json) as v(id uuid, place integer, anchor text)
      where p.id = v.id`);
  }
  const refreshed = pageWrites.flatMap((writes) => writes.refreshed);
  if (refreshed.length > 0) {
    await tx.execute(sql`
      update ${passages} p set place = v.place, anchor = v.anchor, dictionary = v.dictionary, terms = v.terms
      from json_to_recordset(${JSON.stringify(refreshed)}::text::json)
        as v(id uuid, place integer, anchor text, dictionary text, terms tsvector)
      where p.id = v.id`);
  }
  const added = pageWrites.flatMap((writes) => writes.added);
  for (let at = 0; at < added.length; at += ROWS) await insertPassages(tx, websiteId, added.slice(at, at + ROWS));
}

/** Rows of one statement: a book has a thousand, and the embedded database answers nobody else meanwhile. */
const ROWS = 128;

/** Stands between values; no lexeme has it. */
const SEPARATOR = "\u001e";

/**
 * As few values: a statement with a parameter for each would take longer to put together than to run. The long ones go
 * beside the JSON, in which PostgreSQL would read them twice, character by character.
 */
async function insertPassages(tx: Db, websiteId: string, added: PageWrites["added"]): Promise<void> {
  const terms = added.map((row) => row.terms).join(SEPARATOR);
  const texts = added.map((row) => row.text).join(SEPARATOR);
  const rest = added.map(({ terms: _, text: __, ...row }) => row);
  await tx.execute(sql`
    insert into ${passages} (id, website_id, page_id, place, hash, heading_path, anchor, text, dictionary, terms, tokens,
      from_version, from_at, to_version, to_at)
    select v.id, ${websiteId}::uuid, v.page_id, v.place, v.hash, v.heading_path, v.anchor, decode(v.text, 'base64'),
      v.dictionary, v.terms::tsvector, v.tokens, v.from_version, v.from_at, v.to_version, v.to_at
    from rows from (
      json_to_recordset(${JSON.stringify(rest)}::text::json) as (
        id uuid, page_id uuid, place integer, hash uuid, heading_path text[], anchor text, dictionary text,
        tokens integer, from_version integer, from_at timestamptz, to_version integer, to_at timestamptz
      ),
      unnest(string_to_array(${terms}, ${SEPARATOR})),
      unnest(string_to_array(${texts}, ${SEPARATOR}))
    ) as v(id, page_id, place, hash, heading_path, anchor, dictionary, tokens, from_version, from_at, to_version, to_at,
      terms, text)`);
}

async function writePages(tx: Db, websiteId: string, batch: readonly PageBatch[], now: Date): Promise<void> {
  const gone = batch.filter(({ goneAt }) => goneAt !== undefined).map(({ page }) => page.id);
  if (gone.length > 0) await tx.delete(indexedPages).where(sql`${indexedPages.pageId} = any(${toUuids(gone)})`);
  const rows = batch.flatMap(({ page, versions }) => {
    const last = versions.at(-1);
    if (!last) return [];
    const { id, version, title, language, summary, breadcrumbs, byteLength, passages: cut, simhash } = last;
    return {
      ...{ pageId: page.id, websiteId, documentId: id, version, make: MAKE, title, language, summary, breadcrumbs },
      ...{ byteLength, simhash, passages: cut.length, tokens: cut.reduce((sum, { tokens }) => sum + tokens, 0) },
      indexedAt: now,
    };
  });
  if (rows.length === 0) return;
  await tx.insert(indexedPages).values(rows).onConflictDoUpdate({ target: indexedPages.pageId, set: TAKEN_OVER });
}

const TAKEN_OVER = takeOver([
  ...(["documentId", "version", "make", "title", "language", "summary", "breadcrumbs", "byteLength"] as const),
  ...(["simhash", "passages", "tokens", "indexedAt"] as const),
] satisfies (keyof typeof indexedPages.$inferInsert)[]);

function countWrites(batch: readonly (PageBatch & PageWrites)[]): StoredCounts {
  const counts = noCounts();
  for (const { goneAt, added, kept, ended } of batch) {
    counts[goneAt === undefined ? "pages" : "removed"]++;
    counts.added += added.length;
    counts.kept += kept;
    counts.ended += ended.length;
  }
  return counts;
}
