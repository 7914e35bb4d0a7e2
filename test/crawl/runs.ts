import { expect } from "bun:test";
import { eq, sql } from "drizzle-orm";
import { LOCAL_VIEWER } from "../../src/access/viewer.ts";
import type { App } from "../../src/app.ts";
import type { Clock } from "../../src/clock.ts";
import { type Crawl, listCrawlUrls, readCrawl, startCrawl } from "../../src/crawl/crawls.ts";
import { runCrawl } from "../../src/crawl/engine.ts";
import type { CrawlProgress } from "../../src/crawl/session.ts";
import { type Db, rowsOf, type Store } from "../../src/db/db.ts";
import { crawlHosts } from "../../src/db/schema/crawls.ts";

export const start = (db: Db, url: string, options: Record<string, unknown> = {}, more: { seeds?: string[] } = {}) =>
  startCrawl(db, { viewer: LOCAL_VIEWER, url, options: { delay_ms: 0, concurrency: 8, ...options }, ...more });

export const run = (
  app: App,
  crawl: Crawl,
  onProgress?: (progress: CrawlProgress) => void,
  signal = new AbortController().signal,
) => runCrawl(app, crawl.id, { signal, onProgress });

/** What became of each URL of a crawl. */
export async function outcomesOf(db: Db, crawl: Crawl): Promise<Record<string, string | null>> {
  const rows = await listCrawlUrls(db, crawl.id, { limit: 5_000 });
  return Object.fromEntries(rows.map(({ url, outcome }) => [url, outcome]));
}

/** Every counter is what the rows say, each page and document there is once. */
export async function expectCountersToMatch(db: Db, crawlId: string): Promise<Crawl> {
  const crawl = (await readCrawl(db, crawlId)) as Crawl;
  const ask = async <Row>(query: ReturnType<typeof sql>) => rowsOf<Row>(await db.execute(query));
  const states = await ask<{ state: string; n: number }>(
    sql`select state, count(*)::int as n from orbweaver.frontier where crawl_id = ${crawlId} group by state`,
  );
  const outcomes = await ask<{ outcome: string; n: number }>(
    sql`select outcome, count(*)::int as n from orbweaver.frontier where crawl_id = ${crawlId} and state = 'done' group by outcome`,
  );
  const failures = await ask<{ outcome: string; n: number }>(
    sql`select outcome, count(*)::int as n from orbweaver.frontier where crawl_id = ${crawlId} and state = 'failed' group by outcome`,
  );
  const statuses = await ask<{ status: number; n: number }>(
    sql`select coalesce(status, 304) as status, count(*)::int as n from orbweaver.frontier
      where crawl_id = ${crawlId} and state <> 'pending' and (status is not null) group by 1`,
  );
  const hosts = await ask<{ host: string; pending: number }>(
    sql`select host, count(*) filter (where state = 'pending')::int as pending from orbweaver.frontier
      where crawl_id = ${crawlId} group by host`,
  );
  const [twice] = await ask<{ pages: number; documents: number }>(
    sql`select (select count(*) - count(distinct (website_id, url)) from orbweaver.pages)::int as pages,
      (select count(*) - count(distinct (page_id, version)) from orbweaver.markdown_documents)::int as documents`,
  );
  const counted = (rows: { n: number }[], name: string, value: string) =>
    (rows as Record<string, unknown>[]).find((row) => row[name] === value)?.n ?? 0;

  expect({
    pending: crawl.pending,
    done: crawl.done,
    failed: crawl.failed,
    skipped: crawl.skipped,
    created: crawl.created,
    changed: crawl.changed,
    unchanged: crawl.unchanged,
    redirected: crawl.redirected,
    byStatus: crawl.byStatus,
    byFailure: crawl.byFailure,
  }).toEqual({
    pending: counted(states, "state", "pending") as number,
    done: counted(states, "state", "done") as number,
    failed: counted(states, "state", "failed") as number,
    skipped: counted(states, "state", "skipped") as number,
    created: counted(outcomes, "outcome", "created") as number,
    changed: counted(outcomes, "outcome", "changed") as number,
    unchanged: counted(outcomes, "outcome", "unchanged") as number,
    redirected: counted(outcomes, "outcome", "redirected") as number,
    byStatus: Object.fromEntries(statuses.map(({ status, n }) => [status, n])),
    byFailure: Object.fromEntries(failures.map(({ outcome, n }) => [outcome, n])),
  });
  const stored = await db.select().from(crawlHosts).where(eq(crawlHosts.crawlId, crawlId));
  expect(Object.fromEntries(stored.map(({ host, pending }) => [host, pending]))).toEqual(
    Object.fromEntries(hosts.map(({ host, pending }) => [host, pending])),
  );
  expect(twice).toEqual({ pages: 0, documents: 0 });
  return crawl;
}

/** Real time, but what takes longer than a second never ends by itself: only a signal ends it. */
export function createStandingClock(): Clock & { readonly asleep: number } {
  let asleep = 0;
  return {
    now: () => new Date(),
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason);
        asleep++;
        const timer = ms > 1_000 ? undefined : setTimeout(() => end(resolve), ms);
        const stop = () => end(() => reject(signal?.reason));
        const end = (how: () => void) => {
          asleep--;
          clearTimeout(timer);
          signal?.removeEventListener("abort", stop);
          how();
        };
        signal?.addEventListener("abort", stop, { once: true });
      }),
    get asleep() {
      return asleep;
    },
  };
}

type Client = { query: (...args: unknown[]) => unknown; transaction: (run: (tx: Client) => unknown) => unknown };

/** Counts what reaches the embedded database, in transactions and outside. */
export function countStatements(store: Store): { count: number; stop(): void } {
  const client = (store.db as unknown as { $client: Client }).$client;
  const { query, transaction } = client;
  const counter = {
    count: 0,
    stop: () => {
      client.query = query;
      client.transaction = transaction;
    },
  };
  const counting = (ask: Client["query"]): Client["query"] => {
    return (...args) => {
      counter.count++;
      return ask(...args);
    };
  };
  client.query = counting(query);
  client.transaction = (run) =>
    transaction((tx) => {
      tx.query = counting(tx.query);
      return run(tx);
    });
  return counter;
}
