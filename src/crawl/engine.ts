import { AppError } from "../errors.ts";
import { closeCrawl } from "./closing.ts";
import type { Crawl } from "./crawls.ts";
import { crawlChannel, readCrawl } from "./crawls.ts";
import { findNextRetryAt, listHostsWithWork } from "./frontier.ts";
import { openSlice } from "./host-slice.ts";
import { LeaseLostError, releaseLease, renewLease, takeLease } from "./lease.ts";
import { observeRun } from "./observed-crawl.ts";
import { seedFrontier } from "./seeding.ts";
import { type CrawlContext, type CrawlProgress, GraceOverError, openSession, type Session } from "./session.ts";
import { keepCounting, listenForOrders } from "./session-upkeep.ts";
import { waitAtMost } from "./signal.ts";
import { enterHost, leaveHost, noteEnd } from "./slices.ts";

/** Hosts of one crawl that are worked at the same time. */
const MAX_HOSTS = 64;

export type CrawlRun = {
  signal: AbortSignal;
  onProgress?: (progress: CrawlProgress) => void;
  /** What is in flight has so long to finish once it is told to stop. Default 5 s. */
  graceMs?: number;
};

/**
 * Works a crawl in this process alone, as commands do, until it is over, paused, cancelled, or `signal` ends it; in that
 * last case it can be gone on with, and nothing stored is lost. The service's crawls are worked by jobs instead.
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
  const session = openSession(context, crawl, run);
  const renew = () => renewLease(db, crawlId, owner, context.clock);
  const keeping = keepCounting(session, renew);
  const stopListening = listenForOrders(session, run.signal);
  log.info("crawl started", { crawlId, websiteId: crawl.websiteId });
  try {
    await work(session);
    await finish(session, owner, run.signal);
  } catch (error) {
    if (!(error instanceof LeaseLostError)) {
      await releaseLease(db, crawlId, owner, "queued").catch(() => {});
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
      // What brings URLs while hosts are asked for may bring some that are not seen.
      const isQuiet = slices.size === 0 && !isSeeding;
      await startSlices();
      const retryAt = await findRetryAt(session);
      if (retryAt === undefined && slices.size === 0 && isQuiet) break;
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

/** How often a host that somebody else works is asked for. */
const ASK_MS = 500;

const never = async () => false;

/** Works a host until nothing of it is due; waits for it while somebody else has it. */
async function workHost(session: Session, host: string): Promise<void> {
  const { context, crawl, stopping, signal, throughOutage } = session;
  const { db, clock } = context;
  const token = Bun.randomUUIDv7();
  const claim = { host, token, crawlId: crawl.id, sliceId: token };
  let entered = await throughOutage(() => enterHost(db, claim));
  while (!entered && !stopping.aborted) {
    await clock.sleep(ASK_MS, stopping).catch(() => {});
    entered = await throughOutage(() => enterHost(db, claim));
  }
  if (!entered) return;
  const keeper = context.sessions.keeperOf(context);
  const held = keeper.keep(claim, () => slice.politeness());
  const turn = {
    held,
    before: entered.politeness,
    mayGoOn: () => true,
    mayLinger: never,
    hasSuccessor: false,
    stopping,
    signal,
  };
  const slice = openSlice(session, turn);
  try {
    await slice.work();
  } finally {
    held.release();
    await leaveHost(db, claim, slice.politeness()).catch((error) =>
      context.log.warn("host not freed", { host, error }),
    );
  }
}

/** Writes down how it ended. Each step is safe to repeat. */
async function finish(session: Session, owner: string, signal: AbortSignal): Promise<void> {
  const { context, crawl, endReason, throughOutage } = session;
  const { db, clock } = context;
  if (endReason === undefined && (session.isStopping || signal.aborted)) {
    const state = crawl.runner === "command" ? "paused" : "queued";
    return throughOutage(() => releaseLease(db, crawl.id, owner, state));
  }
  if (endReason !== undefined) await throughOutage(() => noteEnd(db, crawl.id, endReason));
  while ((await throughOutage(() => closeCrawl(context, crawl.id))) === "busy") await clock.sleep(ASK_MS);
}
