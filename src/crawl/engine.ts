import type { Db } from "../db/db.ts";
import type { CrawlFailure } from "../db/schema/crawls.ts";
import { AppError } from "../errors.ts";
import type { Crawl } from "./crawls.ts";
import { crawlChannel, listCrawlUrls, readCrawl } from "./crawls.ts";
import { findNextRetryAt, listHostsWithWork, skipPending } from "./frontier.ts";
import { workHost } from "./host-slice.ts";
import { releaseLease, renewLease, takeLease } from "./lease.ts";
import { seedFrontier } from "./seeding.ts";
import { type CrawlContext, type CrawlProgress, openSession, type Session } from "./session.ts";
import { LeaseLostError } from "./settle.ts";

/** Hosts of one crawl that are worked at the same time. */
const MAX_HOSTS = 64;
const RENEW_MS = 10_000;
/** What is in flight when a crawl is told to stop has this long to finish. */
const GRACE_MS = 5_000;

export type CrawlRun = { signal: AbortSignal; onProgress?: (progress: CrawlProgress) => void };

/**
 * Works a crawl until it is over, paused, cancelled, or `signal` ends it; in that last case it can be gone on with, by
 * any process, and nothing stored is lost.
 * @returns the crawl as it is then
 * @throws AppError `conflict` when it is over already or another process works it; otherwise only what the database does
 */
export async function runCrawl(context: CrawlContext, crawlId: string, run: CrawlRun): Promise<Crawl> {
  const { db, clock, log } = context;
  const owner = Bun.randomUUIDv7();
  const crawl = await takeLease(db, crawlId, owner, clock);
  if (!crawl) throw new AppError("conflict", `Crawl ${crawlId} is over, paused, or worked by another process`);
  const session = openSession(context, crawl, owner, run.onProgress ?? (() => {}));
  const keeping = keepLease(session);
  const stopListening = listenForOrders(session, run.signal);
  log.info("crawl started", { crawlId, websiteId: crawl.websiteId });
  try {
    await work(session);
    await finish(session, run.signal);
  } catch (error) {
    if (!(error instanceof LeaseLostError)) {
      await releaseLease(db, crawlId, owner, { state: "queued" }).catch(() => {});
      throw error;
    }
  } finally {
    session.abort(new LeaseLostError(crawlId));
    stopListening();
    await keeping;
    await context.cache.publish(crawlChannel(crawlId), "progress");
  }
  const ended = await readCrawl(db, crawlId);
  if (!ended) throw new AppError("not_found", `Crawl ${crawlId} was deleted while it ran`);
  log.info("crawl stopped", { crawlId, state: ended.state, done: ended.done, failed: ended.failed });
  return ended;
}

async function work(session: Session): Promise<void> {
  const { context, crawl, signal, worked } = session;
  const slices = new Set<Promise<void>>();
  let isSeeding = !crawl.isSeeded;
  const seeding = seedFrontier(session).finally(() => {
    isSeeding = false;
    session.tellHostsChanged();
  });
  seeding.catch((error) => session.abort(error));

  function startSlice(host: string) {
    worked.add(host);
    const slice = workHost(session, host).finally(() => {
      worked.delete(host);
      slices.delete(slice);
      session.tellHostsChanged();
    });
    slice.catch((error) => session.abort(error));
    slices.add(slice);
  }

  while (!session.isStopping) {
    const change = session.hostsChanged();
    const hosts = await session.read(() => listHostsWithWork(context.db, crawl.id, context.clock.now(), MAX_HOSTS));
    for (const host of hosts) if (!worked.has(host) && worked.size < MAX_HOSTS) startSlice(host);
    const retryAt = await session.read(() => findNextRetryAt(context.db, crawl.id));
    if (retryAt === undefined && slices.size === 0 && !isSeeding) break;
    await (retryAt === undefined ? change : waitUntil(session, retryAt, change));
  }
  await Promise.allSettled([...slices, seeding]);
  // Told to stop, it keeps what it has; anything else that ended it is an error.
  if (signal.aborted && !(signal.reason instanceof DOMException)) throw signal.reason;
  await session.flush();
}

/** A retry that is due may be in the hands of a slice already; looking again at once would find the same. */
const MIN_WAIT_MS = 250;

/** Waits for an instant, or for a change before it. */
async function waitUntil({ context, signal }: Session, at: Date, change: Promise<void>): Promise<void> {
  const waitMs = Math.max(MIN_WAIT_MS, at.getTime() - context.clock.now().getTime());
  const stop = new AbortController();
  await Promise.race([change, context.clock.sleep(waitMs, AbortSignal.any([signal, stop.signal])).catch(() => {})]);
  stop.abort();
}

/** Writes down how it ended. */
async function finish(session: Session, signal: AbortSignal): Promise<void> {
  const { context, owner, crawl, endReason } = session;
  const { db, clock } = context;
  if (endReason === undefined && (session.isStopping || signal.aborted)) {
    const state = crawl.runner === "command" ? "paused" : "queued";
    return releaseLease(db, crawl.id, owner, { state });
  }
  if (endReason !== undefined) {
    await skipPending(db, crawl.id, { reason: "limit", message: `${endReason} was reached`, at: clock.now() });
  }
  // Links to a host that was given up may have come in afterwards.
  const message = "Its host was given up before";
  await skipPending(db, crawl.id, { reason: "host_stopped", message, at: clock.now() });
  const ended = (await renewLease(db, crawl.id, owner, clock, session.takeWorkedMs())) ?? crawl;
  const isFailed = ended.done === ended.redirected && ended.failed + ended.skipped > 0;
  const lastError = isFailed ? (ended.lastError ?? (await findFirstSkip(db, crawl.id))) : ended.lastError;
  await releaseLease(db, crawl.id, owner, {
    state: isFailed ? "failed" : "completed",
    endReason: isFailed ? (lastError?.code ?? "failed") : (endReason ?? "done"),
    lastError,
    finishedAt: clock.now(),
  });
}

/** Why the first URL was not fetched: what a crawl that brought nothing has to say for itself. */
async function findFirstSkip(db: Db, crawlId: string): Promise<CrawlFailure | null> {
  const [first] = await listCrawlUrls(db, crawlId, { state: "skipped", limit: 1 });
  if (!first) return null;
  return { code: first.outcome ?? "skipped", message: first.message ?? "It was skipped", url: first.url };
}

/** Renews the lease while the session lasts, and learns by it what became of the crawl. */
async function keepLease(session: Session): Promise<void> {
  const { context, crawl, owner, signal } = session;
  const renew = async () =>
    session.refresh(await renewLease(context.db, crawl.id, owner, context.clock, session.takeWorkedMs()));
  while (!signal.aborted) {
    await context.clock.sleep(RENEW_MS, signal).catch(() => {});
    if (signal.aborted) break;
    // An outage is no reason to stop: the crawl goes on for as long as its pages can be stored.
    await renew().catch((error) => context.log.warn("lease not renewed", { crawlId: crawl.id, error }));
  }
}

/** A pause or cancel, told through the cache, and the caller's signal. */
function listenForOrders(session: Session, signal: AbortSignal): () => void {
  const { context, crawl } = session;
  let grace: Timer | undefined;
  const stop = () => {
    session.stop();
    grace ??= setTimeout(() => session.abort(new DOMException("The crawl was stopped", "AbortError")), GRACE_MS);
  };
  if (signal.aborted) stop();
  signal.addEventListener("abort", stop, { once: true });
  const unsubscribe = context.cache.subscribe(crawlChannel(crawl.id), async (message) => {
    if (message !== "order") return;
    const latest = await readCrawl(context.db, crawl.id).catch(() => undefined);
    if (latest?.state === "paused") stop();
    else if (latest?.state === "cancelled") session.abort(new LeaseLostError(crawl.id));
  });
  return () => {
    clearTimeout(grace);
    signal.removeEventListener("abort", stop);
    unsubscribe();
  };
}
