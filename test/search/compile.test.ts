import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { sql } from "drizzle-orm";
import { systemClock } from "../../src/clock.ts";
import { rowsOf, type Store } from "../../src/db/db.ts";
import { pages } from "../../src/db/schema/pages.ts";
import { passages } from "../../src/db/schema/passages.ts";
import { LOCAL_USER_ID } from "../../src/db/schema/users.ts";
import { compileQuery } from "../../src/search/compile.ts";
import { parseQuery } from "../../src/search/query.ts";
import { addWebsite } from "../../src/websites/websites.ts";
import { testStores } from "../testing/stores.ts";
import { indexSite, type SitePage } from "./indexed-site.ts";

const now = new Date("2026-11-21T12:00:00Z");

const page = (path: string, title: string, text: string, language = "en"): SitePage => ({
  ...{ path, title, language, markdown: `# ${title}\n\n${text}\n` },
});

const PAGES = [
  page("/locks", "Advisory locks", "Call `pg_advisory_lock(key)` before the work; it's the state of the art."),
  page("/dom", "Documents", "Use getElementById, or C++ with std::vector. It is naïve to copy the whole tree."),
  page("/c", "Plain C", "A language with pointers, by the author of B."),
  page("/who", "To be or not to be", "A speech of a prince. Services are universities of life."),
  page("/krieg", "Der Krieg", "Es war einmal ein Schloss, und die Bücher darin waren alt: Peace.", "de"),
  page("/peace", "History", "There was war before the peace.", "en"),
  page("/ja", "検索", "全文検索も使えます。データベースの設定を確認してください。", "ja"),
  page("/unknown", "Nobody's language", "The lock of the canal, it's said.", "qya"),
];

// Which store it is makes no difference here.
for (const { name, open } of testStores.slice(-1)) {
  describe(`queries that are compiled for the ${name} store`, () => {
    let store: Store;
    let websiteId: string;

    beforeAll(async () => {
      store = await open();
      websiteId = (await addWebsite(store.db, { userId: LOCAL_USER_ID, url: "https://example.com/" })).id;
      await indexSite(store.db, { id: websiteId, origin: "https://example.com" }, PAGES);
    }, 60_000);
    afterAll(() => store.close());

    const compile = (text: string, dictionaries = ["english", "german", "simple"]) =>
      compileQuery({ db: store.db, clock: systemClock }, parseQuery(text, { now }), {
        ...{ websiteIds: [websiteId], dictionaries, corrects: false },
      });

    async function listMatches(tsquery: string | undefined): Promise<string[]> {
      if (tsquery === undefined) return [];
      const result = await store.db.execute(sql`
        select distinct path from ${passages} join ${pages} on ${pages.id} = page_id
        where to_at is null and terms @@ ${tsquery}::tsquery order by path`);
      return rowsOf<{ path: string }>(result).map(({ path }) => path);
    }

    const find = async (text: string) => listMatches((await compile(text)).all);

    test.each([
      ["a stem finds its words", "lock", ["/locks", "/unknown"]],
      ["all words must be there", "lock advisory", ["/locks"]],
      ["words of any language are reduced by its own rules", "buch", ["/krieg"]],
      ["accents don't matter", "naive", ["/dom"]],
      ["an identifier is found as it is", "pg_advisory_lock", ["/locks"]],
      ["and by its parts", "advisory_lock", ["/locks"]],
      ["however it is written", "get-element-by-id", ["/dom"]],
      ["a name with signs is no letter", "C++", ["/dom"]],
      ["names with colons are no filters", "std::vector", ["/dom"]],
      ["a phrase bridges words that say nothing", '"state of the art"', ["/locks"]],
      ["and minds how many", '"state art"', []],
      ["words that say nothing need not be there", "who is the author of a language", ["/c"]],
      ["unless there are no others: then titles have them", '"to be or not to be"', ["/who"]],
      ["what says nothing in one language is looked for in the others", "war peace", ["/krieg", "/peace"]],
      ["even within a phrase", '"war before the peace"', ["/peace"]],
      ["beginnings are found", "pointe*", ["/c"]],
      ["beginnings that are longer than the stem", "languages*", ["/c", "/unknown"]],
      ["beginnings of words whose stem is shorter still", "universitie*", ["/who"]],
      ["alternatives", "pointers OR speech", ["/c", "/who"]],
      ["what is excluded is not found", "lock -advisory", ["/unknown"]],
      ["nor a phrase that is", 'lock -"canal it"', ["/locks"]],
      ["groups", "(pointers OR speech) -prince", ["/c"]],
      ["a run of Japanese", "全文検索", ["/ja"]],
      ["part of one", "データ", ["/ja"]],
      ["a beginning of one", "設*", ["/ja"]],
      ["one character", "設", ["/ja"]],
    ])("%s: %s", async (_, query, found) => {
      expect(await find(query)).toEqual(found);
    });

    test("what is looser finds any of the words, and nothing that is excluded", async () => {
      const { some } = await compile("pointers speech canal -prince");
      const phrase = await compile('"pointers canal"');

      expect(await listMatches(some)).toEqual(["/c", "/unknown"]);
      expect(await listMatches(phrase.some)).toEqual(["/c", "/unknown"]);
      expect((await compile("pointers")).some).toBeUndefined();
      expect((await compile("pointers OR canal")).some).toBeUndefined();
    });

    test("what is looser leaves out what says nothing in a language", async () => {
      const { some } = await compile("war speech");

      expect(await listMatches(some)).toEqual(["/who"]);
    });

    test("the terms tell what to mark and what to rank by", async () => {
      const { terms, excluded } = await compile('the locks pg_advisory_lock serv* -"good thing"', ["english"]);

      expect(terms.map(({ text, isOptional, isPrefix }) => ({ text, isOptional, isPrefix }))).toEqual([
        { text: "the", isOptional: true, isPrefix: false },
        { text: "locks", isOptional: false, isPrefix: false },
        { text: "pg_advisory_lock", isOptional: false, isPrefix: false },
        { text: "serv", isOptional: false, isPrefix: true },
      ]);
      expect(terms[2]?.stems.get("english")).toEqual(["pg_advisory_lock", "pg", "advisori", "lock"]);
      expect(terms.map(({ tsquery }) => tsquery).join("")).not.toContain("\u0001");
      expect(excluded).toBe("('good' <1> 'thing')");
    });

    test("filters alone look nothing up", async () => {
      expect(await compile("type:wiki")).toEqual({
        ...{ terms: [], all: undefined, some: undefined, excluded: undefined, notes: [] },
      });
    });

    test("whatever is in a query, PostgreSQL can read what is made of it", async () => {
      const odd = [
        "it's \\ '",
        "a'b\\c:*",
        "'':A | x",
        "!a & b",
        "<-> c",
        "e\u0301clair ﬁ ½x",
        "\ud800x y",
        "'a' <2> b",
      ];

      for (const each of odd) {
        const { all, some, excluded } = await compile(`word ${each}`);
        for (const tsquery of [all, some, excluded]) expect(await listMatches(tsquery)).toBeArray();
      }
    });

    test("the longest query under all dictionaries is still a query", async () => {
      const words = Array.from({ length: 64 }, (_, index) => `word${"abcdefghij".charAt(index % 10)}${index}`);
      const dictionaries = ["english", "german", "french", "italian", "spanish", "russian", "simple"];
      const { all } = await compile(words.join(" OR "), dictionaries);

      expect(await listMatches(all)).toEqual([]);
    });
  });
}
