import { until } from "./process.ts";

export type CrawlView = { id: string; state: string } & Record<string, unknown>;

/** A JSON request that must succeed. */
export async function request(url: string, body?: unknown): Promise<unknown> {
  const response = await fetch(url, {
    method: body === undefined ? "GET" : "POST",
    headers: { "content-type": "application/json" },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${text.slice(0, 2_000)}`);
  return JSON.parse(text);
}

export async function startCrawl(origin: string, url: string, options: Record<string, unknown>): Promise<string> {
  return ((await request(`${origin}/api/v1/crawls`, { url, options })) as CrawlView).id;
}

export function untilCompleted(origin: string, id: string, timeoutMs = 60_000): Promise<CrawlView> {
  return until(
    `crawl ${id} is completed`,
    async () => {
      const crawl = (await request(`${origin}/api/v1/crawls/${id}`)) as CrawlView;
      if (crawl.state === "failed" || crawl.state === "cancelled") return crawl;
      return crawl.state === "completed" && crawl;
    },
    timeoutMs,
  );
}

export type PageView = { url: string; status: number | null } & Record<string, unknown>;

/** All pages of a crawl, through as many pages of the list as it takes. */
export async function listPages(origin: string, id: string): Promise<PageView[]> {
  const pages: PageView[] = [];
  let cursor: string | null = "";
  while (cursor !== null) {
    const query = new URLSearchParams({ limit: "100", ...(cursor && { cursor }) });
    const list = (await request(`${origin}/api/v1/crawls/${id}/pages?${query}`)) as {
      items: PageView[];
      next_cursor: string | null;
    };
    pages.push(...list.items);
    cursor = list.next_cursor;
  }
  return pages;
}
