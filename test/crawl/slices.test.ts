import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { and, eq, isNotNull, sql } from "drizzle-orm";
import { LOCAL_VIEWER } from "../../src/access/viewer.ts";
import type { App } from "../../src/app.ts";
import { JOB_KINDS } from "../../src/background.ts";
import { type Crawl, readCrawl, startCrawl } from "../../src/crawl/crawls.ts";
import { runCrawl } from "../../src/crawl/engine.ts";
import { addUrls, toNewUrl } from "../../src/crawl/frontier.ts";
import { takeHost } from "../../src/crawl/host-leases.ts";
import { createSessions } from "../../src/crawl/sessions.ts";
import { crawlSlice } from "../../src/crawl/slice-job.ts";
import { beginSlice } from "../../src/crawl/slices.ts";
import { crawlSweep } from "../../src/crawl/sweep-job.ts";
import { rowsOf, type Store } from "../../src/db/db.ts";
import { crawlHosts, frontier, hosts } from "../../src/db/schema/crawls.ts";
import { pages } from "../../src/db/schema/pages.ts";
import { websites } from "../../src/db/schema/websites.ts";
import { enqueue } from "../../src/jobs/enqueue.ts";
import { runDueJobs, startWorker } from "../../src/jobs/worker.ts";
import { openTestApp } from "../testing/apps.ts";
import { testStores } from "../testing/stores.ts";
import { expectCountersToMatch } from "./runs.ts";
import { type Answering, createWeb, page, text } from "./web.ts";

const ONE_AT_A_TIME = { crawl: 8, control: 4, maintenance: 1, index: 1, notify: 1 };

// Where there is a server, on that: the other store is worked in the tests of the background.
describe.each(testStores.slice(-1))("slices on the $name store", ({ open }) => {
  let store: Store;
  const clean: (() => unknown)[] = [];

  beforeAll(async () => {
    store = await open();
  });

  afterEach(async () => {
    for (const step of clean.splice(0).reverse()) await step();
    await store.db.delete(websites);
    await store.db.delete(hosts);
    await store.execute("delete from orbweaver_jobs.job");
  });

  afterAll(() => store.close());

  function openApp(answers: Record<string, Answering>): App {
    const app = openTestApp(store, { fetch: createWeb(answers).fetch });
    clean.push(() => app.close());
    return app;
  }

  const begin = (url: string, options: Record<string, unknown> = {}, runner: Crawl["runner"] = "service") =>
    startCrawl(store.db, {
      runner,
      viewer: LOCAL_VIEWER,
      url,
      options: { delay_ms: 0, concurrency: 1, sitemaps: false, robots: false, ...options },
    });
  const runAll = (app: App) => runDueJobs(app, JOB_KINDS);
  const crawlOf = async ({ id }: Crawl) => (await readCrawl(store.db, id)) as Crawl;
  const hostsOf = ({ id }: Crawl) => store.db.select().from(crawlHosts).where(eq(crawlHosts.crawlId, id));
  const leaseOf = async (host: string) => (await store.db.select().from(hosts).where(eq(hosts.host, host)))[0];

  /** Pages that take their time; counts the requests that are open at once. */
  function pagesUnder(origin: string, path: string, length: number, seen: { open: number; most: number }) {
    return Object.fromEntries(
      Array.from({ length }, (_, n) => {
        const answer = async () => {
          seen.most = Math.max(seen.most, ++seen.open);
          await Bun.sleep(10);
          seen.open--;
          return page(...(n === 0 ? Array.from({ length: length - 1 }, (_, other) => `${path}${other + 1}`) : []));
        };
        return [`${origin}${path}${n === 0 ? "" : n}`, answer];
      }),
    );
  }

  test("a crawl is worked to its end by its jobs, and nothing of them is left", async () => {
    const app = openApp({ "https://a.example/": page("/b", "/c"), "https://a.example/b": page("/d") });
    const crawl = await begin("https://a.example/");

    await runAll(app);

    const ended = await expectCountersToMatch(store.db, crawl.id);
    expect(ended).toMatchObject({ state: "completed", endReason: "done", created: 2, failed: 2, pending: 0 });
    expect(await hostsOf(crawl)).toMatchObject([{ sliceId: null, waitsSince: null, restsUntil: null }]);
    expect(await leaseOf("a.example")).toMatchObject({ leaseToken: null, crawlId: null });
  });

  test("crawls that meet on a host take turns, one at a time, whichever process works them", async () => {
    const seen = { open: 0, most: 0 };
    const origin = "https://shared.example";
    const answers = {
      ...pagesUnder(origin, "/long/", 90, seen),
      ...pagesUnder(origin, "/short/", 3, seen),
      ...pagesUnder(origin, "/other/", 3, seen),
    };
    const apps = [openApp(answers), openApp(answers)];
    const scope = { include: ["/**"] };
    const [long, short, other] = [
      await begin(`${origin}/long/`, scope),
      await begin(`${origin}/short/`, scope),
      await begin(`${origin}/other/`, scope),
    ];

    const workers = apps.map((app) => startWorker(app, JOB_KINDS, ONE_AT_A_TIME));
    while ((await crawlOf(long)).state !== "completed") await Bun.sleep(10);
    for (const worker of workers) await worker.stop(1_000);

    expect(seen.most).toBe(1);
    const [first, second, last] = await Promise.all([short, other, long].map(crawlOf));
    expect([first?.created, second?.created, last?.created]).toEqual([3, 3, 90]);
    // The long one handed over: those that came after it were through before it was.
    expect(Number(last?.finishedAt)).toBeGreaterThan(Number(first?.finishedAt));
    expect(Number(last?.finishedAt)).toBeGreaterThan(Number(second?.finishedAt));
  });

  test("a command stands in line with the service's crawls, and gets its turn", async () => {
    const seen = { open: 0, most: 0 };
    const origin = "https://shared.example";
    const answers = { ...pagesUnder(origin, "/long/", 60, seen), ...pagesUnder(origin, "/mine/", 3, seen) };
    const service = await begin(`${origin}/long/`);
    const worker = startWorker(openApp(answers), JOB_KINDS, ONE_AT_A_TIME);
    while ((await leaseOf("shared.example"))?.leaseToken === undefined) await Bun.sleep(5);
    const command = await begin(`${origin}/mine/`, {}, "command");

    const mine = await runCrawl(openApp(answers), command.id, { signal: new AbortController().signal });
    while ((await crawlOf(service)).state !== "completed") await Bun.sleep(10);
    await worker.stop(1_000);

    expect(seen.most).toBe(1);
    expect(mine).toMatchObject({ state: "completed", created: 3 });
    expect(await crawlOf(service)).toMatchObject({ created: 60 });
  });

  test("what was fetched under a lease that somebody else has by now is not stored", async () => {
    const thief = {
      host: "a.example",
      token: Bun.randomUUIDv7(),
      crawlId: Bun.randomUUIDv7(),
      sliceId: Bun.randomUUIDv7(),
    };
    let isStolen = false;
    const app = openApp({
      "https://a.example/": async () => {
        if (!isStolen) {
          await store.db.update(hosts).set({ leasedUntil: sql`now() - interval '1 second'` });
          isStolen = (await store.db.transaction((tx) => takeHost(tx, thief))) !== undefined;
        }
        return page("/b");
      },
      "https://a.example/b": text("B"),
    });
    const crawl = await begin("https://a.example/");

    await runAll(app);
    const late = await crawlOf(crawl);
    const stored = await store.db.select().from(pages);
    const held = await leaseOf("a.example");
    await store.db.update(hosts).set({ leasedUntil: sql`now() - interval '1 second'` });
    await enqueue(store.db, crawlSweep, {}, { key: "sweep" });
    await runAll(app);

    expect(isStolen).toBe(true);
    expect(late).toMatchObject({ state: "running", pending: 1, done: 0 });
    expect(stored).toEqual([]);
    expect(held?.leaseToken).toBe(thief.token);
    expect(await expectCountersToMatch(store.db, crawl.id)).toMatchObject({ state: "completed", created: 2 });
  });

  test("a slice that is run twice, or is no longer meant, does nothing", async () => {
    const app = openApp({ "https://a.example/": text("A") });
    const crawl = await begin("https://a.example/");
    const claim = { crawlId: crawl.id, host: "a.example", token: Bun.randomUUIDv7() };

    const begun = await beginSlice(store.db, { ...claim, sliceId: Bun.randomUUIDv7() });
    await enqueue(store.db, crawlSlice, { crawlId: crawl.id, host: "a.example" });
    await enqueue(store.db, crawlSlice, { crawlId: Bun.randomUUIDv7(), host: "nowhere.example" });
    await runAll(app);

    expect(begun).toEqual({ kind: "late" });
    expect(await expectCountersToMatch(store.db, crawl.id)).toMatchObject({ state: "completed", created: 1 });
  });

  test("a limit of pages holds exactly, however many processes come near it at once", async () => {
    const names = Array.from({ length: 8 }, (_, n) => `h${n}.site.example`);
    const links = Array.from({ length: 30 }, (_, n) => `/p${n}`);
    const answers: Record<string, Answering> = {};
    for (const name of names) {
      answers[`https://${name}/`] = page(...links, ...names.map((other) => `https://${other}/`));
      for (const link of links) answers[`https://${name}${link}`] = text(link);
    }
    const apps = [openApp(answers), openApp(answers)];
    const crawl = await begin("https://h0.site.example/", { scope: "domain", max_pages: 50, concurrency: 4 });

    const workers = apps.map((app) => startWorker(app, JOB_KINDS, ONE_AT_A_TIME));
    while ((await crawlOf(crawl)).state !== "completed") await Bun.sleep(10);
    for (const worker of workers) await worker.stop(1_000);

    const ended = await expectCountersToMatch(store.db, crawl.id);
    expect(ended).toMatchObject({ endReason: "max_pages", created: 50, pending: 0 });
  });

  test("a host that asks for patience rests, its slice comes later, and its place is somebody else's", async () => {
    const app = openApp({
      "https://a.example/": (_, visit) =>
        visit === 1 ? { status: 429, headers: { "retry-after": "120" } } : text("A"),
    });
    const crawl = await begin("https://a.example/");

    await runAll(app);
    const [resting] = await hostsOf(crawl);
    const lease = await leaseOf("a.example");
    while ((await crawlOf(crawl)).state !== "completed") {
      await Bun.sleep(50);
      await runAll(app);
    }

    expect(Number(resting?.restsUntil) - Number(crawl.createdAt)).toBeGreaterThan(100_000);
    expect(resting?.sliceId).toBeString();
    expect(lease?.leaseToken).toBeNull();
    expect(await crawlOf(crawl)).toMatchObject({ created: 1, failed: 0 });
  });

  test("of a crawl over very many hosts some slices are in line with those of others, and not all are made at once", async () => {
    const crawl = await begin("https://a.example/");
    const urls = Array.from({ length: 300 }, (_, n) =>
      toNewUrl(`https://h${n}.example/`, { depth: 1, source: "link" }),
    );

    await store.db.transaction((tx) => addUrls(tx, crawl, urls));

    const made = (await hostsOf(crawl)).filter(({ sliceId }) => sliceId !== null);
    expect(made).toHaveLength(256);
    expect(made.filter(({ sliceRank }) => sliceRank === 0)).toHaveLength(16);
  });

  test("slices that were lost are found by the sweep, one that is dead for good ends its crawl", async () => {
    const app = openApp({ "https://a.example/": text("A"), "https://b.example/": text("B") });
    const [lost, dead] = [await begin("https://a.example/"), await begin("https://b.example/")];
    await store.execute("delete from orbweaver_jobs.job where data -> 'payload' ->> 'host' = 'a.example'");
    await store.execute(
      "update orbweaver_jobs.job set state = 'failed' where data -> 'payload' ->> 'host' = 'b.example'",
    );
    await runAll(app);
    const before = await Promise.all([lost, dead].map(crawlOf));

    await enqueue(store.db, crawlSweep, {}, { key: "sweep" });
    await runAll(app);

    expect(before).toMatchObject([{ state: "queued" }, { state: "queued" }]);
    expect(await crawlOf(lost)).toMatchObject({ state: "completed", created: 1 });
    expect(await crawlOf(dead)).toMatchObject({ state: "failed", endReason: "internal" });
  });

  test("a crawl whose turn at a host was lost gets it by the sweep", async () => {
    const app = openApp({ "https://a.example/": text("A") });
    const crawl = await begin("https://a.example/");
    await store.db
      .insert(hosts)
      .values({ host: "a.example", leaseToken: Bun.randomUUIDv7(), leasedUntil: sql`now() + interval '1 hour'` });
    await runAll(app);
    const waiting = await store.db
      .select()
      .from(crawlHosts)
      .where(and(eq(crawlHosts.crawlId, crawl.id), isNotNull(crawlHosts.waitsSince)));

    await store.db.update(hosts).set({ leasedUntil: sql`now() - interval '1 second'` });
    await enqueue(store.db, crawlSweep, {}, { key: "sweep" });
    await runAll(app);

    expect(waiting).toHaveLength(1);
    expect(await crawlOf(crawl)).toMatchObject({ state: "completed", created: 1 });
  });

  test("a website that is deleted under way leaves no host taken", async () => {
    const app = openApp({
      "https://a.example/": async () => {
        await store.db.delete(websites);
        return page("/b");
      },
    });
    await begin("https://a.example/");

    await runAll(app);

    expect(await leaseOf("a.example")).toMatchObject({ leaseToken: null });
    expect(rowsOf(await store.db.execute(sql`select 1 from ${frontier}`))).toEqual([]);
  });

  test("two processes never have two sessions' memory in common, and still visit each page once", async () => {
    const seen = new Map<string, number>();
    const count: Answering = ({ url }) => {
      seen.set(url, (seen.get(url) ?? 0) + 1);
      return page("/a", "/b", "/c", "https://other.site.example/a", "https://other.site.example/b");
    };
    const names = ["www.site.example", "other.site.example"];
    const answers = Object.fromEntries(
      names.flatMap((name) => ["/", "/a", "/b", "/c"].map((path) => [`https://${name}${path}`, count])),
    );
    const app = openApp(answers);
    const crawl = await begin("https://www.site.example/", { scope: "domain" });

    const workers = [app, { ...app, sessions: createSessions() }].map((one) =>
      startWorker(one, JOB_KINDS, ONE_AT_A_TIME),
    );
    while ((await crawlOf(crawl)).state !== "completed") await Bun.sleep(10);
    for (const worker of workers) await worker.stop(1_000);

    expect(Math.max(...seen.values())).toBe(1);
    expect(await expectCountersToMatch(store.db, crawl.id)).toMatchObject({ created: seen.size });
  });
});
