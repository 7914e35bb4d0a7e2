import { eq, sql } from "drizzle-orm";
import type { App } from "../app.ts";
import { crawlJobs } from "../db/schema/crawls.ts";
import { type Crawl, crawlChannel } from "./crawls.ts";
import { createDiscovery, type Discovery } from "./discover.ts";
import { addUrls, type NewUrl, type PendingUrl } from "./frontier.ts";
import type { CrawlOptions } from "./options.ts";
import { waitOutage } from "./outage.ts";
import { LeaseLostError, type Settled } from "./settle.ts";
import { storeVisits } from "./store-visits.ts";
import type { Visit } from "./visit-result.ts";
import { createWriter } from "./writer.ts";

export type CrawlContext = Pick<App, "db" | "cache" | "clock" | "fetch" | "robots" | "hosts" | "parser" | "log">;

/** Pages under way in a crawl, over all hosts, that are always allowed. */
const MIN_IN_FLIGHT = 32;

/** Pending URLs for each page that may be fetched, beyond which no more are taken in. */
const PLENTY = 10;

export type CrawlProgress = { crawl: Crawl; url?: string; inFlight: number };

/** A crawl while this process works it: what its slices share. */
export type Session = ReturnType<typeof openSession>;

export function openSession(
  context: CrawlContext,
  start: Crawl,
  owner: string,
  onProgress: (progress: CrawlProgress) => void,
) {
  const options = start.options as CrawlOptions;
  const { clock } = context;
  const discovery: Discovery = createDiscovery(options, { seeds: start.seeds, hosts: start.hosts }, clock.now);
  /** Ends all work at once; what is in flight is dropped and stays pending. */
  const abort = new AbortController();
  const taken = new Map<string, Set<string>>();
  /** Hosts that a slice works now. */
  const worked = new Set<string>();
  const changes = createSignal();
  const hostChanges = createSignal();
  const startedAt = performance.now();
  let workedUntil = startedAt;
  let crawl = start;
  let inFlight = 0;
  let unsettled = 0;
  let endReason: string | undefined;
  let isStopping = false;

  const writer = createWriter({
    clock,
    store: (visits) => storeVisits(context, crawl, owner, visits, abort.signal),
    onStored: settled,
    isIdle: () => inFlight === 0,
    onFailed: abortWith,
  });

  function settled({ crawl: latest, newHosts }: Settled, visits: Visit[]) {
    crawl = latest;
    unsettled -= visits.length;
    for (const { entry } of visits) taken.get(entry.host)?.delete(entry.urlHash);
    if (crawl.state !== "running") stop();
    void context.cache.publish(crawlChannel(crawl.id), "progress");
    onProgress({ crawl, url: visits.at(-1)?.entry.url, inFlight });
    changes.tell();
    if (newHosts.some((host) => !worked.has(host))) hostChanges.tell();
  }

  /** No new work; what is in flight may finish. */
  function stop(reason?: string) {
    isStopping = true;
    endReason ??= reason;
    changes.tell();
    hostChanges.tell();
  }

  /** Everything ends, now. */
  function abortWith(reason: unknown) {
    stop();
    abort.abort(reason);
  }

  return {
    context,
    options,
    discovery,
    owner,
    signal: abort.signal,
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
      return inFlight >= Math.max(MIN_IN_FLIGHT, 2 * options.concurrency);
    },
    /** The frontier holds so much more than may be fetched that more of it is pointless. */
    get hasPlenty() {
      return crawl.pending > PLENTY * options.max_pages + 10_000;
    },
    stop,
    abort: abortWith,
    /** Resolves at the next change: pages ended or were stored, or the crawl is to stop. */
    changed: changes.next,
    /** Resolves when there may be other hosts to work than before, or none. */
    hostsChanged: hostChanges.next,
    worked,
    tellHostsChanged: hostChanges.tell,
    takenOf(host: string): Set<string> {
      const known = taken.get(host) ?? new Set();
      taken.set(host, known);
      return known;
    },
    /**
     * The limit that keeps a further page from being fetched; `wait` when that hangs on pages not yet stored.
     */
    findLimit(): "max_pages" | "max_bytes" | "max_duration" | "wait" | undefined {
      if (crawl.bytes >= options.max_bytes) return "max_bytes";
      if (start.activeMs + (performance.now() - startedAt) >= options.max_duration_s * 1000) return "max_duration";
      const left = options.max_pages - (crawl.done - crawl.redirected);
      if (left <= 0) return "max_pages";
      return unsettled >= left ? "wait" : undefined;
    },
    begin(entry: PendingUrl) {
      inFlight++;
      unsettled++;
      onProgress({ crawl, url: entry.url, inFlight });
    },
    /** The page is no longer in flight; `undefined` when it was dropped. */
    async end(entry: PendingUrl, visit: Visit | undefined): Promise<void> {
      inFlight--;
      changes.tell();
      if (visit) return writer.add(visit);
      unsettled--;
      taken.get(entry.host)?.delete(entry.urlHash);
      changes.tell();
    },
    flush: writer.flush,
    /** A query that waits out an outage of the database. */
    read: <T>(query: () => Promise<T>): Promise<T> => waitOutage(context, abort.signal, query),
    /** Milliseconds worked since it was last asked. */
    takeWorkedMs(): number {
      const since = workedUntil;
      workedUntil = performance.now();
      return workedUntil - since;
    },
    /** URLs that the site names itself; the frontier is kept within reason of what the crawl may fetch. */
    async addFound(urls: NewUrl[]): Promise<void> {
      await context.db.transaction((tx) => addUrls(tx, crawl.id, urls));
      changes.tell();
      hostChanges.tell();
    },
    /** Takes over a newer row of the crawl, as from a renewed lease. */
    refresh(latest: Crawl | undefined) {
      if (!latest) return abortWith(new LeaseLostError(crawl.id));
      crawl = latest;
      if (crawl.state !== "running") stop();
    },
    async adoptHost(host: string): Promise<void> {
      discovery.adopt(host);
      await context.db
        .update(crawlJobs)
        .set({ hosts: sql`array_append(${crawlJobs.hosts}, ${host})` })
        .where(eq(crawlJobs.id, crawl.id));
    },
  };
}

/** Something to wait for, again and again. */
function createSignal() {
  let { promise, resolve } = Promise.withResolvers<void>();
  return {
    next: () => promise,
    tell: () => {
      resolve();
      ({ promise, resolve } = Promise.withResolvers<void>());
    },
  };
}
