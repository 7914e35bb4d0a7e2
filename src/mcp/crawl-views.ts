import { type Static, Type } from "@sinclair/typebox";
import { and, eq, gte } from "drizzle-orm";
import { type ChangeCounts, countChangesOf } from "../changes/changes.ts";
import type { Crawl, FrontierRow } from "../crawl/crawls.ts";
import { listCrawlUrls } from "../crawl/crawls.ts";
import { isOver } from "../crawl/watch.ts";
import type { Db } from "../db/db.ts";
import { CRAWL_STATES } from "../db/schema/crawls.ts";
import { CHANGE_KINDS } from "../db/schema/pages.ts";
import { indexedWebsites } from "../db/schema/passages.ts";
import { shorten } from "./budget.ts";
import { Fields, Id, Instant, Notice, Nullable, OneOf } from "./tools/fields.ts";
import { fence, NOTICE } from "./untrusted.ts";

/** Failures that are named; the API lists all. */
const MAX_FAILURES = 5;

export const CrawlView = Fields({
  notice: Notice,
  crawl_id: Id(),
  website_id: Id(),
  state: OneOf(CRAWL_STATES),
  is_over: Type.Boolean(),
  is_searchable: Type.Boolean({ description: "Search finds what it brought" }),
  waiting: Type.Integer({ description: "URLs to come" }),
  fetched: Type.Integer({ description: "URLs that answered; the next four are what they brought" }),
  new_pages: Type.Integer(),
  changed_pages: Type.Integer(),
  unchanged_pages: Type.Integer(),
  redirects: Type.Integer(),
  failed: Type.Integer(),
  skipped: Type.Integer(),
  started_at: Nullable(Instant()),
  finished_at: Nullable(Instant()),
  end_reason: Nullable(Type.String({ description: "done, the name of a limit, cancelled, or a failure" })),
  last_error: Nullable(Type.String()),
  failures: Type.Array(Fields({ url: Type.String(), message: Type.String() }), { description: "The first of them" }),
  changes: Fields(
    Object.fromEntries(CHANGE_KINDS.map((kind) => [kind, Type.Integer()])) as Record<
      keyof ChangeCounts,
      ReturnType<typeof Type.Integer>
    >,
  ),
});
export type CrawlView = Static<typeof CrawlView>;

/** A crawl as it is, with what it found so far. */
export async function lookUpCrawl(db: Db, crawl: Crawl): Promise<CrawlView> {
  const failures = crawl.failed > 0 ? await listCrawlUrls(db, crawl.id, { state: "failed", limit: MAX_FAILURES }) : [];
  return viewCrawl(crawl, {
    failures,
    changes: await countChangesOf(db, crawl.id),
    isSearchable: await isIndexed(db, crawl),
  });
}

/** Whether all that a crawl brought is in the search index. */
export async function isIndexed(db: Db, { websiteId, finishedAt }: Crawl): Promise<boolean> {
  if (finishedAt === null) return false;
  const { indexedAt } = indexedWebsites;
  const [index] = await db
    .select({ indexedAt })
    .from(indexedWebsites)
    .where(and(eq(indexedWebsites.websiteId, websiteId), gte(indexedAt, finishedAt)));
  return index !== undefined;
}

type Found = { failures: readonly FrontierRow[]; changes: ChangeCounts; isSearchable: boolean };

function viewCrawl(crawl: Crawl, { failures, changes, isSearchable }: Found): CrawlView {
  const { id, websiteId, state, pending, done, created, changed, unchanged, redirected, failed, skipped } = crawl;
  return {
    ...{ notice: NOTICE, crawl_id: id, website_id: websiteId, state, is_over: isOver(crawl), waiting: pending },
    is_searchable: isSearchable,
    ...{ fetched: done, new_pages: created, changed_pages: changed, unchanged_pages: unchanged },
    ...{ redirects: redirected, failed, skipped, changes },
    started_at: crawl.startedAt?.toISOString() ?? null,
    finished_at: crawl.finishedAt?.toISOString() ?? null,
    end_reason: crawl.endReason,
    last_error: crawl.lastError ? shorten(crawl.lastError.message, 300) : null,
    failures: failures.map(({ url, message, outcome }) => ({ url, message: shorten(message ?? outcome ?? "", 200) })),
  };
}

export function describeCrawl(view: CrawlView): string {
  const { crawl_id: id, state, fetched, waiting, new_pages: created, changed_pages: changed, failed, skipped } = view;
  const counts = `${fetched} fetched (${created} new, ${changed} changed), ${waiting} waiting, ${failed} failed, ${skipped} skipped`;
  const why = view.end_reason === null || view.end_reason === "done" ? "" : ` Ended by ${view.end_reason}.`;
  const error = view.last_error === null || failed === 0 ? [] : [`Last error: ${view.last_error}`];
  const lines = [...error, ...view.failures.map(({ url, message }) => `- ${url}: ${message}`)];
  const told = lines.length === 0 ? "" : `\n${fence(lines.join("\n"), "crawl log")}`;
  const soon = view.is_searchable ? " Search finds what it brought." : " What it brought can be searched soon.";
  const hint = view.is_over ? soon : " crawl_status tells how it goes on.";
  return `Crawl ${id} is ${state}: ${counts}.${why}${hint}${told}`;
}
