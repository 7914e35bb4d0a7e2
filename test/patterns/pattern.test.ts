import { describe, expect, test } from "bun:test";
import { AppError } from "../../src/errors.ts";
import { compilePattern, matches } from "../../src/patterns/pattern.ts";

const site = "https://docs.example.com";

describe("a pattern matches", () => {
  test.each([
    // One star stays within a segment, two cross them.
    ["/docs/*", `${site}/docs/intro`, true],
    ["/docs/*", `${site}/docs/a/b`, false],
    ["/docs/*", `${site}/docs/intro?page=2`, true],
    ["/docs/**", `${site}/docs/a/b?page=2`, true],
    ["/docs/**", `${site}/docs/`, true],
    ["/docs/**", `${site}/docs`, true],
    ["/docs/**", `${site}/docsearch`, false],
    ["/docs**", `${site}/docsearch/x`, true],
    ["/docs", `${site}/docs/`, false],
    ["/a/**/b", `${site}/a/b`, true],
    ["/a/**/b", `${site}/a/x/y/b`, true],
    ["/a/**/b", `${site}/a/xb`, false],
    ["**/*.html", `${site}/x/y.html`, true],
    ["**/*.html", `${site}/y.html?x`, false],
    ["/**", `${site}/`, true],
    ["**", `${site}/a/b`, true],
    ["/***/x", `${site}/a/b/x`, true],
    // One character, sets, alternatives
    ["/v?/", `${site}/v1/`, true],
    ["/v?/", `${site}/v10/`, false],
    ["/a?b", `${site}/a/b`, false],
    ["/v[0-9]/", `${site}/v7/`, true],
    ["/v[!0-9]/", `${site}/v7/`, false],
    ["/v[^0-9]/", `${site}/vx/`, true],
    ["/a[!x]b", `${site}/a/b`, false],
    ["/[a.-]", `${site}/-`, true],
    ["/{de,fr}/**", `${site}/fr/x`, true],
    ["/{de,fr}/**", `${site}/en/x`, false],
    ["{/de,/fr}/**", `${site}/de/x`, true],
    ["/x{,{1,2}y}", `${site}/x2y`, true],
    ["/x{,{1,2}y}", `${site}/x`, true],
    ["/a,b", `${site}/a,b`, true],
    // Characters that mean something to a regular expression, or nothing to a glob
    ["/a.b", `${site}/axb`, false],
    ["/a+(b)$", `${site}/a+(b)$`, true],
    ["/a\\*", `${site}/a*`, true],
    ["/a\\*", `${site}/ab`, false],
    ["/search\\?q=*", `${site}/search?q=x`, true],
    ["/über uns/*", `${site}/%C3%BCber%20uns/x`, true],
    // The whole URL
    ["https://docs.example.com/**", `${site}/a/b`, true],
    ["https://docs.example.com", `${site}/`, true],
    ["HTTPS://Docs.Example.com/A", `${site}/A`, true],
    ["http://docs.example.com/**", `${site}/a`, false],
    ["*://*.example.com/**", `${site}/a`, true],
    ["*://*.example.com/**", "https://example.com/a", false],
    ["*://{docs,www}.example.com/**", "http://www.example.com/", true],
    ["https://docs.example.com**", `${site}/a`, true],
    // Regular expressions are searched for
    ["re:/v[0-9]+/", `${site}/docs/v12/a`, true],
    ["re:^/v[0-9]+/", `${site}/docs/v12/a`, false],
    ["re:\\.html$", `${site}/a.html`, true],
    ["re:example", `${site}/a`, false],
    ["re:^https?://docs\\.", `${site}/a`, true],
    ["re:://docs\\.", `${site}/a`, true],
    ["re:(?i)/INTRO", `${site}/intro`, true],
  ])("%s on %s: %p", (text, url, expected) => {
    expect(matches(compilePattern(text), url)).toBe(expected);
  });
});

describe("a bad pattern is refused with the place of its fault", () => {
  test.each([
    ["", 1, "it is empty"],
    ["/a[b", 3, `"[" is never closed`],
    ["/a]", 3, `"]" closes nothing`],
    ["/a{b,{c}", 3, `"{" is never closed`],
    ["/a}", 3, `"}" closes nothing`],
    ["/[]", 2, `no character between them`],
    ["/[z-a]", 3, `the range "z-a" runs backwards`],
    ["/[é]", 3, `can't be in a set`],
    ["/[a\\", 2, `"[" is never closed`],
    ["/a\\", 3, `takes no character`],
    ["docs/**", 1, `write "/docs/**" or "**/docs/**"`],
    ["docs.example.com/a", 1, `"*://docs.example.com/a"`],
    ["*.pdf", 1, `"**/*.pdf"`],
    ["re:", 4, "no regular expression after it"],
    ["re:a(b", 5, "missing closing )"],
    ["re:(a[(]\\((b", 11, "missing closing )"],
    ["re:a)b", 5, "unexpected )"],
    ["re:x[a", 5, "missing closing ]"],
    ["re:ab**", 6, "invalid nested repetition"],
    ["re:a\\1", 5, "invalid escape"],
    ["re:a{5000}", 5, "invalid repeat count"],
    ["re:ab(?=c)", 6, "look-around is not supported"],
    ["re:ab(?<!c)", 6, "look-around is not supported"],
  ])("%s", (text, place, message) => {
    const compile = () => compilePattern(text);

    expect(compile).toThrow(AppError);
    expect(compile).toThrow(`Pattern "${text}" is bad at character ${place}: `);
    expect(compile).toThrow(message);
    expect(compile).toThrow(expect.objectContaining({ reason: "invalid" }));
  });

  test("one that is too long, or unfolds to too many states", () => {
    expect(compilePattern(`/${"a".repeat(999)}`).text).toHaveLength(1_000);
    expect(() => compilePattern(`/${"a".repeat(1_000)}`)).toThrow("has 1001 characters; 1000 are allowed");
    expect(() => compilePattern(`re:${"(?:[ab]{1,30}){30}".repeat(8)}`)).toThrow("too many states");
  });
});

test("patterns made to explode take linear time", () => {
  const url = `${site}/${"a".repeat(2_000)}!`;
  const texts = ["re:(a+)+$", "re:(a|aa)*b", "re:(?:.*a){40}b", `/${"*a".repeat(200)}b`, `/${"{a,aa}".repeat(100)}b`];
  const patterns = texts.map(compilePattern);
  const startedAt = performance.now();

  for (const pattern of patterns) expect(matches(pattern, url)).toBe(false);

  // Backtracking would need longer than the universe has; a busy machine needs well under a second.
  expect(performance.now() - startedAt).toBeLessThan(2_000);
});
