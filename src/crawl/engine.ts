import type { Db } from "../db/db.ts";
import type { CrawlFailure } from "../db/schema/crawls.ts";
import { AppError } from "../errors.ts";
import type { Crawl } from "./crawls.ts";
import { crawlChannel, listCrawlUrls, readCrawl } from "./crawls.ts";
import { findNextRetryAt, listHostsWithWork, skipPending } from "./frontier.ts";
import { workHost } from "./host-slice.ts";
import { LeaseLostError, releaseLease, renewLease, takeLease } from "./lease.ts";
import { observeRun } from "./observed-crawl.ts";
import { seedFrontier } from "./seeding.ts";
import { type CrawlContext, type CrawlProgress, GraceOverError, openSession, type Session } from "./session.ts";
import { waitAtMost } from "./signal.ts";

/** Hosts of one crawl that are worked at the same time. */
const MAX_HOSTS = 64;
const RENEW_MS = 10_000;
/** How exactly `max_duration_s` is kept. */
const MIN_LOOK_MS = 1_000;

export type CrawlRun = {
  signal: AbortSignal;
  onProgress?: (progress: CrawlProgress) => void;
  /** What is in flight has so long to finish once it is told to stop. Default 5 s. */
  graceMs?: number;
};

/**
 * Works a crawl until it is over, paused, cancelled, or `signal` ends it; in that last case it can be gone on with, by
 * any process, and nothing stored is lost.
 * @returns the crawl as it is then
 * @throws AppError `conflict` when it is over already or another process works it; otherwise only what the database does
 */
export async function runCrawl(context: CrawlContext, crawlId: string, run: CrawlRun): Promise<Crawl> {
  const owner = Bun.randomUUIDv7();
  const crawl = await takeLease(context.db, crawlId, owner, context.clock);
  if (!crawl) throw new AppError("conflict", `Crawl ${crawlId} is over, paused, or worked by another process`);
  return observeRun(context.telemetry, crawl, () => runUnderLease(context, crawl, owner, run));
}

async function runUnderLease(context: CrawlContext, crawl: Crawl, owner: string, run: CrawlRun): Promise<Crawl> {
  const { db, log } = context;
  const { id: crawlId } = crawl;
  const session = openSession(context, crawl, owner, run);
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
  seeding.catch((error) => error === session.stopping.reason || session.abort(error));

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

  async function startSlices() {
    if (worked.size >= MAX_HOSTS) return;
    const hosts = await session.throughOutage(() =>
      listHostsWithWork(context.db, crawl.id, context.clock.now(), MAX_HOSTS),
    );
    for (const host of hosts) if (!worked.has(host) && worked.size < MAX_HOSTS) startSlice(host);
  }

  try {
    while (!session.isStopping) {
      const change = session.hostsChanged();
      await startSlices();
      const retryAt = await findRetryAt(session);
      if (retryAt === undefined && slices.size === 0 && !isSeeding) break;
      await (retryAt === undefined ? change : waitUntil(session, retryAt, change));
    }
  } catch (error) {
    session.abort(error);
  }
  await Promise.allSettled([...slices, seeding]);
  // Told to stop, it keeps what it has; anything else that ended it is an error.
  const isBroken = signal.aborted && !(signal.reason instanceof GraceOverError);
  if (!isBroken) return session.flush();
  await session.flush().catch(() => {});
  throw signal.reason;
}

/** When the next retry is due; asks only if there may be one. */
async function findRetryAt(session: Session): Promise<Date | undefined> {
  if (!session.mayHaveRetries) return undefined;
  // Before the query: a retry that is stored while it runs may not be in what it sees.
  session.mayHaveRetries = false;
  const { context, crawl } = session;
  const retryAt = await session.throughOutage(() => findNextRetryAt(context.db, crawl.id));
  if (retryAt) session.mayHaveRetries = true;
  return retryAt;
}

/** A retry that is due may be in the hands of a slice already; looking again at once would find the same. */
const MIN_WAIT_MS = 250;

/** Waits for an instant, or for a change before it. */
async function waitUntil({ context, signal }: Session, at: Date, change: Promise<void>): Promise<void> {
  const waitMs = Math.max(MIN_WAIT_MS, at.getTime() - context.clock.now().getTime());
  await waitAtMost(context.clock, waitMs, change, signal);
}

/** Writes down how it ended. Each step is safe to repeat. */
async function finish(session: Session, signal: AbortSignal): Promise<void> {
  const { context, owner, crawl, endReason, throughOutage } = session;
  const { db, clock } = context;
  const release = (change: Parameters<typeof releaseLease>[3]) =>
    throughOutage(() => releaseLease(db, crawl.id, owner, change));
  const countWork = () => {
    const workedMs = session.takeWorkedMs();
    return throughOutage(() => renewLease(db, crawl.id, owner, clock, workedMs));
  };
  if (endReason === undefined && (session.isStopping || signal.aborted)) {
    await countWork();
    return release({ state: crawl.runner === "command" ? "paused" : "queued" });
  }
  const skip = (reason: string, message: string) =>
    throughOutage(() => skipPending(db, crawl.id, { owner, reason, message, at: clock.now() }));
  if (endReason !== undefined) await skip("limit", `${endReason} was reached`);
  // Links to a host that was given up may have come in afterwards.
  await skip("host_stopped", "Its host was given up before");
  const ended = await countWork();
  if (!ended) throw new LeaseLostError(crawl.id);
  const isFailed = ended.done === ended.redirected && ended.failed + ended.skipped > 0;
  const lastError = isFailed ? (ended.lastError ?? (await findFirstSkip(db, crawl.id))) : ended.lastError;
  await release({
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
    const waitMs = session.isStopping ? RENEW_MS : Math.min(RENEW_MS, Math.max(MIN_LOOK_MS, session.msLeft()));
    await context.clock.sleep(waitMs, signal).catch(() => {});
    if (signal.aborted) break;
    // Where all wait for retries or slow hosts, nobody else would look at the clock.
    if (!session.isStopping && session.msLeft() <= 0) session.stop("max_duration");
    // An outage is no reason to stop: the crawl goes on for as long as its pages can be stored.
    await renew().catch((error) => context.log.warn("lease not renewed", { crawlId: crawl.id, error }));
  }
}

/** A pause or cancel, told through the cache, and the caller's signal. */
function listenForOrders(session: Session, signal: AbortSignal): () => void {
  const { context, crawl } = session;
  const stop = () => session.stop();
  if (signal.aborted) stop();
  signal.addEventListener("abort", stop, { once: true });
  const unsubscribe = context.cache.subscribe(crawlChannel(crawl.id), async (message) => {
    if (message !== "order") return;
    const latest = await readCrawl(context.db, crawl.id).catch(() => undefined);
    if (latest?.state === "paused") stop();
    else if (latest?.state === "cancelled") session.abort(new LeaseLostError(crawl.id));
  });
  return () => {
    signal.removeEventListener("abort", stop);
    unsubscribe();
  };
}
