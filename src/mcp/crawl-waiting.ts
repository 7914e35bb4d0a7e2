import type { Viewer } from "../access/viewer.ts";
import { type Crawl, getCrawl } from "../crawl/crawls.ts";
import { createSignal, waitAtMost } from "../crawl/signal.ts";
import { isOver, watchCrawl } from "../crawl/watch.ts";
import { listenForWebsites } from "../websites/announcements.ts";
import type { Call, McpContext } from "./call.ts";
import { isIndexed } from "./crawl-views.ts";

/** Of the time that is left, what making a crawl's pages searchable may take: that is little, unless it is much else. */
const INDEX_WAIT_MS = 30_000;
const LOOK_MS = 1_000;

/**
 * The crawl when it is over and what it brought can be searched, or as it is when the time is. Tells of its progress
 * meanwhile.
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
    const signal = AbortSignal.any([call.signal, ended.signal]);
    let told = -1;
    for await (const crawl of watchCrawl(context, viewer, id, signal)) {
      const { done, pending, failed, skipped, state } = crawl;
      const settled = done + failed + skipped;
      const message = `${state}: ${done} pages fetched, ${pending} waiting`;
      // Progress must grow with each notice, and how much there is may not be known yet.
      if (settled > told) await call.progress({ done: settled, total: settled + pending, message });
      told = Math.max(told, settled);
    }
    const crawl = await getCrawl(db, viewer, id);
    if (isOver(crawl) && crawl.done > 0) await awaitIndex(context, crawl, signal);
    call.signal.throwIfAborted();
    return crawl;
  } finally {
    ended.abort();
    await timeIsOver;
  }
}

async function awaitIndex(context: McpContext, crawl: Crawl, signal: AbortSignal): Promise<void> {
  const { db, cache, clock } = context;
  const built = createSignal();
  const leave = listenForWebsites(cache, ({ websiteId }) => {
    if (websiteId === crawl.websiteId) built.tell();
  });
  try {
    const until = clock.now().getTime() + INDEX_WAIT_MS;
    while (!signal.aborted && clock.now().getTime() < until) {
      const told = built.next();
      if (await isIndexed(db, crawl)) return;
      await waitAtMost(clock, LOOK_MS, told, signal);
    }
  } finally {
    leave();
  }
}
