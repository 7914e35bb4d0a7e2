import { sql } from "drizzle-orm";
import {
  bigint,
  boolean,
  check,
  index,
  integer,
  jsonb,
  primaryKey,
  smallint,
  text,
  uniqueIndex,
  uuid,
} from "drizzle-orm/pg-core";
import { byteCount, createdAt, id, instant, orbweaver, updatedAt } from "./columns.ts";
import { apiKeys } from "./users.ts";
import { websites } from "./websites.ts";

export const CRAWL_STATES = ["queued", "running", "paused", "completed", "failed", "cancelled"] as const;
export type CrawlState = (typeof CRAWL_STATES)[number];

export type CrawlFailure = { code: string; message: string; url?: string };

/** One run over a website. Counters are kept by the transactions that settle pages, so they never drift from them. */
export const crawlJobs = orbweaver.table(
  "crawl_jobs",
  {
    id: id(),
    websiteId: uuid()
      .notNull()
      .references(() => websites.id, { onDelete: "cascade" }),
    /** Who works it: the service, or a command at somebody's keyboard, which may reach more of the network. */
    runner: text({ enum: ["service", "command"] })
      .notNull()
      .default("service"),
    state: text({ enum: CRAWL_STATES }).notNull().default("queued"),
    /** The key it was asked for with; null for whoever came without one. */
    apiKeyId: uuid().references(() => apiKeys.id, { onDelete: "set null" }),
    seeds: text().array().notNull(),
    /** All options, defaults filled in, as they were when the crawl was made. */
    options: jsonb().$type<Record<string, unknown>>().notNull(),
    /** Nothing is new to it: it found the website's first pages. */
    isBaseline: boolean().notNull().default(false),
    /** Of the pages that the website had before, all are visited again or those alone whose time has come. */
    selection: text({ enum: ["all", "due"] })
      .notNull()
      .default("all"),
    /** Hosts that count as the website besides the seeds' own, because a seed redirected there. */
    hosts: text().array().notNull().default(sql`'{}'`),
    /** Seeds and sitemaps are in the frontier. */
    isSeeded: boolean().notNull().default(false),
    pending: integer().notNull().default(0),
    /** URLs that were answered, by whatever status; the sum of the four below it. */
    done: integer().notNull().default(0),
    created: integer().notNull().default(0),
    changed: integer().notNull().default(0),
    unchanged: integer().notNull().default(0),
    redirected: integer().notNull().default(0),
    failed: integer().notNull().default(0),
    skipped: integer().notNull().default(0),
    /** Answers by HTTP status, failures by code, skips by reason. */
    byStatus: jsonb().$type<Record<string, number>>().notNull().default({}),
    byFailure: jsonb().$type<Record<string, number>>().notNull().default({}),
    bySkip: jsonb().$type<Record<string, number>>().notNull().default({}),
    /** Body bytes over the wire. */
    bytes: byteCount().notNull().default(0),
    /** Milliseconds of work, pauses and down-time left out. */
    activeMs: byteCount().notNull().default(0),
    /** When the pages that it found missing were counted, which is done once. */
    missingCountedAt: instant(),
    /** Why it ended: `done`, a limit's name, `cancelled`, or a failure's code. */
    endReason: text(),
    lastError: jsonb().$type<CrawlFailure>(),
    /** The process that works a command's crawl, and until when nobody else may. The service's are worked by slices. */
    leaseOwner: uuid(),
    leasedUntil: instant(),
    /** Up to when `active_ms` counts. */
    workedAt: instant(),
    /** W3C `traceparent` of the request that asked for it, so that its work is part of that trace. */
    traceContext: text(),
    startedAt: instant(),
    finishedAt: instant(),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [
    index("crawl_jobs_website_idx").on(table.websiteId, table.id),
    index("crawl_jobs_api_key_idx").on(table.apiKeyId).where(sql`${table.apiKeyId} is not null`),
    index("crawl_jobs_open_idx").on(table.id).where(sql`${table.state} in ('queued', 'running')`),
    uniqueIndex("crawl_jobs_active_key")
      .on(table.websiteId, table.runner)
      .where(sql`${table.state} in ('queued', 'running', 'paused')`),
    check(
      "crawl_jobs_state_check",
      sql`${table.state} in ('queued', 'running', 'paused', 'completed', 'failed', 'cancelled')`,
    ),
  ],
);

export const FRONTIER_STATES = ["pending", "done", "failed", "skipped"] as const;
export type FrontierState = (typeof FRONTIER_STATES)[number];

/**
 * The queue of a crawl's URLs, and afterwards its log: each URL once, what became of it and why. A row leaves `pending`
 * by one statement that checks it still is, in the transaction that stores the page; that makes late and doubled work
 * harmless.
 */
export const frontier = orbweaver.table(
  "frontier",
  {
    crawlId: uuid()
      .notNull()
      .references(() => crawlJobs.id, { onDelete: "cascade" }),
    /** First 16 bytes of the canonical URL's SHA-256. */
    urlHash: uuid().notNull(),
    /** Order of discovery; pages of a crawl are listed by it. */
    seq: bigint({ mode: "number" }).notNull().generatedAlwaysAsIdentity(),
    url: text().notNull(),
    host: text().notNull(),
    depth: smallint().notNull(),
    /** Lower goes first. */
    priority: smallint().notNull(),
    source: text({ enum: ["seed", "sitemap", "link", "redirect", "canonical", "known"] }).notNull(),
    state: text({ enum: FRONTIER_STATES }).notNull().default("pending"),
    attempts: smallint().notNull().default(0),
    /** A retry waits until then. */
    notBefore: instant(),
    /** URLs that redirected here, oldest first. */
    redirects: text().array(),
    /** When the page last changed, as a sitemap says. */
    sitemapModifiedAt: instant(),
    /** HTTP status of the last answer. */
    status: smallint(),
    /** What the visit brought: `created`, `changed`, `unchanged`, `redirected`, a failure's code or a skip's reason. */
    outcome: text(),
    message: text(),
    contentType: text(),
    bytes: integer(),
    durationMs: integer(),
    settledAt: instant(),
  },
  (table) => [
    primaryKey({ name: "frontier_pkey", columns: [table.crawlId, table.urlHash] }),
    index("frontier_pending_idx")
      .on(table.crawlId, table.host, table.priority, table.seq)
      .where(sql`${table.state} = 'pending'`),
    index("frontier_retry_idx")
      .on(table.crawlId, table.notBefore)
      .where(sql`${table.state} = 'pending' and ${table.notBefore} is not null`),
    index("frontier_log_idx").on(table.crawlId, table.seq),
    index("frontier_alias_idx")
      .on(table.crawlId, table.seq)
      .where(sql`${table.outcome} in ('redirected', 'canonical')`),
    check("frontier_state_check", sql`${table.state} in ('pending', 'done', 'failed', 'skipped')`),
  ],
);

/** What a crawl knows of each host it meets: the unit of politeness, of budgets and of sharing work. */
export const crawlHosts = orbweaver.table(
  "crawl_hosts",
  {
    crawlId: uuid()
      .notNull()
      .references(() => crawlJobs.id, { onDelete: "cascade" }),
    host: text().notNull(),
    pending: integer().notNull().default(0),
    done: integer().notNull().default(0),
    /** Why the crawl gave the host up, in words; null while it goes on. */
    stopReason: text(),
    /** The job that works this host for the crawl, or will; any other that thinks it does is late. */
    sliceId: uuid(),
    /** 0 for the few slices of a crawl that have their turn among those of other crawls, 1 for the rest. */
    sliceRank: smallint(),
    /** Until then nothing is due there, and its slice waits for it. */
    restsUntil: instant(),
    /** Since when the crawl waits for its turn at the host, which another crawl has. */
    waitsSince: instant(),
  },
  (table) => [
    primaryKey({ name: "crawl_hosts_pkey", columns: [table.crawlId, table.host] }),
    index("crawl_hosts_slice_idx").on(table.crawlId, table.host).where(sql`${table.sliceId} is not null`),
    index("crawl_hosts_turn_idx").on(table.host, table.waitsSince).where(sql`${table.waitsSince} is not null`),
    index("crawl_hosts_pending_idx").on(table.crawlId).where(sql`${table.pending} > 0 and ${table.stopReason} is null`),
  ],
);

/**
 * Hosts as the whole cluster sees them: whoever holds the lease is the only one that sends requests there. The row
 * outlives the lease, so that the next holder goes on as politely as the last one had to.
 */
export const hosts = orbweaver.table(
  "hosts",
  {
    host: text().primaryKey(),
    /** Made anew for each slice: what settles under another token comes too late. */
    leaseToken: uuid(),
    leasedUntil: instant(),
    /** The slice that holds it, by its job, and the crawl that it works for. */
    sliceId: uuid(),
    crawlId: uuid(),
    /** How the host has been: delay, pause, concurrency, errors. */
    politeness: jsonb().$type<Record<string, unknown>>(),
    updatedAt: updatedAt(),
  },
  (table) => [
    index("hosts_crawl_idx").on(table.crawlId).where(sql`${table.crawlId} is not null`),
    index("hosts_idle_idx").on(table.updatedAt).where(sql`${table.leaseToken} is null`),
  ],
);

/** Bounds of the time between two visits to a page, and fetches that a day may cost. */
export type AdaptiveRule = { minSeconds: number; maxSeconds: number; fetchesPerDay: number };

/** When a website is crawled again. */
export const crawlSchedules = orbweaver.table(
  "crawl_schedules",
  {
    id: id(),
    websiteId: uuid()
      .notNull()
      .references(() => websites.id, { onDelete: "cascade" }),
    /** Either a cron expression (with optional seconds) or an interval. */
    cron: text(),
    intervalSeconds: integer(),
    timeZone: text().notNull().default("UTC"),
    jitterSeconds: integer().notNull().default(0),
    overlap: text({ enum: ["skip", "queue", "replace"] })
      .notNull()
      .default("skip"),
    missed: text({ enum: ["skip", "once"] })
      .notNull()
      .default("once"),
    isEnabled: boolean().notNull().default(true),
    startsAt: instant(),
    endsAt: instant(),
    /** Each page has its own time then, and the rule above is how often those are visited whose time has come. */
    adaptive: jsonb().$type<AdaptiveRule>(),
    /** Options of its crawls, over those of the website. */
    options: jsonb().$type<Record<string, unknown>>().notNull().default({}),
    nextRunAt: instant(),
    /** When it was last due, what came of that, and the crawl if one was started. */
    lastRunAt: instant(),
    lastOutcome: text({ enum: ["started", "queued", "skipped", "failed"] }),
    lastMessage: text(),
    lastCrawlId: uuid().references(() => crawlJobs.id, { onDelete: "set null" }),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [
    index("crawl_schedules_due_idx").on(table.nextRunAt).where(sql`${table.isEnabled}`),
    index("crawl_schedules_website_idx").on(table.websiteId, table.id),
    index("crawl_schedules_last_crawl_idx").on(table.lastCrawlId).where(sql`${table.lastCrawlId} is not null`),
    check("crawl_schedules_rule_check", sql`(${table.cron} is null) <> (${table.intervalSeconds} is null)`),
  ],
);
