import { expect, test } from "bun:test";
import { digestOf, isKey, isSameDigest, isWellFormed, makeSecret, prefixOf } from "../../src/access/key-format.ts";

test("a key is marked, selected whole by a double click, and different every time", () => {
  const secrets = Array.from({ length: 200 }, () => makeSecret());

  for (const secret of secrets) {
    expect(secret).toMatch(/^ow_live_[0-9A-Za-z]{49}$/);
    expect(isKey(secret)).toBe(true);
    expect(isWellFormed(secret)).toBe(true);
  }
  expect(new Set(secrets).size).toBe(200);
});

test.each([
  [new Uint8Array(32), "ow_live_0000000000000000000000000000000000000000000"],
  [new Uint8Array(32).fill(255), "ow_live_yhjskwdA6OZ1AL1YmHWZWm8LLG7HjnuCA2j5rOw8Xp1"],
])("the least and the greatest secret have the same length", (random, body) => {
  const secret = makeSecret(random);

  expect(secret.slice(0, -6)).toBe(body);
  expect(secret).toHaveLength(57);
  expect(isWellFormed(secret)).toBe(true);
});

test("a key with a slip in it, or a part of one, is no key", () => {
  const secret = makeSecret();

  for (let at = 8; at < secret.length; at++) {
    const other = secret.charAt(at) === "x" ? "y" : "x";
    expect(isWellFormed(secret.slice(0, at) + other + secret.slice(at + 1))).toBe(false);
  }
  for (const slip of [secret.slice(0, -1), `${secret}a`, `${secret}\n`, secret.toUpperCase(), "", "ow_live_", "ow_"])
    expect(isWellFormed(slip)).toBe(false);
});

test("the prefix tells keys apart and gives next to nothing away", () => {
  const secret = makeSecret();

  expect(secret).toStartWith(prefixOf(secret));
  expect(prefixOf(secret)).toHaveLength(12);
});

test("digests are SHA-256 and compared whole", () => {
  const digest = digestOf("abc");

  expect(digest).toBe("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  expect(isSameDigest(digest, digestOf("abc"))).toBe(true);
  expect(isSameDigest(digest, digestOf("abd"))).toBe(false);
  expect(isSameDigest(digest, digest.slice(2))).toBe(false);
});
