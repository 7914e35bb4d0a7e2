import { and, eq } from "drizzle-orm";
import { crawlHosts } from "../db/schema/crawls.ts";
import { listPendingUrls, type PendingUrl, skipPending } from "./frontier.ts";
import { HostStoppedError, type Permit } from "./politeness.ts";
import type { RobotsRules } from "./robots-cache.ts";
import type { Session } from "./session.ts";
import { type HostReaction, visit } from "./visit.ts";
import type { Visit, VisitOutcome } from "./visit-result.ts";

/** URLs that a slice reads at a time. */
const READ_ROWS = 128;

/** Works a host until nothing of it is due, politely; returns when there is nothing left to take. */
export async function workHost(session: Session, host: string): Promise<void> {
  const { context, options } = session;
  const firstUrl = (await readPending(session, host, 1))[0]?.url;
  if (firstUrl === undefined) return;
  const getRules = async (url: string) => (options.robots ? context.robots.get(url, session.signal) : undefined);
  const { queue, release } = context.hosts.take(host, {
    concurrency: options.concurrency,
    minDelayMs: options.delay_ms,
    crawlDelayMs: (await getRules(firstUrl))?.crawlDelayMs(),
  });
  const running = new Set<Promise<void>>();
  try {
    for await (const entry of entriesOf(session, host)) {
      // One a scheme and port, kept in memory.
      const rules = await getRules(entry.url);
      if (rules && !rules.isAllowed(entry.url)) {
        await session.end(entry, toVisit(session, entry, describeRefusal(rules)));
        continue;
      }
      const permit = await queue.acquire(session.signal).catch(async (error) => {
        await session.end(entry, undefined);
        throw error;
      });
      const done = visitWith(session, entry, permit).finally(() => running.delete(done));
      running.add(done);
      // Whatever a visit throws stops the session; here it only must not go unheard.
      done.catch((error) => session.abort(error));
    }
    await Promise.allSettled(running);
  } catch (error) {
    if (!(error instanceof HostStoppedError)) throw error;
    await Promise.allSettled(running);
    await giveUp(session, host, error.message);
  } finally {
    release();
  }
}

/** The host's URLs, best first, each counted as begun; ends when none is due, or the crawl stops. */
async function* entriesOf(session: Session, host: string): AsyncGenerator<PendingUrl> {
  const taken = session.takenOf(host);
  while (!session.isStopping) {
    const entries = await readPending(session, host, READ_ROWS);
    for (const entry of entries) taken.add(entry.urlHash);
    let used = 0;
    try {
      for (const entry of entries) {
        if (!(await mayGoOn(session))) return;
        used++;
        session.begin(entry);
        yield entry;
      }
    } finally {
      for (const unused of entries.slice(used)) taken.delete(unused.urlHash);
    }
    if (entries.length > 0) continue;
    // What is under way may bring more; with nothing under way, this was all.
    if (taken.size === 0) return;
    await session.changed();
  }
}

function readPending(session: Session, host: string, limit: number): Promise<PendingUrl[]> {
  const { db, clock } = session.context;
  // A copy: a row that is settled while the query runs is still pending in what it sees.
  const query = { host, now: clock.now(), taken: new Set(session.takenOf(host)), limit };
  return session.read(() => listPendingUrls(db, session.crawl, query));
}

/** False once a limit is reached, which stops the crawl. */
async function mayGoOn(session: Session): Promise<boolean> {
  for (;;) {
    if (session.isStopping) return false;
    const limit = session.findLimit();
    if (limit !== undefined && limit !== "wait") session.stop(limit);
    else if (limit === "wait" || session.isFull) await session.changed();
    else return true;
  }
}

async function visitWith(session: Session, entry: PendingUrl, permit: Permit): Promise<void> {
  const { context, options, discovery, signal, adoptHost } = session;
  const { fetch, parser, log, clock } = context;
  let isReleased = false;
  const onReaction = (reaction: HostReaction) => {
    isReleased = true;
    permit.release(reaction);
  };
  let result: Visit | undefined;
  try {
    const hasPlenty = () => session.hasPlenty;
    const tools = { fetch, parser, log, now: clock.now, random: Math.random };
    result = await visit({ ...tools, options, discovery, hasPlenty, onReaction, adoptHost, signal }, entry);
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    // Ended by us: it says nothing about the host.
    if (!isReleased) permit.release({ kind: "client_error", latencyMs: 0 });
    await session.end(entry, result);
  }
}

async function giveUp(session: Session, host: string, reason: string): Promise<void> {
  const { db, clock, log } = session.context;
  const { id } = session.crawl;
  await session.flush();
  await db
    .update(crawlHosts)
    .set({ stopReason: reason })
    .where(and(eq(crawlHosts.crawlId, id), eq(crawlHosts.host, host)));
  const skipped = await skipPending(db, id, { host, reason: "host_stopped", message: reason, at: clock.now() });
  log.warn("host given up", { crawlId: id, host, reason, skipped });
}

/** A site whose robots.txt can't be reached can't be reached itself: that is the error to tell. */
function describeRefusal({ failure, reason }: RobotsRules): VisitOutcome {
  if (failure) return { kind: "failed", code: failure.code, message: failure.message };
  return { kind: "skipped", reason: "robots", message: reason };
}

function toVisit(session: Session, entry: PendingUrl, outcome: VisitOutcome): Visit {
  return { entry, outcome, at: session.context.clock.now(), wireBytes: 0, durationMs: 0, found: [], cut: {} };
}
