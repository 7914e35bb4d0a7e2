import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createUser } from "../../src/access/users.ts";
import { LOCAL_VIEWER } from "../../src/access/viewer.ts";
import type { Store } from "../../src/db/db.ts";
import { LOCAL_USER_ID } from "../../src/db/schema/users.ts";
import { suggest } from "../../src/search/suggestions.ts";
import { addWebsite } from "../../src/websites/websites.ts";
import { testStores } from "../testing/stores.ts";
import { DOCS, indexSite } from "./indexed-site.ts";

// Which store it is makes no difference here.
for (const { name, open } of testStores.slice(-1)) {
  describe(`suggestions in the ${name} store`, () => {
    let store: Store;
    let stranger: string;
    let theirs: string;

    beforeAll(async () => {
      store = await open();
      const { db } = store;
      stranger = (await createUser(db, { name: "Stranger" })).id;
      const add = async (userId: string, origin: string) => (await addWebsite(db, { userId, url: `${origin}/` })).id;
      const docs = await add(LOCAL_USER_ID, "https://docs.example");
      theirs = await add(stranger, "https://theirs.example");
      await indexSite(db, { id: docs, origin: "https://docs.example" }, DOCS);
      const pages = [
        { path: "/secret", title: "Advisory secrets", markdown: "# Advisory secrets\n\nNot for everybody.\n" },
        { path: "/install", title: "How to install the thing", markdown: "# How to install the thing\n\nSo.\n" },
        { path: "/cpp", title: "What C++ is", markdown: "# What C++ is\n\nA language.\n" },
        { path: "/quotes", title: "It's 'quoted' \\ here", markdown: "# It's 'quoted' \\ here\n\nText.\n" },
      ];
      await indexSite(db, { id: theirs, origin: "https://theirs.example" }, pages);
    }, 60_000);
    afterAll(() => store.close());

    const list = async (query: string, viewer = { userId: LOCAL_USER_ID, seesAll: false }) =>
      (await suggest(store.db, viewer, { query, limit: 5 })).map(({ text }) => text);

    test.each([
      ["the beginning of a title", "adv", ["Advisory locks"]],
      ["its words, the last not whole yet", "advisory lo", ["Advisory locks"]],
      ["other forms of the words before", "locks adv", ["Advisory locks"]],
      ["the beginning of any of its words", "rest", ["Backup and restore"]],
      ["words that say nothing by themselves", "setting it u", ["Setting it up"]],
      ["a heading", "functi", ["Functions"]],
      ["the beginning of a run of Japanese", "アドバイ", ["アドバイザリロック"]],
      ["accents that were not typed, and signs that were", "(Why: trees!", ["Why trees?"]],
    ])("%s: %s", async (_, query, texts) => {
      expect(await list(query)).toEqual(texts);
    });

    test.each([
      ["one letter", "a"],
      ["signs", "?! ("],
      ["what only texts have", "primary"],
      ["nothing", ""],
    ])("nothing is suggested for %s", async (_, query) => {
      expect(await list(query)).toEqual([]);
    });

    test("a title comes before a heading, and where it begins so before where it does later", async () => {
      expect((await list("re")).slice(0, 2)).toEqual(["Replication", "Backup and restore"]);
    });

    test("a heading's address is that of its place on the page", async () => {
      const [found] = await suggest(store.db, LOCAL_VIEWER, { query: "deadl", limit: 5 });

      expect(found).toMatchObject({ kind: "heading", text: "Deadlocks", title: "Advisory locks" });
      expect(found?.url).toStartWith("https://docs.example/guide/locks");
    });

    test("what others have is not suggested, unless one sees all", async () => {
      expect(await list("advis")).toEqual(["Advisory locks"]);
      expect(await list("advis", { userId: stranger, seesAll: false })).toEqual(["Advisory secrets"]);
      expect(await list("advis", LOCAL_VIEWER)).toBeArrayOfSize(2);
      const asked = { query: "advis", websiteIds: [theirs], limit: 5 };
      expect(suggest(store.db, { userId: LOCAL_USER_ID, seesAll: false }, asked)).rejects.toThrow("no website");
    });

    test("whatever is typed is no error", async () => {
      for (const query of [
        "it's 'quo",
        "'' \\ here",
        'a "b',
        "(((",
        "-x OR",
        "type:wiki lo",
        "\u0000ab",
        "é".repeat(900),
      ]) {
        expect(await list(query)).toBeArray();
      }
      expect(await list("it's 'quo", LOCAL_VIEWER)).toEqual(["It's 'quoted' \\ here"]);
      expect(await list("c++", LOCAL_VIEWER)).toEqual(["What C++ is"]);
    });
  });
}
