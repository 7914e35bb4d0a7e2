import { and, asc, desc, eq, gt, inArray, isNotNull, ne, notInArray, or, sql } from "drizzle-orm";
import type { Db } from "../db/db.ts";
import { crawlHosts, crawlJobs, frontier } from "../db/schema/crawls.ts";
import { pageLinks, pages } from "../db/schema/pages.ts";
import type { Crawl } from "./crawls.ts";
import { readTarget, TARGET_BYTES } from "./page-links.ts";
import { hashUrl } from "./url.ts";

/** Rows of one query. */
const BATCH = 1_000;
/** A sitemap of which so much is gone at once was rather not read in full. */
const LEAST_SITEMAP_SHARE = 0.8;
/** `page_links.unlinked_visits` of a page that nothing that is known led to when it was found. */
export const NEVER_LINKED = -1;

/** A page that answers, and what is known of links to it. */
type Candidate = { id: string; urlHash: string; host: string; firstSeenAt: Date; unlinkedVisits: number };

export type LinkFindings = {
  /** Pages that something led to once and nothing leads to now. */
  unlinked: { id: string; host: string }[];
  /** Pages that nothing led to from the beginning, such as those that only a page that is not kept links to. */
  neverLinked: string[];
  /** Pages that something leads to again. */
  linkedAgain: string[];
};

/**
 * Finds pages that answer and that no link of a live page, no sitemap and no seed leads to. `undefined` where that can't be
 * known: the crawl has not seen all of the website, or links of some pages were never read.
 * @param gone pages whose links do not count, since they are not there any more
 */
export async function findUnlinked(db: Db, crawl: Crawl, gone: ReadonlySet<string>): Promise<LinkFindings | undefined> {
  if (crawl.endReason !== null || crawl.selection !== "all" || "limit" in crawl.bySkip) return undefined;
  const former = await findFormerCrawl(db, crawl);
  const isUnsure =
    (await isHostGivenUp(db, crawl.id)) ||
    (await hasUnreadLinks(db, crawl)) ||
    (await lacksSitemap(db, crawl, former?.id));
  if (isUnsure) return undefined;
  const findings: LinkFindings = { unlinked: [], neverLinked: [], linkedAgain: [] };
  const candidates = await listCandidates(db, crawl);
  const open = new Map(candidates.map((page) => [keyOf(page.urlHash), page]));
  await removeLinked(db, crawl.websiteId, gone, open);
  await removeAliased(db, crawl.id, open);
  const unlinked = new Set(open.values());
  for (const page of candidates) {
    const { id, host, unlinkedVisits } = page;
    if (!unlinked.has(page)) {
      if (unlinkedVisits !== 0) findings.linkedAgain.push(id);
    } else if (unlinkedVisits !== NEVER_LINKED) {
      const wasLooked = unlinkedVisits > 0 || (former?.at != null && page.firstSeenAt <= former.at);
      if (wasLooked) findings.unlinked.push({ id, host });
      else findings.neverLinked.push(id);
    }
  }
  return findings;
}

/** The last crawl of which links were looked at like this. */
async function findFormerCrawl(db: Db, { id, websiteId }: Crawl) {
  const [former] = await db
    .select({ id: crawlJobs.id, at: crawlJobs.missingCountedAt })
    .from(crawlJobs)
    .where(
      and(
        eq(crawlJobs.websiteId, websiteId),
        ne(crawlJobs.id, id),
        ...[eq(crawlJobs.state, "completed"), eq(crawlJobs.endReason, "done"), eq(crawlJobs.selection, "all")],
        isNotNull(crawlJobs.missingCountedAt),
      ),
    )
    .orderBy(desc(crawlJobs.missingCountedAt))
    .limit(1);
  return former;
}

async function isHostGivenUp(db: Db, crawlId: string): Promise<boolean> {
  const isOne = and(eq(crawlHosts.crawlId, crawlId), isNotNull(crawlHosts.stopReason));
  return (await db.select({ host: crawlHosts.host }).from(crawlHosts).where(isOne).limit(1)).length > 0;
}

/** Pages last read before links were kept, and unchanged since, may link to anything. */
async function hasUnreadLinks(db: Db, { websiteId }: Crawl): Promise<boolean> {
  const [unread] = await db
    .select({ id: pages.id })
    .from(pages)
    .leftJoin(pageLinks, eq(pageLinks.pageId, pages.id))
    .where(
      and(
        ...[eq(pages.websiteId, websiteId), eq(pages.state, "live"), isNotNull(pages.documentId)],
        inArray(pages.contentType, ["text/html", "application/xhtml+xml"]),
        sql`${pageLinks.pageId} is null`,
      ),
    )
    .limit(1);
  return unread !== undefined;
}

async function lacksSitemap(db: Db, crawl: Crawl, formerId: string | undefined): Promise<boolean> {
  if (formerId === undefined) return false;
  const count = async (crawlId: string) => {
    const isListed = and(eq(frontier.crawlId, crawlId), eq(frontier.source, "sitemap"));
    const [row] = await db.select({ urls: sql<number>`count(*)::int` }).from(frontier).where(isListed);
    return row?.urls ?? 0;
  };
  return (await count(crawl.id)) < LEAST_SITEMAP_SHARE * (await count(formerId));
}

/** Pages that answered well and that neither a seed nor a sitemap names. */
async function listCandidates(db: Db, crawl: Crawl): Promise<Candidate[]> {
  const candidates: Candidate[] = [];
  const { id, urlHash, host, firstSeenAt } = pages;
  const seeds = [...new Set(crawl.seeds.map(hashUrl))];
  let after: number | undefined;
  do {
    const rows = await db
      .select({
        page: { id, urlHash, host, firstSeenAt },
        unlinkedVisits: pageLinks.unlinkedVisits,
        seq: frontier.seq,
      })
      .from(frontier)
      .innerJoin(pages, and(eq(pages.websiteId, crawl.websiteId), eq(pages.urlHash, frontier.urlHash)))
      .leftJoin(pageLinks, eq(pageLinks.pageId, pages.id))
      .where(
        and(
          eq(frontier.crawlId, crawl.id),
          after === undefined ? undefined : gt(frontier.seq, after),
          inArray(frontier.outcome, ["created", "changed", "unchanged"]),
          notInArray(frontier.source, ["seed", "sitemap"]),
          sql`${frontier.sitemapModifiedAt} is null`,
          notInArray(frontier.urlHash, seeds),
          ...[eq(pages.state, "live"), isNotNull(pages.documentId)],
        ),
      )
      .orderBy(asc(frontier.seq))
      .limit(BATCH);
    after = rows.length === BATCH ? rows.at(-1)?.seq : undefined;
    for (const { page, unlinkedVisits } of rows) candidates.push({ ...page, unlinkedVisits: unlinkedVisits ?? 0 });
  } while (after !== undefined);
  return candidates;
}

/** Pages whose hashes begin alike share a key; that the one is linked then counts for both. */
function keyOf(urlHash: string): number {
  return readTarget(Buffer.from(urlHash.replaceAll("-", "").slice(0, 2 * TARGET_BYTES), "hex"), 0);
}

/** Takes away what other live pages link to. All links of the website pass by, a batch of pages at a time. */
async function removeLinked(
  db: Db,
  websiteId: string,
  gone: ReadonlySet<string>,
  open: Map<number, Candidate>,
): Promise<void> {
  let after: string | undefined;
  while (open.size > 0) {
    const rows = await db
      .select({ id: pageLinks.pageId, targets: pageLinks.targets })
      .from(pageLinks)
      .innerJoin(pages, eq(pages.id, pageLinks.pageId))
      .where(
        and(
          ...[eq(pages.websiteId, websiteId), eq(pages.state, "live")],
          after === undefined ? undefined : gt(pageLinks.pageId, after),
        ),
      )
      .orderBy(asc(pageLinks.pageId))
      .limit(BATCH);
    after = rows.at(-1)?.id;
    if (after === undefined) return;
    for (const { id, targets } of rows) {
      if (gone.has(id)) continue;
      const bytes = Buffer.from(targets.buffer, targets.byteOffset, targets.byteLength);
      for (let at = 0; at < bytes.length; at += TARGET_BYTES) {
        const key = readTarget(bytes, at);
        // A page that links to itself is found by nobody for that.
        if (open.get(key)?.id !== id) open.delete(key);
      }
    }
  }
}

const CANONICAL = "Its canonical URL is ";

/** Takes away what URLs redirect to, or name as theirs: links may lead to those. */
async function removeAliased(db: Db, crawlId: string, open: Map<number, Candidate>): Promise<void> {
  let after = 0;
  while (open.size > 0) {
    const rows = await db
      .select({ message: frontier.message, seq: frontier.seq })
      .from(frontier)
      .where(
        and(
          eq(frontier.crawlId, crawlId),
          or(eq(frontier.outcome, "redirected"), eq(frontier.outcome, "canonical")),
          gt(frontier.seq, after),
        ),
      )
      .orderBy(asc(frontier.seq))
      .limit(BATCH);
    for (const { message } of rows) {
      if (message === null) continue;
      open.delete(keyOf(hashUrl(message.startsWith(CANONICAL) ? message.slice(CANONICAL.length) : message)));
    }
    const last = rows.at(-1)?.seq;
    if (rows.length < BATCH || last === undefined) return;
    after = last;
  }
}
