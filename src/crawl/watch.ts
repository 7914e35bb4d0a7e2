import type { Viewer } from "../access/viewer.ts";
import type { App } from "../app.ts";
import { type Crawl, crawlChannel, getCrawl } from "./crawls.ts";
import { createSignal, waitAtMost } from "./signal.ts";

/** Between two looks, so that a fast crawl does not flood its watchers. */
const MIN_GAP_MS = 250;
/** A look without being told, since messages between instances may be lost. */
const MAX_GAP_MS = 2_000;

/** A crawl that will not change any more. */
export const isOver = ({ state }: Crawl) => state === "completed" || state === "failed" || state === "cancelled";

/**
 * The crawl as it is, then each time it has changed; ends after its last state, or with `signal`.
 * @throws AppError `not_found`, also when it is deleted while being watched
 */
export async function* watchCrawl(
  { db, cache, clock }: Pick<App, "db" | "cache" | "clock">,
  viewer: Viewer,
  id: string,
  signal: AbortSignal,
): AsyncGenerator<Crawl> {
  const changes = createSignal();
  const unsubscribe = cache.subscribe(crawlChannel(id), changes.tell);
  try {
    let shown = "";
    while (!signal.aborted) {
      const told = changes.next();
      const crawl = await getCrawl(db, viewer, id);
      // The lease is renewed without anything having happened.
      const state = JSON.stringify({ ...crawl, leasedUntil: null, updatedAt: null });
      if (state !== shown) yield crawl;
      shown = state;
      if (isOver(crawl)) return;
      await clock.sleep(MIN_GAP_MS, signal).catch(() => {});
      await waitAtMost(clock, MAX_GAP_MS, told, signal);
    }
  } finally {
    unsubscribe();
  }
}
