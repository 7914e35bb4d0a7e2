import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { sql } from "drizzle-orm";
import type { Store } from "../../src/db/db.ts";
import { passages } from "../../src/db/schema/passages.ts";
import { LOCAL_USER_ID } from "../../src/db/schema/users.ts";
import { createFrequencies, readFrequencies } from "../../src/search/frequencies.ts";
import { addWebsite } from "../../src/websites/websites.ts";
import { createManualClock, type ManualClock } from "../manual-clock.ts";
import { testStores } from "../testing/stores.ts";
import { indexSite } from "./indexed-site.ts";

// Which store it is makes no difference here.
for (const { name, open } of testStores.slice(-1)) {
  describe(`frequencies in the ${name} store`, () => {
    let store: Store;
    let clock: ManualClock;

    beforeAll(async () => {
      store = await open();
      clock = createManualClock();
    }, 60_000);
    afterAll(() => store.close());

    const read = () => readFrequencies({ db: store.db, clock });

    test("before anything was looked at, all lexemes are worth the same", async () => {
      const { rarityOf, shareOf, isCommon } = await read();

      expect(rarityOf("lock")).toBe(rarityOf("database"));
      expect(shareOf("lock")).toBeWithin(0, 1);
      expect(isCommon("lock")).toBeFalse();
    });

    test("what more passages have is worth less, from a minute after it was counted", async () => {
      const { id } = await addWebsite(store.db, { userId: LOCAL_USER_ID, url: "https://example.com/" });
      const pages = Array.from({ length: 40 }, (_, index) => ({
        path: `/${index}`,
        title: `Page ${index}`,
        markdown: `# Page ${index}\n\nEverywhere a database${index < 10 ? ", here a lock" : ""}, it's ${index}.\n`,
      }));
      await indexSite(store.db, { id, origin: "https://example.com" }, pages);
      await store.db.execute(sql`analyze ${passages}`);
      const before = await read();
      await clock.advance(61_000);
      const after = await read();

      expect(before.isCommon("databas")).toBeFalse();
      expect(after.shareOf("databas")).toBe(1);
      expect(after.shareOf("lock")).toBeCloseTo(0.25, 2);
      expect(after.shareOf("nowhere")).toBeLessThan(0.25);
      expect([after.isCommon("lock"), after.isCommon("nowhere")]).toEqual([true, false]);
      expect(after.rarityOf("databas")).toBeLessThan(after.rarityOf("lock"));
      expect(after.rarityOf("lock")).toBeLessThan(after.rarityOf("nowhere"));
    });
  });
}

test("no lexeme is worth less than nothing, and what was not counted is worth most", () => {
  const { rarityOf } = createFrequencies(
    1_000_000,
    new Map([
      ["a", 1],
      ["b", 0.5],
      ["c", 0.001],
    ]),
  );
  const rarities = ["a", "b", "c", "d"].map(rarityOf);

  expect(rarities).toEqual(rarities.toSorted((a, b) => a - b));
  expect(rarities[0]).toBeGreaterThan(0);
});
