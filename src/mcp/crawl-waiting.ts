import type { Viewer } from "../access/viewer.ts";
import { type Crawl, getCrawl } from "../crawl/crawls.ts";
import { watchCrawl } from "../crawl/watch.ts";
import type { Call, McpContext } from "./call.ts";

/**
 * The crawl when it is over, or as it is when the time is. Tells of its progress meanwhile.
 * @throws the signal's reason; AppError `not_found`
 */
export async function awaitCrawl(
  context: McpContext,
  viewer: Viewer,
  id: string,
  { seconds, call }: { seconds: number; call: Pick<Call, "signal" | "progress"> },
): Promise<Crawl> {
  const { clock, db } = context;
  if (seconds === 0) return getCrawl(db, viewer, id);
  const ended = new AbortController();
  const timeIsOver = clock.sleep(seconds * 1_000, ended.signal).then(
    () => ended.abort(),
    () => {},
  );
  try {
    let told = -1;
    for await (const crawl of watchCrawl(context, viewer, id, AbortSignal.any([call.signal, ended.signal]))) {
      const { done, pending, failed, skipped, state } = crawl;
      const settled = done + failed + skipped;
      // Progress must grow with each notice, and how much there is may not be known yet.
      if (settled > told)
        await call.progress({
          done: settled,
          total: settled + pending,
          message: `${state}: ${done} pages fetched, ${pending} waiting`,
        });
      told = Math.max(told, settled);
    }
    call.signal.throwIfAborted();
    return await getCrawl(db, viewer, id);
  } finally {
    ended.abort();
    await timeIsOver;
  }
}
