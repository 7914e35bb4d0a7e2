import { and, eq, sql } from "drizzle-orm";
import type { App } from "../app.ts";
import type { Db } from "../db/db.ts";
import { crawlJobs } from "../db/schema/crawls.ts";
import { bindScope } from "../telemetry/scope.ts";
import { type Crawl, crawlChannel } from "./crawls.ts";
import { createDiscovery, type Discovery } from "./discover.ts";
import { addUrls, type NewUrl, type PendingUrl } from "./frontier.ts";
import { LeaseLostError } from "./lease.ts";
import type { HeldHost } from "./lease-keeper.ts";
import { countPages } from "./observed-crawl.ts";
import type { CrawlOptions } from "./options.ts";
import { waitOutage } from "./outage.ts";
import type { Settled } from "./settle.ts";
import { createSignal, type Signal } from "./signal.ts";
import { storeVisits } from "./store-visits.ts";
import type { Visit } from "./visit-result.ts";
import { findWatchedWebsite, type WatchedWebsite } from "./watched-website.ts";
import { createWriter } from "./writer.ts";

export type CrawlContext = Pick<
  App,
  "db" | "cache" | "clock" | "fetch" | "robots" | "sessions" | "parser" | "log" | "telemetry"
>;

/** Pages under way in a crawl, over all hosts, that are always allowed. */
const MIN_IN_FLIGHT = 32;

/** Pending URLs for each page that may be fetched, beyond which no more are taken in. */
const PLENTY = 10;

/** What is in flight when a crawl is told to stop has this long to finish. */
const GRACE_MS = 5_000;

/** Why a session was aborted that was only told to stop: what it has is kept. */
export class GraceOverError extends Error {
  constructor() {
    super("The crawl was stopped, and what was in flight took too long");
    this.name = "GraceOverError";
  }
}

/** A host while a slice works it. */
export type HostWork = {
  lease: HeldHost;
  /** URLs that the slice has in its hands. */
  taken: Set<string>;
  /** Tells that the host may have further URLs, or that the last of those taken is settled. */
  arrivals: Signal;
  close(): void;
};

export type CrawlProgress = { crawl: Crawl; url?: string; inFlight: number };

export type SessionOptions = { onProgress?: (progress: CrawlProgress) => void; graceMs?: number };

/**
 * A crawl while this process works it: what the slices that it works here share. Other processes may work other hosts of
 * the crawl at the same time, with sessions of their own.
 */
export type Session = ReturnType<typeof openSession>;

export function openSession(
  context: CrawlContext,
  start: Crawl,
  { onProgress = () => {}, graceMs = GRACE_MS }: SessionOptions,
) {
  const options = start.options as CrawlOptions;
  const { clock } = context;
  const discovery: Discovery = createDiscovery(options, { seeds: start.seeds, hosts: start.hosts }, clock.now);
  /** Ends all work at once; what is in flight is dropped and stays pending. */
  const abort = new AbortController();
  /** Ends all waiting for something to begin. */
  const halt = new AbortController();
  /** Batches are no part of the visit that happened to begin them. */
  const inRun = bindScope();
  const underWay = new Set<PendingUrl>();
  const hosts = new Map<string, HostWork>();
  /** Hosts that a slice works now. */
  const worked = new Set<string>();
  const changes = createSignal();
  const hostChanges = createSignal();
  /** Up to when the time that the crawl has been worked is in its row. */
  let countedUntil = performance.now();
  let crawl = start;
  let open = 0;
  let unsettled = 0;
  let mayHaveRetries = true;
  let endReason: string | undefined;
  let isStopping = false;
  let isGrace = false;

  /** As it was when it was first asked for: what is changed of its tracking concerns later sessions. */
  let website: Promise<WatchedWebsite | undefined> | undefined;
  function readWebsite() {
    website ??= findWatchedWebsite(context.db, start.websiteId).catch((error) => {
      // An outage is waited out by asking again.
      website = undefined;
      throw error;
    });
    return website;
  }

  const writer = createWriter({
    clock,
    store: (visits) => inRun(() => storeVisits({ ...context, readWebsite }, crawl, visits, abort.signal)),
    onStored: settled,
    isIdle: () => open === 0,
    onFailed: abortWith,
  });

  function settled({ crawl: latest, newHosts, outcomes, lost }: Settled, visits: Visit[]) {
    countPages(context.telemetry, outcomes, visits);
    for (const { lease } of hosts.values()) if (lost.has(lease.token)) lease.lose();
    if (lost.size > 0) discovery.forgetSeen();
    unsettled -= visits.length;
    const told = new Set(newHosts);
    for (const { entry, outcome } of visits) {
      letGo(entry, told);
      if (outcome.kind === "retry") mayHaveRetries = true;
    }
    takeOver(latest);
    void context.cache.publish(crawlChannel(crawl.id), "progress");
    onProgress({ crawl, url: visits.at(-1)?.entry.url, inFlight: underWay.size });
    tellArrivals(told);
  }

  /** Takes over a newer row of the crawl. */
  function takeOver(latest: Crawl) {
    for (const host of latest.hosts) if (!crawl.hosts.includes(host)) discovery.adopt(host);
    crawl = latest;
    countedUntil = performance.now();
    if (crawl.endReason !== null) stop(crawl.endReason);
    else if (crawl.state !== "running") stop();
  }

  function letGo({ host, urlHash }: PendingUrl, told: Set<string>) {
    const work = hosts.get(host);
    work?.taken.delete(urlHash);
    if (work?.taken.size === 0) told.add(host);
  }

  function tellArrivals(told: Iterable<string>) {
    changes.tell();
    for (const host of told) {
      hosts.get(host)?.arrivals.tell();
      if (!worked.has(host)) hostChanges.tell();
    }
  }

  /** No new work; what is in flight may finish: without a reason, which means by order, only for a while. */
  function stop(reason?: string) {
    if (reason === undefined) beginGrace();
    endReason ??= isStopping ? undefined : reason;
    isStopping = true;
    halt.abort();
    changes.tell();
    hostChanges.tell();
    for (const { arrivals } of hosts.values()) arrivals.tell();
  }

  function beginGrace() {
    if (isGrace || abort.signal.aborted) return;
    isGrace = true;
    clock.sleep(graceMs, abort.signal).then(
      () => abort.abort(new GraceOverError()),
      () => {},
    );
  }

  /** Everything ends, now. */
  function abortWith(reason: unknown) {
    abort.abort(reason);
    stop();
  }

  /** Milliseconds until `max_duration_s` is reached. */
  const msLeft = () => options.max_duration_s * 1000 - crawl.activeMs - (performance.now() - countedUntil);

  const throughOutage = <T>(run: () => Promise<T>): Promise<T> => waitOutage(context, abort.signal, run);

  return {
    context,
    options,
    discovery,
    /** Aborted when all is to end at once. */
    signal: abort.signal,
    /** Aborted when nothing new is to begin. */
    stopping: halt.signal,
    get crawl() {
      return crawl;
    },
    get isStopping() {
      return isStopping;
    },
    /** Why it stopped by itself; `undefined` when it was told to, or goes on. */
    get endReason() {
      return endReason;
    },
    /** Enough is under way: fetching more would only pile up bodies that wait for a parser. */
    get isFull() {
      return underWay.size >= Math.max(MIN_IN_FLIGHT, 2 * options.concurrency);
    },
    /** The frontier holds so much more than may be fetched that more of it is pointless. */
    get hasPlenty() {
      return crawl.pending > PLENTY * options.max_pages + 10_000;
    },
    stop,
    abort: abortWith,
    readWebsite: () => throughOutage(readWebsite),
    /** Resolves at the next change: pages ended or were stored, or the crawl is to stop. */
    changed: changes.next,
    /** Resolves when there may be other hosts to work than before, or none. */
    hostsChanged: hostChanges.next,
    worked,
    tellHostsChanged: hostChanges.tell,
    /** Whether URLs may wait for a retry. */
    get mayHaveRetries() {
      return mayHaveRetries;
    },
    set mayHaveRetries(may: boolean) {
      mayHaveRetries = may;
    },
    /** To be closed by the slice that opened it. */
    openHost(lease: HeldHost): HostWork {
      const { host } = lease;
      const close = () => {
        if (hosts.get(host) === work) hosts.delete(host);
      };
      const work: HostWork = { lease, taken: new Set<string>(), arrivals: createSignal(), close };
      hosts.set(host, work);
      return work;
    },
    msLeft,
    /**
     * The limit that keeps a further page from being fetched; `wait` when that hangs on pages not yet stored.
     */
    findLimit(): "max_pages" | "max_bytes" | "max_duration" | "wait" | undefined {
      if (crawl.bytes >= options.max_bytes) return "max_bytes";
      if (msLeft() <= 0) return "max_duration";
      const left = options.max_pages - (crawl.done - crawl.redirected);
      if (left <= 0) return "max_pages";
      return unsettled >= left ? "wait" : undefined;
    },
    /** A slice has one more URL in its hands, which counts towards the limits. */
    take() {
      open++;
      unsettled++;
    },
    /** Its request goes out. */
    begin(entry: PendingUrl) {
      underWay.add(entry);
      onProgress({ crawl, url: entry.url, inFlight: underWay.size });
    },
    /** What was taken is in no slice's hands any more; `undefined` when it was dropped. */
    async end(entry: PendingUrl, visit: Visit | undefined): Promise<void> {
      open--;
      underWay.delete(entry);
      changes.tell();
      if (visit) return writer.add(visit);
      unsettled--;
      const told = new Set<string>();
      letGo(entry, told);
      tellArrivals(told);
    },
    flush: writer.flush,
    /** Runs what asks the database, or is safe to repeat, and waits out an outage. */
    throughOutage,
    /** URLs that the site names itself; the frontier is kept within reason of what the crawl may fetch. */
    async addFound(urls: NewUrl[], alongside?: (tx: Db) => Promise<unknown>): Promise<void> {
      const added = await throughOutage(() =>
        context.db.transaction(async (tx) => {
          await alongside?.(tx);
          return addUrls(tx, crawl, urls);
        }),
      );
      tellArrivals(added.keys());
    },
    /** Takes over a newer row of the crawl, as from a renewed lease; `undefined` when it is somebody else's by now. */
    refresh(latest: Crawl | undefined) {
      if (!latest || latest.state === "cancelled") return abortWith(new LeaseLostError(crawl.id));
      takeOver(latest);
    },
    async adoptHost(host: string): Promise<void> {
      discovery.adopt(host);
      const isNew = sql`not (${host} = any(${crawlJobs.hosts}))`;
      await throughOutage(() =>
        context.db
          .update(crawlJobs)
          .set({ hosts: sql`array_append(${crawlJobs.hosts}, ${host})` })
          .where(and(eq(crawlJobs.id, crawl.id), isNew)),
      );
    },
  };
}
