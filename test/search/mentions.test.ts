import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createUser } from "../../src/access/users.ts";
import { LOCAL_VIEWER, type Viewer } from "../../src/access/viewer.ts";
import { storePageLinks } from "../../src/crawl/page-links.ts";
import { hashUrl } from "../../src/crawl/url.ts";
import type { Store } from "../../src/db/db.ts";
import { LOCAL_USER_ID } from "../../src/db/schema/users.ts";
import { listMentions, type Mention, type MentionRequest } from "../../src/search/mentions.ts";
import { addWebsite } from "../../src/websites/websites.ts";
import { testStores } from "../testing/stores.ts";
import { DOCS, indexSite } from "./indexed-site.ts";

const ORIGIN = "https://docs.example";

const MORE = [
  {
    path: "/releases",
    title: "Releases",
    markdown:
      "# Releases\n\nThe **Old  Name** is now New Name. old\nname, OLD NAME, old names, bold name.\n\n## Later\n\nSee https://docs.example/guide/locks for old name.\n",
  },
  { path: "/of-the", title: "Of the", markdown: "# Of the\n\nTo be or not to be, that is it.\n" },
  {
    path: "/c",
    title: "C",
    markdown: "# C\n\nC++ is not C. Costs $5 (five) a [year](https://docs.example/guide/backup).\n",
  },
];

for (const { name, open } of testStores) {
  describe(`mentions in the ${name} store`, () => {
    let store: Store;
    let docs: string;
    let theirs: string;

    beforeAll(async () => {
      store = await open();
      const { db } = store;
      const stranger = await createUser(db, { name: "Stranger" });
      docs = (await addWebsite(db, { userId: LOCAL_USER_ID, url: `${ORIGIN}/` })).id;
      theirs = (await addWebsite(db, { userId: stranger.id, url: "https://theirs.example/" })).id;
      const ids = await indexSite(db, { id: docs, origin: ORIGIN }, [...DOCS, ...MORE]);
      await indexSite(db, { id: theirs, origin: "https://theirs.example" }, MORE);
      const link = (from: string, ...to: string[]) => ({
        pageId: ids.get(from) ?? "",
        urlHashes: to.map((path) => hashUrl(`${ORIGIN}${path}`)),
      });
      await storePageLinks(db, [
        link("/", "/guide/locks", "/guide/backup", "/guide/replication"),
        link("/releases", "/guide/locks"),
        link("/c", "/guide/backup"),
      ]);
    }, 60_000);
    afterAll(() => store.close());

    const ask = (text: string, more: Partial<MentionRequest> = {}, viewer: Viewer = LOCAL_VIEWER) =>
      listMentions(store.db, viewer, { text, websiteIds: [docs], limit: 20, ...more });

    const count = ({ url, occurrences }: Mention) => [new URL(url).pathname, occurrences];

    test.each([
      ["a text in any case and with any white space, as whole words", "old name", [["/releases", 4]]],
      ["a form of it is another text", "old names", [["/releases", 1]]],
      ["words that say nothing by themselves", "to be or not to be", [["/of-the", 1]]],
      ["an identifier with its parentheses", "pg_advisory_lock(key)", [["/guide/locks", 1]]],
      ["part of an identifier is not it", "advisory_lock", []],
      ["signs", "C++", [["/c", 1]]],
      ["what regular expressions are made of", "$5 (five)", [["/c", 1]]],
      ["part of a run of Japanese", "検索", [["/ja/lock", 1]]],
      ["one character of it", "索", [["/ja/lock", 1]]],
      ["nothing like it", "old the name", []],
    ])("%s: %s", async (_, text, found) => {
      expect((await ask(text)).mentions.map(count)).toEqual(found);
    });

    test("each page comes with the place where it has the text first", async () => {
      const { mentions } = await ask("deadlock_timeout");

      expect(mentions).toMatchObject([
        {
          title: "Advisory locks",
          websiteId: docs,
          isLinking: false,
          first: { headingPath: ["Advisory locks", "Deadlocks"] },
        },
      ]);
      const excerpt = mentions[0]?.first?.excerpt ?? [];
      expect(excerpt.filter(({ isMatch }) => isMatch)).toEqual([{ text: "deadlock_timeout", isMatch: true }]);
      expect(excerpt.map(({ text }) => text).join("")).toContain("One of them is ended after deadlock_timeout.");
    });

    test("of a URL pages are found that link to it, and those that name it", async () => {
      const url = `${ORIGIN}/guide/locks`;
      const { mentions } = await ask(url, { target: { url, hash: hashUrl(url) } });

      expect(mentions.map((mention) => [...count(mention), mention.isLinking])).toEqual([
        ["/", 0, true],
        ["/releases", 1, true],
      ]);
    });

    test("each page is listed once, in the order of ids, however few are asked for at a time", async () => {
      const all = (await ask("the")).mentions.map(({ pageId }) => pageId);
      const url = `${ORIGIN}/guide/backup`;
      const target = { url, hash: hashUrl(url) };
      const linking = (await ask(url, { target })).mentions.map(({ pageId }) => pageId);

      expect(all.length).toBeGreaterThan(3);
      expect(all).toEqual(all.toSorted());
      expect(await walk("the", {})).toEqual(all);
      expect(linking).toHaveLength(2);
      expect(await walk(url, { target })).toEqual(linking);
    });

    async function walk(text: string, more: Partial<MentionRequest>): Promise<string[]> {
      const found: string[] = [];
      let after: string | undefined;
      do {
        const { mentions, next } = await ask(text, { ...more, limit: 1, after });
        found.push(...mentions.map(({ pageId }) => pageId));
        after = next;
      } while (after !== undefined);
      return found;
    }

    test("what others have is not listed, unless one sees all", async () => {
      const mine = { userId: LOCAL_USER_ID, seesAll: false };
      const { mentions } = await ask("old name", { websiteIds: undefined }, mine);

      expect(mentions.map(({ websiteId }) => websiteId)).toEqual([docs]);
      expect((await ask("old name", { websiteIds: undefined })).mentions).toHaveLength(2);
      expect(ask("old name", { websiteIds: [theirs] }, mine)).rejects.toThrow("no website");
    });

    test("more passages than one statement reads are all looked at, of one page as of many", async () => {
      const long = Array.from({ length: 700 }, (_, index) => `## Part ${index}\n\nThe needle number ${index}.\n`);
      const pages = [
        { path: "/long", title: "Long", markdown: `# Long\n\n${long.join("\n")}` },
        { path: "/last", title: "Last", markdown: "# Last\n\nThe needle.\n" },
      ];
      const other = await addWebsite(store.db, { userId: LOCAL_USER_ID, url: "https://long.example/" });
      await indexSite(store.db, { id: other.id, origin: "https://long.example" }, pages);

      const { mentions, next } = await ask("needle", { websiteIds: [other.id] });

      expect(mentions.map(count)).toEqual([
        ["/long", 700],
        ["/last", 1],
      ]);
      expect(next).toBeUndefined();
    });

    test("a text without a letter, and one that is too long, are refused", async () => {
      for (const text of ["", " ?! ", "x".repeat(3_000)]) {
        const failure = await ask(text).catch((error: unknown) => error);
        expect(failure).toMatchObject({ reason: "invalid", faults: [{ at: "q" }] });
      }
    });

    test("a request that was given up reads no further", async () => {
      const given = ask("the");
      const failure = listMentions(store.db, LOCAL_VIEWER, { text: "the", limit: 5 }, AbortSignal.abort());

      expect(failure).rejects.toThrow();
      expect((await given).mentions).not.toBeEmpty();
    });
  });
}
