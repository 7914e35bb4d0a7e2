import { and, eq, inArray, sql } from "drizzle-orm";
import { type Db, rowsOf } from "../db/db.ts";
import { crawlHosts, crawlJobs, frontier } from "../db/schema/crawls.ts";
import { pages } from "../db/schema/pages.ts";
import type { LostPage } from "./conclusion-log.ts";
import type { Crawl } from "./crawls.ts";

/** Of fewer pages it takes all of them for a host to be failing. */
const FEW_PAGES = 3;
/** URLs of one query. */
const BATCH = 1_000;

/** How a host did in a crawl, by the pages that it was known to have. */
export type HostHealth = { isFailing: boolean; answered: number };

/**
 * How each host did of which pages are lost. It is failing when it was given up, or when at least half of its live pages
 * that were asked for (and three, or all of fewer) brought an error or are not there. Pages that moved are fine: somebody
 * cared for them.
 */
export async function examineHosts(db: Db, crawl: Crawl, lost: readonly LostPage[]): Promise<Map<string, HostHealth>> {
  const answered = await countAnswered(db, crawl);
  const given = await db
    .select({ host: crawlHosts.host })
    .from(crawlHosts)
    .where(and(eq(crawlHosts.crawlId, crawl.id), sql`${crawlHosts.stopReason} is not null`));
  const isGivenUp = new Set(given.map(({ host }) => host));
  const byHost = Map.groupBy(lost, ({ host }) => host);
  return new Map(
    [...new Set([...byHost.keys(), ...isGivenUp])].map((host) => {
      const asked = (byHost.get(host) ?? []).filter(({ state }) => state === "live");
      const bad = asked.filter(({ finding }) => ["gone", "absent", "failing"].includes(finding.kind)).length;
      const moved = asked.filter(({ finding }) => finding.kind === "moved").length;
      const good = (answered.get(host) ?? 0) + moved;
      const isMost = bad > 0 && bad >= good && (bad >= FEW_PAGES || good === 0);
      return [host, { isFailing: isGivenUp.has(host) || isMost, answered: answered.get(host) ?? 0 }];
    }),
  );
}

/** Pages known before that answered well themselves, by host. */
async function countAnswered(db: Db, crawl: Crawl): Promise<Map<string, number>> {
  const isWell = and(
    inArray(frontier.outcome, ["changed", "unchanged"]),
    // Those that were spared on a sitemap's word have no status: their host was not asked.
    sql`${frontier.status} is not null`,
  );
  const rows = await db
    .select({ host: frontier.host, pages: sql<number>`count(*)::int` })
    .from(frontier)
    .innerJoin(pages, and(eq(pages.websiteId, crawl.websiteId), eq(pages.urlHash, frontier.urlHash)))
    .where(and(eq(frontier.crawlId, crawl.id), isWell, sql`${pages.documentId} is not null`))
    .groupBy(frontier.host);
  return new Map(rows.map(({ host, pages }) => [host, pages]));
}

/**
 * Since when pages have been missing in each of the last `visits` crawls that asked for them, this one among them; those
 * that answered meanwhile, or were not asked for so often, are left out. It reads the logs of crawls, since nothing is
 * counted while a host is failing.
 */
export async function findLongMissing(
  db: Db,
  crawl: Crawl,
  lost: readonly LostPage[],
  visits: number,
): Promise<Map<string, Date>> {
  const found = new Map<string, Date>();
  const hashes = lost.map(({ urlHash }) => urlHash);
  for (let start = 0; start < hashes.length; start += BATCH) {
    const isOne = inArray(frontier.urlHash, hashes.slice(start, start + BATCH));
    const result = await db.execute(sql`
      with visits as (
        select ${frontier.urlHash} as url_hash, ${frontier.settledAt} as at,
          (${frontier.outcome} in ('http_404', 'http_410', 'http_451', 'soft_404', 'redirected')) as is_missing,
          row_number() over (partition by ${frontier.urlHash} order by ${frontier.settledAt} desc) as place
        from ${frontier} join ${crawlJobs} on ${crawlJobs.id} = ${frontier.crawlId}
        where ${crawlJobs.websiteId} = ${crawl.websiteId} and ${isOne}
          and ${frontier.state} in ('done', 'failed') and ${frontier.status} is not null
      )
      select url_hash, min(at) as since from visits where place <= ${visits}
      group by url_hash having count(*) = ${visits} and bool_and(is_missing)`);
    for (const { url_hash, since } of rowsOf<{ url_hash: string; since: string | Date }>(result)) {
      found.set(url_hash, new Date(since));
    }
  }
  return found;
}
