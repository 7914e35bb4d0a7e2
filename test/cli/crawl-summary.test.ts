import { expect, test } from "bun:test";
import { LOCAL_VIEWER } from "../../src/access/viewer.ts";
import { type CrawlSummary, describeFailure, describeSummary, summarize } from "../../src/cli/crawl-summary.ts";
import { startCrawl } from "../../src/crawl/crawls.ts";
import { skipPending } from "../../src/crawl/frontier.ts";
import { testStores } from "../testing/stores.ts";

const summary: CrawlSummary = {
  crawl_id: "c1",
  url: "https://docs.example.org/",
  state: "completed",
  end_reason: "max_pages",
  pages: { done: 1_300, created: 1_200, changed: 40, unchanged: 0, redirected: 60, failed: 7, skipped: 20, pending: 0 },
  by_status: { "404": 6, "200": 1_240, "301": 60 },
  by_failure: { http_404: 6, timeout: 1 },
  by_skip: { robots: 12, scope: 4_321, something_new: 1 },
  failures: [
    { url: "https://docs.example.org/a", code: "http_404", message: "https://docs.example.org/a answered 404" },
    { url: "https://docs.example.org/b", code: "timeout", message: "No answer within 30 s" },
    { url: "https://docs.example.org/c", code: "odd", message: null },
  ],
  bytes: 12_345_678,
  elapsed_ms: 65_000,
  pages_per_second: 20,
  folder: `${process.cwd()}/docs`,
  files: { written: 1_240, unchanged: 0, removed: 3, renamed: 0, bytes: 2_000_000 },
};

test("says what came, where it is, what was left out and why, and what failed", () => {
  expect(describeSummary(summary).split("\n")).toEqual([
    "Crawled https://docs.example.org/ in 1 min 5 s (20.0 pages/s)",
    "  pages     1,200 new, 40 changed, 60 redirected, 7 failed",
    "  answers   200 × 1,240, 301 × 60, 404 × 6",
    "  bytes     12.3 MB read, 2.0 MB of Markdown",
    "  files     1,240 written, 3 removed in ./docs",
    "  left out  4,321 on other hosts, 12 disallowed by robots.txt, 1 something new",
    "  ended by  the limit of pages; --max-pages sets it",
    "Failed:",
    "  https://docs.example.org/a answered 404",
    "  https://docs.example.org/b: No answer within 30 s",
    "  https://docs.example.org/c: odd",
    "  and 4 more",
  ]);
});

test("leaves out what there is nothing of", () => {
  const nothing = { ...summary, state: "failed" as const, end_reason: "dns", by_status: {}, by_skip: {}, failures: [] };

  expect(describeSummary({ ...nothing, elapsed_ms: 400 }).split("\n")).toEqual([
    "Could not crawl https://docs.example.org/ in 0.4 s",
    "  pages     1,200 new, 40 changed, 60 redirected, 7 failed",
    "  bytes     12.3 MB read, 2.0 MB of Markdown",
    "  files     1,240 written, 3 removed in ./docs",
  ]);
});

test("says nothing of files when none were asked for", () => {
  const { folder: _folder, files: _files, ...withoutFiles } = summary;

  expect(describeSummary(withoutFiles)).not.toContain("files");
  expect(describeSummary(withoutFiles)).toContain("  bytes     12.3 MB read\n");
});

test.each(testStores)("a summary is read from the crawl on the $name store", async ({ open }) => {
  const { db, close } = await open();
  const crawl = await startCrawl(db, { viewer: LOCAL_VIEWER, url: "https://example.com/" });
  await skipPending(db, crawl, { reason: "robots", message: "robots.txt disallows it", at: new Date(0) });
  const files = {
    written: 1,
    unchanged: 0,
    removed: 0,
    bytes: 5,
    displaced: [{ url: "https://example.com/", path: "x.md" }],
  };

  const summary = await summarize(db, crawl, {
    url: "https://example.com/",
    output: { folder: "out", files },
    elapsedMs: 2_000,
    doneBefore: 0,
  });
  const failure = await describeFailure(db, crawl, "https://example.com/");

  expect(summary).toMatchObject({
    crawl_id: crawl.id,
    elapsed_ms: 2_000,
    pages_per_second: 0,
    folder: "out",
    failures: [],
  });
  expect(summary.files).toEqual({ written: 1, unchanged: 0, removed: 0, bytes: 5, renamed: 1 });
  expect(failure).toBe("Nothing of https://example.com/ could be fetched: robots.txt disallows it");
  await close();
});
