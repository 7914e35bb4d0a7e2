import type { ListedPage } from "../../src/llms/listed-pages.ts";

export const HOST = "https://site.example";

/** A page as it is listed, by its path. */
export function listed(path: string, page: Partial<ListedPage> = {}): ListedPage {
  const url = page.url ?? `${HOST}${path}`;
  const at = new Date("2026-01-01T00:00:00Z");
  return {
    ...{ id: Bun.randomUUIDv7(), documentId: Bun.randomUUIDv7(), url, host: new URL(url).host, path },
    ...{ title: path, summary: null, breadcrumbs: [], language: "en", pageType: null, kind: "html", depth: 1 },
    ...{ byteLength: 100, tokens: 20, wordCount: 10, contentHash: Bun.SHA256.hash(url, "hex") },
    ...{ firstSeenAt: at, lastChangedAt: at, fetchedAt: at },
    ...page,
  };
}

/** Many pages in one folder: `/docs/item-1` to `/docs/item-n`. */
export const listedMany = (folder: string, count: number, page: Partial<ListedPage> = {}): ListedPage[] =>
  Array.from({ length: count }, (_, index) =>
    listed(`${folder}item-${index + 1}`, { title: `Page ${index + 1}`, ...page }),
  );
