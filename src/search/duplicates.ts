import { and, asc, eq, gt, inArray, isNull, lte, sql } from "drizzle-orm";
import { isOwnedBy, type Viewer } from "../access/viewer.ts";
import type { Db } from "../db/db.ts";
import { pages } from "../db/schema/pages.ts";
import { indexedPages } from "../db/schema/passages.ts";
import { websites } from "../db/schema/websites.ts";
import { type Fingerprinted, groupNear, type NearGroup } from "./near-groups.ts";

export type DuplicatePage = { pageId: string; websiteId: string; url: string; title: string | null; depth: number };

export type DuplicateGroup = {
  /** Of the group the page that is fewest links from a start, and of those the one seen first. */
  canonical: DuplicatePage;
  /** All others. */
  count: number;
  /** The first of them, and in how many bits of 64 the fingerprints of their texts differ from the canonical one's. */
  others: (DuplicatePage & { bits: number; isSameText: boolean })[];
};

export type Duplicates = {
  groups: DuplicateGroup[];
  total: { groups: number; pages: number };
  /** Not where there were too many alike to compare them all. */
  isComplete: boolean;
  /** The number of groups before the next ones; absent at the end. */
  next?: number;
};

/** Shown of a group. */
const MAX_OTHERS = 100;
/** Ids that one statement names, and pages that one reads. */
const WINDOW = 1_000;

/**
 * Pages that say the same, or nearly, as far as they are indexed: of one website, or of all that the viewer sees. Largest
 * groups first. Short pages are told only where they say the very same.
 * @param after how many groups to leave out
 */
export async function findDuplicates(
  db: Db,
  viewer: Viewer,
  { websiteId, limit, after = 0 }: { websiteId?: string; limit: number; after?: number },
): Promise<Duplicates> {
  const items: Listed[] = [];
  for await (const batch of listFingerprints(db, viewer, websiteId)) for (const item of batch) items.push(item);
  items.sort((a, b) => a.depth - b.depth || (a.id < b.id ? -1 : 1));
  const { groups, isComplete } = groupNear(items);
  // Which is larger stays so for as long as nothing is indexed; of the same size the order is that of the pages.
  groups.sort((a, b) => b.others.length - a.others.length || a.first - b.first);
  const shown = groups.slice(after, after + limit);
  const idOf = (at: number) => items[at]?.id ?? "";
  const ids = shown
    .flatMap(({ first, others }) => [first, ...others.slice(0, MAX_OTHERS).map(({ at }) => at)])
    .map(idOf);
  const found = await readPages(db, ids);
  const viewGroup = ({ first, others }: NearGroup): DuplicateGroup[] => {
    const canonical = found.get(idOf(first));
    if (!canonical) return [];
    const members = others.slice(0, MAX_OTHERS).flatMap(({ at, bits, isSameText }) => {
      const page = found.get(idOf(at));
      return page ? [{ ...page, bits, isSameText }] : [];
    });
    return [{ canonical, count: others.length, others: members }];
  };
  return {
    groups: shown.flatMap(viewGroup),
    total: { groups: groups.length, pages: groups.reduce((sum, { others }) => sum + 1 + others.length, 0) },
    isComplete,
    ...(after + limit < groups.length && { next: after + limit }),
  };
}

type Listed = Fingerprinted & { id: string; depth: number };

/** By windows: the embedded database answers nobody else while it reads one. */
async function* listFingerprints(db: Db, viewer: Viewer, websiteId: string | undefined): AsyncIterable<Listed[]> {
  const { pageId, simhash } = indexedPages;
  const own = and(
    isOwnedBy(viewer),
    isNull(websites.deletedAt),
    websiteId === undefined ? undefined : eq(websites.id, websiteId),
  );
  for (const website of await db.select({ id: websites.id }).from(websites).where(own)) {
    for (let after: string | undefined; ; ) {
      const isLater = and(eq(indexedPages.websiteId, website.id), after === undefined ? undefined : gt(pageId, after));
      const ids = db.select({ id: pageId }).from(indexedPages).where(isLater).orderBy(asc(pageId));
      const [last] = await ids.offset(WINDOW - 1).limit(1);
      yield await db
        .select({
          id: pages.id,
          depth: pages.depth,
          high: sql<number>`(${simhash} >> 32)::int`,
          low: sql<number>`((${simhash} << 32) >> 32)::int`,
          textKey: sql<string>`coalesce(encode(${pages.contentHash}, 'base64'), ${pages.id}::text)`,
          words: pages.wordCount,
        })
        .from(indexedPages)
        .innerJoin(pages, eq(pages.id, pageId))
        .where(and(isLater, last && lte(pageId, last.id)));
      if (!last) break;
      after = last.id;
      // The embedded database answers without a turn for others.
      await new Promise(setImmediate);
    }
  }
}

async function readPages(db: Db, ids: readonly string[]): Promise<Map<string, DuplicatePage>> {
  const found = new Map<string, DuplicatePage>();
  for (let at = 0; at < ids.length; at += WINDOW) {
    const rows = await db
      .select({
        pageId: pages.id,
        websiteId: pages.websiteId,
        url: pages.url,
        title: pages.title,
        depth: pages.depth,
      })
      .from(pages)
      .where(inArray(pages.id, ids.slice(at, at + WINDOW)));
    for (const row of rows) found.set(row.pageId, row);
  }
  return found;
}
