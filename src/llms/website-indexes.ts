import { and, desc, eq, getTableColumns, inArray, isNull, lt, sql } from "drizzle-orm";
import type { Viewer } from "../access/viewer.ts";
import { type Db, rowsOf } from "../db/db.ts";
import { indexedWebsites } from "../db/schema/passages.ts";
import { websiteIndexes, websites } from "../db/schema/websites.ts";
import { AppError } from "../errors.ts";
import { getWebsite } from "../websites/websites.ts";

export type WebsiteIndex = typeof websiteIndexes.$inferSelect;
export type IndexKind = WebsiteIndex["kind"];
/** A version, without what is in it. */
export type IndexVersion = Omit<WebsiteIndex, "content">;

/** A version as it is served, and how fresh it is. */
export type ServedIndex = {
  index: WebsiteIndex;
  isCurrent: boolean;
  /** All that was stored before then is in the current version; null while the website is not indexed. */
  indexedAt: Date | null;
};

export const INDEX_FILES: Record<IndexKind, string> = {
  llms_txt: "llms.txt",
  llms_full: "llms-full.txt",
  site_map: "index.json",
};

/** Versions of each kind that are kept, and the bytes that they may take together; the last two are kept in any case. */
const KEPT_VERSIONS = 30;
const KEPT_BYTES = 64_000_000;
const KEPT_AT_LEAST = 2;

const { content: _content, ...described } = getTableColumns(websiteIndexes);

/**
 * The current version, or another.
 * @throws AppError `not_found`, with the code `not_built` while there is none; `gone` with `version_removed` for a version
 *   that is kept no longer
 */
export async function getWebsiteIndex(
  db: Db,
  viewer: Viewer,
  websiteId: string,
  kind: IndexKind,
  version?: number,
): Promise<ServedIndex> {
  await getWebsite(db, viewer, websiteId);
  const last = await findLast(db, websiteId, kind);
  if (!last) {
    throw new AppError(
      "not_found",
      `${INDEX_FILES[kind]} of website ${websiteId} is not built yet: it is when a crawl of the website has ended`,
      { code: "not_built" },
    );
  }
  const [index] = await db
    .select()
    .from(websiteIndexes)
    .where(and(isOf(websiteId, kind), eq(websiteIndexes.version, version ?? last.version)));
  if (!index) throw withoutVersion(kind, version ?? last.version, last.version);
  const [indexed] = await db
    .select({ indexedAt: indexedWebsites.indexedAt })
    .from(indexedWebsites)
    .where(eq(indexedWebsites.websiteId, websiteId));
  return { index, isCurrent: index.version === last.version, indexedAt: indexed?.indexedAt ?? null };
}

/** Newest first, of all kinds or one. @throws AppError `not_found` */
export async function listWebsiteIndexes(
  db: Db,
  viewer: Viewer,
  websiteId: string,
  { kind, limit, before }: { kind?: IndexKind | undefined; limit: number; before?: string | undefined },
): Promise<IndexVersion[]> {
  await getWebsite(db, viewer, websiteId);
  return db
    .select(described)
    .from(websiteIndexes)
    .where(
      and(
        eq(websiteIndexes.websiteId, websiteId),
        kind && eq(websiteIndexes.kind, kind),
        before === undefined ? undefined : lt(websiteIndexes.id, before),
      ),
    )
    .orderBy(desc(websiteIndexes.id))
    .limit(limit);
}

export type NewIndex = {
  kind: IndexKind;
  content: string;
  /** Of what is served. */
  byteLength: number;
  pages: number;
};

/**
 * Keeps what was built as the next version, unless it is what the last one is. Safe to repeat.
 * @returns `undefined` when the website is gone
 */
export async function keepIndex(
  db: Db,
  websiteId: string,
  { kind, content, byteLength, pages }: NewIndex,
  made: { crawlId: string | null; createdAt: Date },
): Promise<{ version: number; isNew: boolean } | undefined> {
  const contentHash = Bun.SHA256.hash(content, "hex");
  const known = await findLast(db, websiteId, kind);
  if (known?.contentHash === contentHash) return { version: known.version, isNew: false };
  return db.transaction(async (tx) => {
    // One at a time: a command may build what the service is building as well.
    const isLive = and(eq(websites.id, websiteId), isNull(websites.deletedAt));
    const [website] = await tx.select({ id: websites.id }).from(websites).where(isLive).for("no key update");
    if (!website) return undefined;
    const last = await findLast(tx, websiteId, kind);
    if (last?.contentHash === contentHash) return { version: last.version, isNew: false };
    const version = (last?.version ?? 0) + 1;
    await tx
      .insert(websiteIndexes)
      .values({ websiteId, kind, version, content, contentHash, byteLength, pages, ...made });
    await giveUpOld(tx, websiteId, kind);
    return { version, isNew: true };
  });
}

async function giveUpOld(tx: Db, websiteId: string, kind: IndexKind): Promise<void> {
  const { id, version, content } = websiteIndexes;
  const result = await tx.execute(sql`
    select id from (
      select ${id} as id,
        row_number() over (order by ${version} desc) as place,
        sum(pg_column_size(${content})) over (order by ${version} desc) as bytes
      from ${websiteIndexes}
      where ${isOf(websiteId, kind)}
    ) as ranked
    where place > ${KEPT_VERSIONS} or (place > ${KEPT_AT_LEAST} and bytes > ${KEPT_BYTES})`);
  const ids = rowsOf<{ id: string }>(result).map((row) => row.id);
  if (ids.length > 0) await tx.delete(websiteIndexes).where(inArray(id, ids));
}

async function findLast(db: Db, websiteId: string, kind: IndexKind) {
  const { version, contentHash } = websiteIndexes;
  const [last] = await db
    .select({ version, contentHash })
    .from(websiteIndexes)
    .where(isOf(websiteId, kind))
    .orderBy(desc(version))
    .limit(1);
  return last;
}

function withoutVersion(kind: IndexKind, version: number, last: number): AppError {
  const name = INDEX_FILES[kind];
  if (version > last) return new AppError("not_found", `${name} has no version ${version}; the last one is ${last}`);
  return new AppError("gone", `Version ${version} of ${name} is kept no longer; the last one is ${last}`, {
    code: "version_removed",
  });
}

const isOf = (websiteId: string, kind: IndexKind) =>
  and(eq(websiteIndexes.websiteId, websiteId), eq(websiteIndexes.kind, kind));
