import type { App } from "../app.ts";
import { type Crawl, crawlChannel, getCrawl } from "./crawls.ts";

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
  userId: string,
  id: string,
  signal: AbortSignal,
): AsyncGenerator<Crawl> {
  let tell = () => {};
  const unsubscribe = cache.subscribe(crawlChannel(id), () => tell());
  try {
    let shown = "";
    while (!signal.aborted) {
      const told = new Promise<void>((resolve) => {
        tell = resolve;
      });
      const crawl = await getCrawl(db, userId, id);
      // The lease is renewed without anything having happened.
      const state = JSON.stringify({ ...crawl, leasedUntil: null, updatedAt: null });
      if (state !== shown) yield crawl;
      shown = state;
      if (isOver(crawl)) return;
      await sleepQuietly(clock, MIN_GAP_MS, signal);
      const waiting = new AbortController();
      await Promise.race([told, sleepQuietly(clock, MAX_GAP_MS, AbortSignal.any([signal, waiting.signal]))]);
      waiting.abort();
    }
  } finally {
    unsubscribe();
  }
}

async function sleepQuietly(clock: App["clock"], ms: number, signal: AbortSignal): Promise<void> {
  await clock.sleep(ms, signal).catch(() => {});
}
