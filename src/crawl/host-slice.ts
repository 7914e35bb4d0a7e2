import { isSparedByDate, trustsSitemap } from "../changes/sitemap-trust.ts";
import { listPendingUrls, type PendingUrl, skipPending, stopHost } from "./frontier.ts";
import { type HostPoliteness, type HostSettings, type KeptPoliteness, openHostQueue } from "./host-politeness.ts";
import type { HeldHost } from "./lease-keeper.ts";
import { type HostQueue, HostStoppedError, type Permit } from "./politeness.ts";
import type { RobotsRules } from "./robots-cache.ts";
import { GraceOverError, type HostWork, type Session } from "./session.ts";
import { linkSignals, waitAtMost } from "./signal.ts";
import { type HostReaction, recipeOf, visit } from "./visit.ts";
import type { Visit, VisitOutcome } from "./visit-result.ts";

/** URLs that a slice reads at a time. */
const READ_ROWS = 128;

/** A host that asks for more patience than this is left to a later slice, where there is one. */
const MAX_WAIT_MS = 5_000;

/** A slice costs a dozen statements: links of pages that other hosts are just sending are worth a moment. */
const LINGER_MS = 250;

/** The leave to work a host: the lease, and for how long. */
export type Turn = {
  held: HeldHost;
  /** How the host was when it was last worked. */
  before: KeptPoliteness | null;
  /** Asked before each URL: false once it has had its time. */
  mayGoOn(pages: number): boolean | Promise<boolean>;
  /** Asked when nothing is due while other hosts of the crawl may bring something: whether to wait a moment for that. */
  mayLinger(): Promise<boolean>;
  /** Whether a later slice follows, so that this one need not wait out long pauses. */
  hasSuccessor: boolean;
  /** Aborted when nothing new is to begin. */
  stopping: AbortSignal;
  /** Aborted when all is to end at once. */
  signal: AbortSignal;
};

/** How a slice left the host. */
export type SliceOutcome = { pages: number; restsUntil?: Date };

/** A host as a slice works it; `politeness` is what the next one should know. */
export type HostSlice = { work(): Promise<SliceOutcome>; politeness(): HostPoliteness | undefined };

/** Works a host politely until nothing of it is due, or the turn is over; what was under way is stored by then. */
export function openSlice(session: Session, turn: Turn): HostSlice {
  const { context, crawl } = session;
  const ended = linkSignals(session.signal, turn.signal, turn.held.lost);
  const stopping = linkSignals(session.stopping, turn.stopping, ended.signal);
  const slice: OpenSlice = { session, turn, signal: ended.signal, stopping: stopping.signal };
  const attributes = { "server.address": turn.held.host };
  return {
    work: () =>
      context.telemetry
        .span("crawl slice", { attributes }, () => workSlice(slice))
        .finally(() => {
          ended.unlink();
          stopping.unlink();
        }),
    politeness: () => {
      const { gate } = slice;
      const at = context.clock.now().getTime();
      return gate && { crawlId: crawl.id, settings: gate.settings, snapshot: gate.queue.snapshot(), at };
    },
  };
}

type OpenSlice = {
  session: Session;
  turn: Turn;
  signal: AbortSignal;
  stopping: AbortSignal;
  gate?: { queue: HostQueue; settings: HostSettings };
};

async function workSlice(slice: OpenSlice): Promise<SliceOutcome> {
  const { session, turn, signal, stopping } = slice;
  const { context, options } = session;
  const running = new Set<Promise<void>>();
  let stopReason: string | undefined;
  let restsUntil: Date | undefined;
  let pages = 0;
  try {
    for await (const entry of entriesOf(slice)) {
      let permit: Permit;
      try {
        if (await isSpared(session, entry)) {
          await session.end(entry, toVisit(session, entry, { kind: "spared" }));
          continue;
        }
        // One a scheme and port, kept in memory.
        const rules = options.robots ? await context.robots.get(entry.url, stopping) : undefined;
        if (rules && !rules.isAllowed(entry.url)) {
          await session.end(entry, toVisit(session, entry, describeRefusal(rules)));
          continue;
        }
        const { queue } = openGate(slice, rules);
        const waitMs = queue.waitMs();
        if (turn.hasSuccessor && waitMs > MAX_WAIT_MS) {
          restsUntil = new Date(context.clock.now().getTime() + waitMs);
          await session.end(entry, undefined);
          break;
        }
        permit = await queue.acquire(stopping);
        await holdOrReturn(turn, permit);
      } catch (error) {
        await session.end(entry, undefined);
        throw error;
      }
      pages++;
      session.begin(entry);
      const done = visitWith(slice, entry, permit).finally(() => running.delete(done));
      running.add(done);
      // Whatever a visit throws stops the session; here it only must not go unheard.
      done.catch((error) => session.abort(error));
      if (!(await turn.mayGoOn(pages))) break;
    }
  } catch (error) {
    if (error instanceof HostStoppedError) stopReason = error.message;
    else if (error !== stopping.reason && !signal.aborted) throw error;
  } finally {
    await Promise.allSettled(running);
  }
  turn.held.lost.throwIfAborted();
  // Told to stop, it keeps what it has; anything else that ended the session is an error.
  if (!(session.signal.reason instanceof GraceOverError)) session.signal.throwIfAborted();
  await session.flush();
  if (stopReason !== undefined) await giveUp(slice, stopReason);
  return { pages, restsUntil };
}

/** Whether its sitemap says that the page is what it was, and can be believed. */
async function isSpared({ readWebsite, options, context }: Session, entry: PendingUrl): Promise<boolean> {
  const { known, urlHash, sitemapModifiedAt } = entry;
  if (!known?.hasDocument || known.state !== "live" || known.recipe !== recipeOf(options)) return false;
  const { lastFetchedAt, sitemapModifiedAt: knownSitemapModifiedAt } = known;
  const dates = { urlHash, sitemapModifiedAt, knownSitemapModifiedAt, lastFetchedAt };
  if (!isSparedByDate(dates, context.clock.now())) return false;
  const website = await readWebsite();
  return website !== undefined && trustsSitemap(website.sitemapTrust);
}

/** The host's pace is what the crawl asks for, and its robots.txt, once that is known. */
function openGate(slice: OpenSlice, rules: RobotsRules | undefined): NonNullable<OpenSlice["gate"]> {
  const { session, turn } = slice;
  if (slice.gate) return slice.gate;
  const { concurrency, delay_ms: minDelayMs } = session.options;
  const settings = { concurrency, minDelayMs, crawlDelayMs: rules?.crawlDelayMs() };
  const queue = openHostQueue(session.context.clock, settings, session.crawl.id, turn.before);
  slice.gate = { queue, settings };
  return slice.gate;
}

/** A process that was asleep must not send what it meant to send before: the host may be somebody else's by now. */
async function holdOrReturn({ held }: Turn, permit: Permit): Promise<void> {
  try {
    await held.hold();
    permit.begin();
  } catch (error) {
    permit.release(NEVER_SENT);
    throw error;
  }
}

/** Says nothing about the host. */
const NEVER_SENT = { kind: "client_error", latencyMs: 0 } as const;

/** The host's URLs, best first, each counted as taken; ends when none is due, or the crawl stops. */
async function* entriesOf({ session, turn, stopping }: OpenSlice): AsyncGenerator<PendingUrl> {
  const work = session.openHost(turn.held);
  const tell = work.arrivals.tell;
  let hasLingered = false;
  stopping.addEventListener("abort", tell, { once: true });
  try {
    while (!stopping.aborted) {
      const arrival = work.arrivals.next();
      const entries = await readPending(session, work);
      for (const entry of entries) work.taken.add(entry.urlHash);
      let used = 0;
      try {
        for (const entry of entries) {
          if (!(await mayGoOn(session)) || stopping.aborted) return;
          used++;
          session.take();
          yield entry;
        }
      } finally {
        for (const unused of entries.slice(used)) work.taken.delete(unused.urlHash);
      }
      // What is under way may bring more; with nothing under way, this was all.
      if (entries.length === 0 && work.taken.size === 0) {
        if (hasLingered || session.crawl.pending === 0 || !(await turn.mayLinger())) return;
        hasLingered = true;
        await waitAtMost(session.context.clock, LINGER_MS, arrival, stopping);
        continue;
      }
      hasLingered = false;
      if (entries.length < READ_ROWS) await arrival;
    }
  } finally {
    stopping.removeEventListener("abort", tell);
    work.close();
  }
}

function readPending(session: Session, { lease: { host, token }, taken }: HostWork): Promise<PendingUrl[]> {
  const { db, clock } = session.context;
  return session.throughOutage(() => {
    // A copy: a row that is settled while the query runs is still pending in what it sees.
    const query = { host, token, now: clock.now(), taken: new Set(taken), limit: READ_ROWS };
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

async function visitWith({ session, signal }: OpenSlice, entry: PendingUrl, permit: Permit): Promise<void> {
  const { context, options, discovery, adoptHost } = session;
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
    if (!isReleased) permit.release(NEVER_SENT);
    await session.end(entry, result);
  }
}

async function giveUp({ session, turn: { held } }: OpenSlice, reason: string): Promise<void> {
  const { throughOutage, crawl } = session;
  const { db, clock, log } = session.context;
  const { host } = held;
  await throughOutage(() => stopHost(db, crawl, host, reason));
  const skip = { lease: held, host, reason: "host_stopped", message: reason, at: clock.now() };
  const skipped = await throughOutage(() => skipPending(db, crawl, skip));
  log.warn("host given up", { crawlId: crawl.id, host, reason, skipped });
}

/** A site whose robots.txt can't be reached can't be reached itself: that is the error to tell. */
function describeRefusal({ failure, reason }: RobotsRules): VisitOutcome {
  if (failure) return { kind: "failed", code: failure.code, message: failure.message };
  return { kind: "skipped", reason: "robots", message: reason };
}

function toVisit(session: Session, entry: PendingUrl, outcome: VisitOutcome): Visit {
  return { entry, outcome, at: session.context.clock.now(), wireBytes: 0, durationMs: 0, found: [], cut: {} };
}
