import { and, eq, sql } from "drizzle-orm";
import type { PgColumn } from "drizzle-orm/pg-core";
import { type Db, rowsOf } from "../db/db.ts";
import { crawlJobs, frontier } from "../db/schema/crawls.ts";
import type { Crawl } from "./crawls.ts";
import { addCounts, addUrls, countHosts } from "./frontier.ts";
import { LeaseLostError } from "./lease.ts";
import { storePages } from "./store-pages.ts";
import { statusOf, type Visit } from "./visit-result.ts";

export type Settled = { crawl: Crawl; newHosts: string[] };

/**
 * Stores a batch of visits, all of it or nothing: what became of each URL, its page and document, the links it brought
 * and the counters. Rows that are no longer pending are passed over, which makes doubled work harmless.
 * @throws LeaseLostError when the crawl is not this owner's any more
 */
export async function settle(db: Db, crawl: Crawl, owner: string, visits: Visit[]): Promise<Settled> {
  return db.transaction(async (tx) => {
    const moved = await settleFrontier(tx, crawl.id, visits);
    const fresh = visits.filter(({ entry }) => moved.has(entry.urlHash));
    const outcomes = await storePages(tx, crawl, fresh);
    await nameOutcomes(tx, crawl.id, fresh, outcomes);
    const added = await addUrls(
      tx,
      crawl.id,
      fresh.flatMap(({ found }) => found),
    );
    await countHosts(tx, crawl.id, countByHost(fresh));
    const [updated] = await tx
      .update(crawlJobs)
      .set(countersOf(fresh, outcomes))
      .where(and(eq(crawlJobs.id, crawl.id), eq(crawlJobs.leaseOwner, owner)))
      .returning();
    if (!updated) throw new LeaseLostError(crawl.id);
    return { crawl: updated, newHosts: [...added.keys()] };
  });
}

/** Moves the rows that are still pending after as many attempts as they had, and tells which those were. */
async function settleFrontier(tx: Db, crawlId: string, visits: Visit[]): Promise<Set<string>> {
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
    returning f.url_hash`);
  return new Set(rowsOf<{ url_hash: string }>(result).map((row) => row.url_hash));
}

function describeOutcome({ outcome }: Visit) {
  switch (outcome.kind) {
    case "page":
      // Whether it is new or changed is known only once the page is looked up; most are new.
      return { state: "done", outcome: "created", content_type: outcome.contentType?.slice(0, 200) };
    case "not_modified":
      return { state: "done", outcome: "unchanged" };
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

const isOver = ({ outcome }: Visit) => outcome.kind !== "retry";

function countByHost(visits: Visit[]) {
  const byHost = Map.groupBy(visits.filter(isOver), ({ entry }) => entry.host);
  return [...byHost].map(([host, { length }]) => ({ host, pending: -length, done: length }));
}

function countersOf(visits: Visit[], outcomes: Map<string, PageOutcome>) {
  const over = visits.filter(isOver);
  const count = (kind: Visit["outcome"]["kind"]) => over.filter(({ outcome }) => outcome.kind === kind).length;
  const paged = (name: PageOutcome) => [...outcomes.values()].filter((outcome) => outcome === name).length;
  const add = (column: PgColumn, by: number) => sql`${column} + ${by}`;
  const failures = tally(over, ({ outcome }) => (outcome.kind === "failed" ? outcome.code : undefined));
  const skips = tally(over, ({ outcome }) => (outcome.kind === "skipped" ? outcome.reason : undefined));
  for (const { cut } of visits)
    for (const [reason, times] of Object.entries(cut)) skips[reason] = (skips[reason] ?? 0) + times;
  const last = over.findLast(({ outcome }) => outcome.kind === "failed");
  return {
    pending: add(crawlJobs.pending, -over.length),
    done: add(crawlJobs.done, count("page") + count("not_modified") + count("redirected")),
    created: add(crawlJobs.created, paged("created")),
    changed: add(crawlJobs.changed, paged("changed")),
    unchanged: add(crawlJobs.unchanged, paged("unchanged")),
    redirected: add(crawlJobs.redirected, count("redirected")),
    failed: add(crawlJobs.failed, count("failed")),
    skipped: add(crawlJobs.skipped, count("skipped")),
    bytes: add(
      crawlJobs.bytes,
      visits.reduce((sum, { wireBytes }) => sum + wireBytes, 0),
    ),
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

function tally(visits: Visit[], nameOf: (visit: Visit) => string | undefined): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const visit of visits) {
    const name = nameOf(visit);
    if (name !== undefined) counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}
