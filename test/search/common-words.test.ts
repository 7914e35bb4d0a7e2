import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { LOCAL_VIEWER } from "../../src/access/viewer.ts";
import { systemClock } from "../../src/clock.ts";
import type { Store } from "../../src/db/db.ts";
import { LOCAL_USER_ID } from "../../src/db/schema/users.ts";
import { type SearchRequest, search } from "../../src/search/search.ts";
import { createLog } from "../../src/telemetry/log.ts";
import { addWebsite } from "../../src/websites/websites.ts";
import { testStores } from "../testing/stores.ts";
import { indexSite } from "./indexed-site.ts";

// On a machine that is at its limit, as where all tests run.
setDefaultTimeout(60_000);

const log = createLog("error", systemClock, () => {});
/** More passages than are ranked, which have what is called so behind them. */
const SECTIONS = Array.from({ length: 60 }, (_, n) => `## Part ${n}\n\nA quokka and its kettle, number ${n}.`).join(
  "\n\n",
);
const COMMON = Array.from({ length: 18 }, (_, n) => ({
  path: `/many/${n}`,
  title: `Volume ${n}`,
  markdown: `# Volume ${n}\n\n${SECTIONS}\n`,
}));
const CALLED = [
  { path: "/about", title: "The quokka at home — Zoo", markdown: "# The quokka at home\n\nIt sleeps.\n" },
  {
    path: "/quokka",
    title: "Quokka — Zoo",
    markdown: "# Quokka\n\nA small animal.\n\n## Kettle\n\nIt has a quokka's kettle.\n",
  },
  { path: "/secret", title: "Quokka without fear — Zoo", markdown: "# Quokka without fear\n\nOf a badger.\n" },
];

// Which store it is makes no difference here.
for (const { name, open } of testStores.slice(-1)) {
  describe(`words that all pages have, in the ${name} store`, () => {
    let store: Store;
    const ask = (query: string, more: Partial<SearchRequest> = {}) =>
      search({ db: store.db, clock: systemClock, log }, LOCAL_VIEWER, { query, limit: 10, ...more });
    const paths = async (query: string) => (await ask(query)).results.map(({ url }) => new URL(url).pathname);

    beforeAll(async () => {
      store = await open();
      const { id } = await addWebsite(store.db, { userId: LOCAL_USER_ID, url: "https://zoo.example/" });
      await indexSite(store.db, { id, origin: "https://zoo.example" }, [...COMMON, ...CALLED]);
    });
    afterAll(() => store.close());

    test("the page that is called so is first, those that have them in their titles follow", async () => {
      const found = await paths("quokka");

      expect(found[0]).toBe("/quokka");
      expect(found.slice(1, 3).sort()).toEqual(["/about", "/secret"]);
    });

    test("what is excluded stays out, also where names are looked up", async () => {
      expect(await paths("quokka -badger")).not.toContain("/secret");
    });

    test("a heading that is the query leads to it", async () => {
      const { results } = await ask("quokka kettle");

      expect(results[0]?.passages[0]?.headingPath.at(-1)).toBe("Kettle");
    });

    test("the total is told not to be exact, and facets count further", async () => {
      const plain = await ask("quokka");
      const counted = await ask("quokka", { facets: true, limit: 1 });

      expect(plain.total.isExact).toBe(false);
      expect(counted.total).toEqual({ pages: 21, isExact: false });
      expect(counted.facets?.paths).toEqual([
        { value: "/many/", label: "/many/", pages: 18 },
        { value: "/", label: "/", pages: 3 },
      ]);
    });
  });
}
