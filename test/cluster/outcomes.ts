import { expect } from "bun:test";
import { eq } from "drizzle-orm";
import type { Crawl } from "../../src/crawl/crawls.ts";
import type { Db } from "../../src/db/db.ts";
import { pages } from "../../src/db/schema/pages.ts";
import { expectCountersToMatch } from "../crawl/runs.ts";

/** A crawl came to its end with each of these pages once, and its counters say what its rows do. */
export async function expectAllOnce(db: Db, crawl: Crawl, urls: readonly string[]): Promise<void> {
  const ended = await expectCountersToMatch(db, crawl.id);
  const stored = await db.select().from(pages).where(eq(pages.websiteId, crawl.websiteId));

  expect(ended).toMatchObject({
    state: "completed",
    endReason: "done",
    created: urls.length,
    changed: 0,
    unchanged: 0,
  });
  expect(ended).toMatchObject({ pending: 0, failed: 0, skipped: 0 });
  expect(stored.map(({ url }) => url).sort()).toEqual(urls.toSorted());
  // A second version would be a result that was stored after another one.
  expect(stored.filter(({ version }) => version !== 1)).toEqual([]);
}

/** Which agent fetched what is stored of each page, by URL. */
export async function listFetchers(db: Db, crawl: Crawl): Promise<Map<string, string>> {
  const rows = await db
    .select({ url: pages.url, title: pages.title })
    .from(pages)
    .where(eq(pages.websiteId, crawl.websiteId));
  return new Map(rows.map(({ url, title }) => [url, title ?? ""]));
}
