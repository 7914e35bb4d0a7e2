import type { PageType } from "../../src/content/document.ts";
import { hashUrl } from "../../src/crawl/url.ts";
import type { Db } from "../../src/db/db.ts";
import { crawlJobs, frontier } from "../../src/db/schema/crawls.ts";
import { markdownDocuments, pages, rawHtml } from "../../src/db/schema/pages.ts";
import { LOCAL_USER_ID } from "../../src/db/schema/users.ts";
import { websites } from "../../src/db/schema/websites.ts";

export type StoredPage = {
  markdown?: string;
  title?: string;
  description?: string;
  status?: number;
  pageType?: PageType;
  fetchedAt?: Date;
  /** State of its URL in the crawl; `null` when the crawl did not meet it. */
  state?: "done" | "failed" | "skipped" | null;
};

/** A website with pages as a crawl leaves them, and ways to change it. */
export async function storeWebsite(db: Db, url: string, options: Record<string, unknown> = {}) {
  const [website] = await db.insert(websites).values({ userId: LOCAL_USER_ID, url, name: url }).returning();
  const websiteId = website!.id;
  const [crawl] = await db
    .insert(crawlJobs)
    .values({ websiteId, seeds: [url], options, state: "completed" })
    .returning();
  const crawlId = crawl!.id;

  const meet = async (
    pageUrl: string,
    row: { state: "done" | "failed" | "skipped"; outcome: string; message?: string },
  ) =>
    void (await db.insert(frontier).values({
      crawlId,
      urlHash: hashUrl(pageUrl),
      url: pageUrl,
      host: new URL(pageUrl).host,
      depth: 0,
      priority: 0,
      source: "link",
      ...row,
    }));

  return {
    websiteId,
    crawlId,
    meet,
    async add(path: string, page: StoredPage = {}) {
      const pageUrl = new URL(path, url).href;
      const { markdown = `# ${path}\n`, status = 200, title = path, description = null, state = "done" } = page;
      const { host, pathname, search } = new URL(pageUrl);
      const id = Bun.randomUUIDv7();
      const documentId = Bun.randomUUIDv7();
      const contentHash = new Bun.CryptoHasher("sha256").update(markdown).digest("hex");
      await db
        .insert(rawHtml)
        .values({ hash: contentHash, zstd: new Uint8Array([1]), byteLength: 1 })
        .onConflictDoNothing();
      await db.insert(pages).values({
        id,
        websiteId,
        urlHash: hashUrl(pageUrl),
        url: pageUrl,
        host,
        path: pathname + search,
        status,
        title,
        pageType: page.pageType ?? null,
        documentId,
        contentHash,
        byteLength: markdown.length,
        lastCrawlId: crawlId,
      });
      await db.insert(markdownDocuments).values({
        id: documentId,
        pageId: id,
        version: 1,
        kind: "html",
        title,
        description,
        language: "en",
        markdown,
        details: {} as (typeof markdownDocuments.$inferInsert)["details"],
        wordCount: 1,
        contentHash,
        simhash: 0n,
        rawHash: contentHash,
        fetchedAt: page.fetchedAt ?? new Date("2026-01-02T03:04:05.678Z"),
      });
      if (state) await meet(pageUrl, { state, outcome: "created" });
      return { id, documentId, contentHash, url: pageUrl };
    },
  };
}
