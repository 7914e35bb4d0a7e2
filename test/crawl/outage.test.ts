import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { eq, sql } from "drizzle-orm";
import type { App } from "../../src/app.ts";
import { systemClock } from "../../src/clock.ts";
import { type Crawl, readCrawl } from "../../src/crawl/crawls.ts";
import { renewLease, takeLease } from "../../src/crawl/lease.ts";
import type { CrawlProgress } from "../../src/crawl/session.ts";
import { rowsOf, type Store } from "../../src/db/db.ts";
import { openPostgresStore } from "../../src/db/postgres.ts";
import { crawlJobs, frontier, hosts } from "../../src/db/schema/crawls.ts";
import { pages } from "../../src/db/schema/pages.ts";
import { websites } from "../../src/db/schema/websites.ts";
import { openJobs } from "../../src/jobs/jobs.ts";
import { createLog } from "../../src/telemetry/log.ts";
import { createSite } from "../site.ts";
import { createFastClock, openTestApp } from "../testing/apps.ts";
import { hasPostgres, testStores } from "../testing/stores.ts";
import { expectCountersToMatch, outcomesOf, run, start } from "./runs.ts";
import { openProxy, urlOf } from "./server.ts";
import { createWeb, page, text } from "./web.ts";

const clean: (() => unknown)[] = [];

afterEach(async () => {
  for (const step of clean.splice(0).reverse()) await step();
});

async function openServer(): Promise<Store> {
  const store = (await testStores[1]?.open()) as Store;
  clean.push(() => store.close());
  return store;
}

function openApp(store: Store, options: Parameters<typeof openTestApp>[1] = {}): App {
  const app = openTestApp(store, options);
  clean.push(() => app.close());
  return app;
}

describe.skipIf(!hasPostgres)("while the server is in trouble, a crawl", () => {
  /** The crawl goes through the proxy; `direct` looks on from beside it. */
  async function open() {
    const direct = await openServer();
    const proxy = await openProxy(urlOf(direct));
    clean.push(() => proxy.close());
    const store = await openPostgresStore(proxy.url, { poolSize: 4 });
    await openJobs(store, { clock: systemClock, log: createLog("error", systemClock, () => {}) });
    // A broken connection keeps its pool from closing for some seconds, which need not be waited for.
    clean.push(() => void store.close());
    const site = createSite({ pages: 60, minBytes: 1_000, maxBytes: 3_000 });
    const served = site.serve({ latencyMs: 2 });
    clean.push(() => served.stop());
    // Slower than the fast clock of other tests, so that an outage of some seconds is no hour to it.
    const app = openApp(store, { clock: createFastClock(5) });
    const crawl = await start(store.db, `${served.origin}/`, { concurrency: 4, sitemaps: false });
    return { direct, proxy, app, crawl };
  }

  async function expectAll(direct: Store, ended: Crawl) {
    expect(ended).toMatchObject({ state: "completed", created: 60, failed: 0, pending: 0 });
    await expectCountersToMatch(direct.db, ended.id);
    expect(await direct.db.$count(pages)).toBe(60);
  }

  /** Calls `act` each time some more pages are done. */
  function every(count: number, times: number, act: () => unknown) {
    let next = count;
    return ({ crawl: { done } }: CrawlProgress) => {
      if (done < next || times === 0) return;
      next = done + count;
      times--;
      act();
    };
  }

  test("goes on when its connections are killed again and again", async () => {
    const { direct, app, crawl } = await open();
    let killed = 0;
    const killOthers = () =>
      direct.db.execute(
        sql`select pg_terminate_backend(pid) from pg_stat_activity
          where datname = current_database() and pid <> pg_backend_pid()`,
      );
    const kill = async () => {
      // The connection asked first may be one that the last round killed.
      const rows = await killOthers().catch(killOthers);
      killed += rowsOf(rows).length;
    };

    const ended = await run(app, crawl, every(10, 3, kill));

    expect(killed).toBeGreaterThan(0);
    await expectAll(direct, ended);
  });

  test("waits until it comes back, and loses nothing", async () => {
    const { direct, proxy, app, crawl } = await open();
    const cutFor = (ms: number) => {
      proxy.cut();
      setTimeout(proxy.restore, ms);
    };

    const ended = await run(
      app,
      crawl,
      every(15, 2, () => cutFor(700)),
    );

    await expectAll(direct, ended);
  });

  test("stores and counts once what was stored as the connection broke", async () => {
    const { direct, proxy, app, crawl } = await open();

    const ended = await run(app, crawl, every(10, 3, proxy.swallowCommit));

    expect(proxy.swallowed).toBeGreaterThan(0);
    await expectAll(direct, ended);
  });

  test("counts an attempt once though its storing is repeated", async () => {
    const direct = await openServer();
    const proxy = await openProxy(urlOf(direct));
    clean.push(() => proxy.close());
    const store = await openPostgresStore(proxy.url, { poolSize: 4 });
    await openJobs(store, { clock: systemClock, log: createLog("error", systemClock, () => {}) });
    clean.push(() => void store.close());
    const web = createWeb({
      "https://site.example/": (_request, visit) => {
        if (visit === 1) proxy.swallowCommit();
        return visit === 1 ? { status: 503, body: "busy" } : text("Here");
      },
    });
    const crawl = await start(store.db, "https://site.example/", { sitemaps: false });

    await run(openApp(store, { fetch: web.fetch }), crawl);

    const [row] = await direct.db.select().from(frontier).where(eq(frontier.crawlId, crawl.id));
    expect(proxy.swallowed).toBe(1);
    expect(row).toMatchObject({ state: "done", attempts: 2 });
  });

  test("ends with the database's error when it stays away, and can be gone on with", async () => {
    const { direct, proxy, app, crawl } = await open();
    const hasty: App = { ...app, clock: createFastClock(2_000) };

    const broken = run(
      hasty,
      crawl,
      every(10, 1, () => proxy.cut()),
    ).catch((error: unknown) => error);

    expect(String(await broken)).toMatch(/CONNECT|ECONN|closed|Failed query/);
    await direct.db.update(crawlJobs).set({ leaseOwner: null, leasedUntil: null });
    await direct.db.update(hosts).set({ leaseToken: null, leasedUntil: null });
    // By another process: the driver of this one may hang on a connection that was cut while it was made.
    await expectAll(direct, await run(openApp(direct), crawl));
  });

  test("that is stopped meanwhile says what the database said", async () => {
    const { proxy, app, crawl } = await open();
    const stop = new AbortController();

    const broken = run(
      app,
      crawl,
      every(10, 1, () => {
        proxy.cut();
        stop.abort();
      }),
      stop.signal,
    ).catch((error: unknown) => error);

    expect(String(await broken)).toMatch(/CONNECT|ECONN|closed|Failed query/);
  });
});

describe.each(testStores)("on the $name store, a crawl", ({ open }) => {
  let store: Store;

  beforeAll(async () => {
    store = await open();
  });

  afterEach(async () => {
    await store.db.delete(websites);
    // A host is remembered beyond its crawl.
    await store.db.delete(hosts);
    for (const table of ["pages", "frontier"])
      await store.execute(`alter table orbweaver.${table} drop constraint if exists no_poison`);
  });

  afterAll(() => store.close());

  const site = (count: number) => {
    const paths = Array.from({ length: count }, (_, n) => `/${n}`);
    return {
      paths,
      web: createWeb({
        "https://site.example/": page(...paths),
        ...Object.fromEntries(paths.map((path) => [`https://site.example${path}`, page(`/from${path}`)])),
        ...Object.fromEntries(paths.map((path) => [`https://site.example/from${path}`, text(path)])),
      }),
    };
  };

  test("stores all pages but the one that the database refuses, and follows that one's links", async () => {
    await store.execute("alter table orbweaver.pages add constraint no_poison check (url <> 'https://site.example/7')");
    const { web } = site(12);
    const crawl = await start(store.db, "https://site.example/", { sitemaps: false });

    const ended = await run(openApp(store, { fetch: web.fetch }), crawl);

    expect(ended).toMatchObject({ state: "completed", created: 24, failed: 1, byFailure: { unstorable: 1 } });
    expect(await outcomesOf(store.db, ended)).toMatchObject({
      "https://site.example/7": "unstorable",
      "https://site.example/from/7": "created",
    });
    await expectCountersToMatch(store.db, ended.id);
  });

  test("stores a page without its links when the database refuses those", async () => {
    await store.execute(
      "alter table orbweaver.frontier add constraint no_poison check (url <> 'https://site.example/from/7')",
    );
    const { web } = site(12);
    const crawl = await start(store.db, "https://site.example/", { sitemaps: false });

    const ended = await run(openApp(store, { fetch: web.fetch }), crawl);

    expect(ended).toMatchObject({ state: "completed", failed: 1, byFailure: { unstorable: 1 }, created: 23 });
    await expectCountersToMatch(store.db, ended.id);
  });

  test("breaks off when nothing at all can be stored, and waits to be gone on with", async () => {
    await store.execute(
      "alter table orbweaver.frontier add constraint no_poison check (state <> 'failed' and state <> 'done')",
    );
    const { web } = site(1);
    const crawl = await start(store.db, "https://site.example/", { sitemaps: false });

    const broken = run(openApp(store, { fetch: web.fetch }), crawl);

    expect(broken).rejects.toThrow("Failed query");
    await broken.catch(() => {});
    expect(await readCrawl(store.db, crawl.id)).toMatchObject({ state: "queued", leaseOwner: null, pending: 1 });
  });

  test("of a worker that stalled is finished by another, and nothing is done twice", async () => {
    const { web } = site(20);
    const clock = createFastClock();
    const first = openApp(store, { fetch: web.fetch, clock });
    const second = openApp(store, { fetch: web.fetch, clock });
    let resume = () => {};
    const stalled = new Promise<void>((resolve) => {
      resume = resolve;
    });
    let isStalled = false;
    // The first worker's event loop stands still, as far as the database can see, until the second is done.
    const db = new Proxy(store.db, {
      get: (target, key) => {
        const value = Reflect.get(target, key);
        if (!isStalled || typeof value !== "function") return value;
        if (key === "transaction") return async (act: never) => stalled.then(() => target.transaction(act));
        if (key === "execute") return async (query: never) => stalled.then(() => target.execute(query));
        if (key === "update") return () => ({ set: () => ({ where: () => stalledUpdate() }) });
        return value;
      },
    });
    const stalledUpdate = () => {
      const rejected = stalled.then(() => Promise.reject(new Error("The connection broke")));
      return Object.assign(rejected, { returning: () => rejected });
    };
    const crawl = await start(store.db, "https://site.example/", { sitemaps: false });

    const slow = run({ ...first, db }, crawl, ({ crawl: { done } }) => {
      isStalled ||= done > 0;
    }).catch((error: unknown) => error);
    while (!isStalled) await Bun.sleep(2);
    await store.db.execute(sql`update orbweaver.crawl_jobs set leased_until = now() - interval '1 minute'`);
    await store.db.execute(sql`update orbweaver.hosts set leased_until = now() - interval '1 minute'`);
    const ended = await run(second, crawl);
    resume();
    await slow;

    expect(ended).toMatchObject({ state: "completed", created: 41, failed: 0 });
    await expectCountersToMatch(store.db, crawl.id);
  });

  test("is nobody's twice: a lease is taken once, and kept only by its owner", async () => {
    const clock = createFastClock();
    const crawl = await start(store.db, "https://site.example/");
    const [one, other] = [Bun.randomUUIDv7(), Bun.randomUUIDv7()];

    const taken = await Promise.all([one, other].map((owner) => takeLease(store.db, crawl.id, owner, clock)));

    expect(taken.filter(Boolean)).toHaveLength(1);
    const loser = taken[0] ? other : one;
    expect(await renewLease(store.db, crawl.id, loser, clock)).toBeUndefined();
  });
});
