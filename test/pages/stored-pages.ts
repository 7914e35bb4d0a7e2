import type { PageType } from "../../src/content/document.ts";
import { hashUrl } from "../../src/crawl/url.ts";
import type { Db } from "../../src/db/db.ts";
import { markdownDocuments, pages, rawHtml } from "../../src/db/schema/pages.ts";

export type StoredPage = {
  websiteId: string;
  url: string;
  status?: number;
  contentType?: string;
  changedAt?: Date;
  /** Without a body the page has no document. */
  body?: Uint8Array | string;
  charset?: string;
  markdown?: string;
  title?: string;
  pageType?: PageType;
};

/** Rows as a crawl leaves them. */
export async function storePage(db: Db, page: StoredPage): Promise<string> {
  const { body, markdown = "# Title\n", title = "Title", changedAt = new Date("2026-01-01T00:00:00Z") } = page;
  const { host, pathname, search } = new URL(page.url);
  const bytes = typeof body === "string" ? Buffer.from(body) : body;
  const rawHash = bytes ? new Bun.CryptoHasher("sha256").update(bytes).digest("hex") : null;
  const contentHash = new Bun.CryptoHasher("sha256").update(markdown).digest("hex");
  const pageId = Bun.randomUUIDv7();
  const documentId = bytes ? Bun.randomUUIDv7() : null;
  await db.insert(pages).values({
    id: pageId,
    websiteId: page.websiteId,
    urlHash: hashUrl(page.url),
    url: page.url,
    host,
    path: pathname + search,
    status: page.status ?? 200,
    contentType: page.contentType ?? "text/html",
    title,
    language: "en",
    pageType: page.pageType ?? null,
    wordCount: 1,
    byteLength: bytes?.byteLength ?? 0,
    documentId,
    version: bytes ? 1 : 0,
    contentHash: bytes ? contentHash : null,
    rawHash,
    firstSeenAt: changedAt,
    lastFetchedAt: changedAt,
    lastChangedAt: changedAt,
  });
  if (!bytes || !rawHash || !documentId) return pageId;
  const stored = { hash: rawHash, zstd: Bun.zstdCompressSync(bytes), byteLength: bytes.byteLength };
  await db.insert(rawHtml).values(stored).onConflictDoNothing();
  await db.insert(markdownDocuments).values({
    id: documentId,
    pageId,
    version: 1,
    kind: "html",
    title,
    description: "What it is about",
    language: "en",
    markdown,
    details: {
      authors: ["Ada"],
      siteName: "Example",
      canonicalUrl: page.url,
      publishedAt: "2026-01-01",
      modifiedAt: null,
      openGraph: { "og:type": "article" },
      jsonLd: [{ "@type": "Article" }],
      images: [],
      tags: ["docs"],
      feeds: [],
      headings: [{ level: 1, text: "Title" }],
    },
    wordCount: 1,
    contentHash,
    simhash: -5n,
    rawHash,
    charset: page.charset ?? "utf-8",
    fetchedAt: changedAt,
  });
  return pageId;
}
