import { describe, expect, test } from "bun:test";
import { createTrapGuard, type TrapBounds } from "../../src/crawl/trap.ts";

const now = new Date("2026-06-01T00:00:00Z");
const site = "https://example.com";

const check = (path: string, bounds?: TrapBounds) => createTrapGuard(bounds).check(site + path, now);

/** How many of `count` URLs pass. */
function passing(count: number, toPath: (number: number) => string, bounds?: TrapBounds) {
  const guard = createTrapGuard(bounds);
  const passed = Array.from({ length: count }, (_, number) => guard.check(site + toPath(number), now));
  return passed.filter((verdict) => verdict === "ok").length;
}

describe("a URL that grows without end is cut", () => {
  test.each([
    [`/${"a".repeat(1_500)}`, "too_long"],
    [`/${Array.from({ length: 26 }, (_, n) => `s${n}`).join("/")}`, "path_depth"],
    ["/docs/docs/docs/", "path_repetition"],
    ["/x/docs/docs/docs/y", "path_repetition"],
    ["/a/b/a/b/a/b", "path_repetition"],
    ["/x/a/b/c/a/b/c/a/b/c/y", "path_repetition"],
    ["/en/a/en/b/en/c/en/d/en", "path_repetition"],
    ["/2/a/2/a/2/a", "path_repetition"],
    ["/1/1/1/1/1/1/1", "path_repetition"],
    [`/s?${Array.from({ length: 13 }, (_, n) => `p${n}=1`).join("&")}`, "query_growth"],
    ["/s?page=1&page=2&page=3&page=4&page=5", "query_growth"],
  ] as const)("%s: %s", (path, reason) => {
    expect(check(path)).toBe(reason);
  });
});

describe("a date too far away is cut", () => {
  test.each([
    ["/calendar/2031/05", "calendar"],
    ["/2029/1/", "calendar"],
    ["/events/2031-05-17", "calendar"],
    ["/events/1985-05-17", "calendar"],
    ["/calendar/1970/01/", "calendar"],
    ["/x?date=2031-05-17", "calendar"],
    ["/x?date=2031-05-17T10:00", "calendar"],
    ["/x?tribe-bar-date=2031-05", "calendar"],
    ["/x?day=20310517", "calendar"],
    ["/x?month=5&year=2031", "calendar"],
    ["/kalender?month=5&year=1931", "calendar"],
    ["/calendar/2028/05", "ok"],
    ["/calendar/1990/05", "ok"],
    ["/2029/", "ok"],
    ["/climate/2050/report", "ok"],
    ["/1985/05/17/front-page", "ok"],
    ["/archive?date=1985-05-17", "ok"],
    ["/products/2099/reviews", "ok"],
    ["/products/2099/13", "ok"],
    ["/products/20310517", "ok"],
    ["/x?id=20310517", "ok"],
    ["/x?year=2050", "ok"],
    ["/2031-things-to-do", "ok"],
  ] as const)("%s: %s", (path, expected) => {
    expect(check(path)).toBe(expected);
  });
});

describe("a real path passes", () => {
  test.each([
    "/",
    "/?q=",
    "/docs/api/v2/docs/api",
    "/tool/tool/tree/main/tool/tool/tool.py",
    "/bible/1/1/1",
    "/maps/12/12/12/12",
    "/a/aa/aaa/aaaa",
    "/org/example/example/Example.html",
    "/no/no/nok",
    "/de/de/page",
    "/en-us/en-us/en-us-guide",
    "/a/b/a/b/c",
    "/2024/02/02/02",
    `/${Array.from({ length: 25 }, (_, n) => `s${n}`).join("/")}`,
    `/s?${Array.from({ length: 12 }, (_, n) => `p${n}=1`).join("&")}`,
    "/s?tag=a&tag=b&tag=c&tag=d",
    `/${"%E3%83%84".repeat(100)}`,
    "/python-3.12/library/xml.etree.elementtree.html",
    "/releases/v1.2.3/docs/v1.2.3/changes",
  ])("%s", (path) => {
    expect(check(path)).toBe("ok");
  });

  test("90,000 articles pass, however often each is linked, with new content each", () => {
    const guard = createTrapGuard();
    let cut = 0;

    for (let round = 0; round < 2; round++) {
      for (let number = 0; number < 90_000; number++) {
        const url = `${site}/articles/${number}`;
        if (guard.check(url, now) !== "ok") cut += 1;
        if (round === 0) guard.observe(url, `content ${number}`);
      }
    }

    expect(cut).toBe(0);
  });

  test("a forum's threads, told apart by the query alone, pass", () => {
    expect(passing(50_000, (n) => `/viewtopic.php?f=3&start=${(n % 5) * 20}&t=${n}`)).toBe(50_000);
  });
});

describe("a budget", () => {
  const small = { maxPerShape: 100, maxPerFilterShape: 10 };

  test.each([
    ["numbers", (n: number) => `/item/${n}`],
    ["numbers within words", (n: number) => `/item-${n}-x/a`],
    ["dates", (n: number) => `/2020/${1 + (n % 12)}/${n}`],
    ["hashes", (n: number) => `/f/${Bun.hash(`${n}`).toString(16).padStart(16, "a")}`],
    ["UUIDs", (n: number) => `/f/9b2fa0c4-0000-4000-8000-${n.toString(16).padStart(12, "0")}/x`],
    ["values of a parameter", (n: number) => `/s?q=word${n}`],
  ])("counts URLs that differ in %s as one shape", (_, toPath) => {
    expect(passing(300, toPath, small)).toBe(100);
  });

  test("is smaller for filters, whichever are combined", () => {
    expect(passing(300, (n) => `/shop?brand=a&color=b&p${n % 7}=1&size=${n}`, small)).toBe(10);
    expect(passing(300, (n) => `/shop?brand=a&color=b&size=${n}`, small)).toBe(100);
  });

  test("counts a URL once, and lets it pass again when it is used up", () => {
    const guard = createTrapGuard({ maxPerShape: 2 });
    const verdicts = ["/1", "/1", "/2", "/3", "/1", "/2"].map((path) => guard.check(site + path, now));

    expect(verdicts).toEqual(["ok", "ok", "ok", "pattern_budget", "ok", "ok"]);
  });

  test("does not mix words, names of parameters or hosts", () => {
    const guard = createTrapGuard({ maxPerShape: 1 });
    const urls = ["/a/1", "/b/1", "/a/1?x=1", "/a/1?y=1", "/a/1/"].map((path) => site + path);

    expect(urls.slice(0, 4).map((url) => guard.check(url, now))).toEqual(["ok", "ok", "ok", "ok"]);
    expect(guard.check(`${site}/a/2`, now)).toBe("pattern_budget");
    expect(guard.check("https://other.example/a/2", now)).toBe("ok");
  });

  test("of a host counts its URLs of all shapes", () => {
    const guard = createTrapGuard({ maxPerHost: 2 });
    const urls = [`${site}/a`, `${site}/b`, `${site}/c`, "https://other.example/c", `${site}/a`];

    expect(urls.map((url) => guard.check(url, now))).toEqual(["ok", "ok", "host_budget", "ok", "ok"]);
  });
});

describe("a farm", () => {
  test("of one content under ever new URLs is left after 25 duplicates", () => {
    const guard = createTrapGuard();
    guard.observe(`${site}/soft404/0`, "not found");
    let fetched = 1;
    while (fetched < 1_000 && guard.check(`${site}/soft404/${fetched}`, now) === "ok") {
      guard.observe(`${site}/soft404/${fetched}`, "not found");
      fetched += 1;
    }

    // The first page was new, and earned one more.
    expect(fetched).toBe(27);
    expect(guard.check(`${site}/soft404/1`, now)).toBe("duplicate_farm");
    expect(guard.check(`${site}/articles/1`, now)).toBe("ok");
  });

  test("is not seen in a site with some removed pages in a row, nor in the same content under several shapes", () => {
    const guard = createTrapGuard();
    for (let n = 0; n < 5_000; n++) {
      guard.observe(`${site}/articles/${n}`, n % 100 < 45 ? "removed" : `content ${n}`);
      guard.observe(`${site}/print/${n}`, n % 100 < 45 ? "removed" : `content ${n}`);
      guard.observe(`${site}/word-${"x".repeat(n % 500)}`, "the same");
    }

    expect(guard.check(`${site}/articles/1`, now)).toBe("ok");
    expect(guard.check(`${site}/print/1`, now)).toBe("ok");
  });

  test("that begins on a large honest shape is left after a bounded number of duplicates", () => {
    const guard = createTrapGuard();
    for (let n = 0; n < 20_000; n++) guard.observe(`${site}/p/${n}`, `content ${n}`);
    let duplicates = 0;
    while (duplicates < 5_000 && guard.check(`${site}/p/${20_000 + duplicates}`, now) === "ok") {
      guard.observe(`${site}/p/${20_000 + duplicates}`, "content 1");
      duplicates += 1;
    }

    expect(duplicates).toBe(1_000);
  });

  test("of redirects is left after many, and content keeps it open", () => {
    const guard = createTrapGuard({ maxRedirects: 100 });
    for (let n = 0; n < 100; n++) {
      guard.observeRedirect(`${site}/go/${n}`);
      guard.observeRedirect(`${site}/mixed/${n}`);
      guard.observe(`${site}/mixed/${n}`, `content ${n}`);
    }

    expect(guard.check(`${site}/go/1`, now)).toBe("duplicate_farm");
    expect(guard.check(`${site}/mixed/1`, now)).toBe("ok");
  });
});

test("forgetting what was longest unused keeps memory bounded and begins anew", () => {
  const guard = createTrapGuard({ maxPerShape: 1 });
  expect(guard.check(`${site}/first/1`, now)).toBe("ok");
  expect(guard.check(`${site}/first/2`, now)).toBe("pattern_budget");

  // Names without digits, each a shape of its own.
  const nameOf = (n: number) => [...n.toString(10)].map((digit) => "abcdefghij"[Number(digit)]).join("");
  for (let n = 0; n < 20_001; n++) guard.check(`${site}/${nameOf(n)}`, now);

  expect(guard.check(`${site}/first/2`, now)).toBe("ok");
});
