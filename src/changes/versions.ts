import { and, asc, desc, eq, gt, inArray, lt, lte, type SQL, sql } from "drizzle-orm";
import type { Viewer } from "../access/viewer.ts";
import type { Db } from "../db/db.ts";
import { markdownDocuments, pageChanges, rawHtml } from "../db/schema/pages.ts";
import { AppError } from "../errors.ts";
import { getRawOf, type PageDocument, type RawPage, type StoredDocument, withoutDocument } from "../pages/document.ts";
import { getPage, type Page } from "../pages/pages.ts";

/** A version of a page's document, without its text. */
export type Version = Pick<StoredDocument, "id" | "version" | "title" | "wordCount" | "contentHash" | "rawHash"> &
  Pick<StoredDocument, "fetchedAt" | "crawlId"> & {
    /** Bytes of the body that it was made of. */
    byteLength: number | null;
    /** The change that it was told by; null for a first one, and for one that came quietly. */
    changeId: string | null;
  };

/** Newest first. @throws AppError `not_found` */
export async function listVersions(
  db: Db,
  viewer: Viewer,
  pageId: string,
  { limit, before }: { limit: number; before?: number },
): Promise<{ page: Page; versions: Version[] }> {
  const page = await getPage(db, viewer, pageId);
  const { id, version, title, wordCount, contentHash, rawHash, fetchedAt, crawlId } = markdownDocuments;
  const told = db
    .select({ id: pageChanges.id })
    .from(pageChanges)
    .where(and(eq(pageChanges.pageId, pageId), eq(pageChanges.toDocumentId, id)))
    .orderBy(desc(pageChanges.detectedAt))
    .limit(1);
  const versions = await db
    .select({
      ...{ id, version, title, wordCount, contentHash, rawHash, fetchedAt, crawlId, byteLength: rawHtml.byteLength },
      changeId: sql<string | null>`(${told})`,
    })
    .from(markdownDocuments)
    .leftJoin(rawHtml, eq(rawHtml.hash, rawHash))
    .where(and(eq(markdownDocuments.pageId, pageId), before === undefined ? undefined : lt(version, before)))
    .orderBy(desc(version))
    .limit(limit);
  return { page, versions };
}

/** @throws AppError `not_found`, or `gone` with the code `version_removed` when it was given up */
export async function getVersion(db: Db, viewer: Viewer, pageId: string, number: number): Promise<PageDocument> {
  const page = await getPage(db, viewer, pageId);
  return { page, document: await readVersion(db, page, number) };
}

/**
 * What was current at an instant.
 * @throws AppError `not_found`, with the code `not_yet` before the first version; `gone` with the code
 * `version_removed` when it was given up
 */
export async function getVersionAt(db: Db, viewer: Viewer, pageId: string, at: Date): Promise<PageDocument> {
  const page = await getPage(db, viewer, pageId);
  return { page, document: await readVersionAt(db, page, at) };
}

/** The body that a version was made of, by its number or by when it was current. @throws as these do */
export async function getVersionRaw(db: Db, viewer: Viewer, pageId: string, point: number | Date): Promise<RawPage> {
  const { page, document } =
    typeof point === "number"
      ? await getVersion(db, viewer, pageId, point)
      : await getVersionAt(db, viewer, pageId, point);
  return getRawOf(db, page, document);
}

/** Like `getVersion`, of a page that is known. */
export async function readVersion(db: Db, page: Page, number: number): Promise<StoredDocument> {
  const document = await findOne(db, page, eq(markdownDocuments.version, number));
  if (document) return document;
  if (page.version === 0) throw withoutDocument(page);
  if (number < page.version)
    throw new AppError("gone", `Version ${number} of page ${page.id} is kept no longer`, { code: "version_removed" });
  throw new AppError("not_found", `Page ${page.id} has no version ${number}; its latest is ${page.version}`);
}

/** Like `getVersionAt`, of a page that is known. */
export async function readVersionAt(db: Db, page: Page, at: Date): Promise<StoredDocument> {
  if (page.version === 0) throw withoutDocument(page);
  const { version, fetchedAt } = markdownDocuments;
  const current = await findOne(db, page, lte(fetchedAt, at));
  const [next] = await db
    .select({ version, fetchedAt })
    .from(markdownDocuments)
    .where(and(eq(markdownDocuments.pageId, page.id), gt(version, current?.version ?? 0)))
    .orderBy(asc(version))
    .limit(1);
  const isFollowed = !next || next.version === (current?.version ?? 0) + 1;
  // Of versions that were given up it is known when they were told, if they were.
  if (isFollowed || (await isBefore(db, page, at, (current?.version ?? 0) + 1))) {
    if (current) return current;
    const message = `Page ${page.id} had no version at ${at.toISOString()}; it was first seen at ${page.firstSeenAt.toISOString()}`;
    throw new AppError("not_found", message, { code: "not_yet" });
  }
  const kept = current ? `versions ${current.version} and ${next.version} are` : `version ${next.version} is`;
  const message = `What page ${page.id} said at ${at.toISOString()} may be kept no longer; ${kept} the nearest to it`;
  throw new AppError("gone", message, { code: "version_removed" });
}

/** The newest that is kept before a version; `undefined` when there is none. */
export function findVersionBefore(db: Db, page: Page, number: number): Promise<StoredDocument | undefined> {
  return findOne(db, page, lt(markdownDocuments.version, number));
}

/** Documents by their ids, of those that are kept. */
export async function readDocuments(db: Db, ids: readonly string[]): Promise<Map<string, StoredDocument>> {
  if (ids.length === 0) return new Map();
  const found = await db
    .select()
    .from(markdownDocuments)
    .where(inArray(markdownDocuments.id, [...ids]));
  return new Map(found.map((document) => [document.id, document]));
}

/** The newest that is meant. */
async function findOne(db: Db, page: Page, isMeant: SQL): Promise<StoredDocument | undefined> {
  const [document] = await db
    .select()
    .from(markdownDocuments)
    .where(and(eq(markdownDocuments.pageId, page.id), isMeant))
    .orderBy(desc(markdownDocuments.version))
    .limit(1);
  return document;
}

/** Whether an instant lies before a version that is not kept, as far as that is known. */
async function isBefore(db: Db, page: Page, at: Date, version: number): Promise<boolean> {
  if (version === 1) return at < page.firstSeenAt;
  const [told] = await db
    .select({ detectedAt: pageChanges.detectedAt })
    .from(pageChanges)
    .where(and(eq(pageChanges.pageId, page.id), eq(pageChanges.toVersion, version)))
    .orderBy(asc(pageChanges.detectedAt))
    .limit(1);
  return told !== undefined && at < told.detectedAt;
}
