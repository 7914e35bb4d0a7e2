import { describe, expect, test } from "bun:test";
import { compileTextPattern, hasText, stepsPerCharacter } from "../../src/patterns/text-pattern.ts";

const has = (pattern: string, text: string) => hasText(compileTextPattern(pattern), text);

describe("a text that is looked for", () => {
  test.each([
    ["in stock", "Now IN  STOCK again", true],
    [" caf\u00e9 ", "the Cafe\u0301s", true],
    ["a.c", "abc", false],
    ["STRASSE", "stra\u00dfe", false],
    ["re:^\\d+ left$", "12 left", true],
    ["re:^left", "12 left", false],
    ["re:left", "LEFT", false],
    ["re:(?i)left", "LEFT", true],
    ["re: left", "12 left", true],
  ])("%p in %p", (pattern, text, isThere) => {
    expect(has(pattern, text)).toBe(isThere);
  });

  test.each([
    ["re:", "at character 4"],
    ["re:a(b", "at character 5"],
    ["re:(?<=a)b", "look-around is not supported"],
    ["re:(a)\\1", "invalid escape sequence"],
    ["re:(?:a{1000}){1000}", "invalid repeat count"],
    ["   ", "nothing but white space"],
    ["x".repeat(1_001), "1000 are allowed"],
  ])("%p is refused with what is wrong", (pattern, why) => {
    expect(() => compileTextPattern(pattern)).toThrow(why);
  });

  test("an expression costs by its size, words next to nothing", () => {
    expect(stepsPerCharacter(compileTextPattern("words"))).toBe(1);
    expect(stepsPerCharacter(compileTextPattern("re:[a-z]{500}"))).toBeGreaterThan(500);
  });
});
