import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { and, asc, eq, inArray, isNull, sql } from "drizzle-orm";
import { type Db, rowsOf, type Store } from "../../src/db/db.ts";
import { markdownDocuments, pages } from "../../src/db/schema/pages.ts";
import { indexedPages, indexedWebsites, passages, websiteWords } from "../../src/db/schema/passages.ts";
import { LOCAL_USER_ID } from "../../src/db/schema/users.ts";
import { websites } from "../../src/db/schema/websites.ts";
import { indexWebsite } from "../../src/passages/index-website.ts";
import { languageMarker, websiteMarker } from "../../src/passages/markers.ts";
import { addWebsite } from "../../src/websites/websites.ts";
import { addPage, addVersion, day, tell } from "../changes/page-history.ts";
import { createManualClock } from "../manual-clock.ts";
import { testStores } from "../testing/stores.ts";

const nothing = { pages: 0, removed: 0, added: 0, kept: 0, ended: 0 };
const text = (...parts: string[]) => parts.map((part) => `## ${part}\n\nAbout ${part} it is.`).join("\n\n");

describe.each(testStores)("the index of a website ($name)", ({ open }) => {
  let store: Store;
  let db: Db;
  let sites = 0;
  const clock = createManualClock(day(28));
  beforeAll(async () => {
    store = await open();
    db = store.db;
  });
  afterAll(() => store.close());

  const addSite = async () =>
    (await addWebsite(db, { userId: LOCAL_USER_ID, url: `https://indexed-${sites++}.example/` })).id;
  const index = (websiteId: string, signal = new AbortController().signal) =>
    indexWebsite({ db, clock }, websiteId, { signal });
  const add = (websiteId: string, texts: Record<number, string>, path = "page") =>
    addPage(db, websiteId, `https://indexed.example/${path}`, texts);
  const listPassages = (pageId: string) =>
    db.select().from(passages).where(eq(passages.pageId, pageId)).orderBy(asc(passages.fromAt), asc(passages.place));
  /** The last heading of each passage that was there at a time, in their order. */
  const saidAt = async (pageId: string, at: Date) =>
    (await listPassages(pageId))
      .filter(({ fromAt, toAt }) => fromAt <= at && (toAt === null || toAt > at))
      .sort((a, b) => a.place - b.place)
      .map(({ headingPath }) => headingPath.at(-1));
  const find = async (websiteId: string, query: string) =>
    rowsOf<{ id: string }>(
      await db.execute(sql`select ${passages.pageId} as id from ${passages}
        where ${passages.terms} @@ ${`'${websiteMarker(websiteId)}' & (${query})`}::tsquery and ${isNull(passages.toAt)}`),
    ).map(({ id }) => id);

  test("has what pages say, by its words and identifiers, and what it has of the website", async () => {
    const site = await addSite();
    const page = await add(site, {
      1: "# Locks\n\nThe cafés are **searching** with `pg_advisory_lock`.\n\n## 東京都\n\nNot.",
    });

    const result = await index(site);

    expect(result).toEqual({ ...nothing, pages: 1, added: 2 });
    const queries = [
      "'cafe' & 'search'",
      "'pg_advisory_lock':D",
      "'advisori' <-> 'lock'",
      "'東京':B & '京都'",
      "'the':C",
      "'a':A",
    ];
    const found = await Promise.all(queries.map((query) => find(site, query)));
    expect(found.map((ids) => ids.length)).toEqual([1, 1, 1, 1, 0, 0]);
    expect(await find(site, `'${languageMarker("en-GB")}'`)).toEqual([page, page]);
    expect(await find(site, `'${languageMarker("de")}'`)).toEqual([]);
    expect(await find(await addSite(), "'search'")).toEqual([]);
    const [indexed] = await db.select().from(indexedPages).where(eq(indexedPages.pageId, page));
    expect(indexed).toMatchObject({
      version: 1,
      passages: 2,
      summary: "What it is about",
      title: "Title",
      language: "en",
    });
    const [whole] = await db.select().from(indexedWebsites).where(eq(indexedWebsites.websiteId, site));
    expect(whole).toMatchObject({ pages: 1, passages: 2, dictionaries: { english: 2 }, indexedAt: clock.now() });
  });

  test("where nothing is new nothing is written, but that it is up to date", async () => {
    const site = await addSite();
    const page = await add(site, { 1: text("A", "B") });
    await index(site);
    const before = await listPassages(page);

    await clock.advance(60_000);
    const result = await index(site);

    expect(result).toEqual(nothing);
    expect(await listPassages(page)).toEqual(before);
    const [whole] = await db.select().from(indexedWebsites).where(eq(indexedWebsites.websiteId, site));
    expect(whole?.indexedAt).toEqual(clock.now());
  });

  test("a passage that is in the next version stays the row that it is, wherever it moved", async () => {
    const site = await addSite();
    const page = await add(site, { 1: text("A", "B", "C") });
    await index(site);
    const before = await listPassages(page);
    await addVersion(db, page, day(3), text("C", "A", "D"));

    const result = await index(site);

    expect(result).toEqual({ ...nothing, pages: 1, added: 1, kept: 2, ended: 1 });
    const after = await listPassages(page);
    const idOf = (rows: typeof before, name: string) => rows.find(({ headingPath }) => headingPath.at(-1) === name)?.id;
    expect([idOf(after, "A"), idOf(after, "C")]).toEqual([idOf(before, "A"), idOf(before, "C")]);
    expect(after.find(({ id }) => id === idOf(before, "B"))).toMatchObject({ toVersion: 2, toAt: day(3) });
    expect(await saidAt(page, day(2))).toContain("B");
    expect(await saidAt(page, day(4))).toEqual(["C", "A", "D"]);
  });

  test("kept versions are walked in their order, so that each time has what was said then", async () => {
    const site = await addSite();
    const page = await add(site, { 1: text("A", "B"), 3: text("A"), 5: text("B", "A"), 7: text("X") });

    const result = await index(site);

    const days = [2, 4, 6, 8].map((on) => saidAt(page, day(on)));
    expect(await Promise.all(days)).toEqual([["A", "B"], ["A"], ["B", "A"], ["X"]]);
    expect(result.pages).toBe(1);
    expect(await saidAt(page, day(0))).toEqual([]);
    const [indexed] = await db.select().from(indexedPages).where(eq(indexedPages.pageId, page));
    expect(indexed?.version).toBe(4);
  });

  test("the same text twice on a page is two passages, of which one can go", async () => {
    const site = await addSite();
    const page = await add(site, { 1: `${text("A")}\n\n${text("A")}` });
    await index(site);
    await addVersion(db, page, day(3), text("A"));

    const result = await index(site);

    expect(result).toMatchObject({ added: 0, kept: 1, ended: 1 });
  });

  test("a page that is removed or moved is found no more, and from when it is there again it is", async () => {
    const site = await addSite();
    const page = await add(site, { 1: text("A") });
    await index(site);
    await db.update(pages).set({ state: "removed" }).where(eq(pages.id, page));
    await tell(db, { pageId: page, kind: "removed", at: day(5), from: 1 });

    const removed = await index(site);
    await db.update(pages).set({ state: "live" }).where(eq(pages.id, page));
    await tell(db, { pageId: page, kind: "restored", at: day(9), to: 1 });
    const restored = await index(site);

    expect(removed).toEqual({ ...nothing, removed: 1, ended: 1 });
    expect(restored).toEqual({ ...nothing, pages: 1, added: 1 });
    const days = [4, 6, 8, 10].map((on) => saidAt(page, day(on)));
    expect((await Promise.all(days)).map((said) => said.length)).toEqual([1, 0, 0, 1]);
  });

  test("one that is missing for now keeps what it said; one without text any more does not", async () => {
    const site = await addSite();
    const [missing, film] = [await add(site, { 1: text("A") }, "a"), await add(site, { 1: text("B") }, "b")];
    await index(site);
    await db.update(pages).set({ state: "missing" }).where(eq(pages.id, missing));
    await db.update(pages).set({ documentId: null }).where(eq(pages.id, film));

    const result = await index(site);

    expect(result).toEqual({ ...nothing, removed: 1, ended: 1 });
    expect((await listPassages(missing))[0]?.toAt).toBeNull();
  });

  test("another title or language makes passages anew, as if they had always been so", async () => {
    const site = await addSite();
    const page = await add(site, { 1: text("Running"), 3: text("Running", "B") });
    await index(site);
    const before = await listPassages(page);

    await db.update(pages).set({ language: "de" }).where(eq(pages.id, page));
    await index(site);
    const german = await listPassages(page);
    await db.update(pages).set({ title: "Another" }).where(eq(pages.id, page));
    await index(site);
    const renamed = await listPassages(page);

    expect(german.map(({ id, dictionary }) => [id, dictionary])).toEqual(before.map(({ id }) => [id, "german"]));
    expect(german[0]?.terms).toContain("'running'");
    expect(renamed.map(({ headingPath }) => headingPath[0])).toEqual(before.map(() => "Another"));
    expect(renamed.map(({ fromAt, toAt }) => [fromAt, toAt])).toEqual(before.map(({ fromAt, toAt }) => [fromAt, toAt]));
    expect(await index(site)).toEqual(nothing);
  });

  test("one that is ended halfway goes on where it was", async () => {
    const site = await addSite();
    for (let at = 0; at < 12; at++) await add(site, { 1: text(`A${at}`), 3: text(`B${at}`) }, `p${at}`);
    const stopped = new AbortController();

    const run = { signal: stopped.signal, onProgress: () => stopped.abort() };
    const ended = await indexWebsite({ db, clock }, site, run).catch((error: Error) => error);
    const first = await db.$count(indexedPages, eq(indexedPages.websiteId, site));
    const result = await index(site);

    expect(ended).toHaveProperty("name", "AbortError");
    expect(first).toBeGreaterThan(0);
    expect(first).toBeLessThan(12);
    expect(await db.$count(indexedPages, eq(indexedPages.websiteId, site))).toBe(12);
    expect(result.pages).toBeLessThan(12);
    const isCurrent = and(eq(passages.websiteId, site), isNull(passages.toAt));
    expect(await db.$count(passages, isCurrent)).toBe(12);
    expect(await db.$count(passages, eq(passages.websiteId, site))).toBe(24);
  });

  test("two at once do the work once", async () => {
    const site = await addSite();
    for (let at = 0; at < 10; at++) await add(site, { 1: text(`A${at}`), 3: text(`A${at}`, "B") }, `p${at}`);

    const results = await Promise.all([index(site), index(site), index(site)]);

    expect(results.reduce((sum, { added }) => sum + added, 0)).toBe(20);
    expect(await db.$count(passages, eq(passages.websiteId, site))).toBe(20);
  });

  test("a page that changes while it is indexed is left to the next look", async () => {
    const site = await addSite();
    const changing = await add(site, { 1: text("A") }, "a");
    const other = { ...db, select: db.select.bind(db), execute: db.execute.bind(db) } as Db;
    other.transaction = (async (...given: Parameters<Db["transaction"]>) => {
      await addVersion(db, changing, day(3), text("B"));
      return db.transaction(...given);
    }) as Db["transaction"];
    const spied = Object.setPrototypeOf(other, db) as Db;

    const during = await indexWebsite({ db: spied, clock }, site, { signal: new AbortController().signal });
    const after = await index(site);

    expect(during.pages).toBe(0);
    expect(after.pages).toBe(1);
    expect(await saidAt(changing, day(2))).toEqual(["A"]);
  });

  test("a website that is deleted is left alone, also while it is indexed", async () => {
    const site = await addSite();
    for (let at = 0; at < 20; at++) await add(site, { 1: text(`A${at}`) }, `p${at}`);
    let deleting: Promise<unknown> | undefined;
    const remove = () => {
      deleting ??= db.update(websites).set({ deletedAt: clock.now() }).where(eq(websites.id, site)).execute();
    };

    const other = Object.assign(Object.create(db) as Db, {
      transaction: (async (...given: Parameters<Db["transaction"]>) => {
        await deleting;
        return db.transaction(...given);
      }) as Db["transaction"],
    });

    const result = await indexWebsite({ db: other, clock }, site, {
      signal: new AbortController().signal,
      onProgress: remove,
    });

    expect(result.pages).toBeLessThan(20);
    expect(await index(site)).toEqual(nothing);
    expect(await index(Bun.randomUUIDv7())).toEqual(nothing);
    await db.delete(websites).where(eq(websites.id, site));
    expect(await db.$count(passages, eq(passages.websiteId, site))).toBe(0);
  });

  test("what no page can be expected to be fails alone, or not at all", async () => {
    const site = await addSite();
    const odd = await add(site, { 1: `# A\0\ud800\n\n${"x\0y \udc00'\\ ".repeat(50)}` }, "odd");
    const long = await add(
      site,
      { 1: `# Long\n\n${Array.from({ length: 20_000 }, (_, at) => `word${at}`).join(" ")}` },
      "long",
    );
    const plain = await add(site, { 1: text("Fine") }, "plain");

    const result = await index(site);

    expect(result.pages).toBe(3);
    const found = await db
      .select()
      .from(indexedPages)
      .where(inArray(indexedPages.pageId, [odd, long, plain]));
    expect(found.map((page) => page.passages > 0)).toEqual([true, true, true]);
    expect(await find(site, "'word19999'")).toEqual([long]);
  });

  test("a page that the database refuses for its content is noted without passages, and the rest is there", async () => {
    const site = await addSite();
    const [bad, good] = [await add(site, { 1: text("Bad") }, "bad"), await add(site, { 1: text("Good") }, "good")];
    await db.execute(sql`alter table ${passages} add constraint refused check (page_id <> ${sql.raw(`'${bad}'`)})`);

    const result = await index(site).finally(() => db.execute(sql`alter table ${passages} drop constraint refused`));

    expect(result).toMatchObject({ pages: 2, added: 1 });
    expect((await listPassages(good)).length).toBe(1);
    expect(await index(site)).toEqual(nothing);
  });

  test("the vocabulary has words and identifiers, and nothing else", async () => {
    const site = await addSite();
    await add(site, {
      1: "# T\n\nWords of `pg_advisory_lock`, getElementById, 12345, x1y2z3, a@b.example, tiny, of 東京都.",
    });

    await index(site);

    const words = await db.select().from(websiteWords).where(eq(websiteWords.websiteId, site));
    expect(words.map(({ word }) => word).sort()).toEqual(
      ["advisory", "element", "example", "getelementbyid", "lock", "pg_advisory_lock", "tiny", "title", "words"].sort(),
    );
  });

  test("documents that were given up before they were indexed leave those that are kept", async () => {
    const site = await addSite();
    const page = await add(site, { 1: text("A"), 3: text("B"), 5: text("A", "C") });
    await db.delete(markdownDocuments).where(and(eq(markdownDocuments.pageId, page), eq(markdownDocuments.version, 2)));

    await index(site);

    const rows = await listPassages(page);
    expect(rows.map(({ headingPath, fromVersion, toVersion }) => [headingPath.at(-1), fromVersion, toVersion])).toEqual(
      [
        ["A", 1, null],
        ["C", 3, null],
      ],
    );
  });
});
