import { describe, expect, test } from "bun:test";
import type { Db } from "../../src/db/db.ts";
import { useNamespace } from "../../src/db/namespace.ts";
import { dictionaryOf, stemWords } from "../../src/passages/stems.ts";
import { testStores } from "../testing/stores.ts";

test("languages have dictionaries by their first part, and those that PostgreSQL does not know none", () => {
  const languages = ["en", "en-GB", "DE-at", "nb", "zh-Hans", "tlh", "", "constructor", null];

  expect(languages.map(dictionaryOf)).toEqual([
    "english",
    "english",
    "german",
    "norwegian",
    "simple",
    "simple",
    "simple",
    "simple",
    "simple",
  ]);
});

/** Counts what the database is asked. */
function countStatements(db: Db): { db: Db; count(): number } {
  let statements = 0;
  const execute: Db["execute"] = (query) => {
    statements++;
    return db.execute(query);
  };
  return { db: Object.setPrototypeOf({ execute }, db) as Db, count: () => statements };
}

describe.each(testStores)("stems ($name)", ({ open }) => {
  test("are the database's, without accents; words that say nothing have none", async () => {
    const store = await open();

    const stems = async (language: string, ...words: string[]) =>
      Object.fromEntries(await stemWords(store.db, dictionaryOf(language), words));

    expect(await stems("en", "searching", "cafés", "the", "1990s", "x86")).toEqual({
      ...{ searching: "search", cafés: "cafe", the: null, "1990s": "1990s", x86: "x86" },
    });
    expect(await stems("de", "häuser", "größe", "der")).toEqual({ häuser: "haus", größe: "gross", der: null });
    expect(await stems("ru", "книги", "и", "running")).toEqual({ книги: "книг", и: null, running: "running" });
    expect(await stems("zh", "running", "the")).toEqual({ running: "running", the: "the" });
    // What a server that is older has no dictionary for stays as it is.
    expect(Object.fromEntries(await stemWords(store.db, "klingon", ["qapla'"]))).toEqual({ "qapla'": "qapla'" });
    await store.close();
  });

  test("are asked for once a word, by few statements, also from within a transaction", async () => {
    const store = await open();
    const { db, count } = countStatements(useNamespace(store.db, "orbweaver"));
    const words = Array.from(
      { length: 3_000 },
      (_, at) => `word${at.toString(2).replaceAll("0", "a").replaceAll("1", "b")}s`,
    );

    const first = await stemWords(db, "english", words);
    const asked = count();
    await db.transaction(async (tx) => void (await stemWords(tx, "english", words)));
    const again = await stemWords(db, "english", [...words, "novel"]);

    expect(asked).toBe(2);
    expect(count()).toBe(3);
    expect([...again].filter(([word]) => word !== "novel")).toEqual([...first]);
    await store.close();
  });
});
