import { and, eq } from "drizzle-orm";
import { crawlHosts } from "../db/schema/crawls.ts";
import { listPendingUrls, type PendingUrl, skipPending } from "./frontier.ts";
import { HostStoppedError, type Permit } from "./politeness.ts";
import type { RobotsRules } from "./robots-cache.ts";
import type { HostWork, Session } from "./session.ts";
import { type HostReaction, visit } from "./visit.ts";
import type { Visit, VisitOutcome } from "./visit-result.ts";

/** URLs that a slice reads at a time. */
const READ_ROWS = 128;

/** Works a host until nothing of it is due, politely; returns when there is nothing left to take. */
export function workHost(session: Session, host: string): Promise<void> {
  const attributes = { "server.address": host };
  return session.context.telemetry.span("crawl slice", { attributes }, () => workSlice(session, host));
}

async function workSlice(session: Session, host: string): Promise<void> {
  const { context, options, stopping } = session;
  const running = new Set<Promise<void>>();
  let place: ReturnType<typeof context.hosts.take> | undefined;
  let stopReason: string | undefined;
  try {
    for await (const entry of entriesOf(session, host)) {
      let permit: Permit;
      try {
        // One a scheme and port, kept in memory.
        const rules = options.robots ? await context.robots.get(entry.url, stopping) : undefined;
        if (rules && !rules.isAllowed(entry.url)) {
          await session.end(entry, toVisit(session, entry, describeRefusal(rules)));
          continue;
        }
        place ??= context.hosts.take(host, {
          concurrency: options.concurrency,
          minDelayMs: options.delay_ms,
          crawlDelayMs: rules?.crawlDelayMs(),
        });
        permit = await place.queue.acquire(stopping);
      } catch (error) {
        await session.end(entry, undefined);
        throw error;
      }
      session.begin(entry);
      const done = visitWith(session, entry, permit).finally(() => running.delete(done));
      running.add(done);
      // Whatever a visit throws stops the session; here it only must not go unheard.
      done.catch((error) => session.abort(error));
    }
  } catch (error) {
    if (error instanceof HostStoppedError) stopReason = error.message;
    else if (error !== stopping.reason) throw error;
  } finally {
    await Promise.allSettled(running);
    place?.release();
  }
  if (stopReason !== undefined) await giveUp(session, host, stopReason);
}

/** The host's URLs, best first, each counted as taken; ends when none is due, or the crawl stops. */
async function* entriesOf(session: Session, host: string): AsyncGenerator<PendingUrl> {
  const work = session.openHost(host);
  try {
    while (!session.isStopping) {
      const arrival = work.arrivals.next();
      const entries = await readPending(session, host, work);
      for (const entry of entries) work.taken.add(entry.urlHash);
      let used = 0;
      try {
        for (const entry of entries) {
          if (!(await mayGoOn(session))) return;
          used++;
          session.take();
          yield entry;
        }
      } finally {
        for (const unused of entries.slice(used)) work.taken.delete(unused.urlHash);
      }
      // What is under way may bring more; with nothing under way, this was all.
      if (entries.length === 0 && work.taken.size === 0) return;
      if (entries.length < READ_ROWS) await arrival;
    }
  } finally {
    work.close();
  }
}

function readPending(session: Session, host: string, { taken }: HostWork): Promise<PendingUrl[]> {
  const { db, clock } = session.context;
  return session.throughOutage(() => {
    // A copy: a row that is settled while the query runs is still pending in what it sees.
    const query = { host, now: clock.now(), taken: new Set(taken), limit: READ_ROWS };
    return listPendingUrls(db, session.crawl, query);
  });
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
    result = await context.telemetry.span("visit", { attributes: { "url.full": entry.url } }, async (span) => {
      const made = await visit({ ...tools, options, discovery, hasPlenty, onReaction, adoptHost, signal }, entry);
      span.set({ "orbweaver.outcome": made.outcome.kind });
      return made;
    });
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    // Ended by us: it says nothing about the host.
    if (!isReleased) permit.release({ kind: "client_error", latencyMs: 0 });
    await session.end(entry, result);
  }
}

async function giveUp(session: Session, host: string, reason: string): Promise<void> {
  const { owner, throughOutage } = session;
  const { db, clock, log } = session.context;
  const { id } = session.crawl;
  await session.flush();
  await throughOutage(() =>
    db
      .update(crawlHosts)
      .set({ stopReason: reason })
      .where(and(eq(crawlHosts.crawlId, id), eq(crawlHosts.host, host))),
  );
  const skip = { owner, host, reason: "host_stopped", message: reason, at: clock.now() };
  const skipped = await throughOutage(() => skipPending(db, id, skip));
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
