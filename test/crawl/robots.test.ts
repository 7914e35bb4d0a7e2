import { describe, expect, test } from "bun:test";
import { crawlDelayMs, isAllowed, parseRobots } from "../../src/crawl/robots.ts";

const origin = "https://example.com";

function allows(rules: string, path: string, token = "orbweaver"): boolean {
  return isAllowed(parseRobots(rules), token, origin + path);
}

describe("a path is compared by the longest rule", () => {
  test.each([
    ["Disallow: /a", "/a", false],
    ["Disallow: /a", "/ab", false],
    ["Disallow: /a", "/A", true],
    ["Disallow: /a", "/b/a", true],
    ["Disallow: /a/", "/a", true],
    ["Disallow:", "/a", true],
    ["Allow:", "/a", true],
    ["Disallow: /", "/", false],
    ["Disallow: /", "/robots.txt", true],
    ["Disallow: /", "/robots.txt?x", true],
    ["Disallow: /", "/robots.txt/x", false],
    ["Disallow: a", "/a", true],
    ["Disallow: /\nAllow: /a", "/a", true],
    ["Allow: /a\nDisallow: /", "/b", false],
    ["Allow: /a\nDisallow: /ab", "/abc", false],
    ["Disallow: /ab\nAllow: /a", "/abc", false],
    ["Disallow: /a\nAllow: /a", "/a", true],
    ["Allow: /a\nDisallow: /a", "/a", true],
    ["Allow: /*\nDisallow: /x", "/x", true],
    ["Allow: /$\nDisallow: /", "/", true],
    ["Allow: /$\nDisallow: /", "/a", false],
    // Stars and ends
    ["Disallow: *", "/a", false],
    ["Disallow: *.pdf", "/a/b.pdf", false],
    ["Disallow: /*.pdf$", "/a.pdf", false],
    ["Disallow: /*.pdf$", "/a.pdf?x", true],
    ["Disallow: /*.pdf", "/a.pdf?x", false],
    ["Disallow: /a*b*c", "/axxbyyc/z", false],
    ["Disallow: /a*b*c", "/acb", true],
    ["Disallow: /a**b", "/ab", false],
    ["Disallow: /*a*a$", "/a", true],
    ["Disallow: /*a*a$", "/aa", false],
    ["Disallow: /ab*b$", "/ab", true],
    ["Disallow: /*?*sort=", "/list?page=1&sort=up", false],
    ["Disallow: /*/private", "/x/private/y", false],
    ["Disallow: /a$b", "/a$b", false],
    ["Disallow: /a$b", "/a", true],
    ["Disallow: /a*$", "/abc", false],
    ["Disallow: $", "/", true],
    // Percent-encoding, with the RFC's own examples
    ["Disallow: /foo/bar?baz=quux", "/foo/bar?baz=quux", false],
    ["Disallow: /foo/bar?baz=https://foo.bar", "/foo/bar?baz=https%3A%2F%2Ffoo.bar", false],
    ["Disallow: /foo/bar?baz=https%3A%2F%2Ffoo.bar", "/foo/bar?baz=https://foo.bar", false],
    ["Disallow: /foo/bar/\u30C4", "/foo/bar/%E3%83%84", false],
    ["Disallow: /foo/bar/%E3%83%84", "/foo/bar/\u30C4", false],
    ["Disallow: /foo/bar/%62%61%7A", "/foo/bar/baz", false],
    ["Disallow: /caf%c3%a9", "/caf%C3%A9", false],
    ["Disallow: /a%2fb", "/a%2Fb", false],
    ["Disallow: /a%2Fb", "/a/b", true],
    ["Disallow: /a/b", "/a%2Fb", true],
    ["Disallow: /a%2A", "/a*", false],
    ["Disallow: /a%2A", "/ab", true],
    ["Disallow: /a%24", "/a$", false],
    ["Disallow: /a{b}", "/a{b}", false],
    ["Disallow: /a b", "/a%20b", false],
    ["Disallow: /a?q=%26x", "/a?q=&x", true],
    ["Disallow: /100%", "/100%", false],
  ])("%j on %s: allowed is %p", (rules, path, expected) => {
    expect(allows(`User-agent: *\n${rules}`, path)).toBe(expected);
  });

  test("what is no URL is not allowed", () => {
    expect(isAllowed(parseRobots(""), "orbweaver", "/relative")).toBe(false);
  });
});

describe("groups", () => {
  const robots = parseRobots(`
    Disallow: /before-any-group
    User-agent: first
    User-agent: Second/2.0 (+https://second.example)
    Disallow: /both
    User-agent: *
    Disallow: /others
    User-Agent: THIRD
    Allow: /
    user-agent: first
    Disallow: /again
    User-agent: empty
  `);

  test.each([
    ["first", "/both", false],
    ["first", "/again", false],
    ["first", "/others", true],
    ["second", "/both", false],
    ["SECOND", "/both", false],
    ["second", "/again", true],
    ["third", "/others", true],
    ["thirdly", "/others", false],
    ["fi", "/both", true],
    ["fi", "/others", false],
    ["anyone", "/others", false],
    ["anyone", "/both", true],
    ["anyone", "/before-any-group", true],
    ["empty", "/others", true],
    ["First/1.0 (+https://first.example)", "/both", false],
  ])("%s on %s: allowed is %p", (token, path, expected) => {
    expect(isAllowed(robots, token, origin + path)).toBe(expected);
  });

  test("several groups of everyone count together", () => {
    const rules = "User-agent: *\nDisallow: /a\nUser-agent: x\nDisallow: /\nUser-agent: *\nDisallow: /b";

    expect(allows(rules, "/a")).toBe(false);
    expect(allows(rules, "/b")).toBe(false);
    expect(allows(rules, "/c")).toBe(true);
  });

  test("a sitemap or an unknown record between two names does not part them", () => {
    const rules = "User-agent: x\nSitemap: https://example.com/s.xml\nNonsense: 1\nUser-agent: orbweaver\nDisallow: /";

    expect(allows(rules, "/a")).toBe(false);
  });
});

describe("lines", () => {
  test.each([
    ["carriage returns", "User-agent: *\rDisallow: /a\r"],
    ["both line ends", "User-agent: *\r\nDisallow: /a\r\n"],
    ["a byte order mark", "\uFEFFUser-agent: *\nDisallow: /a"],
    ["no space, odd case, tabs", "USER-AGENT:*\ndisALLOW:\t/a\t"],
    ["space before the colon", "User-agent : *\nDisallow : /a"],
    ["comments", "# x\nUser-agent: * # all\n\n  # y\nDisallow: /a#b"],
    ["noise", "<html>\n:::\n\0\nUser-agent: *\nfoo\nDisallow: /a\n\uFFFF"],
    ["blank lines within a group", "User-agent: *\n\n\nDisallow: /a"],
    ["slips", "Useragent: *\nDissallow: /a"],
  ])("are read with %s", (_, rules) => {
    expect(allows(rules, "/a")).toBe(false);
    expect(allows(rules, "/b")).toBe(true);
  });

  test("bytes are read as UTF-8, a byte order mark and broken ones included", () => {
    const bytes = Uint8Array.from([
      0xef,
      0xbb,
      0xbf,
      ...new TextEncoder().encode("User-agent: *\nDisallow: /é\n"),
      0xff,
    ]);

    expect(isAllowed(parseRobots(bytes), "orbweaver", `${origin}/%C3%A9`)).toBe(false);
  });

  test("500 KiB are read, and a rule cut by the end of what is read is none", () => {
    const filler = "# 3456789\n".repeat(51_200);
    const inside = `User-agent: *\n${filler}Disallow: /inside\n`;
    const cut = `${inside}${"#".repeat(512 * 1024 - inside.length - 14)}\nDisallow: /cut-here-and-there\nDisallow: /after`;

    for (const body of [cut, new TextEncoder().encode(cut)]) {
      const robots = parseRobots(body);
      expect(isAllowed(robots, "orbweaver", `${origin}/inside`)).toBe(false);
      expect(isAllowed(robots, "orbweaver", `${origin}/cut-here-and-there`)).toBe(true);
      expect(isAllowed(robots, "orbweaver", `${origin}/cut`)).toBe(true);
      expect(isAllowed(robots, "orbweaver", `${origin}/after`)).toBe(true);
    }
  });

  test("sitemaps count wherever they stand", () => {
    const robots = parseRobots(
      "Sitemap: https://a.example/1.xml\nUser-agent: x\nsitemap:/2.xml\nDisallow: /\nSitemap:",
    );

    expect(robots.sitemaps).toEqual(["https://a.example/1.xml", "/2.xml"]);
  });
});

describe("Crawl-delay", () => {
  test.each([
    ["User-agent: *\nCrawl-delay: 10", 10_000],
    ["User-agent: *\nDisallow:\nCrawl-delay: 0.5", 500],
    ["User-agent: *\nCrawl-delay: .25", 250],
    ["User-agent: *\nCrawl-delay: 1\nUser-agent: orbweaver\nCrawl-delay: 3", 3_000],
    ["User-agent: *\nCrawl-delay: 1\nUser-agent: orbweaver\nDisallow: /a", 1_000],
    ["User-agent: orbweaver\nDisallow: /a\nUser-agent: orbweaver\nCrawl-delay: 2\nCrawl-delay: 1", 2_000],
    ["User-agent: *\nCrawl-delay: -1", undefined],
    ["User-agent: *\nCrawl-delay: soon", undefined],
    ["User-agent: *\nCrawl-delay: 1e9", undefined],
    ["Crawl-delay: 5", undefined],
    ["User-agent: other\nCrawl-delay: 5", undefined],
  ])("of %j is %p ms", (rules, expected) => {
    expect(crawlDelayMs(parseRobots(rules), "Orbweaver")).toBe(expected);
  });
});

test("the rules survive JSON", () => {
  const robots = parseRobots("User-agent: *\nDisallow: /a*b$\nCrawl-delay: 2");

  const copy = JSON.parse(JSON.stringify(robots));

  expect(copy).toEqual(robots);
  expect(isAllowed(copy, "orbweaver", `${origin}/axb`)).toBe(false);
});

test("rules made to explode take linear time", () => {
  const robots = parseRobots(`User-agent: *\nDisallow: /${"*a".repeat(1_000)}b$\nDisallow: /${"*".repeat(200_000)}x`);
  const startedAt = performance.now();

  for (let round = 0; round < 100; round++) {
    expect(isAllowed(robots, "orbweaver", `${origin}/${"a".repeat(2_000)}`)).toBe(true);
  }

  expect(performance.now() - startedAt).toBeLessThan(1_000);
});
