import { and, asc, eq, exists, gt, inArray, isNotNull, isNull, lte, or, sql } from "drizzle-orm";
import type { PgColumn } from "drizzle-orm/pg-core";
import { type Db, rowsOf } from "../db/db.ts";
import { crawlHosts, crawlJobs, frontier } from "../db/schema/crawls.ts";
import { type PageState, pages } from "../db/schema/pages.ts";
import { type HostLease, lockLeases } from "./host-leases.ts";
import { LeaseLostError } from "./lease.ts";
import { queueSlices } from "./slices.ts";
import { hashUrl, hostOf } from "./url.ts";

export type NewUrl = {
  urlHash: string;
  /** Canonical. */
  url: string;
  host: string;
  depth: number;
  priority: number;
  source: (typeof frontier.$inferInsert)["source"];
  redirects?: string[];
  /** What a sitemap says of it. */
  sitemapModifiedAt?: Date;
};

/** A pending URL as a slice takes it, with what the website knows of the page from before. */
export type PendingUrl = {
  /** Of the lease under which it was taken. */
  token: string;
  urlHash: string;
  url: string;
  host: string;
  depth: number;
  source: NewUrl["source"];
  attempts: number;
  redirects: string[] | null;
  known: KnownPage | null;
  /** When it last changed, as a sitemap says. */
  sitemapModifiedAt: Date | null;
};

/** What it takes to spare a page that has not changed. */
export type KnownPage = {
  recipe: string | null;
  etag: string | null;
  lastModified: string | null;
  hasDocument: boolean;
  contentHash: string | null;
  comparedHash: string | null;
  /** Of the body that its document was made from. */
  rawHash: string | null;
  state: PageState;
  lastFetchedAt: Date;
  sitemapModifiedAt: Date | null;
};

export function toNewUrl(url: string, found: Pick<NewUrl, "depth" | "source" | "redirects">): NewUrl {
  return { urlHash: hashUrl(url), url, host: hostOf(url), priority: priorityOf(found), ...found };
}

/** Seeds, then sitemaps, then by depth: what a site names itself first, and near before far. */
function priorityOf({ depth, source }: Pick<NewUrl, "depth" | "source">): number {
  if (source === "seed") return 0;
  return source === "sitemap" ? 1 : Math.min(1 + depth, 30_000);
}

/** Rows of one insert: Postgres takes 65,535 parameters a statement. */
const MAX_ROWS = 2_000;

/**
 * Adds URLs that the crawl does not know yet, and counts them. To be called in a transaction.
 * @returns how many were new, by host
 */
export async function addUrls(tx: Db, crawl: CrawlKey, urls: NewUrl[]): Promise<Map<string, number>> {
  const added = await insertUrls(tx, crawl.id, urls);
  if (added.size === 0) return added;
  await countHosts(
    tx,
    crawl,
    [...added].map(([host, pending]) => ({ host, pending, done: 0 })),
  );
  const total = added.values().reduce((sum, count) => sum + count, 0);
  await tx
    .update(crawlJobs)
    .set({ pending: sql`${crawlJobs.pending} + ${total}` })
    .where(eq(crawlJobs.id, crawl.id));
  return added;
}

/** Adds URLs as `addUrls` does, but leaves the counting to the caller. */
export async function insertUrls(tx: Db, crawlId: string, urls: NewUrl[]): Promise<Map<string, number>> {
  const added = new Map<string, number>();
  const distinct = [...new Map(urls.map((url) => [url.urlHash, url])).values()];
  if (distinct.length === 0) return added;
  // Processes that find the same links in another order would block each other; sorted, they would lose that order.
  await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${`urls of ${crawlId}`}, 0))`);
  for (let start = 0; start < distinct.length; start += MAX_ROWS) {
    const some = distinct.slice(start, start + MAX_ROWS);
    const rows = await insertRows(tx, crawlId, some);
    for (const { host } of rows) added.set(host, (added.get(host) ?? 0) + 1);
    const isNew = new Set(rows.map((row) => row.url_hash));
    await noteSitemap(
      tx,
      crawlId,
      some.filter(({ source, urlHash }) => source === "sitemap" && !isNew.has(urlHash)),
    );
  }
  return added;
}

/** As one value: to write out a statement with a dozen parameters a row takes longer than to run it. */
async function insertRows(tx: Db, crawlId: string, urls: NewUrl[]): Promise<{ host: string; url_hash: string }[]> {
  const rows = urls.map(({ urlHash, sitemapModifiedAt, ...url }) => ({
    ...url,
    ...{ url_hash: urlHash, sitemap_modified_at: sitemapModifiedAt },
  }));
  const inserted = await tx.execute(sql`
    insert into ${frontier}
      (crawl_id, url_hash, url, host, depth, priority, source, redirects, sitemap_modified_at)
    select ${crawlId}::uuid, v.* from json_to_recordset(${JSON.stringify(rows)}::text::json) as v(
      url_hash uuid, url text, host text, depth smallint, priority smallint, source text, redirects text[],
      sitemap_modified_at timestamptz
    )
    on conflict do nothing returning host, url_hash`);
  return rowsOf<{ host: string; url_hash: string }>(inserted);
}

/** That a sitemap names them too is worth knowing of URLs that were found before. */
async function noteSitemap(tx: Db, crawlId: string, urls: NewUrl[]): Promise<void> {
  if (urls.length === 0) return;
  const rows = urls.map(({ urlHash, sitemapModifiedAt }) => ({ url_hash: urlHash, at: sitemapModifiedAt ?? null }));
  await tx.execute(sql`
    update ${frontier} f set sitemap_modified_at = v.at,
      source = case when f.source in ('link', 'known') then 'sitemap' else f.source end
    from json_to_recordset(${JSON.stringify(rows)}::text::json) as v(url_hash uuid, at timestamptz)
    where f.crawl_id = ${crawlId} and f.url_hash = v.url_hash
      and (f.sitemap_modified_at is distinct from v.at or f.source in ('link', 'known'))`);
}

/** What of a crawl its counting needs. */
type CrawlKey = { id: string; runner: "service" | "command" };

/**
 * Adds to the counters of hosts, which come into being by it. Those of a crawl of the service that have work now, and
 * nobody at it, get a slice.
 */
export async function countHosts(
  tx: Db,
  crawl: CrawlKey,
  counts: { host: string; pending: number; done: number }[],
): Promise<void> {
  if (counts.length === 0) return;
  const rows = await tx
    .insert(crawlHosts)
    .values(counts.toSorted((a, b) => (a.host < b.host ? -1 : 1)).map((count) => ({ crawlId: crawl.id, ...count })))
    .onConflictDoUpdate({
      target: [crawlHosts.crawlId, crawlHosts.host],
      set: { pending: sql`${crawlHosts.pending} + excluded.pending`, done: sql`${crawlHosts.done} + excluded.done` },
    })
    .returning();
  const lacking = rows.filter((row) => row.pending > 0 && !row.sliceId && !row.waitsSince && row.stopReason === null);
  if (lacking.length === 0 || crawl.runner !== "service") return;
  await queueSlices(
    tx,
    crawl.id,
    lacking.map(({ host }) => host),
  );
}

/** Hosts with something due, the least served first, so that a large host does not keep the others waiting. */
export async function listHostsWithWork(db: Db, crawlId: string, now: Date, limit: number): Promise<string[]> {
  const due = db
    .select({ one: sql`1` })
    .from(frontier)
    .where(and(eq(frontier.crawlId, crawlHosts.crawlId), eq(frontier.host, crawlHosts.host), isDue(now)));
  const rows = await db
    .select({ host: crawlHosts.host })
    .from(crawlHosts)
    .where(and(eq(crawlHosts.crawlId, crawlId), gt(crawlHosts.pending, 0), isNull(crawlHosts.stopReason), exists(due)))
    .orderBy(asc(crawlHosts.done), asc(crawlHosts.host))
    .limit(limit);
  return rows.map(({ host }) => host);
}

/** The next URLs of a host that are due and not in `taken`, best first. */
export async function listPendingUrls(
  db: Db,
  crawl: { id: string; websiteId: string },
  query: { host: string; token: string; now: Date; taken: ReadonlySet<string>; limit: number },
): Promise<PendingUrl[]> {
  const rows = await db
    .select({
      urlHash: frontier.urlHash,
      url: frontier.url,
      host: frontier.host,
      depth: frontier.depth,
      source: frontier.source,
      attempts: frontier.attempts,
      redirects: frontier.redirects,
      sitemapModifiedAt: frontier.sitemapModifiedAt,
      page: {
        recipe: pages.recipe,
        etag: pages.etag,
        lastModified: pages.lastModified,
        documentId: pages.documentId,
        contentHash: pages.contentHash,
        comparedHash: pages.comparedHash,
        rawHash: pages.rawHash,
        state: pages.state,
        lastFetchedAt: pages.lastFetchedAt,
        sitemapModifiedAt: pages.sitemapModifiedAt,
      },
    })
    .from(frontier)
    .leftJoin(pages, and(eq(pages.websiteId, crawl.websiteId), eq(pages.urlHash, frontier.urlHash)))
    .where(and(eq(frontier.crawlId, crawl.id), eq(frontier.host, query.host), isDue(query.now)))
    .orderBy(asc(frontier.priority), asc(frontier.seq))
    // What is taken stands first in this order, so reading past it costs no more rows than there are of it.
    .limit(query.limit + query.taken.size);
  return rows
    .filter(({ urlHash }) => !query.taken.has(urlHash))
    .slice(0, query.limit)
    .map(({ page, ...pending }) => ({ ...pending, token: query.token, known: page && toKnown(page) }));
}

function toKnown({ documentId, ...page }: Omit<KnownPage, "hasDocument"> & { documentId: string | null }): KnownPage {
  return { ...page, hasDocument: documentId !== null };
}

export const isDue = (now: Date) =>
  and(eq(frontier.state, "pending"), or(isNull(frontier.notBefore), lte(frontier.notBefore, now)));

/** When the first of the URLs that wait for a retry is due; `undefined` if none waits. */
export async function findNextRetryAt(db: Db, crawlId: string): Promise<Date | undefined> {
  const [row] = await db
    .select({ at: sql<string | null>`min(${frontier.notBefore})` })
    .from(frontier)
    .where(and(eq(frontier.crawlId, crawlId), eq(frontier.state, "pending"), isNotNull(frontier.notBefore)));
  return row?.at ? new Date(row.at) : undefined;
}

/** Has a crawl leave a host alone from now on. */
export async function stopHost(db: Db, crawl: CrawlKey, host: string, reason: string): Promise<void> {
  const isIt = and(eq(crawlHosts.crawlId, crawl.id), eq(crawlHosts.host, host));
  await db.update(crawlHosts).set({ stopReason: reason }).where(isIt);
}

/** Rows that one statement gives up, so that none locks the table for long. */
const GIVE_UP_ROWS = 5_000;

/**
 * Settles all that a crawl, or one host of it, still has pending as skipped, for a reason.
 * @param skip.lease under which this is done, if it is
 * @returns how many there were
 * @throws LeaseLostError when the host is somebody else's by now, or the crawl is over
 */
export async function skipPending(
  db: Db,
  crawl: CrawlKey,
  skip: { lease?: HostLease; host?: string; reason: string; message: string; at: Date },
): Promise<number> {
  const crawlId = crawl.id;
  let total = 0;
  for (;;) {
    const count = await db.transaction(async (tx) => {
      if (skip.lease && (await lockLeases(tx, [skip.lease])).size === 0) throw new LeaseLostError(crawlId);
      const result = await tx.execute(sql`
        with left_over as (
          select crawl_id, url_hash from ${frontier}
          where crawl_id = ${crawlId} and state = 'pending' ${skip.host === undefined ? sql`` : sql`and host = ${skip.host}`}
          limit ${GIVE_UP_ROWS} for update
        ), skipped as (
          update ${frontier} f set state = 'skipped', outcome = ${skip.reason}, message = ${skip.message},
            settled_at = ${skip.at.toISOString()}::timestamptz
          from left_over l where f.crawl_id = l.crawl_id and f.url_hash = l.url_hash returning f.host, f.status
        )
        select host, status, count(*)::int as count from skipped group by host, status`);
      const groups = rowsOf<{ host: string; status: number | null; count: number }>(result);
      const sum = (some: typeof groups) => some.reduce((total, { count }) => total + count, 0);
      const skipped = sum(groups);
      if (skipped === 0) return 0;
      const hosts = Map.groupBy(groups, ({ host }) => host);
      await countHosts(
        tx,
        crawl,
        [...hosts].map(([host, some]) => ({ host, pending: -sum(some), done: 0 })),
      );
      // Those that waited for a retry had an answer.
      const answered = groups.filter(({ status }) => status !== null);
      const statuses = Map.groupBy(answered, ({ status }) => String(status));
      const byStatus = Object.fromEntries([...statuses].map(([status, some]) => [status, sum(some)]));
      const moved = await tx
        .update(crawlJobs)
        .set({
          pending: sql`${crawlJobs.pending} - ${skipped}`,
          skipped: sql`${crawlJobs.skipped} + ${skipped}`,
          bySkip: addCounts(crawlJobs.bySkip, { [skip.reason]: skipped }),
          byStatus: addCounts(crawlJobs.byStatus, byStatus),
        })
        .where(and(eq(crawlJobs.id, crawlId), isAtWork))
        .returning({ id: crawlJobs.id });
      if (moved.length === 0) throw new LeaseLostError(crawlId);
      return skipped;
    });
    total += count;
    if (count < GIVE_UP_ROWS) return total;
  }
}

/** Neither over nor cancelled, so that what is under way may still be stored. */
export const isAtWork = inArray(crawlJobs.state, ["queued", "running", "paused"]);

/** An object of counters with others added to it. */
export function addCounts(column: PgColumn, counts: Record<string, number>) {
  return sql`(
    select coalesce(jsonb_object_agg(key, total), '{}') from (
      select key, sum(value::int) as total from (
        select * from jsonb_each_text(${column}) union all
        select * from jsonb_each_text(${JSON.stringify(counts)}::text::jsonb)
      ) as parts group by key
    ) as sums
  )`;
}
