import { describe, expect, test } from "bun:test";
import { gzipSync } from "node:zlib";
import { readSitemaps, type SitemapLimits, type SitemapUrl } from "../../src/crawl/sitemap.ts";
import { type Fetch, FetchError, type FetchRequest } from "../../src/fetch/fetch.ts";

const root = "https://example.com/sitemap.xml";

type Bodies = Record<string, string | Uint8Array | number | Error>;

/** A network of a few bodies by URL; what is not there answers 404, and a number is a status. */
function serve(bodies: Bodies): { fetch: Fetch; asked: string[] } {
  const asked: string[] = [];
  const fetch = async (request: FetchRequest) => {
    asked.push(request.url);
    const found = bodies[request.url] ?? 404;
    if (found instanceof Error) throw found;
    const status = typeof found === "number" ? found : 200;
    const bytes = typeof found === "number" ? "" : found;
    const body = typeof bytes === "string" ? new TextEncoder().encode(bytes) : new Uint8Array(bytes);
    return {
      ...{ url: request.url, status, headers: new Headers(), body, isBodyRead: true, wireBytes: body.length },
      ...{ redirects: [], latencyMs: 1, durationMs: 1 },
    };
  };
  return { fetch, asked };
}

async function read(bodies: Bodies, limits?: SitemapLimits, urls = [root]) {
  const { fetch, asked } = serve(bodies);
  const problems: string[] = [];
  const found: SitemapUrl[] = [];
  const onProblem = ({ url, message }: { url: string; message: string }) => problems.push(`${url} ${message}`);
  for await (const entry of readSitemaps({ urls, fetch, onProblem, limits })) found.push(entry);
  return { found, urls: found.map((entry) => entry.url), problems, asked };
}

const urlset = (...locs: string[]) =>
  `<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">${locs
    .map((loc) => `<url><loc>${loc}</loc></url>`)
    .join("")}</urlset>`;
const index = (...locs: string[]) =>
  `<sitemapindex>${locs.map((loc) => `<sitemap><loc>${loc}</loc></sitemap>`).join("")}</sitemapindex>`;

describe("a sitemap's entries are read", () => {
  test("with their dates and priorities, if those make sense", async () => {
    const { found, problems } = await read({
      [root]: `<urlset>
        <url><loc> https://example.com/a </loc><lastmod>2024-05-06</lastmod><priority>0.8</priority></url>
        <url><loc>https://example.com/b?x=1&amp;y=2</loc><lastmod>2024-05-06T07:08:09+02:00</lastmod></url>
        <url><loc><![CDATA[https://example.com/c?x=1&y=2]]></loc><lastmod>yesterday</lastmod><priority>7</priority></url>
        <url><loc>/relative</loc><lastmod>1.5</lastmod><priority></priority></url>
      </urlset>`,
    });

    expect(found).toEqual([
      { url: "https://example.com/a", lastModifiedAt: "2024-05-06T00:00:00.000Z", priority: 0.8 },
      { url: "https://example.com/b?x=1&y=2", lastModifiedAt: "2024-05-06T05:08:09.000Z" },
      { url: "https://example.com/c?x=1&y=2" },
      { url: "https://example.com/relative" },
    ]);
    expect(problems).toEqual([]);
  });

  test.each([
    ["a prefix", `<s:urlset xmlns:s="x"><s:url><s:loc>https://example.com/a</s:loc></s:url></s:urlset>`],
    ["upper case", "<URLSET><URL><LOC>https://example.com/a</LOC></URL></URLSET>"],
    [
      "images",
      `<urlset><url><loc>https://example.com/a</loc><image:image><image:loc>https://x.y/i</image:loc></image:image></url></urlset>`,
    ],
    [
      "images first",
      `<urlset><url><image:image><image:loc>https://x.y/i</image:loc></image:image><loc>https://example.com/a</loc></url></urlset>`,
    ],
    ["space and a byte order mark", `\uFEFF\n  ${urlset("https://example.com/a")}`],
    ["no end", "<urlset><url><loc>https://example.com/a</loc></url><url><loc>https://exam"],
    ["a stray ampersand and tag", `<urlset><x><url><loc>https://example.com/a</loc></url> & < </urlset>`],
    [
      "comments",
      "<urlset><!-- <url><loc>https://example.com/no</loc></url> --><url><loc>https://example.com/a</loc></url></urlset>",
    ],
    [
      "RSS",
      "<rss><channel><link>https://example.com/</link><image><url>https://example.com/i.png</url></image><item><link>https://example.com/a</link></item></channel></rss>",
    ],
    [
      "Atom",
      `<feed><link href="https://example.com/"/><entry><link rel="self" href="https://example.com/s"/><link href="https://example.com/a"/></entry></feed>`,
    ],
    ["lines", "https://example.com/a\n"],
    ["lines of another system, and none of the rest", "# list\r\nhttps://example.com/a\r\nnot a URL"],
    ["a last line without an end", "\n\nhttps://example.com/a"],
    ["gzip by content", gzipSync(urlset("https://example.com/a"))],
    ["UTF-16", Buffer.from(`\uFEFF${urlset("https://example.com/a")}`, "utf16le")],
  ])("with %s", async (_, body) => {
    expect((await read({ [root]: body })).urls).toEqual(["https://example.com/a"]);
  });

  test("with the date of a feed", async () => {
    const item = "<item><link>https://example.com/a</link><pubDate>Mon, 06 May 2024 07:08:09 GMT</pubDate></item>";

    expect((await read({ [root]: `<rss><channel>${item}</channel></rss>` })).found).toEqual([
      { url: "https://example.com/a", lastModifiedAt: "2024-05-06T07:08:09.000Z" },
    ]);
  });

  test("when the end of one is missing", async () => {
    const body = "<urlset><url><loc>https://example.com/a</loc><url><loc>https://example.com/b</loc></url></urlset>";

    expect((await read({ [root]: body })).urls).toEqual(["https://example.com/a", "https://example.com/b"]);
  });

  test("across the pieces that a large one is read in", async () => {
    const locs = Array.from({ length: 5_000 }, (_, number) => `https://example.com/page/${number}`);

    expect((await read({ [root]: urlset(...locs) })).urls).toEqual(locs);
    expect((await read({ [root]: gzipSync(urlset(...locs)) })).urls).toEqual(locs);
    expect((await read({ [root]: locs.join("\n") })).urls).toEqual(locs);
  });
});

describe("an index", () => {
  const at = (name: string) => `https://example.com/${name}.xml`;

  test("leads to its sitemaps, each once, and one that fails does not end the rest", async () => {
    const { urls, asked, problems } = await read({
      [root]: index(at("a"), at("missing"), at("broken"), at("a"), root, at("b")),
      [at("a")]: urlset("https://example.com/1"),
      [at("broken")]: new FetchError("connect", "Connection refused"),
      [at("b")]: urlset("https://example.com/2"),
    });

    expect(urls).toEqual(["https://example.com/1", "https://example.com/2"]);
    expect(asked).toEqual([root, at("a"), at("missing"), at("broken"), at("b")]);
    expect(problems).toEqual([`${at("missing")} Answered 404`, `${at("broken")} Connection refused`]);
  });

  test("is followed three levels deep", async () => {
    const { urls, problems } = await read({
      [root]: index(at("1")),
      [at("1")]: index(at("2")),
      [at("2")]: index(at("3")),
      [at("3")]: index(at("4")) + urlset("https://example.com/deep"),
      [at("4")]: urlset("https://example.com/too-deep"),
    });

    expect(urls).toEqual(["https://example.com/deep"]);
    expect(problems).toEqual([`${at("3")} Names ${at("4")}, nested deeper than 3`]);
  });

  test("leads to a bounded number of sitemaps", async () => {
    const { asked, problems } = await read({ [root]: index(at("a"), at("b"), at("c")) }, { maxSitemaps: 3 });

    expect(asked).toEqual([root, at("a"), at("b")]);
    expect(problems).toContain(`${root} Names ${at("c")}, beyond the 3 that are read`);
  });
});

describe("what is wrong is told", () => {
  test.each([
    ["an HTML page", "<!DOCTYPE html><html><body>Not found", "Is an HTML page, not a sitemap"],
    ["nothing", "", "Has no entries"],
    ["an empty set", "<urlset></urlset>", "Has no entries"],
    ["open tags", "<a>".repeat(1_000_000), "Is nested too deep for a sitemap"],
    ["prose", "word\n".repeat(200), "Is neither XML nor a list of URLs"],
    ["one endless line", "x".repeat(200_000), "Has no entries"],
    ["bad entries", urlset("mailto:a@b.c", "https://", "ftp://x/"), `3 entries are no URLs, such as "mailto:a@b.c"`],
  ])("for %s", async (_, body, problem) => {
    const { found, problems } = await read({ [root]: body });

    expect(found).toEqual([]);
    expect(problems).toEqual([`${root} ${problem}`]);
  });

  test("for a truncated gzip file, whose beginning is used", async () => {
    const locs = Array.from({ length: 20_000 }, (_, number) => `https://example.com/${Bun.hash(`${number}`)}`);
    const packed = gzipSync(urlset(...locs));

    const { found, problems } = await read({ [root]: packed.subarray(0, packed.length / 2) });

    expect(found.length).toBeGreaterThan(1_000);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toStartWith(`${root} Is no whole gzip file`);
  });

  test("for a URL that can't be fetched, and the others are read", async () => {
    const { urls, problems } = await read({ [root]: "https://example.com/a" }, {}, ["nonsense", "ftp://x/", root]);

    expect(urls).toEqual(["https://example.com/a"]);
    expect(problems).toEqual(["nonsense Is no http: or https: URL", "ftp://x/ Is no http: or https: URL"]);
  });

  test("for more entries or bytes than are read", async () => {
    const body = urlset("https://example.com/1", "https://example.com/2", "https://example.com/3");

    const many = await read({ [root]: body }, { maxEntries: 2 });
    const large = await read({ [root]: gzipSync(body + " ".repeat(10_000_000)) }, { maxBytes: 1_000 });

    expect(many.urls).toEqual(["https://example.com/1", "https://example.com/2"]);
    expect(many.problems).toEqual([`${root} Has more than 2 entries; the rest is not read`]);
    expect(large.urls).toHaveLength(3);
    expect(large.problems).toEqual([`${root} Is larger than 1000 bytes unpacked; the rest is not read`]);
  });
});

test("entities that unfold without end unfold to nothing", async () => {
  const declarations = Array.from({ length: 20 }, (_, n) => `<!ENTITY e${n + 1} "${`&e${n};`.repeat(10)}">`).join("");
  const body = `<!DOCTYPE x [<!ENTITY e0 "ha">${declarations}<!ENTITY f SYSTEM "file:///etc/passwd">]>
    <urlset><url><loc>https://example.com/&e20;</loc></url><url><loc>https://example.com/&f;</loc></url></urlset>`;

  const { urls } = await read({ [root]: body });

  expect(urls).toEqual(["https://example.com/&e20;", "https://example.com/&f;"]);
});

test.each([
  ["open tags", "<a>".repeat(500_000)],
  ["one attribute", `<urlset x="${"y".repeat(5_000_000)}`],
  ["one text", `<urlset><url><loc>${"y".repeat(5_000_000)}`],
  ["attributes", `<urlset ${"y=1 ".repeat(500_000)}>`],
  ["a gzip bomb", gzipSync(new Uint8Array(100_000_000))],
])("a hostile sitemap of %s takes bounded time", async (_, body) => {
  const startedAt = performance.now();

  const { found } = await read({ [root]: body });

  expect(found).toEqual([]);
  expect(performance.now() - startedAt).toBeLessThan(4_000);
});

test("the signal ends it at once, with its reason", async () => {
  const abort = new AbortController();
  const { fetch, asked } = serve({ [root]: urlset("https://example.com/1", "https://example.com/2") });
  const found: string[] = [];

  const reading = (async () => {
    for await (const { url } of readSitemaps({
      urls: [root, "https://example.com/2.xml"],
      fetch,
      signal: abort.signal,
    })) {
      found.push(url);
      abort.abort(new Error("enough"));
    }
  })();

  await expect(reading).rejects.toThrow("enough");
  expect(asked).toEqual([root]);
});
