import { and, eq, sql } from "drizzle-orm";
import type { PgColumn } from "drizzle-orm/pg-core";
import { addEvidence, countSitemapEvidence } from "../changes/sitemap-trust.ts";
import { type Db, rowsOf } from "../db/db.ts";
import { crawlJobs, frontier } from "../db/schema/crawls.ts";
import { websites } from "../db/schema/websites.ts";
import { type ChangeScope, recordChanges } from "../notify/record-changes.ts";
import { type CrawledPage, recordCrawledPages } from "../notify/record-pages.ts";
import type { Crawl } from "./crawls.ts";
import { keepWanted } from "./due-pages.ts";
import { addCounts, countHosts, insertUrls, isAtWork } from "./frontier.ts";
import { lockLeases } from "./host-leases.ts";
import { LeaseLostError } from "./lease.ts";
import { workedTime } from "./slices.ts";
import { storePages } from "./store-pages.ts";
import { statusOf, type Visit } from "./visit-result.ts";

/** What came of the URLs of a batch that this statement moved. */
export type Outcomes = Record<PageOutcome | "redirected" | "failed" | "skipped", number>;

export type Settled = {
  crawl: Crawl;
  newHosts: string[];
  outcomes: Outcomes;
  /** Tokens under which nothing can be stored any more: somebody else has their hosts. */
  lost: Set<string>;
};

/** Whose changes are told, and whether each page is. */
export type Teller = ChangeScope["website"] & { wantsPages: boolean };

/** The batch has more pages than the crawl may still have; nothing of it was stored. */
export class OverLimitError extends Error {
  constructor(readonly left: number) {
    super("The batch goes beyond the crawl's limit of pages");
    this.name = "OverLimitError";
  }
}

/**
 * Stores a batch of visits, all of it or nothing: what became of each URL, its page and document, the links it brought
 * and the counters. Passed over are rows that are no longer pending, which makes doubled work harmless, and visits made
 * under a lease that was lost: a process that wakes up late stores nothing.
 * @param website whose changes are told; they are not where it is absent
 * @throws LeaseLostError when the crawl is over or deleted, OverLimitError, BaselineMovedError
 */
export async function settle(db: Db, crawl: Crawl, visits: Visit[], website?: Teller): Promise<Settled> {
  return db.transaction(async (tx) => {
    const leases = new Map(visits.map(({ entry }) => [entry.token, { host: entry.host, token: entry.token }]));
    const held = await lockLeases(tx, [...leases.values()]);
    const moved = await settleFrontier(
      tx,
      crawl.id,
      visits.filter(({ entry }) => held.has(entry.token)),
    );
    const fresh = visits.flatMap((visit) => {
      const { entry } = visit;
      const sitemapModifiedAt = moved.get(entry.urlHash);
      const isLate = sitemapModifiedAt === undefined || !held.has(entry.token);
      // Its sitemap may have been read since its URL was taken.
      return isLate ? [] : [{ ...visit, entry: { ...entry, sitemapModifiedAt } }];
    });
    const { outcomes: pageOutcomes, changes } = await storePages(tx, crawl, fresh);
    await noteSitemapEvidence(tx, crawl.websiteId, fresh, pageOutcomes);
    await nameOutcomes(tx, crawl.id, fresh, pageOutcomes);
    const found = await keepWanted(
      tx,
      crawl,
      fresh.flatMap((visit) => visit.found),
    );
    const added = await insertUrls(tx, crawl.id, found);
    await countHosts(tx, crawl, countByHost(fresh, added));
    const outcomes = countOutcomes(fresh, pageOutcomes);
    const updated = await count(tx, crawl.id, fresh, outcomes, sum(added.values()));
    // After the crawl's row, as whoever ends the crawl has it: all that tell one user something wait for each other.
    if (website) await recordChanges(tx, { website, crawlId: crawl.id }, changes);
    if (website?.wantsPages)
      await recordCrawledPages(tx, { website, crawlId: crawl.id }, fresh.flatMap(describeCrawled(pageOutcomes)));
    const lost = new Set(leases.keys().filter((token) => !held.has(token)));
    return { crawl: updated, newHosts: [...added.keys()], outcomes, lost };
  });
}

/** Adds to the crawl's counters, after all that takes long, since everybody who works the crawl has to wait for its row. */
async function count(tx: Db, id: string, visits: Visit[], outcomes: Outcomes, added: number): Promise<Crawl> {
  const pages = outcomes.created + outcomes.changed + outcomes.unchanged;
  const more = pages > 0 ? sql`${crawlJobs.done} - ${crawlJobs.redirected} + ${pages} <= ${maxPages}` : undefined;
  const isIt = and(eq(crawlJobs.id, id), isAtWork);
  const [updated] = await tx
    .update(crawlJobs)
    .set(countersOf(visits, outcomes, added))
    .where(and(isIt, more))
    .returning();
  if (updated) return updated;
  const [crawl] = await tx.select().from(crawlJobs).where(isIt);
  if (!crawl) throw new LeaseLostError(id);
  throw new OverLimitError(Math.max(0, Number(crawl.options.max_pages) - (crawl.done - crawl.redirected)));
}

const maxPages = sql`(${crawlJobs.options} ->> 'max_pages')::int`;

/**
 * Moves the rows that are still pending after as many attempts as they had.
 * @returns which those were, each with the date that a sitemap gives it by now
 */
async function settleFrontier(tx: Db, crawlId: string, visits: Visit[]): Promise<Map<string, Date | null>> {
  const rows = visits.map((visit) => ({
    url_hash: visit.entry.urlHash,
    attempts: visit.entry.attempts,
    ...describeOutcome(visit),
    status: statusOf(visit) ?? null,
    bytes: visit.wireBytes,
    duration_ms: Math.round(visit.durationMs),
    settled_at: visit.at.toISOString(),
  }));
  const result = await tx.execute(sql`
    update ${frontier} f set
      state = v.state, outcome = v.outcome, message = v.message, not_before = v.not_before, status = v.status,
      content_type = v.content_type, bytes = v.bytes, duration_ms = v.duration_ms, settled_at = v.settled_at,
      attempts = f.attempts + 1
    from json_to_recordset(${JSON.stringify(rows)}::text::json) as v(
      url_hash uuid, attempts smallint, state text, outcome text, message text, not_before timestamptz, status smallint,
      content_type text, bytes integer, duration_ms integer, settled_at timestamptz
    )
    where f.crawl_id = ${crawlId} and f.url_hash = v.url_hash and f.state = 'pending' and f.attempts = v.attempts
    returning f.url_hash, f.sitemap_modified_at`);
  const settled = rowsOf<{ url_hash: string; sitemap_modified_at: string | Date | null }>(result);
  const toDate = (at: string | Date | null) => (at === null ? null : new Date(at));
  return new Map(settled.map((row) => [row.url_hash, toDate(row.sitemap_modified_at)]));
}

function describeOutcome({ outcome }: Visit) {
  switch (outcome.kind) {
    case "page":
      // Whether it is new or changed is known only once the page is looked up; most are new.
      return { state: "done", outcome: "created", content_type: outcome.contentType?.slice(0, 200) };
    case "not_modified":
      return { state: "done", outcome: "unchanged" };
    case "spared":
      return { state: "done", outcome: "unchanged", message: "Its sitemap says that it has not changed" };
    case "redirected":
      return { state: "done", outcome: "redirected", message: outcome.location };
    case "failed":
      return { state: "failed", outcome: outcome.code, message: outcome.message };
    case "skipped":
      return { state: "skipped", outcome: outcome.reason, message: outcome.message };
    case "retry":
      return {
        state: "pending",
        outcome: outcome.code,
        message: outcome.message,
        not_before: outcome.notBefore.toISOString(),
      };
  }
}

/** What the website's sitemaps said of pages that changed. */
async function noteSitemapEvidence(
  tx: Db,
  websiteId: string,
  visits: Visit[],
  outcomes: Map<string, PageOutcome>,
): Promise<void> {
  const dated = visits.flatMap(({ entry: { urlHash, known, sitemapModifiedAt } }) =>
    known
      ? {
          isChanged: outcomes.get(urlHash) === "changed",
          ...{ sitemapModifiedAt, knownSitemapModifiedAt: known.sitemapModifiedAt },
        }
      : [],
  );
  const evidence = countSitemapEvidence(dated);
  if (evidence.caught + evidence.missed === 0) return;
  const isIt = eq(websites.id, websiteId);
  const [website] = await tx.select({ trust: websites.sitemapTrust }).from(websites).where(isIt).for("no key update");
  if (!website) return;
  await tx
    .update(websites)
    .set({ sitemapTrust: addEvidence(website.trust, evidence) })
    .where(isIt);
}

export type PageOutcome = "created" | "changed" | "unchanged";

/** Of pages that were sent; what a 304 means was written down at once. */
async function nameOutcomes(
  tx: Db,
  crawlId: string,
  visits: Visit[],
  outcomes: Map<string, PageOutcome>,
): Promise<void> {
  const rows = visits
    .filter(({ outcome }) => outcome.kind === "page")
    .map(({ entry: { urlHash } }) => ({ url_hash: urlHash, outcome: outcomes.get(urlHash) }))
    .filter(({ outcome }) => outcome !== "created");
  if (rows.length === 0) return;
  await tx.execute(sql`
    update ${frontier} f set outcome = v.outcome
    from json_to_recordset(${JSON.stringify(rows)}::text::json) as v(url_hash uuid, outcome text)
    where f.crawl_id = ${crawlId} and f.url_hash = v.url_hash and f.outcome <> v.outcome`);
}

const describeCrawled =
  (outcomes: Map<string, PageOutcome>) =>
  (visit: Visit): CrawledPage[] => {
    const { outcome = "" } = describeOutcome(visit);
    const { url, urlHash } = visit.entry;
    return isOver(visit) ? [{ url, status: statusOf(visit), outcome: outcomes.get(urlHash) ?? outcome }] : [];
  };

const isOver = ({ outcome }: Visit) => outcome.kind !== "retry";

function countByHost(visits: Visit[], added: Map<string, number>) {
  const byHost = Map.groupBy(visits.filter(isOver), ({ entry }) => entry.host);
  return [...new Set([...byHost.keys(), ...added.keys()])].map((host) => {
    const done = byHost.get(host)?.length ?? 0;
    return { host, pending: (added.get(host) ?? 0) - done, done };
  });
}

function countOutcomes(visits: Visit[], pages: Map<string, PageOutcome>): Outcomes {
  const over = visits.filter(isOver);
  const count = (kind: Visit["outcome"]["kind"]) => over.filter(({ outcome }) => outcome.kind === kind).length;
  const paged = (name: PageOutcome) => pages.values().reduce((sum, outcome) => sum + (outcome === name ? 1 : 0), 0);
  return {
    created: paged("created"),
    changed: paged("changed"),
    unchanged: paged("unchanged"),
    redirected: count("redirected"),
    failed: count("failed"),
    skipped: count("skipped"),
  };
}

function countersOf(visits: Visit[], outcomes: Outcomes, added: number) {
  const over = visits.filter(isOver);
  const add = (column: PgColumn, by: number) => sql`${column} + ${by}`;
  const { created, changed, unchanged, redirected, failed, skipped } = outcomes;
  const failures = tally(over, ({ outcome }) => (outcome.kind === "failed" ? outcome.code : undefined));
  const skips = tally(over, ({ outcome }) => (outcome.kind === "skipped" ? outcome.reason : undefined));
  for (const { cut } of visits)
    for (const [reason, times] of Object.entries(cut)) skips[reason] = (skips[reason] ?? 0) + times;
  const last = over.findLast(({ outcome }) => outcome.kind === "failed");
  return {
    ...workedTime,
    pending: add(crawlJobs.pending, added - over.length),
    done: add(crawlJobs.done, created + changed + unchanged + redirected),
    created: add(crawlJobs.created, created),
    changed: add(crawlJobs.changed, changed),
    unchanged: add(crawlJobs.unchanged, unchanged),
    redirected: add(crawlJobs.redirected, redirected),
    failed: add(crawlJobs.failed, failed),
    skipped: add(crawlJobs.skipped, skipped),
    bytes: add(crawlJobs.bytes, sum(visits.map(({ wireBytes }) => wireBytes))),
    byStatus: addCounts(
      crawlJobs.byStatus,
      tally(over, (visit) => statusOf(visit)?.toString()),
    ),
    ...(Object.keys(failures).length > 0 ? { byFailure: addCounts(crawlJobs.byFailure, failures) } : {}),
    ...(Object.keys(skips).length > 0 ? { bySkip: addCounts(crawlJobs.bySkip, skips) } : {}),
    ...(last?.outcome.kind === "failed"
      ? { lastError: { code: last.outcome.code, message: last.outcome.message, url: last.entry.url } }
      : {}),
  };
}

const sum = (numbers: Iterable<number>) => Iterator.from(numbers).reduce((total, one) => total + one, 0);

function tally(visits: Visit[], nameOf: (visit: Visit) => string | undefined): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const visit of visits) {
    const name = nameOf(visit);
    if (name !== undefined) counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}
