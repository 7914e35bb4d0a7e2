import { type Static, Type } from "@sinclair/typebox";
import { t } from "elysia";
import type { ChangeCounts } from "../changes/changes.ts";
import type { Crawl, FrontierRow } from "../crawl/crawls.ts";
import { LEASE_MS } from "../crawl/lease.ts";
import { CRAWL_STATES, FRONTIER_STATES } from "../db/schema/crawls.ts";
import { exampleId, Id, Instant, Nullable, OneOf, PathPrefix, QueryInteger, Tally } from "./fields.ts";
import { idCursors, numberCursors, PageOf } from "./paging.ts";
import { ChangeCountsView } from "./website-diff-view.ts";

const CrawlState = OneOf(CRAWL_STATES, {
  description: "Where it stands; the last three are final",
  examples: ["running"],
});

const Count = (description: string) => Type.Integer({ minimum: 0, description, examples: [12] });

export const CrawlView = Type.Object(
  {
    id: Id("The crawl's id"),
    website_id: Id("The website that is crawled"),
    state: CrawlState,
    runner: Type.Union([Type.Literal("service"), Type.Literal("command")], {
      description: "Who works it: the service, or the crawl command on somebody's machine",
    }),
    seeds: Type.Array(Type.String(), { description: "Where it starts", examples: [["https://docs.example.com/"]] }),
    options: Type.Record(Type.String(), Type.Unknown(), {
      description: "All options, defaults filled in",
      examples: [{ scope: "host", max_pages: 500 }],
    }),
    counts: Type.Object(
      {
        pending: Count("URLs found and not yet visited"),
        done: Count("URLs that answered; the sum of the next four"),
        created: Count("Pages seen for the first time"),
        changed: Count("Pages whose text changed"),
        unchanged: Count("Pages as they were"),
        redirected: Count("URLs that led to another one"),
        failed: Count("URLs that could not be read"),
        skipped: Count("URLs that were to be visited, then left out on purpose"),
      },
      { description: "URLs of the crawl, by what became of them" },
    ),
    changes: Type.Optional(ChangeCountsView),
    by_status: Tally("Answers by HTTP status", { "200": 40, "404": 2 }),
    by_failure: Tally("Failures by code", { timeout: 1 }),
    by_skip: Tally("What was left out, by reason: URLs that were skipped, and links that were not followed at all", {
      robots: 3,
      scope: 12,
    }),
    bytes: Count("Body bytes over the wire"),
    created_at: Instant("When it was asked for"),
    started_at: Nullable(Instant("When work on it began")),
    finished_at: Nullable(Instant("When it ended")),
    elapsed_ms: Nullable(Count("Milliseconds from its start to its end, or until now")),
    active_ms: Count("Milliseconds of work on it, pauses left out"),
    pages_per_second: Nullable(
      Type.Number({ minimum: 0, description: "URLs answered in a second of work", examples: [8.3] }),
    ),
    end_reason: Nullable(
      Type.String({ description: "Why it ended: done, a limit's name, cancelled, or a failure", examples: ["done"] }),
    ),
    end_message: Nullable(Type.String({ description: "The same in words", examples: ["Nothing was left to visit"] })),
    last_error: Nullable(
      Type.Object(
        { code: Type.String(), message: Type.String(), url: Type.Optional(Type.String()) },
        { description: "The last thing that went wrong", examples: [{ code: "dns", message: "No such host" }] },
      ),
    ),
    links: Type.Object({
      self: Type.String({ examples: [`/api/v1/crawls/${exampleId}`] }),
      website: Type.String({ examples: [`/api/v1/websites/${exampleId}`] }),
      pages: Type.String({ description: "Its URLs", examples: [`/api/v1/crawls/${exampleId}/pages`] }),
      errors: Type.String({
        description: "Its URLs that failed",
        examples: [`/api/v1/crawls/${exampleId}/pages?state=failed`],
      }),
      events: Type.String({ examples: [`/api/v1/crawls/${exampleId}/events`] }),
    }),
  },
  { $id: "Crawl", description: "A run over a website" },
);

export const CrawlPage = PageOf(CrawlView, "Crawls, newest first");
export const crawlCursors = idCursors("crawls");

export const stateFilter = { state: t.Optional(CrawlState) };

/** @param changes what it found, by kind, where a crawl is told of by itself */
export function viewCrawl(crawl: Crawl, now: Date, changes?: ChangeCounts): Static<typeof CrawlView> {
  const { id, websiteId, startedAt, finishedAt, done } = crawl;
  const { pending, created, changed, unchanged, redirected, failed, skipped } = crawl;
  const activeMs = countActiveMs(crawl, now);
  const self = `/api/v1/crawls/${id}`;
  return {
    id,
    website_id: websiteId,
    state: crawl.state,
    runner: crawl.runner,
    seeds: crawl.seeds,
    options: crawl.options,
    counts: { pending, done, created, changed, unchanged, redirected, failed, skipped },
    ...(changes ? { changes } : {}),
    by_status: crawl.byStatus,
    by_failure: crawl.byFailure,
    by_skip: crawl.bySkip,
    bytes: crawl.bytes,
    created_at: crawl.createdAt.toISOString(),
    started_at: startedAt?.toISOString() ?? null,
    finished_at: finishedAt?.toISOString() ?? null,
    elapsed_ms: startedAt && Math.max(0, (finishedAt ?? now).getTime() - startedAt.getTime()),
    active_ms: activeMs,
    pages_per_second: activeMs > 0 ? Math.round((done * 100_000) / activeMs) / 100 : null,
    end_reason: crawl.endReason,
    end_message: describeEnd(crawl),
    last_error: crawl.lastError,
    links: {
      self,
      website: `/api/v1/websites/${websiteId}`,
      pages: `${self}/pages`,
      errors: `${self}/pages?state=failed`,
      events: `${self}/events`,
    },
  };
}

/** A worker writes down its time whenever it renews its lease; what it has worked since is added. */
function countActiveMs({ state, activeMs, leasedUntil }: Crawl, now: Date): number {
  if (state !== "running" || leasedUntil === null) return activeMs;
  const sinceRenewalMs = LEASE_MS - (leasedUntil.getTime() - now.getTime());
  return activeMs + Math.min(Math.max(0, sinceRenewalMs), LEASE_MS);
}

function describeEnd({ state, endReason, lastError, options, seeds, bySkip }: Crawl): string | null {
  if (endReason === null) return null;
  if (state === "cancelled") return "It was cancelled";
  const why = lastError?.message ?? endReason;
  if (state === "failed") return endReason === "internal" ? why : `Nothing of ${seeds[0]} could be fetched: ${why}`;
  const limit = endReason === "max_duration" ? "max_duration_s" : endReason;
  if (limit in options) return `${limit} (${options[limit]}) was reached`;
  const given = bySkip.host_stopped ?? 0;
  return given > 0 ? `Nothing was left but ${given} URLs of hosts that failed too often` : "Nothing was left to visit";
}

const UrlState = OneOf(FRONTIER_STATES, { description: "Where the URL stands in this crawl", examples: ["done"] });

export const CrawlUrlView = Type.Object(
  {
    url: Type.String({ examples: ["https://docs.example.com/start"] }),
    state: UrlState,
    outcome: Nullable(
      Type.String({
        description: "created, changed, unchanged or redirected; a failure's code; or why it was skipped",
        examples: ["created"],
      }),
    ),
    status: Nullable(Type.Integer({ description: "HTTP status of the last answer", examples: [200] })),
    message: Nullable(
      Type.String({ description: "The failure or the skip, in words", examples: ["docs.example.com has no address"] }),
    ),
    depth: Type.Integer({ description: "Links from a start URL", examples: [1] }),
    source: Type.String({ description: "seed, sitemap, link, redirect or known", examples: ["link"] }),
    attempts: Type.Integer({ description: "Requests made", examples: [1] }),
    redirects: Type.Array(Type.String(), { description: "URLs that redirected here", examples: [[]] }),
    content_type: Nullable(Type.String({ examples: ["text/html"] })),
    bytes: Nullable(Type.Integer({ description: "Body bytes over the wire", examples: [10_240] })),
    duration_ms: Nullable(Type.Integer({ description: "Milliseconds of the last request", examples: [120] })),
    settled_at: Nullable(Instant("When its state became final")),
    page_id: Nullable(Id("The page it brought")),
  },
  { $id: "CrawlUrl", description: "A URL in a crawl, and what became of it" },
);

export const CrawlUrlPage = PageOf(CrawlUrlView, "URLs of a crawl, in the order they were found");
export const crawlUrlCursors = numberCursors("crawl-urls");

export const crawlUrlFilters = {
  state: t.Optional(UrlState),
  outcome: t.Optional(t.String({ minLength: 1, maxLength: 100, description: "Only this outcome", examples: ["dns"] })),
  status: t.Optional(QueryInteger("status", { minimum: 100, maximum: 599, description: "Only this HTTP status" })),
  path_prefix: t.Optional(PathPrefix),
};

export function viewCrawlUrl(row: FrontierRow): Static<typeof CrawlUrlView> {
  const { url, state, outcome, status, message, depth, source, attempts, redirects } = row;
  return {
    url,
    state,
    outcome,
    status,
    message,
    depth,
    source,
    attempts,
    redirects: redirects ?? [],
    content_type: row.contentType,
    bytes: row.bytes,
    duration_ms: row.durationMs,
    settled_at: row.settledAt?.toISOString() ?? null,
    page_id: row.pageId,
  };
}
