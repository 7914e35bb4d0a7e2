import {
  and,
  count,
  desc,
  eq,
  getTableColumns,
  gte,
  ilike,
  inArray,
  isNull,
  like,
  lt,
  or,
  type SQL,
  sql,
} from "drizzle-orm";
import { isOwnedBy, type Viewer } from "../access/viewer.ts";
import { beginningWith, type Db } from "../db/db.ts";
import { CHANGE_KINDS, type ChangeKind, pageChanges, pages } from "../db/schema/pages.ts";
import { websites } from "../db/schema/websites.ts";
import { AppError } from "../errors.ts";

/** What changed on a page, with the page as it is now. */
export type Change = typeof pageChanges.$inferSelect & { url: string; title: string | null };

/** A change's place in lists: when it was found, to the microsecond, and its id, since several are found at once. */
export type ChangePlace = { detectedAtUs: string; id: string };

export type PlacedChange = Change & { detectedAtUs: string };

export type ChangeFilter = {
  viewer: Viewer;
  websiteId?: string;
  pageId?: string;
  crawlId?: string;
  /** Any of these. */
  kinds?: readonly ChangeKind[];
  /** Found then or later, and before. */
  since?: Date;
  until?: Date;
  /** Share of the text that changed; changes without one, such as a page that was removed, are let through. */
  minShare?: number;
  /** In the page's title or URL, in whatever case. */
  text?: string;
  /** As paths are kept. */
  pathPrefix?: string;
};

/** Newest first. By website, since that is how the index goes: each gives its newest, and the newest of these are taken. */
export async function listChanges(
  db: Db,
  { viewer, websiteId, ...filter }: ChangeFilter,
  { limit, after }: { limit: number; after?: ChangePlace },
): Promise<PlacedChange[]> {
  const { detectedAt, id } = pageChanges;
  const owned = db
    .select({ websiteId: sql<string>`${websites.id}`.as("owned_id") })
    .from(websites)
    .where(and(isOwnedBy(viewer), isNull(websites.deletedAt), websiteId ? eq(websites.id, websiteId) : undefined))
    .as("owned");
  const newest = db
    .select(columns)
    .from(pageChanges)
    .innerJoin(pages, eq(pages.id, pageChanges.pageId))
    .where(and(eq(pageChanges.websiteId, owned.websiteId), isMeant(filter), after && isAfter(after)))
    .orderBy(desc(detectedAt), desc(id))
    .limit(limit)
    .as("newest");
  const rows = await db
    .select()
    .from(owned)
    .innerJoinLateral(newest, sql`true`)
    .orderBy(desc(newest.detectedAt), desc(newest.id))
    .limit(limit);
  return rows.map((row) => row.newest);
}

/** @throws AppError `not_found` also when its website is deleted or belongs to somebody else */
export async function getChange(db: Db, viewer: Viewer, id: string): Promise<Change> {
  const [found] = await db
    .select(columns)
    .from(pageChanges)
    .innerJoin(pages, eq(pages.id, pageChanges.pageId))
    .innerJoin(websites, eq(websites.id, pageChanges.websiteId))
    .where(and(eq(pageChanges.id, id), isOwnedBy(viewer), isNull(websites.deletedAt)));
  if (!found) throw new AppError("not_found", `There is no change ${id}`);
  return found;
}

export type ChangeCounts = Record<ChangeKind, number>;

/** What a crawl found, by kind. Whoever asks may see the crawl. */
export async function countChangesOf(db: Db, crawlId: string): Promise<ChangeCounts> {
  const rows = await db
    .select({ kind: pageChanges.kind, changes: count() })
    .from(pageChanges)
    .where(eq(pageChanges.crawlId, crawlId))
    .groupBy(pageChanges.kind);
  return toCounts(rows);
}

export function toCounts(rows: readonly { kind: ChangeKind; changes: number }[]): ChangeCounts {
  const counts = Object.fromEntries(CHANGE_KINDS.map((kind) => [kind, 0])) as ChangeCounts;
  for (const { kind, changes } of rows) counts[kind] = changes;
  return counts;
}

/** As text, since the program's dates end at milliseconds. */
const detectedAtUs = sql<string>`(extract(epoch from ${pageChanges.detectedAt}) * 1000000)::bigint::text`;

const columns = {
  ...getTableColumns(pageChanges),
  url: sql<string>`${pages.url}`.as("page_url"),
  title: sql<string | null>`${pages.title}`.as("page_title"),
  detectedAtUs: detectedAtUs.as("detected_at_us"),
};

function isAfter({ detectedAtUs: us, id }: ChangePlace): SQL {
  const at = sql`timestamptz 'epoch' + ${us}::bigint * interval '1 microsecond'`;
  return sql`(${pageChanges.detectedAt}, ${pageChanges.id}) < (${at}, ${id}::uuid)`;
}

function isMeant(filter: Omit<ChangeFilter, "viewer" | "websiteId">): SQL | undefined {
  const { pageId, crawlId, kinds, since, until, minShare, text, pathPrefix } = filter;
  const { share } = pageChanges;
  const containing = text === undefined ? undefined : `%${beginningWith(text)}`;
  return and(
    pageId ? eq(pageChanges.pageId, pageId) : undefined,
    crawlId ? eq(pageChanges.crawlId, crawlId) : undefined,
    kinds ? inArray(pageChanges.kind, [...kinds]) : undefined,
    since ? gte(pageChanges.detectedAt, since) : undefined,
    until ? lt(pageChanges.detectedAt, until) : undefined,
    minShare === undefined ? undefined : or(isNull(share), gte(share, minShare)),
    containing === undefined ? undefined : or(ilike(pages.url, containing), ilike(pages.title, containing)),
    pathPrefix ? like(pages.path, beginningWith(pathPrefix)) : undefined,
  );
}
