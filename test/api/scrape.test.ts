import { afterAll, beforeAll, expect, test } from "bun:test";
import { type Fetch, FetchError, type FetchResponse } from "../../src/fetch/fetch.ts";
import { noStore, type RunningService, startService } from "./running-service.ts";

const PAGE = `<html lang="en"><title>Title</title><main><h1>Title</h1><p>Said <a href="next">once</a>.</p></main></html>`;

/** A web of a few addresses, each with one way to answer. */
const web: Fetch = async ({ url, signal }) => {
  const { host, pathname } = new URL(url);
  if (host === "inside.example")
    throw new FetchError("blocked_address", "inside.example is at 10.0.0.1, which is private");
  if (host === "nowhere.example") throw new FetchError("dns", "nowhere.example has no address");
  if (host === "slow.example") return until(signal);
  if (pathname === "/robots.txt") return answer(url, 200, "text/plain", "User-agent: *\nDisallow: /private/");
  if (pathname === "/missing") return answer(url, 404, "text/html", "<p>Not here</p>");
  if (pathname === "/paper.pdf") return { ...answer(url, 200, "application/pdf", ""), isBodyRead: false };
  return answer(url, 200, "text/html; charset=utf-8", PAGE);
};

let service: RunningService;

beforeAll(async () => {
  service = await startService(noStore, { fetch: web });
});
afterAll(() => service.stop());

const scrape = (body: unknown) => service.ask("POST", "/api/v1/scrape", body);

test("a page comes as Markdown unless something else is asked for", async () => {
  const { status, json } = await scrape({ url: "https://example.com/page#part" });

  expect(status).toBe(200);
  expect(json).toMatchObject({
    url: "https://example.com/page",
    final_url: "https://example.com/page",
    status: 200,
    content_type: "text/html",
    redirects: [],
    metadata: { title: "Title", language: "en", kind: "html" },
    markdown: expect.stringContaining("Said [once](https://example.com/next)."),
  });
  expect(Object.keys(json)).not.toContain("raw_html");
  expect(Object.keys(json)).not.toContain("links");
});

test("each format that is asked for is there", async () => {
  const formats = ["html", "text", "raw_html", "links"];

  const { json } = await scrape({ url: "https://example.com/page", formats });

  expect(json.markdown).toBeUndefined();
  expect(json.raw_html).toBe(PAGE);
  expect(json.text).toBe("Title\n\nSaid once.\n");
  expect(json.html).toContain('<a href="https://example.com/next"');
  expect(json.links).toEqual([{ url: "https://example.com/next", text: "once" }]);
});

test("selectors and switches say what of the page becomes Markdown, and how it was chosen is told", async () => {
  const request = { url: "https://example.com/page", include_selectors: ["p"], exclude_selectors: ["a"], links: false };

  const { json } = await scrape(request);

  expect(json.markdown).toBe("Said .\n");
  expect(json.metadata).toMatchObject({ quality: { chosen: "selection", rule: "include-selectors" }, breadcrumbs: [] });
});

test("passages come with the path of their headings, as large as asked for", async () => {
  const { json } = await scrape({
    url: "https://example.com/page",
    formats: ["chunks"],
    chunk_tokens: 32,
    chunk_overlap: 0,
  });

  expect(json.markdown).toBeUndefined();
  expect(json.chunks).toMatchObject([
    { index: 0, heading_path: ["Title"], start: 0, text: expect.stringContaining("once") },
  ]);
});

test.each([
  ["https://example.com/missing", 502, "http_404"],
  ["https://example.com/private/x", 422, "robots"],
  ["https://example.com/paper.pdf", 422, "type"],
])("%s is a %i whose code says why", async (url, status, code) => {
  const answered = await scrape({ url });

  expect([answered.status, answered.json.code]).toEqual([status, code]);
  expect(answered.json.detail).toContain(new URL(url).host);
});

test.each([
  ["https://nowhere.example/", 502, "dns"],
  ["https://inside.example/", 422, "blocked_address"],
])("%s, which can't be reached, is a %i", async (url, status, code) => {
  const answered = await scrape({ url, robots: false });

  expect([answered.status, answered.json.code]).toEqual([status, code]);
});

test("robots.txt can be passed over", async () => {
  const { status } = await scrape({ url: "https://example.com/private/x", robots: false });

  expect(status).toBe(200);
});

test("a site that says nothing is given up when the time is over", async () => {
  const { status, json } = await scrape({ url: "https://slow.example/", robots: false, timeout_ms: 100 });

  expect([status, json.code]).toEqual([504, "timeout"]);
  expect(json.detail).toBe("https://slow.example/ took longer than 100 ms");
});

test.each([
  [{}, "/url"],
  [{ url: "file:///etc/passwd" }, "/url"],
  [{ url: "https://example.com/", timeout_ms: 999_999 }, "/timeout_ms"],
  [{ url: "https://example.com/", formats: [] }, "/formats"],
  [{ url: "https://example.com/", formats: ["pdf"] }, "/formats/0"],
  [{ url: "https://example.com/", formats: ["links", "links"] }, "/formats"],
  [{ url: "https://example.com/", wait: true }, "/wait"],
  [{ url: "https://example.com/", include_selectors: ["p", "p["] }, "/include_selectors/1"],
  [{ url: "https://example.com/", chunk_tokens: 1 }, "/chunk_tokens"],
])("%j is refused at %s", async (body, at) => {
  const { status, json } = await scrape(body);

  expect(status).toBe(400);
  expect(json.errors).toMatchObject([{ at }]);
});

function answer(url: string, status: number, contentType: string, text: string): FetchResponse {
  const body = new TextEncoder().encode(text);
  return {
    ...{ url, status, body, isBodyRead: true, wireBytes: body.byteLength, redirects: [] },
    headers: new Headers({ "content-type": contentType }),
    latencyMs: 1,
    durationMs: 1,
  };
}

function until(signal: AbortSignal | undefined): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>();
  signal?.addEventListener("abort", () => reject(new FetchError("cancelled", "Nobody waits any more")));
  return promise;
}
