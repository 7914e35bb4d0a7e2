import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { eq, sql } from "drizzle-orm";
import { LOCAL_VIEWER } from "../../src/access/viewer.ts";
import type { App } from "../../src/app.ts";
import { type Crawl, cancelCrawl, listCrawlUrls, pauseCrawl, resumeCrawl, startCrawl } from "../../src/crawl/crawls.ts";
import { runCrawl } from "../../src/crawl/engine.ts";
import type { CrawlProgress } from "../../src/crawl/session.ts";
import { rowsOf, type Store } from "../../src/db/db.ts";
import { crawlHosts, hosts } from "../../src/db/schema/crawls.ts";
import { markdownDocuments, pages, rawHtml } from "../../src/db/schema/pages.ts";
import { websites } from "../../src/db/schema/websites.ts";
import { manyAttributes, nested, redirectTo, refuse, trap } from "../site/answers.ts";
import { createSite, type ServedSite, type ServeOptions } from "../site.ts";
import { openTestApp } from "../testing/apps.ts";
import { testStores } from "../testing/stores.ts";

const html = (body: string) => () =>
  new Response(`<!doctype html><title>Page</title>${body}`, { headers: { "content-type": "text/html" } });

/** A request each 10 ms of real time, so that there is time to step in. */
const SLOWLY = { delay_ms: 500, concurrency: 1 };

describe.each(testStores)("a crawl on the $name store", ({ open }) => {
  let store: Store;
  let app: App;
  let served: ServedSite | undefined;

  beforeAll(async () => {
    store = await open();
    app = openTestApp(store);
  });

  afterEach(async () => {
    await served?.stop();
    served = undefined;
    await store.db.delete(websites);
    // A host is remembered beyond its crawl.
    await store.db.delete(hosts);
    await store.db.delete(rawHtml);
  });

  afterAll(async () => {
    await app.close();
    await store.close();
  });

  function serve(site = createSite({ pages: 1 }), options: ServeOptions = {}): string {
    served = site.serve(options);
    return served.origin;
  }

  const start = (url: string, options: Record<string, unknown> = {}) =>
    startCrawl(store.db, { viewer: LOCAL_VIEWER, url, options: { delay_ms: 0, concurrency: 8, ...options } });

  const run = (crawl: Crawl, onProgress?: (progress: CrawlProgress) => void, signal = new AbortController().signal) =>
    runCrawl(app, crawl.id, { signal, onProgress });

  const crawlSite = async (url: string, options?: Record<string, unknown>) => run(await start(url, options));

  const outcomesOf = async (crawl: Crawl) => {
    const rows = await listCrawlUrls(store.db, crawl.id, { limit: 1_000 });
    return Object.fromEntries(rows.map(({ url, outcome }) => [url.replace(served?.origin ?? "", ""), outcome]));
  };

  test("fetches every page once and stores its text, its body and its counters", async () => {
    const site = createSite({ pages: 60 });
    const origin = serve(site);

    const crawl = await crawlSite(`${origin}/`);

    expect(crawl).toMatchObject({
      state: "completed",
      endReason: "done",
      done: 60,
      created: 60,
      failed: 0,
      pending: 0,
    });
    expect(crawl.byStatus).toEqual({ 200: 60 });
    const stored = await store.db.select().from(pages);
    expect(stored.map(({ url }) => url).sort()).toEqual(
      Array.from({ length: 60 }, (_, n) => `${origin}${site.path(n)}`).sort(),
    );
    const documents = await store.db.select().from(markdownDocuments);
    expect(documents).toHaveLength(60);
    expect(documents.every(({ markdown }) => markdown.includes("\n\n"))).toBe(true);
    expect(new Set(documents.map(({ rawHash }) => rawHash)).size).toBe(60);
    const [body] = await store.db.select().from(rawHtml).where(eq(rawHtml.hash, stored[0]!.rawHash!));
    const text = new TextDecoder().decode(Bun.zstdDecompressSync(body!.zstd));
    expect(text).toBe(
      site.page(Array.from({ length: 60 }, (_, n) => `${origin}${site.path(n)}`).indexOf(stored[0]!.url)),
    );
    for (let n = 0; n < 60; n++) expect(served?.requests.get(site.path(n))).toBe(1);
  });

  test("of an unchanged website writes no document; a changed page gets a second version", async () => {
    const site = createSite({ pages: 20 });
    const origin = serve(site);
    await crawlSite(`${origin}/`);
    site.revise(3);

    const again = await crawlSite(`${origin}/`);

    expect(again).toMatchObject({ state: "completed", created: 0, changed: 1, unchanged: 19 });
    expect(again.byStatus).toEqual({ 200: 1, 304: 19 });
    const versions = await store.db.select({ version: markdownDocuments.version }).from(markdownDocuments);
    expect(versions.filter(({ version }) => version === 2)).toHaveLength(1);
    expect(versions).toHaveLength(21);
  });

  test("that is stopped half way goes on where it was, and fetches at most what was in flight again", async () => {
    const site = createSite({ pages: 120 });
    const origin = serve(site);
    const crawl = await start(`${origin}/`, SLOWLY);
    const stop = new AbortController();

    const stopped = await run(crawl, ({ crawl: { done } }) => done > 10 && stop.abort(), stop.signal);
    const ended = await run(stopped);

    expect(stopped.state).toBe("queued");
    expect(stopped.done).toBeGreaterThan(10);
    expect(stopped.done).toBeLessThan(120);
    expect(ended).toMatchObject({ state: "completed", done: 120, created: 120, pending: 0 });
    expect(await store.db.select({ id: pages.id }).from(pages)).toHaveLength(120);
  });

  test("says of each URL what became of it", async () => {
    const origin = serve(createSite({ pages: 1 }), {
      robots: "User-agent: *\nDisallow: /private/",
      answers: {
        "/": html(
          '<a href="/ok">1</a><a href="/missing">2</a><a href="/moved">3</a><a href="/private/x">4</a><a href="/round">5</a>' +
            '<a href="/flaky">6</a><a href="/file.pdf">7</a><a href="https://elsewhere.example/">8</a><a href="/no" rel="nofollow">9</a>',
        ),
        "/ok": html("<p>Fine."),
        "/moved": redirectTo("/ok"),
        "/round": redirectTo("/round2"),
        "/round2": redirectTo("/round"),
        "/flaky": refuse(503, { times: 2 }),
        "/file.pdf": () => new Response("%PDF-1.7", { headers: { "content-type": "application/pdf" } }),
      },
    });

    const crawl = await crawlSite(`${origin}/`);

    const outcomes = await outcomesOf(crawl);
    expect(outcomes).toMatchObject({
      "/": "created",
      "/ok": "created",
      "/missing": "http_404",
      "/moved": "redirected",
      "/private/x": "robots",
      "/round": "redirected",
      "/round2": "redirect_loop",
      "/flaky": "http_404",
    });
    expect(served?.requests.get("/flaky")).toBe(3);
    expect(served?.requests.get("/private/x")).toBeUndefined();
    expect(crawl.bySkip).toMatchObject({ robots: 1, scope: 1, nofollow: 1 });
    expect(crawl.state).toBe("completed");
    expect(crawl.done + crawl.failed + crawl.skipped).toBe(Object.keys(outcomes).length);
  });

  test("survives hostile pages: each ends by itself, and the others are stored", async () => {
    const origin = serve(createSite({ pages: 1 }), {
      answers: {
        "/": html(
          '<a href="/deep">1</a><a href="/wide">2</a><a href="/nul">3</a><a href="/fine">4</a><a href="/trap">5</a>',
        ),
        "/deep": nested(100_000),
        "/wide": manyAttributes(300_000),
        "/nul": html("<p title='\0'>a\0b\uD800c"),
        "/fine": html("<p>Fine."),
        "/trap": trap(),
      },
    });

    const crawl = await crawlSite(`${origin}/`, { max_pages: 200 });

    expect(crawl.state).toBe("completed");
    expect(await outcomesOf(crawl)).toMatchObject({
      "/deep": "created",
      "/wide": "created",
      "/nul": "created",
      "/fine": "created",
    });
    expect(crawl.done).toBeLessThan(100);
  });

  test("ends at max_pages and says what it left", async () => {
    const origin = serve(createSite({ pages: 100 }));

    const crawl = await crawlSite(`${origin}/`, { max_pages: 10 });

    expect(crawl).toMatchObject({ state: "completed", endReason: "max_pages", created: 10, pending: 0 });
    expect(crawl.bySkip.limit).toBe(crawl.skipped);
    expect(crawl.skipped).toBeGreaterThan(0);
  });

  test("takes pages from sitemaps that no link leads to", async () => {
    const site = createSite({ pages: 30 });
    const origin = serve(site, { hasSitemap: true, answers: { "/": html("<p>No links here.") } });

    const crawl = await crawlSite(`${origin}/`);

    expect(crawl).toMatchObject({ state: "completed", created: 30 });
  });

  test("pauses, keeps what it has, and resumes", async () => {
    const origin = serve(createSite({ pages: 120 }));
    const crawl = await start(`${origin}/`, SLOWLY);
    let isPausing = false;

    const paused = await run(crawl, ({ crawl: { done } }) => {
      if (done < 5 || isPausing) return;
      isPausing = true;
      void pauseCrawl(app, LOCAL_VIEWER, crawl.id);
    });
    const resumed = await resumeCrawl(app, LOCAL_VIEWER, crawl.id);
    const ended = await run(crawl);

    expect(paused.state).toBe("paused");
    expect(paused.activeMs).toBeGreaterThan(0);
    expect(paused.done).toBeLessThan(120);
    expect(resumed.state).toBe("queued");
    expect(ended).toMatchObject({ state: "completed", created: 120 });
  });

  test("is cancelled at once, and can't be resumed", async () => {
    const origin = serve(createSite({ pages: 100 }));
    const crawl = await start(`${origin}/`, SLOWLY);
    let cancelling: Promise<Crawl> | undefined;

    const ended = await run(crawl, ({ crawl: { done } }) => {
      if (done >= 5) cancelling ??= cancelCrawl(app, LOCAL_VIEWER, crawl.id);
    });

    await cancelling;
    expect(ended).toMatchObject({ state: "cancelled", endReason: "cancelled" });
    expect(ended.done).toBeLessThan(100);
    expect(resumeCrawl(app, LOCAL_VIEWER, crawl.id)).rejects.toMatchObject({ reason: "conflict" });
  });

  test("whose start page can't be fetched fails with the reason", async () => {
    const origin = serve(createSite({ pages: 1 }), { answers: { "/": () => new Response("gone", { status: 410 }) } });

    const gone = await crawlSite(`${origin}/`);
    const refused = await crawlSite("http://127.0.0.1:1/", { max_retries: 0 });

    expect(gone).toMatchObject({
      state: "failed",
      endReason: "http_410",
      lastError: { code: "http_410", url: `${origin}/` },
    });
    expect(refused).toMatchObject({ state: "failed", endReason: "connect", failed: 1 });
    expect(refused.lastError?.message).toContain("refused the connection");
  });

  test("gives up a host that only fails, and says why", async () => {
    const links = Array.from({ length: 80 }, (_, n) => `<a href="/broken/${n}">x</a>`).join("");
    const broken = Array.from(
      { length: 80 },
      (_, n) => [`/broken/${n}`, () => new Response("", { status: 500 })] as const,
    );
    const origin = serve(createSite({ pages: 1 }), { answers: { "/": html(links), ...Object.fromEntries(broken) } });

    const crawl = await crawlSite(`${origin}/`, { max_retries: 0, concurrency: 2 });

    expect(crawl.state).toBe("completed");
    expect(crawl.bySkip.host_stopped).toBeGreaterThan(0);
    expect(crawl.failed + crawl.skipped).toBe(80);
    const [host] = await store.db.select().from(crawlHosts);
    expect(host?.stopReason).toBeTruthy();
  });

  test("is refused while another crawl of the website is not over", async () => {
    const first = await start("https://example.com/");

    const second = start("https://example.com/");

    expect(second).rejects.toMatchObject({ reason: "conflict", message: expect.stringContaining(first.id) });
  });

  test("taken over by another worker stores nothing more for the first", async () => {
    // Far more than are fetched until it is noticed.
    const pages = 2_000;
    const origin = serve(createSite({ pages }));
    const crawl = await start(`${origin}/`, SLOWLY);
    let storedBefore: number | undefined;

    const taken = await run(crawl, ({ crawl: { done } }) => {
      if (done < 5 || storedBefore !== undefined) return;
      storedBefore = done;
      store.db.execute(sql`update orbweaver.crawl_jobs set lease_owner = gen_random_uuid()`).then();
    });

    expect(taken.state).toBe("running");
    expect(taken.done).toBeLessThan(pages);
    const [count] = rowsOf<{ n: number }>(await store.db.execute(sql`select count(*)::int as n from orbweaver.pages`));
    expect(count?.n).toBe(taken.done);
  });
});
