import type { Db } from "../../src/db/db.ts";
import { crawlHosts, crawlJobs, crawlSchedules, frontier, hosts } from "../../src/db/schema/crawls.ts";
import {
  cacheEntries,
  instances,
  jobFailures,
  jobProgress,
  pausedQueues,
  systemSchedules,
} from "../../src/db/schema/jobs.ts";
import { channels, deliveries, deliveryAttempts, events } from "../../src/db/schema/notifications.ts";
import { markdownDocuments, pageChanges, pageLinks, pages, rawHtml } from "../../src/db/schema/pages.ts";
import {
  embeddingModels,
  indexedPages,
  indexedWebsites,
  passages,
  websiteWords,
} from "../../src/db/schema/passages.ts";
import { apiKeys, idempotencyKeys, users } from "../../src/db/schema/users.ts";
import { websiteIndexes, websites } from "../../src/db/schema/websites.ts";

const digest = "ab".repeat(32);
const at = new Date("2026-01-02T03:04:05Z");
const nowhere = { authors: [], siteName: null, canonicalUrl: null, publishedAt: null, modifiedAt: null };
const details = { ...nowhere, openGraph: {}, jsonLd: [], images: [], tags: [], feeds: [], headings: [] };

/** A row in every table. */
export async function addSampleRows(db: Db): Promise<void> {
  const made = <Row>([row]: Row[]) => row as Row;
  const identity = { issuer: "https://login.example.com/", subject: "42" };
  const user = made(
    await db
      .insert(users)
      .values({ name: "Ada", email: "ada@example.com", ...identity })
      .returning(),
  );
  // The same address again, as only the newer rule allows it.
  await db.insert(users).values({ name: "Ada here", email: "Ada@example.com" });
  const userId = user.id;
  const key = made(
    await db
      .insert(apiKeys)
      .values({ userId, name: "k", hash: digest, prefix: "ow_live_", permissions: ["read"] })
      .returning(),
  );
  const lockedUntil = at;
  await db.insert(idempotencyKeys).values({ userId, key: "once", requestHash: digest, lockedUntil, expiresAt: at });
  const url = "https://example.com/";
  const website = made(await db.insert(websites).values({ userId, url, name: "Example" }).returning());
  const websiteId = website.id;
  const index = { websiteId, kind: "llms_txt" as const, version: 1, content: "# Example", contentHash: digest };
  await db.insert(websiteIndexes).values(index);
  const crawl = made(
    await db
      .insert(crawlJobs)
      .values({ websiteId, apiKeyId: key.id, seeds: [url], options: { a: 1 } })
      .returning(),
  );
  const crawlId = crawl.id;
  await db.insert(crawlSchedules).values({ websiteId, cron: "0 3 * * *", lastCrawlId: crawlId });
  await db
    .insert(crawlHosts)
    .values({ crawlId, host: "example.com", sliceId: crawlId, sliceRank: 1, restsUntil: at, waitsSince: at });
  await db.insert(hosts).values({ host: "example.com", leaseToken: crawlId, leasedUntil: at, crawlId });
  await db.insert(jobProgress).values({ jobId: crawlId, progress: { done: 1 } });
  await db.insert(jobFailures).values({ jobId: crawlId, attempt: 1, message: "It failed", failedAt: at });
  await db.insert(pausedQueues).values({ queue: "crawl", pausedAt: at });
  await db
    .insert(systemSchedules)
    .values({ name: "purge", cron: "0 3 * * *", lastSuccessAt: at, lastResult: { a: 1 } });
  const seen = { startedAt: at, seenAt: at };
  await db.insert(instances).values({ host: "here", pid: 1, version: "0.1.0", roles: ["api"], ...seen });
  await db.insert(cacheEntries).values({ key: "k", value: "v", expiresAt: at });
  const place = { url, urlHash: Bun.randomUUIDv7(), host: "example.com" };
  await db.insert(frontier).values({ crawlId, ...place, depth: 0, priority: 0, source: "seed" });
  const page = made(
    await db
      .insert(pages)
      .values({ websiteId, ...place, path: "/", status: 200, pageType: "article" })
      .returning(),
  );
  await db.insert(rawHtml).values({ hash: digest, zstd: new Uint8Array([1]), byteLength: 1 });
  const text = { kind: "html" as const, markdown: "# Example", wordCount: 1, contentHash: digest, rawHash: digest };
  await db
    .insert(markdownDocuments)
    .values({ pageId: page.id, version: 1, ...text, simhash: 1n, details, crawlId, fetchedAt: at });
  await db.insert(pageChanges).values({ websiteId, pageId: page.id, crawlId, kind: "new" });
  await db.insert(pageLinks).values({ pageId: page.id, targets: new Uint8Array(8) });
  await addNotificationRows(db, { userId, websiteId });
  await addIndexRows(db, { websiteId, pageId: page.id });
}

async function addIndexRows(db: Db, owner: { websiteId: string; pageId: string }): Promise<void> {
  const passage = { place: 0, hash: Bun.randomUUIDv7(), text: "# Example", dictionary: "english", tokens: 2 };
  await db.insert(passages).values({ ...owner, ...passage, terms: "'exampl':1B", fromVersion: 1, fromAt: at });
  const sizes = { byteLength: 9, tokens: 2, passages: 1, simhash: 1n };
  await db.insert(indexedPages).values({ ...owner, documentId: owner.pageId, version: 1, make: 1, ...sizes });
  const { websiteId } = owner;
  await db
    .insert(indexedWebsites)
    .values({ websiteId, pages: 1, passages: 1, dictionaries: { english: 1 }, indexedAt: at });
  await db.insert(websiteWords).values({ websiteId, word: "example" });
  await db.insert(embeddingModels).values({ endpoint: "localhost/v1", model: "small", dimensions: 3 });
}

async function addNotificationRows(db: Db, owner: { userId: string; websiteId: string }): Promise<void> {
  const made = <Row>([row]: Row[]) => row as Row;
  const event = made(
    await db
      .insert(events)
      .values({ ...owner, type: "page.new", payload: { a: 1 } })
      .returning(),
  );
  const timing = { mode: "immediate" as const, timeZone: "UTC", hour: 0, weekday: 1 };
  const target = { url: "https://example.com/hook" };
  const channel = made(
    await db
      .insert(channels)
      .values({ ...owner, kind: "webhook", name: "Hook", target, eventTypes: ["page.new"], timing })
      .returning(),
  );
  const delivery = made(await db.insert(deliveries).values({ channelId: channel.id, eventId: event.id }).returning());
  const attempt = { attempt: 1, request: {}, durationMs: 1, startedAt: at };
  await db.insert(deliveryAttempts).values({ deliveryId: delivery.id, ...attempt });
}
