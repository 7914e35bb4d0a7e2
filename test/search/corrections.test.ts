import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { sql } from "drizzle-orm";
import { rowsOf, type Store } from "../../src/db/db.ts";
import { pages } from "../../src/db/schema/pages.ts";
import { passages, websiteWords } from "../../src/db/schema/passages.ts";
import { LOCAL_USER_ID } from "../../src/db/schema/users.ts";
import { compileQuery } from "../../src/search/compile.ts";
import { createWordIndex } from "../../src/search/known-words.ts";
import { parseQuery } from "../../src/search/query.ts";
import { addWebsite } from "../../src/websites/websites.ts";
import { createManualClock, type ManualClock } from "../manual-clock.ts";
import { testStores } from "../testing/stores.ts";
import { DOCS, indexSite } from "./indexed-site.ts";

const OTHERS = [
  {
    path: "/postgres",
    title: "Postgres",
    markdown: "# Postgres\n\nA database; its wraparound is feared by everybody.\n",
  },
];

for (const { name, open } of testStores) {
  describe(`corrections in the ${name} store`, () => {
    let store: Store;
    let clock: ManualClock;
    let docs: string;
    let others: string;

    beforeAll(async () => {
      store = await open();
      clock = createManualClock("2026-11-21T12:00:00Z");
      const add = async (origin: string) =>
        (await addWebsite(store.db, { userId: LOCAL_USER_ID, url: `${origin}/` })).id;
      docs = await add("https://docs.example");
      others = await add("https://others.example");
      await indexSite(store.db, { id: docs, origin: "https://docs.example" }, DOCS);
      await indexSite(store.db, { id: others, origin: "https://others.example" }, OTHERS);
    }, 60_000);
    afterAll(() => store.close());

    const compile = (text: string, websiteIds: string[] | undefined = [docs, others], corrects = true) =>
      compileQuery({ db: store.db, clock }, parseQuery(text, { now: clock.now() }), {
        ...{ websiteIds, dictionaries: ["english", "simple"], corrects },
      });

    async function correct(text: string, websiteIds?: string[]): Promise<Record<string, readonly string[]>> {
      const { terms } = await compile(text, websiteIds);
      return Object.fromEntries(
        terms.filter(({ corrections }) => corrections.length > 0).map((term) => [term.text, term.corrections]),
      );
    }

    async function find(text: string): Promise<string[]> {
      const { all = "" } = await compile(text);
      const result = await store.db.execute(sql`
        select distinct path from ${passages} join ${pages} on ${pages.id} = page_id
        where to_at is null and terms @@ ${all}::tsquery order by path`);
      return rowsOf<{ path: string }>(result).map(({ path }) => path);
    }

    test.each([
      ["a letter left out", "replicaton", "replication"],
      ["one too many", "sesssion", "session"],
      ["a wrong one", "deadluck", "deadlock"],
      ["two exchanged", "repilcation", "replication"],
      ["two exchanged in a short word", "lcok", "lock"],
      ["a wrong one in a short word", "lick", "lock"],
      ["two slips in a long word", "replucatoin", "replication"],
      ["the first letter", "seplication", "replication"],
    ])("%s: %s", async (_, written, meant) => {
      expect((await correct(written))[written]?.[0]).toBe(meant);
    });

    test("what was meant is found by it, also in another form", async () => {
      expect(await find("advisry lokcs")).toEqual(["/guide/backup", "/guide/locks"]);
      expect(await find('"advisry lock"')).toEqual(["/guide/locks"]);
    });

    test("a part of an identifier is corrected within it", async () => {
      expect(await correct("pg_advisry_lock")).toEqual({ pg_advisry_lock: ["pg_advisory_lock"] });
      expect(await find("pg_advisry_lock")).toEqual(["/guide/locks"]);
    });

    test("words that were run together, or split, are found as they are written", async () => {
      expect(await correct("advisorylock")).toEqual({ advisorylock: ["advisory lock"] });
      expect(await find("advisorylock")).toEqual(["/guide/locks"]);
      expect((await correct("dead lock here")).lock).toBeUndefined();
      expect(await correct("post gres")).toMatchObject({ gres: expect.arrayContaining(["postgres"]) });
      expect(await find("post gres")).toEqual(["/postgres"]);
    });

    test("what a passage has is left as it is, in whatever form", async () => {
      expect(await correct("locked sessions installs backup")).toEqual({});
    });

    test("what is no word is not corrected, nor what is excluded, nor what is like nothing", async () => {
      expect(await correct("x86_65 3.11 qqqqqqqq")).toEqual({});
      expect(await correct("lock -replicaton")).toEqual({});
      expect(await correct("lo re")).toEqual({});
    });

    test("words that only other websites have are none of this one's", async () => {
      expect(await correct("wraparund", [docs])).toEqual({});
      expect(await correct("wraparund", [others])).toEqual({ wraparund: ["wraparound"] });
      expect(await correct("wraparound", [docs])).toEqual({});
      expect(await correct("wraparund", undefined)).toEqual({ wraparund: ["wraparound"] });
    });

    test("a word of the vocabulary that no page has any more is not meant", async () => {
      await store.db.insert(websiteWords).values({ websiteId: docs, word: "replikation" });

      expect(await correct("replikatin")).not.toEqual({ replikatin: expect.arrayContaining(["replikation"]) });
    });

    test("of no website there is nothing to correct by", async () => {
      expect(await correct("replicaton", [])).toEqual({});
    });

    test("nothing is corrected unless it is asked for", async () => {
      const { terms } = await compile("replicaton", [docs], false);

      expect(terms[0]?.corrections).toEqual([]);
    });

    test("the index of trigrams is made once, by however many", async () => {
      const context = { db: store.db, clock };
      await Promise.all([createWordIndex(context), createWordIndex(context), createWordIndex(context)]);
      await createWordIndex(context);

      const result = await store.db.execute(sql`
        select indexname from pg_catalog.pg_indexes where tablename = 'website_words' order by indexname`);
      expect(rowsOf<{ indexname: string }>(result).map(({ indexname }) => indexname)).toEqual([
        "website_words_pkey",
        "website_words_trigrams_idx",
      ]);
      expect(await correct("replicaton")).toEqual({ replicaton: ["replication"] });
    });

    test("without the extension only slips that need none are corrected, and that is told", async () => {
      await store.db.execute(sql`drop extension pg_trgm cascade`);
      // What is believed of extensions is believed for a minute: statements fail meanwhile, and that is no failure.
      expect(await correct("replucatoin")).toEqual({});
      await clock.advance(61_000);

      const { notes } = await compile("replucatoin");

      expect(notes.join()).toContain("pg_trgm");
      expect(await correct("lcok")).toEqual({ lcok: ["lock"] });
      await createWordIndex({ db: store.db, clock });
    });
  });
}
