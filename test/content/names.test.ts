import { memoryUsage } from "bun:jsc";
import { expect, test } from "bun:test";
import { nameAt, ownCopy } from "../../src/content/names.ts";

test("a name is what stands there, in lower case, however many names came before", () => {
  const names = Array.from({ length: 5000 }, (_, at) => `${["Data-", "x", "É", "\u212a", "@", "`"][at % 6]}${at}`);
  names.push("a", "A", "q".repeat(33), "");

  for (let round = 0; round < 2; round++) {
    expect(names.map((name) => nameAt(`<${name}>`, 1, 1 + name.length))).toEqual(
      names.map((name) => name.toLowerCase()),
    );
  }
});

test("a copy of a piece of a page does not keep the page in memory", () => {
  const kept: string[] = [];
  const keep = (at: number) => {
    const page = new TextDecoder().decode(new Uint8Array(1_000_000).fill(97 + (at % 20)));
    kept.push(ownCopy(page.slice(10, 60)));
  };
  Bun.gc(true);
  const before = memoryUsage().current;

  for (let at = 0; at < 100; at++) keep(at);
  Bun.gc(true);

  expect(kept).toHaveLength(100);
  expect(memoryUsage().current - before).toBeLessThan(50_000_000);
});
