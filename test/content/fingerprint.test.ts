import { expect, test } from "bun:test";
import { fingerprint, hammingDistance, normalizeMarkdown, sha256 } from "../../src/content/fingerprint.ts";

const article = Array.from({ length: 400 }, (_, at) => `word${(at * 7919) % 997} and some more of number ${at}.`).join(
  "\n",
);

test("the hash is SHA-256 of the normalised Markdown", () => {
  expect(fingerprint("abc").contentHash).toBe("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  expect(sha256("abc")).toBe("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
});

test("line ends, trailing space and Unicode composition do not count", () => {
  expect(normalizeMarkdown("a \r\n\r\n\r\n\r\ncafe\u0301\n")).toBe("a\n\ncafé");
  expect(fingerprint("a \r\ncafe\u0301\n").contentHash).toBe(fingerprint("a\ncafé").contentHash);
});

test("white space of any kind before a line feed does not count, and text that has none stays as it is", () => {
  const spaces = [" ", "\t", "\v", "\f", "\u00a0", "\u1680", "\u2003", "\u2028", "\u202f", "\u3000", "\ufeff"];

  expect(spaces.map((space) => normalizeMarkdown(`a${space}\nb`))).toEqual(spaces.map(() => "a\nb"));
  expect(normalizeMarkdown("\n\n\n# a\n\n- b\u0085\n- c\u200b\nd\n")).toBe("# a\n\n- b\u0085\n- c\u200b\nd");
});

test("a changed word changes the hash, and the SimHash by few bits", () => {
  const changed = article.replace("number 200", "figure 200");

  expect(fingerprint(changed).contentHash).not.toBe(fingerprint(article).contentHash);
  expect(hammingDistance(fingerprint(changed).simhash, fingerprint(article).simhash)).toBeLessThanOrEqual(5);
});

test("different texts differ in about half of the bits", () => {
  const other = article.replaceAll("and some more of", "without the least in").replaceAll("word", "term");

  const distance = hammingDistance(fingerprint(other).simhash, fingerprint(article).simhash);

  expect(distance).toBeGreaterThan(18);
  expect(distance).toBeLessThan(46);
});

test("case and marks do not change the SimHash", () => {
  expect(fingerprint("# One, two *three*").simhash).toBe(fingerprint("one two THREE").simhash);
});

test("words are counted, and each Chinese or Japanese character is one", () => {
  expect(fingerprint("One two-three, 4 naïve Straße.").wordCount).toBe(6);
  expect(fingerprint("日本語 text").wordCount).toBe(4);
  expect(fingerprint(" \n*** ").wordCount).toBe(0);
});

test("text without words has the SimHash zero", () => {
  expect(fingerprint("").simhash).toBe(0n);
});

test("a SimHash fits a signed 64-bit column", () => {
  for (const text of ["a b c", "d e f", "g h i", "j k l", article]) {
    const { simhash } = fingerprint(text);
    expect(BigInt.asIntN(64, simhash)).toBe(simhash);
  }
});

test.each([
  [0n, 0n, 0],
  [0n, -1n, 64],
  [1n, 2n, 2],
  [-(2n ** 63n), 0n, 1],
  [0x7fff_ffff_ffff_ffffn, -1n, 1],
])("the distance of %p and %p is %p", (a, b, expected) => {
  expect(hammingDistance(a, b)).toBe(expected);
});
