import { and, asc, eq, gt, lte, sql } from "drizzle-orm";
import type { Breadcrumb, Heading } from "../content/document.ts";
import { type Db, rowsOf, toUuids } from "../db/db.ts";
import { markdownDocuments, pageChanges, pages } from "../db/schema/pages.ts";
import { indexedPages, passages } from "../db/schema/passages.ts";

/** Grows when the same document is cut or reduced in another way than before. */
export const MAKE = 1;

/** Pages that one statement looks over: on the embedded database a few milliseconds, in which nobody else is answered. */
const WINDOW = 1_000;

/** A page that the index is behind of. */
export type PendingPage = {
  id: string;
  /** What is to be indexed; null for a page that is no more, or has no text. */
  documentId: string | null;
  title: string | null;
  language: string | null;
  indexed: { documentId: string; version: number } | undefined;
  /** What is indexed of it would be indexed in another way by now. */
  isMadeAnew: boolean;
  /** Of a page that was not there for a while: until which version it was indexed, and since when it is there again. */
  former: { version: number; at: Date } | undefined;
};

/** A version of a page that is not indexed. */
export type PendingVersion = { id: string; page: PendingPage; version: number; bytes: number; isCurrent: boolean };

export type ReadVersion = {
  id: string;
  description: string | null;
  title: string | null;
  language: string | null;
  markdown: string;
  headings: Heading[];
  breadcrumbs: Breadcrumb[];
  simhash: bigint;
  fetchedAt: Date;
};

/** A page of which there is a text to find: one that is missing for now still has its last. */
export const isThere = sql`(${pages.state} in ('live', 'missing') and ${pages.documentId} is not null)`;

/** Goes over a website's pages by their ids, and gives those that the index is behind of. */
export async function* listPending(db: Db, websiteId: string): AsyncIterable<PendingPage[]> {
  for (let after: string | undefined; ; ) {
    const isLater = and(eq(pages.websiteId, websiteId), after === undefined ? undefined : gt(pages.id, after));
    const ids = db.select({ id: pages.id }).from(pages).where(isLater).orderBy(asc(pages.id));
    const [last] = await ids.offset(WINDOW - 1).limit(1);
    const found = await listBehind(db, and(isLater, last && lte(pages.id, last.id)));
    if (found.length > 0) yield found;
    if (!last) return;
    after = last.id;
  }
}

async function listBehind(db: Db, isMeant: ReturnType<typeof and>): Promise<PendingPage[]> {
  const differs = sql<boolean>`(${indexedPages.make} <> ${MAKE}
    or ${indexedPages.title} is distinct from ${pages.title}
    or ${indexedPages.language} is distinct from ${pages.language})`;
  const former = sql<{ version: number; at: string } | null>`case when ${indexedPages.pageId} is null then (
    select json_build_object('version', max(${passages.toVersion}) - 1, 'at', greatest(max(${passages.toAt}), (
      select max(${pageChanges.detectedAt}) from ${pageChanges}
      where ${pageChanges.pageId} = ${pages.id} and ${pageChanges.kind} = 'restored')))
    from ${passages} where ${passages.pageId} = ${pages.id} having count(*) > 0) end`;
  const rows = await db
    .select({
      id: pages.id,
      documentId: sql<string | null>`case when ${isThere} then ${pages.documentId} end`,
      title: pages.title,
      language: pages.language,
      indexedId: indexedPages.documentId,
      indexedVersion: indexedPages.version,
      ...{ differs, former },
    })
    .from(pages)
    .leftJoin(indexedPages, eq(indexedPages.pageId, pages.id))
    .where(
      and(
        isMeant,
        sql`case when ${isThere} then ${indexedPages.documentId} is distinct from ${pages.documentId} or ${differs}
          else ${indexedPages.pageId} is not null end`,
      ),
    )
    .orderBy(asc(pages.id));
  return rows.map(({ indexedId, indexedVersion, differs, former, ...page }) => ({
    ...page,
    indexed:
      indexedId === null || indexedVersion === null ? undefined : { documentId: indexedId, version: indexedVersion },
    isMadeAnew: differs === true,
    former: former === null ? undefined : { version: former.version ?? 0, at: new Date(former.at) },
  }));
}

/** The kept versions of pages that come after the indexed ones, up to the current, in their order. */
export async function listVersions(db: Db, behind: readonly PendingPage[]): Promise<PendingVersion[]> {
  const asked = behind
    .filter(({ documentId }) => documentId !== null)
    .map(({ id, documentId, indexed, former }) => ({
      id,
      document_id: documentId,
      after: indexed?.version ?? former?.version ?? 0,
    }));
  if (asked.length === 0) return [];
  const result = await db.execute(sql`
    select d.id, d.page_id, d.version, octet_length(d.markdown) as bytes, d.id = v.document_id as is_last
    from json_to_recordset(${JSON.stringify(asked)}::text::json) as v(id uuid, document_id uuid, after integer)
    join ${markdownDocuments} d on d.page_id = v.id
      and (d.version > v.after or d.id = v.document_id)
    order by d.page_id, d.version`);
  const rows = rowsOf<{ id: string; page_id: string; version: number; bytes: number; is_last: boolean }>(result);
  const byId = new Map(behind.map((page) => [page.id, page]));
  const lasts = new Map(rows.flatMap((row) => (row.is_last ? [[row.page_id, row.version] as const] : [])));
  return rows.flatMap(({ id, page_id, version, bytes, is_last }) => {
    const page = byId.get(page_id);
    // Without its current version a page has changed since it was looked at.
    return page && version <= (lasts.get(page_id) ?? 0) ? [{ id, page, version, bytes, isCurrent: is_last }] : [];
  });
}

/** What is indexed of versions; of one that was given up meanwhile nothing. */
export async function readVersions(db: Db, ids: readonly string[]): Promise<Map<string, ReadVersion>> {
  const { id, description, title, language, markdown, details, simhash, fetchedAt } = markdownDocuments;
  const rows = await db
    .select({
      ...{ id, description, title, language, markdown, simhash, fetchedAt },
      // All of it may be longer than the text.
      headings: sql<Heading[]>`coalesce(${details} -> 'headings', '[]')`,
      breadcrumbs: sql<Breadcrumb[]>`coalesce(${details} -> 'breadcrumbs', '[]')`,
    })
    .from(markdownDocuments)
    .where(sql`${id} = any(${toUuids(ids)})`);
  return new Map(rows.map((row) => [row.id, row]));
}

/** When pages that are there no more were found to be gone, as far as that was told. */
export async function readEnds(db: Db, pageIds: readonly string[]): Promise<Map<string, Date>> {
  if (pageIds.length === 0) return new Map();
  const result = await db.execute(sql`
    select page_id as id, max(detected_at)::text as at from ${pageChanges}
    where page_id = any(${toUuids(pageIds)}) and kind in ('removed', 'moved') group by page_id`);
  return new Map(rowsOf<{ id: string; at: string }>(result).map(({ id, at }) => [id, new Date(at)]));
}
