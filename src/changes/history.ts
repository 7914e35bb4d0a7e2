import type { Viewer } from "../access/viewer.ts";
import type { ParserPool } from "../content/parser-pool.ts";
import type { Db } from "../db/db.ts";
import { AppError } from "../errors.ts";
import { type StoredDocument, withoutDocument } from "../pages/document.ts";
import { getPage, type Page } from "../pages/pages.ts";
import { type Change, getChange } from "./changes.ts";
import { comparableText, comparableTexts, toCompared } from "./comparable-text.ts";
import { findTrackedWebsite } from "./tracked-website.ts";
import { rulesFor } from "./tracking.ts";
import { findVersionBefore, readDocuments, readVersion, readVersionAt } from "./versions.ts";

/** A version by its number, or by when it was current. */
export type VersionPoint = number | Date;

/** What is compared. A page that was not there yet, or is not there any more, has no text. */
export type VersionPair = { page: Page; before: StoredDocument | undefined; after: StoredDocument | undefined };

/**
 * Two versions of a page: unless told otherwise the current one, and the newest that is kept before the other.
 * @throws AppError `not_found`, with the code `not_yet` where there was none before; `gone` with the code
 * `version_removed`
 */
export async function getVersionPair(
  db: Db,
  viewer: Viewer,
  pageId: string,
  { from, to }: { from?: VersionPoint; to?: VersionPoint },
): Promise<VersionPair> {
  const page = await getPage(db, viewer, pageId);
  if (page.version === 0) throw withoutDocument(page);
  const read = (point: VersionPoint) =>
    typeof point === "number" ? readVersion(db, page, point) : readVersionAt(db, page, point);
  const after = await read(to ?? page.version);
  const before = from === undefined ? await findVersionBefore(db, page, after.version) : await read(from);
  if (before) return { page, before, after };
  if (after.version > 1)
    throw new AppError("gone", `No version of page ${page.id} before ${after.version} is kept any longer`, {
      code: "version_removed",
    });
  throw new AppError("not_found", `Page ${page.id} has one version so far: there is nothing to compare it with`, {
    code: "not_yet",
  });
}

/**
 * What a change was found between.
 * @throws AppError `not_found`, or `gone` with the code `version_removed`
 */
export async function getChangePair(
  db: Db,
  viewer: Viewer,
  changeId: string,
): Promise<VersionPair & { change: Change }> {
  const change = await getChange(db, viewer, changeId);
  const { fromDocumentId, toDocumentId, fromVersion, toVersion } = change;
  const page = await getPage(db, viewer, change.pageId);
  const kept = await readDocuments(
    db,
    [fromDocumentId, toDocumentId].filter((id) => id !== null),
  );
  const find = (id: string | null, version: number | null) => {
    const document = id === null ? undefined : kept.get(id);
    if (id === null || document) return document;
    const message = `Version ${version ?? ""} of page ${page.id}, which the change is about, is kept no longer`;
    throw new AppError("gone", message, { code: "version_removed" });
  };
  const [before, after] = [find(fromDocumentId, fromVersion), find(toDocumentId, toVersion)];
  // Of a page that moved, one text may be all that is known.
  if (change.kind === "moved") return { change, page, before: before ?? after, after: after ?? before };
  return { change, page, before, after };
}

/**
 * The texts of two versions; without what the website's rules leave out, if that is asked for.
 * @throws AppError `unavailable` when there is no room to read a body anew
 */
export async function comparedTexts(
  { db, parser }: { db: Db; parser: ParserPool },
  { page, before, after }: VersionPair,
  { ignoresNoise }: { ignoresNoise: boolean },
  signal?: AbortSignal,
): Promise<{ before: string; after: string }> {
  const website = ignoresNoise ? await findTrackedWebsite(db, page.websiteId) : undefined;
  if (!website) return { before: before?.markdown ?? "", after: after?.markdown ?? "" };
  const rules = rulesFor(website.tracking, page.url);
  const compared = (document: StoredDocument) => toCompared(db, page, document);
  if (before && after) {
    const versions = [compared(before), compared(after)] as const;
    const [was, is] = await comparableTexts({ parser }, ...versions, rules, signal);
    return { before: was, after: is };
  }
  const read = (document: StoredDocument | undefined) =>
    document ? comparableText({ parser }, compared(document), rules, signal) : "";
  return { before: await read(before), after: await read(after) };
}
