import { expect, test } from "bun:test";
import { createMetStrings, createRecentMap } from "../../src/crawl/recent.ts";

test("a map of recent keys keeps what is used and forgets what is not", () => {
  const map = createRecentMap<number>(10);
  map.set("used", 1);
  map.set("unused", 2);
  for (let n = 0; n < 12; n++) {
    map.set(`filler ${n}`, n);
    expect(map.get("used")).toBe(1);
  }

  expect(map.get("unused")).toBeUndefined();
  expect(map.get("filler 11")).toBe(11);
});

test("met strings are all known, and of others few are taken for met, across layers", () => {
  const met = createMetStrings(2 ** 20);
  const count = 80_000;
  for (let n = 0; n < count; n++) met.add(`https://example.com/${n}`);

  let missed = 0;
  let mistaken = 0;
  for (let n = 0; n < count; n++) {
    if (!met.has(`https://example.com/${n}`)) missed += 1;
    if (met.has(`https://example.org/${n}`)) mistaken += 1;
  }

  expect(missed).toBe(0);
  expect(mistaken / count).toBeLessThan(1 / 20);
});
