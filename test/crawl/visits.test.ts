import { describe, expect, test } from "bun:test";
import { systemClock } from "../../src/clock.ts";
import { frontier } from "../../src/db/schema/crawls.ts";
import { markdownDocuments } from "../../src/db/schema/pages.ts";
import { FetchError, type FetchRequest } from "../../src/fetch/fetch.ts";
import { createFastClock } from "../testing/apps.ts";
import { countStatements, run, start } from "./runs.ts";
import { type Answering, page, robots, text, type WebAnswer } from "./web.ts";
import { openWebCrawls, SITE } from "./web-crawls.ts";

describe("a crawl", () => {
  const { crawl, pageAt, forget, db, store } = openWebCrawls();

  test("waits as long as Retry-After says, up to ten minutes, before it asks again", async () => {
    const asked: number[] = [];
    const clock = createFastClock();
    const refusing: Answering = (_request, visit) => {
      asked.push(clock.now().getTime());
      return visit === 1 ? { status: 429, headers: { "retry-after": "30" } } : text("Here");
    };

    const { crawl: ended } = await crawl({ [`${SITE}/`]: refusing });
    const [first = 0, second = 0] = asked;

    expect(ended).toMatchObject({ state: "completed", created: 1, byStatus: { 200: 1 } });
    expect(second - first).toBeGreaterThanOrEqual(29_000);
    expect(asked).toHaveLength(2);
  });

  test("gives a page up after max_retries, with what it answered", async () => {
    const { crawl: ended, web } = await crawl(
      { [`${SITE}/`]: page("/busy", "/gone"), [`${SITE}/busy`]: { status: 503 }, [`${SITE}/gone`]: { status: 410 } },
      { max_retries: 2 },
    );

    expect(ended).toMatchObject({
      failed: 2,
      byFailure: { http_503: 1, http_410: 1 },
      byStatus: { 200: 1, 503: 1, 410: 1 },
    });
    expect(web.requests.get(`${SITE}/busy`)).toHaveLength(3);
    expect(web.requests.get(`${SITE}/gone`)).toHaveLength(1);
  });

  test("retries what may heal and not what won't, each under its code", async () => {
    const failing = (code: ConstructorParameters<typeof FetchError>[0], isRetryable: boolean) => () => {
      throw new FetchError(code, `It failed by ${code}`, { isRetryable });
    };
    const { outcomes, web } = await crawl(
      {
        [`${SITE}/`]: page("/reset", "/tls", "/large", "/bug"),
        [`${SITE}/reset`]: failing("connect", true),
        [`${SITE}/tls`]: failing("tls", false),
        [`${SITE}/large`]: failing("too_large", false),
        [`${SITE}/bug`]: () => {
          throw new Error("a fault of ours");
        },
      },
      { max_retries: 1 },
    );

    expect(outcomes).toEqual({
      [`${SITE}/`]: "created",
      [`${SITE}/reset`]: "connect",
      [`${SITE}/tls`]: "tls",
      [`${SITE}/large`]: "too_large",
      [`${SITE}/bug`]: "internal",
    });
    expect(["reset", "tls", "large", "bug"].map((name) => web.requests.get(`${SITE}/${name}`)?.length)).toEqual([
      2, 1, 1, 1,
    ]);
  });

  test("gives up a host whose errors go on, with all that waited for a retry, and counts them right", async () => {
    const links = Array.from({ length: 60 }, (_, n) => `/${n}`);
    const { crawl: ended } = await crawl({
      [`${SITE}/`]: page(...links),
      ...Object.fromEntries(links.map((path) => [`${SITE}${path}`, { status: 500 }])),
    });

    expect(ended.state).toBe("completed");
    expect(ended.bySkip.host_stopped).toBeGreaterThan(0);
    expect(ended).toMatchObject({ pending: 0, created: 1 });
    expect(ended.failed + ended.skipped).toBe(60);
  });

  test("stores a noindex page unless told not to, and follows no link of a nofollow page unless told to", async () => {
    const meta = (content: string, link: string) => ({
      body: `<!doctype html><meta name="robots" content="${content}"><title>T</title><main><p>Words <a href="${link}">more</a>`,
    });
    const answers = {
      [`${SITE}/`]: page("/hidden", "/closed"),
      [`${SITE}/hidden`]: meta("noindex", "/from-hidden"),
      [`${SITE}/closed`]: meta("nofollow", "/from-closed"),
      [`${SITE}/from-hidden`]: text("1"),
      [`${SITE}/from-closed`]: text("2"),
    };

    const byDefault = await crawl(answers);
    await forget();
    const otherwise = await crawl(answers, { noindex: true, nofollow: false });

    expect(byDefault.outcomes).toEqual({
      [`${SITE}/`]: "created",
      [`${SITE}/hidden`]: "created",
      [`${SITE}/closed`]: "created",
      [`${SITE}/from-hidden`]: "created",
    });
    expect(byDefault.crawl.bySkip).toEqual({ nofollow: 1 });
    expect(otherwise.outcomes).toEqual({
      [`${SITE}/`]: "created",
      [`${SITE}/hidden`]: "noindex",
      [`${SITE}/closed`]: "created",
      [`${SITE}/from-hidden`]: "created",
      [`${SITE}/from-closed`]: "created",
    });
  });

  const canonical = (url: string, words: string) => ({
    body: `<!doctype html><link rel="canonical" href="${url}"><title>${words}</title><main><p>${words} are here.</main>`,
  });

  test.each([
    ["off", { "/p?sort=up": "created", "/other": "created" }],
    ["same_path", { "/p?sort=up": "canonical", "/p": "created", "/other": "created" }],
    ["all", { "/p?sort=up": "canonical", "/p": "created", "/other": "canonical" }],
  ])("with canonical %s stores pages accordingly", async (mode, expected) => {
    const { outcomes } = await crawl(
      {
        [`${SITE}/`]: page("/p?sort=up", "/other"),
        [`${SITE}/p?sort=up`]: canonical("/p", "Sorted"),
        [`${SITE}/p`]: canonical("/p", "Plain"),
        [`${SITE}/other`]: canonical("/", "Other"),
      },
      { canonical: mode },
    );

    const named = Object.entries(expected).map(([path, outcome]) => [`${SITE}${path}`, outcome]);
    expect(outcomes).toEqual({ [`${SITE}/`]: "created", ...Object.fromEntries(named) });
  });

  test("keeps one of two pages that each call the other canonical", async () => {
    const { crawl: ended, outcomes } = await crawl(
      {
        [`${SITE}/`]: page("/a", "/b"),
        [`${SITE}/a`]: canonical("/b", "A"),
        [`${SITE}/b`]: canonical("/a", "B"),
      },
      { canonical: "all" },
    );

    expect(ended).toMatchObject({ created: 2, bySkip: { canonical: 1 } });
    expect([outcomes[`${SITE}/a`], outcomes[`${SITE}/b`]].sort()).toEqual(["canonical", "created"]);
  });

  const cached = ({ headers }: FetchRequest): WebAnswer =>
    headers?.["if-none-match"] === '"1"'
      ? { status: 304, headers: { etag: '"1"' } }
      : { ...text("Same"), headers: { etag: '"1"', "last-modified": "Thu, 01 Jan 2026 00:00:00 GMT" } };

  test("asks with conditions only while the document would be made the same way", async () => {
    const { again, app, web } = await crawl({ [`${SITE}/`]: cached });
    const second = await again();
    const whole = await run(app, await start(db(), `${SITE}/`, { sitemaps: false, content: "page" }));
    const selected = { sitemaps: false, content: "page", exclude_selectors: [".ad"] };
    const runs = [await run(app, await start(db(), `${SITE}/`, selected))];
    runs.push(await run(app, await start(db(), `${SITE}/`, selected)));

    expect(second).toMatchObject({ unchanged: 1, byStatus: { 304: 1 } });
    expect(whole).toMatchObject({ byStatus: { 200: 1 } });
    expect(web.requests.get(`${SITE}/`)?.map(({ headers }) => headers)).toEqual([
      {},
      { "if-none-match": '"1"', "if-modified-since": "Thu, 01 Jan 2026 00:00:00 GMT" },
      {},
      {},
      { "if-none-match": '"1"', "if-modified-since": "Thu, 01 Jan 2026 00:00:00 GMT" },
    ]);
    expect(runs).toMatchObject([{ byStatus: { 200: 1 } }, { byStatus: { 304: 1 } }]);
    expect((await pageAt(`${SITE}/`))?.recipe).toMatch(/^page\/\d+\/[0-9a-f]{12}$/);
  });

  test("takes a page that was missing for a while and is unchanged for one that is there", async () => {
    const { again, web } = await crawl({ [`${SITE}/`]: page("/b"), [`${SITE}/b`]: cached });
    web.answers[`${SITE}/b`] = { status: 404 };
    await again();
    const missing = await pageAt(`${SITE}/b`);
    web.answers[`${SITE}/b`] = cached;
    await again();

    expect(missing?.status).toBe(404);
    expect((await pageAt(`${SITE}/b`))?.status).toBe(200);
  });

  test("takes a 304 that nobody asked for as a failure", async () => {
    const { crawl: ended } = await crawl({ [`${SITE}/`]: { status: 304 } });

    expect(ended).toMatchObject({ state: "failed", endReason: "http_304", done: 0, unchanged: 0 });
  });

  test("records what is no text with type and size, and without a document", async () => {
    const film = { headers: { "content-type": "video/mp4", "content-length": "1234" }, body: "ftyp" };
    const { crawl: ended } = await crawl({ [`${SITE}/`]: page("/doc"), [`${SITE}/doc`]: film });

    expect(ended).toMatchObject({ created: 2, failed: 0 });
    expect(await pageAt(`${SITE}/doc`)).toMatchObject({
      contentType: "video/mp4",
      byteLength: 1234,
      documentId: null,
      version: 0,
      rawHash: null,
    });
    expect(await db().select().from(markdownDocuments)).toHaveLength(1);
  });

  test("makes of a page what its selectors name, and keeps how that was chosen", async () => {
    const body = "<title>T</title><main><p>Kept.</p><p class=ad>Left out.</p></main><footer>Below</footer>";
    const html = { headers: { "content-type": "text/html" }, body };
    await crawl({ [`${SITE}/`]: html }, { include_selectors: ["main", "footer"], exclude_selectors: [".ad"] });

    const [document] = await db().select().from(markdownDocuments);

    expect(document?.markdown).toBe("Kept.\n\nBelow\n");
    expect(document?.details).toMatchObject({
      quality: { chosen: "selection", rule: "include-selectors" },
      licence: null,
    });
  });

  test("reads a page in another encoding than it says as well as can be", async () => {
    const { crawl: ended } = await crawl({
      [`${SITE}/`]: {
        headers: { "content-type": "text/html; charset=no-such" },
        body: Uint8Array.from([...new TextEncoder().encode("<title>T</title><main><p>caf"), 0xe9, 0x21]),
      },
    });

    expect(ended.created).toBe(1);
    const [document] = await db().select().from(markdownDocuments);
    expect(document?.markdown).toContain("café!");
  });

  test("ends at max_bytes and at max_depth, and says what it left", async () => {
    const long = { body: `<!doctype html><title>T</title><main><p>${"word ".repeat(400)}<a href="/b">b</a>` };
    const answers = { [`${SITE}/`]: long, [`${SITE}/b`]: page("/c"), [`${SITE}/c`]: text("C") };

    const byBytes = await crawl(answers, { max_bytes: 1_000 });
    await forget();
    const byDepth = await crawl(answers, { max_depth: 1 });

    expect(byBytes.crawl).toMatchObject({ endReason: "max_bytes", created: 1, bySkip: { limit: 1 } });
    expect(byDepth.crawl).toMatchObject({ endReason: "done", created: 2, bySkip: { depth: 1 } });
  });

  test("takes only what include and exclude leave, and knows URLs by the query that counts", async () => {
    const answers = {
      [`${SITE}/docs/`]: page("/docs/a?page=1&sort=up", "/docs/a?page=1&sort=down", "/docs/old/b", "/blog/"),
      [`${SITE}/docs/a?page=1`]: text("One"),
      [`${SITE}/docs/a`]: text("Any"),
    };
    const within = { include: ["/docs/**"], exclude: ["/docs/old/**"] };

    const allow = await crawl(answers, { ...within, query: "allow", query_parameters: ["page"] }, `${SITE}/docs/`);
    await forget();
    const drop = await crawl(answers, { ...within, query: "drop" }, `${SITE}/docs/`);

    expect(allow.outcomes).toEqual({ [`${SITE}/docs/`]: "created", [`${SITE}/docs/a?page=1`]: "created" });
    expect(allow.crawl.bySkip).toEqual({ not_included: 1, excluded: 1 });
    expect(drop.outcomes).toEqual({ [`${SITE}/docs/`]: "created", [`${SITE}/docs/a`]: "created" });
  });

  test("of a domain takes its subdomains and no other host", async () => {
    const { outcomes } = await crawl(
      {
        [`${SITE}/`]: page("https://docs.example.com/", "https://example.org/"),
        "https://docs.example.com/": text("Docs"),
      },
      { scope: "domain" },
    );

    expect(outcomes).toEqual({ [`${SITE}/`]: "created", "https://docs.example.com/": "created" });
  });

  test("reads the sitemaps it is told, those of robots.txt, and the usual one, even gzipped", async () => {
    const sitemap = (...urls: string[]) =>
      `<urlset>${urls.map((url) => `<url><loc>${url}</loc></url>`).join("")}</urlset>`;
    const { outcomes, crawl: ended } = await crawl(
      {
        [`${SITE}/`]: text("Start"),
        [`${SITE}/robots.txt`]: robots(`Sitemap: ${SITE}/named.xml`),
        [`${SITE}/named.xml`]: { body: Bun.gzipSync(sitemap(`${SITE}/named`)) },
        [`${SITE}/sitemap.xml`]: { body: sitemap(`${SITE}/usual`, "https://elsewhere.example/") },
        [`${SITE}/told.txt`]: { headers: { "content-type": "text/plain" }, body: `${SITE}/told\n` },
        ...Object.fromEntries(["named", "usual", "told"].map((name) => [`${SITE}/${name}`, text(name)])),
      },
      { sitemaps: true, sitemap_urls: [`${SITE}/told.txt`] },
    );

    expect(Object.keys(outcomes).sort()).toEqual(["", "named", "told", "usual"].map((name) => `${SITE}/${name}`));
    expect(ended).toMatchObject({ created: 4, isSeeded: true });
  });

  test("refuses what robots.txt disallows, all of it where robots.txt can't be had", async () => {
    const some = await crawl({
      [`${SITE}/robots.txt`]: robots("User-agent: *\nDisallow: /no"),
      [`${SITE}/`]: page("/no", "/yes"),
      [`${SITE}/yes`]: text("Yes"),
    });
    const broken = await crawl({ "https://broken.example/robots.txt": { status: 500 } }, {}, "https://broken.example/");

    expect(some.outcomes).toMatchObject({ [`${SITE}/no`]: "robots", [`${SITE}/yes`]: "created" });
    expect(some.web.requests.has(`${SITE}/no`)).toBe(false);
    expect(broken.crawl).toMatchObject({ state: "failed", endReason: "robots", skipped: 1 });
    expect(broken.crawl.lastError?.message).toContain("answered 500");
  });

  test("of 500 pages takes few statements a page", async () => {
    const paths = Array.from({ length: 500 }, (_, n) => `/${n}`);
    const links = (n: number) => paths.slice(n * 5 + 1, n * 5 + 6);
    const answers = Object.fromEntries(paths.map((path, n) => [SITE + path, page(...links(n), "/")]));
    const statements = countStatements(store());

    const { crawl: ended } = await crawl({ ...answers, [`${SITE}/`]: page("/0") }, {}, undefined, systemClock);
    statements.stop();

    expect(ended.created).toBe(501);
    expect(await db().$count(frontier)).toBe(501);
    // A batch costs some ten, a read of the frontier one. A machine that is busy settles smaller ones.
    expect(statements.count / 501).toBeLessThan(1);
  });
});
