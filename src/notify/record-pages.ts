import type { Db } from "../db/db.ts";
import { recordEvents } from "./outbox.ts";
import type { CrawlPayload } from "./payload.ts";
import type { ChangeScope } from "./record-changes.ts";

/** What became of one URL of a crawl. */
export type CrawledPage = {
  url: string;
  /** HTTP status, where an answer came. */
  status?: number;
  /** As in the crawl's log: `created`, `changed`, `unchanged`, `redirected`, a failure's code or a skip's reason. */
  outcome: string;
};

/** Tells each URL that a crawl is done with; only where somebody asked for it, as there are very many. */
export async function recordCrawledPages(
  tx: Db,
  { website: { id, userId, name, url }, crawlId }: ChangeScope & { crawlId: string },
  crawled: readonly CrawledPage[],
): Promise<void> {
  const about = { website: { id, name, url }, crawl: { id: crawlId } };
  const events = crawled.map((page) => {
    const payload: CrawlPayload = { ...about, page };
    return { userId, websiteId: id, crawlId, type: "crawl.page" as const, payload };
  });
  await recordEvents(tx, events);
}
