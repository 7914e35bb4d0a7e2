import type { Rows } from "./access-walk-rows.ts";

/** A good request to an operation, and how it is answered to whoever may make it. */
export type Sample = {
  /** What stands for `{id}`, or another parameter: a row of the owner's, unless `isNobodys`. */
  id?: (rows: Rows) => string;
  /** What stands for the parameters after it, by their names. */
  more?: (rows: Rows) => Record<string, string>;
  query?: string;
  body?: (rows: Rows) => unknown;
  status?: number;
  /** The row belongs to no user, as users themselves do: there is no stranger to it. */
  isNobodys?: boolean;
  /** Its answer goes on for ever, so that its head has to do. */
  isEndless?: boolean;
};

const website: Sample = { id: ({ websiteId }) => websiteId };
const page: Sample = { id: ({ pageId }) => pageId };
const version: Sample = { ...page, more: () => ({ number: "1" }) };
const change: Sample = { id: ({ changeId }) => changeId };
const crawl: Sample = { id: ({ crawlIds }) => crawlIds.toCancel };
const key: Sample = { id: ({ keyId }) => keyId };
const job: Sample = { id: ({ jobId }) => jobId, isNobodys: true };
const queue: Sample = { id: () => "maintenance" };
const channel: Sample = { id: ({ channelId }) => channelId };
const delivery: Sample = { id: ({ deliveryId }) => deliveryId };
const schedule: Sample = { id: ({ scheduleId }) => scheduleId };
const user: Sample = { id: ({ spareUserId }) => spareUserId, isNobodys: true };

/**
 * Every operation that asks for a permission, in an order in which each can be done after those before it. The walk says
 * when one is missing.
 */
export const SAMPLES: Record<string, Sample> = {
  "GET /metrics": {},
  "GET /api/v1/log-level": {},
  "PUT /api/v1/log-level": { body: () => ({ level: "info" }) },
  "GET /api/v1/me": {},
  "GET /api/v1/instances": {},

  "GET /api/v1/websites": {},
  "POST /api/v1/websites": { body: () => ({ url: "https://new.example/" }), status: 201 },
  "GET /api/v1/websites/{id}": website,
  "PATCH /api/v1/websites/{id}": { ...website, body: () => ({ name: "Renamed" }) },
  "GET /api/v1/websites/{id}/pages": website,
  "GET /api/v1/websites/{id}/visit-plan": website,
  "GET /api/v1/websites/{id}/crawls": website,
  "GET /api/v1/websites/{id}/feed.rss": website,
  "GET /api/v1/websites/{id}/feed.atom": website,
  "GET /api/v1/websites/{id}/feed.json": website,
  "GET /api/v1/websites/{id}/tracking": website,
  "PUT /api/v1/websites/{id}/tracking": { ...website, body: () => ({ rules: [{ ignore_numbers: true }] }) },
  "POST /api/v1/websites/{id}/tracking/preview": { ...website, body: () => ({ tracking: {} }) },
  "GET /api/v1/websites/{id}/tracking/suggestions": website,
  // Nothing is built yet.
  "GET /api/v1/websites/{id}/llms.txt": { ...website, status: 404 },
  "GET /api/v1/websites/{id}/llms-full.txt": { ...website, status: 404 },
  "GET /api/v1/websites/{id}/index.json": { ...website, status: 404 },
  "GET /api/v1/websites/{id}/indexes": website,
  "GET /api/v1/websites/{id}/llms": website,
  "PUT /api/v1/websites/{id}/llms": { ...website, body: () => ({ title: "Docs" }) },
  "POST /api/v1/websites/{id}/llms/preview": { ...website, body: () => ({ max_links: 10 }) },
  // Nothing has changed all the time.
  "POST /api/v1/websites/{id}/tracking/suggestions/{suggestion_id}/adopt": {
    ...website,
    more: () => ({ suggestion_id: "0123456789abcdef" }),
    status: 404,
  },
  "DELETE /api/v1/websites/{id}": { id: ({ otherWebsiteId }) => otherWebsiteId, status: 204 },
  "POST /api/v1/websites/{id}/restore": { id: ({ deletedWebsiteId }) => deletedWebsiteId },

  "GET /api/v1/pages": {},
  "GET /api/v1/pages/{id}": page,
  "GET /api/v1/pages/{id}/document": page,
  "GET /api/v1/pages/{id}/raw": page,
  "GET /api/v1/pages/{id}/links": page,
  "GET /api/v1/pages/{id}/visit-plan": page,
  "GET /api/v1/pages/{id}/versions": page,
  "GET /api/v1/pages/{id}/versions/{number}": version,
  "GET /api/v1/pages/{id}/versions/{number}/raw": version,
  "GET /api/v1/pages/{id}/diff": { ...page, query: "?from=1&to=1" },

  "GET /api/v1/search": { query: "?q=text" },
  "GET /api/v1/websites/{id}/search": { ...website, query: "?q=text" },
  "GET /api/v1/search/suggestions": { query: "?q=text" },
  "GET /api/v1/mentions": { query: "?q=text" },
  "GET /api/v1/websites/{id}/mentions": { ...website, query: "?q=text" },
  "GET /api/v1/pages/{id}/similar": page,
  "GET /api/v1/websites/{id}/duplicates": website,
  "GET /api/v1/duplicates": {},
  "GET /api/v1/embeddings": {},

  "GET /api/v1/changes": {},
  "GET /api/v1/changes/{id}": change,
  "GET /api/v1/changes/{id}/diff": change,
  "GET /api/v1/websites/{id}/changes": website,
  "GET /api/v1/websites/{id}/diff": { ...website, query: "?from=2025-01-01" },

  "GET /api/v1/channels": {},
  "POST /api/v1/channels": {
    body: () => ({ kind: "webhook", target: { url: "https://hooks.example.com/" } }),
    status: 201,
  },
  "POST /api/v1/channels/template-preview": {
    body: () => ({ kind: "slack", template: { text: "{{ title }}" } }),
  },
  "GET /api/v1/channels/{id}": channel,
  "PATCH /api/v1/channels/{id}": { ...channel, body: () => ({ name: "Renamed" }) },
  "POST /api/v1/channels/{id}/rotate-secret": { ...channel, body: () => ({}) },
  "POST /api/v1/channels/{id}/test": channel,
  "GET /api/v1/channels/{id}/deliveries": channel,
  "POST /api/v1/channels/{id}/replay-failed": { ...channel, status: 202 },
  "GET /api/v1/deliveries/{id}": delivery,
  "POST /api/v1/deliveries/{id}/replay": { ...delivery, status: 202 },
  "DELETE /api/v1/channels/{id}": { ...channel, status: 204 },
  "GET /api/v1/events": { query: "?format=json" },
  "GET /api/v1/websites/{id}/events": { ...website, query: "?format=json" },

  "GET /api/v1/crawls": {},
  "POST /api/v1/crawls": { body: () => ({ url: "https://crawled.example/" }), status: 202 },
  "GET /api/v1/crawls/{id}": crawl,
  "GET /api/v1/crawls/{id}/pages": crawl,
  "POST /api/v1/crawls/{id}/pause": { id: ({ crawlIds }) => crawlIds.toPause },
  "POST /api/v1/crawls/{id}/resume": { id: ({ crawlIds }) => crawlIds.toPause },
  "POST /api/v1/crawls/{id}/cancel": crawl,
  // Once it is over, its stream ends.
  "GET /api/v1/crawls/{id}/events": crawl,

  "GET /api/v1/schedules": {},
  "POST /api/v1/schedules": { body: ({ websiteId }) => ({ website_id: websiteId, cron: "@daily" }), status: 201 },
  "POST /api/v1/schedules/preview": { body: () => ({ cron: "@daily" }) },
  "GET /api/v1/schedules/{id}": schedule,
  "PATCH /api/v1/schedules/{id}": { ...schedule, body: () => ({ enabled: false }) },
  "GET /api/v1/schedules/{id}/firings": schedule,
  "POST /api/v1/schedules/{id}/run": { ...schedule, status: 202 },
  "DELETE /api/v1/schedules/{id}": { ...schedule, status: 204 },
  "GET /api/v1/system-schedules": {},
  "POST /api/v1/system-schedules/{name}/run": { id: () => "purge", isNobodys: true, status: 202 },

  // The web behind the test answers nothing.
  "POST /api/v1/scrape": { body: () => ({ url: "https://nowhere.example/" }), status: 502 },
  "POST /api/v1/extract/preview": { body: () => ({ html: "<p>A page</p>" }) },

  "GET /api/v1/keys": {},
  "POST /api/v1/keys": { body: () => ({ name: "made", permissions: ["read"] }), status: 201 },
  "GET /api/v1/keys/{id}": key,
  "PATCH /api/v1/keys/{id}": { ...key, body: () => ({ name: "renamed" }) },
  "DELETE /api/v1/keys/{id}": { ...key, status: 204 },

  "GET /api/v1/users": {},
  "POST /api/v1/users": { body: () => ({ name: "New" }), status: 201 },
  "GET /api/v1/users/{id}": user,
  "PATCH /api/v1/users/{id}": { ...user, body: () => ({ name: "Renamed" }) },
  "POST /api/v1/users/{id}/disable": user,
  "POST /api/v1/users/{id}/enable": user,
  "DELETE /api/v1/users/{id}": { ...user, status: 204 },
  "POST /api/v1/users/{id}/restore": user,

  "GET /api/v1/jobs": {},
  "GET /api/v1/jobs/events": { isEndless: true },
  "GET /api/v1/jobs/{id}": job,
  "POST /api/v1/jobs/{id}/retry": job,
  "POST /api/v1/jobs/{id}/cancel": job,
  "POST /api/v1/jobs/replay": { body: () => ({ kind: "good" }) },
  "DELETE /api/v1/jobs": { query: "?state=cancelled" },
  "GET /api/v1/queues": {},
  "POST /api/v1/queues/{queue}/pause": queue,
  "POST /api/v1/queues/{queue}/resume": queue,
};
