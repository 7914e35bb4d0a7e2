import { afterAll, describe, expect, test } from "bun:test";
import { type Web as OpenWeb, openWeb } from "../../src/app.ts";
import { readConfig } from "../../src/config/config.ts";
import type { DocumentInput } from "../../src/content/document.ts";
import { ParseError, type ParseErrorCode } from "../../src/content/parser-pool.ts";
import { type ScrapeRequest, scrape } from "../../src/crawl/scrape.ts";
import { FetchError } from "../../src/fetch/fetch.ts";
import { writePdf } from "../content/formats/pdf-writer.ts";
import { type Answering, createWeb, page, robots, silence, text } from "./web.ts";

const URL_ = "https://site.example/";
const opened: OpenWeb[] = [];

afterAll(async () => {
  for (const web of opened) await web.close();
});

function open(answers: Record<string, Answering>) {
  const { fetch } = createWeb(answers);
  const web = openWeb(readConfig({}, { PARSER_THREADS: 1 }), { fetch });
  opened.push(web);
  return web;
}

const scraping = (answers: Record<string, Answering>, request: Partial<ScrapeRequest> = {}, signal?: AbortSignal) =>
  scrape(open(answers), { url: URL_, ...request }, signal);

describe("a scrape", () => {
  test("gives the page, its text and where it came from", async () => {
    const scraped = await scraping({ [URL_]: page("/a") }, { url: "https://SITE.example/#top" });

    expect(scraped).toMatchObject({ url: URL_, finalUrl: URL_, status: 200, redirects: [] });
    expect(scraped.document.markdown).toContain("# Page");
    expect(scraped.document.links.map(({ url }) => url)).toEqual(["https://site.example/a"]);
    expect(scraped.html).toStartWith("<!doctype html>");
  });

  test("decodes the body by its charset, and takes JSON for text", async () => {
    const latin = { headers: { "content-type": "text/plain; charset=iso-8859-1" }, body: Uint8Array.of(0x63, 0xe9) };
    const json = { headers: { "content-type": "application/json" }, body: '{"a":1}' };

    expect((await scraping({ [URL_]: latin })).html).toBe("cé");
    expect((await scraping({ [URL_]: json })).html).toBe('{"a":1}');
  });

  test.each(["site.example", "ftp://site.example/", "https://user:word@site.example/", ""])(
    "refuses %p as a URL",
    async (url) => {
      const refused = await scraping({}, { url }).catch((error: unknown) => error);

      expect(refused).toMatchObject({ reason: "invalid", faults: [{ at: "/url" }] });
    },
  );

  test("refuses what robots.txt disallows, unless told not to ask", async () => {
    const answers = { [`${URL_}robots.txt`]: robots("User-agent: *\nDisallow: /"), [URL_]: text("Here") };

    const refused = await scraping(answers).catch((error: unknown) => error);
    const allowed = await scraping(answers, { robots: false });

    expect(refused).toMatchObject({ reason: "unprocessable", code: "robots" });
    expect(allowed.document.title).toBe("Here");
  });

  test("tells what kept robots.txt from being read, which would keep the page as well", async () => {
    const unreachable = () => {
      throw new FetchError("dns", "site.example has no address");
    };

    const refused = await scraping({ [`${URL_}robots.txt`]: unreachable }).catch((error: unknown) => error);

    expect(refused).toMatchObject({ reason: "external", code: "dns", message: "site.example has no address" });
  });

  test.each([
    [404, "http_404"],
    [500, "http_500"],
    [304, "http_304"],
  ])("of a page that answers %d fails with it", async (status, code) => {
    const failed = await scraping({ [URL_]: { status } }).catch((error: unknown) => error);

    expect(failed).toMatchObject({ reason: "external", code });
  });

  test.each<[FetchError["code"], string]>([
    ["dns", "external"],
    ["connect", "external"],
    ["tls", "external"],
    ["timeout", "timeout"],
    ["too_large", "external"],
    ["redirect_loop", "external"],
    ["bad_url", "invalid"],
    ["blocked_scheme", "invalid"],
    ["blocked_address", "unprocessable"],
    ["blocked_port", "unprocessable"],
  ])("that fails by %s is %s, under the same code", async (code, reason) => {
    const failing = () => {
      throw new FetchError(code, `It failed by ${code}`);
    };

    const failed = await scraping({ [URL_]: failing }).catch((error: unknown) => error);

    expect(failed).toMatchObject({ reason, code, message: `It failed by ${code}` });
  });

  test.each<[ParseErrorCode, string]>([
    ["parse_timeout", "unprocessable"],
    ["parse_failed", "unprocessable"],
    ["queue_full", "unavailable"],
  ])("whose page brings %s in the parser is %s", async (code, reason) => {
    const parser = {
      parse: async (_: DocumentInput) => Promise.reject(new ParseError(code, "No")),
      busyThreads: () => 0,
      close: () => {},
    };

    const failed = await scrape({ ...open({ [URL_]: text("Here") }), parser }, { url: URL_ }).catch((error) => error);

    expect(failed).toMatchObject({ reason, code });
  });

  test("of what is no text fails with the type", async () => {
    const film = { headers: { "content-type": "video/mp4" }, body: "ftyp" };

    const failed = await scraping({ [URL_]: film }).catch((error: unknown) => error);

    expect(failed).toMatchObject({ reason: "unprocessable", code: "type" });
    expect((failed as Error).message).toBe("https://site.example/ is video/mp4, which has no text to extract");
  });

  test("of a PDF has its text, and of a damaged one fails with the reason", async () => {
    const headers = { "content-type": "application/pdf" };
    const sound = writePdf({ pages: [[{ text: "Silk", x: 50, y: 700 }]] });

    const scraped = await scraping({ [URL_]: { headers, body: sound } });
    const failed = await scraping({ [URL_]: { headers, body: "%PDF-1.7" } }).catch((error: unknown) => error);

    expect(scraped).toMatchObject({ html: null, document: { kind: "pdf", markdown: "Silk\n" } });
    expect(failed).toMatchObject({ reason: "unprocessable", code: "parse_failed" });
    expect((failed as Error).message).toStartWith("Parsing https://site.example/ failed: The PDF is damaged");
  });

  test("of a site that says nothing ends when its time is over", async () => {
    const failed = await scraping({ [URL_]: silence }, { timeoutMs: 50 }).catch((error: unknown) => error);

    expect(failed).toMatchObject({ reason: "timeout", message: "https://site.example/ took longer than 50 ms" });
  });

  test("ends when its caller goes away", async () => {
    const stop = new AbortController();
    const answering: Answering = (request) => {
      queueMicrotask(() => stop.abort());
      return silence(request);
    };

    const failed = await scraping({ [URL_]: answering }, {}, stop.signal).catch((error: unknown) => error);

    expect(failed).toMatchObject({ code: "cancelled" });
  });

  test("lets a fault of ours through as it is", async () => {
    const fault = new Error("a fault of ours");
    const failing = () => {
      throw fault;
    };

    expect(await scraping({ [URL_]: failing }).catch((error: unknown) => error)).toBe(fault);
  });
});
