import { and, eq, inArray, isNull, sql } from "drizzle-orm";
import type { Tracking } from "../changes/tracking.ts";
import type { Db } from "../db/db.ts";
import { crawlJobs } from "../db/schema/crawls.ts";
import { pageLinks, pages } from "../db/schema/pages.ts";
import { examineHosts, findLongMissing } from "./conclusion-hosts.ts";
import { findUnlinked, type LinkFindings, NEVER_LINKED } from "./conclusion-links.ts";
import { isMissing, type LostPage } from "./conclusion-log.ts";
import type { Crawl } from "./crawls.ts";

/** Rows of one statement. */
const BATCH = 1_000;

/** A page that was not there, and since when and how often in a row. */
type Missing = { id: string; since: Date; visits: number };

/** What is to be counted of pages that a crawl found missing. */
export type Missings = {
  missing: Missing[];
  /** Pages of which what the crawl found holds: those of hosts that are failing are not among them. */
  settled: ReadonlySet<string>;
  links: LinkFindings | undefined;
};

/**
 * Weighs the pages that a crawl found missing. Nothing holds of a host that is failing as a whole, but of those pages of it
 * that the server has said are not there (by an answer, not an error) in as many crawls in a row as it takes for a removal,
 * and in twice as many where none of the host's pages answers: so an outage, a wall or a broken release is no news, while a
 * website that did give up most of its pages is believed in the end.
 */
export async function weighMissing(
  db: Db,
  crawl: Crawl,
  lost: readonly LostPage[],
  tracking: Tracking,
): Promise<Missings> {
  const health = await examineHosts(db, crawl, lost);
  const isFailing = (host: string) => health.get(host)?.isFailing === true;
  const gone = new Set(lost.filter(isElsewhere).map(({ id }) => id));
  const links = tracking.unlinked_is_removed ? await findUnlinked(db, crawl, gone) : undefined;
  const sound = lost.filter(({ host }) => !isFailing(host));
  const missing: Missing[] = sound.filter(isMissing).map(({ id, missingSince, missingVisits, visitedAt }) => ({
    ...{ id, since: missingSince ?? visitedAt, visits: missingVisits + 1 },
  }));
  const unsound = lost.filter((page) => isFailing(page.host) && isMissing(page));
  for (const [host, pagesOfHost] of Map.groupBy(unsound, (page) => page.host)) {
    const visits = tracking.removed_after_visits * (health.get(host)?.answered ? 1 : 2);
    const since = await findLongMissing(db, crawl, pagesOfHost, visits);
    for (const { id, urlHash } of pagesOfHost) {
      const first = since.get(urlHash);
      if (first) missing.push({ id, since: first, visits });
    }
  }
  const settled = new Set([...sound.map(({ id }) => id), ...missing.map(({ id }) => id)]);
  const unlinked = links?.unlinked.filter(({ host }) => !isFailing(host)) ?? [];
  return { missing, settled, links: links && { ...links, unlinked } };
}

const isElsewhere = (page: LostPage) => isMissing(page) || page.finding.kind === "moved";

/** Writes it down, once a crawl however often this is called. */
export async function countMissing(db: Db, crawlId: string, { missing, links }: Missings, now: Date): Promise<void> {
  await db.transaction(async (tx) => {
    const isIt = and(eq(crawlJobs.id, crawlId), isNull(crawlJobs.missingCountedAt));
    const [first] = await tx
      .update(crawlJobs)
      .set({ missingCountedAt: now })
      .where(isIt)
      .returning({ id: crawlJobs.id });
    if (!first) return;
    await setMissing(tx, missing);
    if (links) await countUnlinked(tx, links, now);
  });
}

async function setMissing(tx: Db, missing: Missing[]): Promise<void> {
  const rows = missing
    .map(({ id, since, visits }) => ({ id, since: since.toISOString(), visits: Math.min(visits, 30_000) }))
    .sort((a, b) => (a.id < b.id ? -1 : 1));
  for (let start = 0; start < rows.length; start += BATCH) {
    await tx.execute(sql`
      update ${pages} p set state = 'missing', missing_since = v.since, missing_visits = v.visits
      from json_to_recordset(${JSON.stringify(rows.slice(start, start + BATCH))}::text::json)
        as v(id uuid, since timestamptz, visits smallint)
      where p.id = v.id and p.state in ('live', 'missing')`);
  }
}

/** Pages that answer stay live meanwhile: their visits would take back whatever else is counted. */
async function countUnlinked(tx: Db, { unlinked, neverLinked, linkedAgain }: LinkFindings, now: Date): Promise<void> {
  const counted = unlinked.map(({ id }) => ({ pageId: id, unlinkedVisits: 1 }));
  const ignored = neverLinked.map((pageId) => ({ pageId, unlinkedVisits: NEVER_LINKED }));
  const rows = [...counted, ...ignored].map((row) => ({
    ...{ ...row, targets: new Uint8Array(), unlinkedSince: row.unlinkedVisits === NEVER_LINKED ? null : now },
  }));
  for (let start = 0; start < rows.length; start += BATCH) {
    await tx
      .insert(pageLinks)
      .values(rows.slice(start, start + BATCH))
      .onConflictDoUpdate({
        target: pageLinks.pageId,
        set: {
          unlinkedVisits: sql`case when excluded.unlinked_visits > 0 then ${pageLinks.unlinkedVisits} + 1 else ${NEVER_LINKED} end`,
          unlinkedSince: sql`case when excluded.unlinked_visits > 0
            then coalesce(${pageLinks.unlinkedSince}, excluded.unlinked_since) end`,
        },
      });
  }
  for (let start = 0; start < linkedAgain.length; start += BATCH) {
    await tx
      .update(pageLinks)
      .set({ unlinkedVisits: 0, unlinkedSince: null })
      .where(inArray(pageLinks.pageId, linkedAgain.slice(start, start + BATCH)));
  }
}
