import { type Crawl, crawlChannel, readCrawl } from "./crawls.ts";
import { LeaseLostError } from "./lease.ts";
import type { Session } from "./session.ts";

const COUNT_MS = 10_000;
/** How exactly `max_duration_s` is kept. */
const MIN_LOOK_MS = 1_000;

/**
 * Has the crawl's row know how long it has been worked, while the session lasts, and learns by it what became of the crawl.
 * @param count writes the time down; `undefined` when the crawl is this process's no more
 */
export async function keepCounting(
  session: Session,
  count: () => Promise<Crawl | undefined>,
  signal = session.signal,
): Promise<void> {
  const { context, crawl } = session;
  while (!signal.aborted) {
    const waitMs = session.isStopping ? COUNT_MS : Math.min(COUNT_MS, Math.max(MIN_LOOK_MS, session.msLeft()));
    await context.clock.sleep(waitMs, signal).catch(() => {});
    if (signal.aborted) break;
    // Where all wait for retries or slow hosts, nobody else would look at the clock.
    if (!session.isStopping && session.msLeft() <= 0) session.stop("max_duration");
    // An outage is no reason to stop: the crawl goes on for as long as its pages can be stored.
    await count().then(
      (latest) => session.refresh(latest),
      (error) => context.log.warn("crawl's time not counted", { crawlId: crawl.id, error }),
    );
  }
}

/** A pause or cancel, told through the cache, and the signal of whoever runs the session. Returns how to stop listening. */
export function listenForOrders(session: Session, signal: AbortSignal): () => void {
  const { context, crawl } = session;
  const stop = () => session.stop();
  if (signal.aborted) stop();
  signal.addEventListener("abort", stop, { once: true });
  const unsubscribe = context.cache.subscribe(crawlChannel(crawl.id), async (message) => {
    if (message !== "order") return;
    const latest = await readCrawl(context.db, crawl.id).catch(() => undefined);
    if (latest?.state === "cancelled") session.abort(new LeaseLostError(crawl.id));
    else if (latest?.state === "paused" || latest?.endReason) stop();
  });
  return () => {
    signal.removeEventListener("abort", stop);
    unsubscribe();
  };
}
