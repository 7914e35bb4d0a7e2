import { describe, expect, test } from "bun:test";
import { createScope, type ScopeOptions } from "../../src/crawl/scope.ts";
import { AppError } from "../../src/errors.ts";

const scopeOf = (options: Partial<ScopeOptions> = {}) =>
  createScope({ seeds: ["https://docs.example.com/guide/"], within: "host", include: [], exclude: [], ...options });

describe("the scope of a host", () => {
  test.each([
    ["https://docs.example.com/", "ok"],
    ["http://docs.example.com/a", "ok"],
    ["https://www.docs.example.com/a", "ok"],
    ["https://example.com/a", "scope"],
    ["https://api.docs.example.com/a", "scope"],
    ["https://docs.example.com:8443/a", "scope"],
    ["https://docs.example.com.evil.org/a", "scope"],
    ["https://xdocs.example.com/a", "scope"],
  ] as const)("%s is %s", (url, expected) => {
    expect(scopeOf().check(url, 1)).toBe(expected);
  });

  test("a leading www. of the seed does not count either", () => {
    const scope = scopeOf({ seeds: ["https://www.example.com/"] });

    expect(scope.check("https://example.com/a", 1)).toBe("ok");
    expect(scope.check("https://docs.example.com/a", 1)).toBe("scope");
  });

  test("further hosts count as the site", () => {
    const scope = scopeOf({ hosts: ["Other.example", "localhost:8080"] });

    expect(scope.check("https://www.other.example/a", 1)).toBe("ok");
    expect(scope.check("http://localhost:8080/a", 1)).toBe("ok");
    expect(scope.check("http://localhost:8081/a", 1)).toBe("scope");
    expect(scope.check("https://docs.example.com/a", 1)).toBe("ok");
  });
});

describe("the scope of a domain", () => {
  test.each([
    ["https://docs.example.com/", "https://api.v2.example.com/a", "ok"],
    ["https://docs.example.com/", "https://example.com:8443/a", "ok"],
    ["https://docs.example.com/", "https://example.org/a", "scope"],
    ["https://a.example.co.uk/", "https://b.example.co.uk/a", "ok"],
    ["https://a.example.co.uk/", "https://other.co.uk/a", "scope"],
    ["https://ann.github.io/", "https://bob.github.io/a", "scope"],
    ["https://ann.github.io/", "https://www.ann.github.io/a", "ok"],
    ["https://github.io/", "https://ann.github.io/a", "scope"],
    ["http://127.0.0.1:3000/", "http://127.0.0.1:3000/a", "ok"],
    ["http://127.0.0.1:3000/", "http://127.0.0.1:3001/a", "scope"],
    ["http://127.0.0.1:3000/", "http://10.0.0.1:3000/a", "scope"],
    ["http://[::1]:3000/", "http://[::1]:3000/a", "ok"],
    ["http://[::1]:3000/", "http://[::2]:3000/a", "scope"],
    ["http://localhost:3000/", "http://localhost:3000/a", "ok"],
    ["http://localhost:3000/", "http://localhost/a", "scope"],
  ] as const)("of %s: %s is %s", (seed, url, expected) => {
    expect(scopeOf({ within: "domain", seeds: [seed] }).check(url, 1)).toBe(expected);
  });
});

test("any host is within any", () => {
  expect(scopeOf({ within: "any" }).check("http://192.0.2.1:81/a", 9)).toBe("ok");
});

test("links deeper than the bound are left, the bound itself is not", () => {
  const scope = scopeOf({ maxDepth: 2 });

  expect(scope.check("https://docs.example.com/a", 2)).toBe("ok");
  expect(scope.check("https://docs.example.com/a", 3)).toBe("depth");
});

test("exclude wins over include, and without a match of include nothing is in", () => {
  const scope = scopeOf({ include: ["/docs/**", "re:\\.html$"], exclude: ["/docs/old/**", "*://*/**/print"] });

  expect(scope.check("https://docs.example.com/docs/a", 1)).toBe("ok");
  expect(scope.check("https://docs.example.com/x.html", 1)).toBe("ok");
  expect(scope.check("https://docs.example.com/x", 1)).toBe("not_included");
  expect(scope.check("https://docs.example.com/docs/old/a", 1)).toBe("excluded");
  expect(scope.check("https://docs.example.com/docs/a/print", 1)).toBe("excluded");
});

test("a seed is in whatever the rules say, unless it is excluded", () => {
  const seeds = ["https://docs.example.com/start", "https://Other.example", "https://docs.example.com/old/logo.png"];
  const scope = scopeOf({ seeds, include: ["/docs/**"], exclude: ["/old/**"], maxDepth: 0 });

  expect(scope.check("https://docs.example.com/start", 5)).toBe("ok");
  expect(scope.check("https://other.example/", 0)).toBe("ok");
  expect(scope.check("https://docs.example.com/old/logo.png", 0)).toBe("excluded");
});

describe("an extension says that there is no page", () => {
  test.each([
    ["/logo.png", "type"],
    ["/LOGO.PNG", "type"],
    ["/a/photo.jpeg?width=100", "type"],
    ["/release-1.2.tar.gz", "type"],
    ["/setup.exe", "type"],
    ["/style.css?v=2", "type"],
    ["/assets/app.3f2a.js", "type"],
    ["/jquery.min.js", "type"],
    ["/app.css.map", "type"],
    ["/font.woff2", "type"],
    ["/talk.webm", "type"],
    ["/page.html", "ok"],
    ["/page.php", "ok"],
    ["/guide.pdf", "ok"],
    ["/data.json", "ok"],
    ["/feed.xml", "ok"],
    ["/notes.txt", "ok"],
    ["/wiki/Node.js", "ok"],
    ["/wiki/File:Sun.jpg", "ok"],
    ["/wiki/File%3ASun.jpg", "ok"],
    ["/ann/tool/blob/main/logo.png", "ok"],
    ["/view?file=logo.png", "ok"],
    ["/logo.png/details", "ok"],
    ["/v1.2/", "ok"],
    ["/.zip", "ok"],
    ["/zip", "ok"],
    ["/", "ok"],
  ] as const)("%s is %s", (path, expected) => {
    expect(scopeOf().check(`https://docs.example.com${path}`, 1)).toBe(expected);
  });

  test("the top-level domain is no extension", () => {
    const scope = scopeOf({ seeds: ["https://notion.so/x"] });

    expect(scope.check("https://notion.so/", 1)).toBe("ok");
    expect(scope.check("https://notion.so/?a=/b", 1)).toBe("ok");
  });
});

test("a bad pattern is refused when the scope is made", () => {
  expect(() => scopeOf({ include: ["/a["] })).toThrow(AppError);
  expect(() => scopeOf({ exclude: ["re:("] })).toThrow("at character 4");
});
