import { describe, expect, test } from "bun:test";
import { readCrawlOptions } from "../../src/crawl/options.ts";
import { AppError } from "../../src/errors.ts";

function faultsOf(given: Record<string, unknown>): AppError {
  try {
    readCrawlOptions(given);
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
  throw new Error("the options were taken");
}

describe("a crawl's options", () => {
  test("have defaults, and a later set goes before an earlier one", () => {
    const options = readCrawlOptions({ max_pages: 5, scope: "any" }, { max_pages: 7 });

    expect(options).toMatchObject({ max_pages: 7, scope: "any", robots: true, concurrency: 4, include: [] });
  });

  test.each([
    [{ max_pages: 0 }, "/max_pages"],
    [{ concurrency: 1.5 }, "/concurrency"],
    [{ scope: "planet" }, "/scope"],
    [{ speed: "high" }, "/speed"],
    [{ include: ["/a/**", "re:(x"] }, "/include/1"],
    [{ exclude: ["[z-a]"] }, "/exclude/0"],
    [{ include_selectors: ["main", "a["] }, "/include_selectors/1"],
    [{ exclude_selectors: [":hover"] }, "/exclude_selectors/0"],
    [{ exclude_selectors: ["x".repeat(1_001)] }, "/exclude_selectors/0"],
    [{ images: "no" }, "/images"],
    [{ sitemap_urls: ["https://"] }, "/sitemap_urls/0"],
    [{ sitemap_urls: ["ftp://example.com/sitemap.xml"] }, "/sitemap_urls/0"],
  ])("%p is refused by the name of what is wrong", (given, at) => {
    const error = faultsOf(given);

    expect(error.reason).toBe("invalid");
    expect(error.faults[0]?.at).toBe(at);
    expect(error.message).toStartWith(at.slice(1));
  });
});
