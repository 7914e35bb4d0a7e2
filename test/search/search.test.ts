import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { eq } from "drizzle-orm";
import { createUser } from "../../src/access/users.ts";
import { LOCAL_VIEWER, type Viewer } from "../../src/access/viewer.ts";
import { systemClock } from "../../src/clock.ts";
import type { Store } from "../../src/db/db.ts";
import { pages } from "../../src/db/schema/pages.ts";
import { LOCAL_USER_ID } from "../../src/db/schema/users.ts";
import { AppError } from "../../src/errors.ts";
import { type SearchAnswer, type SearchRequest, search } from "../../src/search/search.ts";
import { createLog } from "../../src/telemetry/log.ts";
import { addWebsite, deleteWebsite } from "../../src/websites/websites.ts";
import { addPage, addVersion, day, tell } from "../changes/page-history.ts";
import { testStores } from "../testing/stores.ts";
import { bringUp, DOCS, indexSite } from "./indexed-site.ts";

// On a machine that is at its limit, as where all tests run.
setDefaultTimeout(60_000);

const log = createLog("error", systemClock, () => {});
const paths = ({ results }: SearchAnswer) => results.map(({ url }) => new URL(url).pathname);
const marked = ({ results }: SearchAnswer) =>
  results[0]?.passages[0]?.snippet.map(({ text, isMatch }) => (isMatch ? `[${text}]` : text)).join("");

for (const { name, open } of testStores) {
  describe(`search in the ${name} store`, () => {
    let store: Store;
    let websiteId: string;
    let strangersId: string;
    let stranger: Viewer;
    let ids: Map<string, string>;

    const ask = (
      query: string,
      more: Partial<SearchRequest> = {},
      viewer: Viewer = LOCAL_VIEWER,
      signal?: AbortSignal,
    ) => search({ db: store.db, clock: systemClock, log }, viewer, { query, limit: 10, ...more }, signal);

    beforeAll(async () => {
      store = await open();
      const { db } = store;
      websiteId = (await addWebsite(db, { userId: LOCAL_USER_ID, url: "https://docs.example/" })).id;
      ids = await indexSite(db, { id: websiteId, origin: "https://docs.example" }, DOCS);
      const user = await createUser(db, { name: "Stranger" });
      stranger = { userId: user.id, seesAll: false };
      strangersId = (await addWebsite(db, { userId: user.id, url: "https://secret.example/", name: "Secrets" })).id;
      const secret = {
        path: "/vault",
        title: "Advisory vault",
        markdown: "# Advisory vault\n\nA hidden lock, xyzzyplugh.\n",
      };
      await indexSite(db, { id: strangersId, origin: "https://secret.example" }, [secret]);
      const goneId = (await addWebsite(db, { userId: LOCAL_USER_ID, url: "https://gone.example/" })).id;
      await indexSite(db, { id: goneId, origin: "https://gone.example" }, [{ ...secret, path: "/gone" }]);
      await deleteWebsite(db, LOCAL_VIEWER, goneId, systemClock.now());
    });
    afterAll(() => store.close());

    const local: Viewer = { userId: LOCAL_USER_ID, seesAll: false };

    test("finds the page that is called so first, and marks what was found", async () => {
      const found = await ask("advisory lock", {}, local);

      expect(paths(found).slice(0, 2)).toEqual(["/guide/locks", "/guide/backup"]);
      expect(marked(found)).toContain("An [advisory] [lock] is held by a session");
      expect(found.results[0]).toMatchObject({ title: "Advisory locks", websiteId, language: "en", version: 1 });
      expect(found.searched).toMatchObject({ mode: "text", websites: 1, pages: DOCS.length, at: null });
    });

    test.each([
      ["pg_advisory_lock", "/guide/locks"],
      ["PG_ADVISORY_UNLOCK", "/guide/locks"],
      ['"held by a session"', "/guide/locks"],
      ["全文検索", "/ja/lock"],
      ["全", "/ja/lock"],
      ["い", "/ja/lock"],
      ["standby installation", "/guide/replication"],
      ["deadl*", "/guide/locks"],
      ["leaves OR deadlock_timeout -session", "/blog/trees"],
      ["site:docs.example type:article", "/blog/trees"],
      ["path:/guide/r* lock", "/guide/replication"],
      ["path:re:/g.*/backup$ lock", "/guide/backup"],
      // More wildcards than the database is given.
      ["path:/?*u*i*{d,x}e/??c*p lock", "/guide/backup"],
      ["lock -path:/guide/ -lang:ja", "/"],
      ["trees after:2026-02-01", "/blog/trees"],
      ["lang:ja ロック", "/ja/lock"],
    ])("%s leads to %s", async (query, path) => {
      expect(paths(await ask(query, {}, local))[0]).toBe(path);
    });

    test("a character that is looked for alone is marked alone, wherever it stands in a run", async () => {
      expect(marked(await ask("検", {}, local))).toContain("全文[検]索も");
      expect(marked(await ask("全", {}, local))).toContain("。[全]文検索");
    });

    test("a page that has an excluded word anywhere is left out", async () => {
      expect(paths(await ask("advisory lock -deadlock", {}, local))).not.toContain("/guide/locks");
    });

    test("pages that have some of the words come after those that have all, and that is told", async () => {
      const found = await ask("advisory lock", {}, local);

      expect(found.searched.isLoose).toBe(true);
      expect(paths(found).slice(2).sort()).toEqual(["/", "/guide/replication"]);
      expect((await ask('"advisory lock" -role', {}, local)).searched.isLoose).toBe(false);
    });

    test("the word that is being typed need not be whole", async () => {
      expect(paths(await ask("repli", { asTyped: true }, local))).toContain("/guide/replication");
      expect(paths(await ask('"unclosed standb', { asTyped: true }, local))).toEqual(["/guide/replication"]);
    });

    test("markup of pages stays text", async () => {
      const found = await ask("trees grow", {}, local);

      expect(found.results[0]?.passages[0]?.snippet.every(({ text }) => typeof text === "string")).toBe(true);
      expect(found.results[0]?.passages[0]?.url).toStartWith("https://docs.example/blog/trees");
    });

    test("nobody finds another's pages, nor counts of them, nor what is deleted", async () => {
      const own = await ask("vault OR lock", { facets: true }, local);
      const strangers = await ask("advisory OR xyzzyplugh", { facets: true }, stranger);
      const all = await ask("vault", { facets: true });

      expect(own.results.every((result) => result.websiteId === websiteId)).toBe(true);
      expect(own.total.pages).toBe(own.results.length);
      expect(own.facets?.websites.map(({ value }) => value)).toEqual([websiteId]);
      expect(strangers.facets).toMatchObject({
        websites: [{ value: strangersId, label: "Secrets", pages: 1 }],
        paths: [{ value: "/", pages: 1 }],
      });
      expect(paths(strangers)).toEqual(["/vault"]);
      expect(strangers.searched).toMatchObject({ websites: 1, pages: 1 });
      expect((await ask("xyzzyplugh", {}, local)).total.pages).toBe(0);
      expect(paths(all)).toEqual(["/vault"]);
      expect(await ask("lock", { websiteIds: [strangersId] }, local).catch((error) => error)).toMatchObject({
        reason: "not_found",
      });
      expect((await ask("site:secret.example lock", {}, local)).total.pages).toBe(0);
      expect((await ask("site:secrets lock", {}, local)).total.pages).toBe(0);
    });

    test("facets and total count each page once", async () => {
      const { facets, total } = await ask("lock OR trees OR ロック", { facets: true, limit: 1 }, local);

      expect(total).toEqual({ pages: 6, isExact: true });
      expect(facets?.paths.map(({ value, pages: count }) => [value, count])).toEqual([
        ["/guide/", 3],
        ["/", 1],
        ["/blog/", 1],
        ["/ja/", 1],
      ]);
      expect(facets?.websites[0]).toMatchObject({ label: "docs.example", pages: 6 });
    });

    test("pages of results neither repeat nor leave out while the index changes between them", async () => {
      const { db } = store;
      const { id } = await addWebsite(db, { userId: LOCAL_USER_ID, url: "https://many.example/" });
      const many = Array.from({ length: 9 }, (_, n) => ({
        path: `/${n}`,
        title: `Page ${n}`,
        markdown: `# Page ${n}\n\n${"quokka ".repeat(n + 1)}\n`,
      }));
      await indexSite(db, { id, origin: "https://many.example" }, many);
      const seen: string[] = [];
      let cursor: string | undefined;
      do {
        const found = await ask("quokka", { websiteIds: [id], limit: 2, cursor });
        seen.push(...paths(found));
        cursor = found.nextCursor ?? undefined;
        const more = { path: `/new${seen.length}`, title: "quokka", markdown: "# quokka\n\nquokka quokka\n" };
        if (seen.length < 6) await indexSite(db, { id, origin: "https://many.example" }, [more]);
      } while (cursor);

      expect(new Set(seen).size).toBe(seen.length);
      expect(seen).toEqual(expect.arrayContaining(many.map(({ path }) => path)));
    });

    test("a cursor of another query is refused", async () => {
      const { nextCursor } = await ask("lock", { limit: 1 }, local);

      expect(nextCursor).toBeString();
      const refused = await ask("locks", { limit: 1, cursor: nextCursor ?? "" }, local).catch((error) => error);
      expect(refused).toMatchObject({ reason: "invalid", faults: [{ at: "cursor" }] });
    });

    test("what can't be meant is told with its place", async () => {
      const wrong = ['"open', "lock type:nonsense", "-lock", "lock OR", "a".repeat(10_000), "(".repeat(400), ""];

      for (const query of wrong) {
        const error = await ask(query).catch((thrown) => thrown);
        expect(error).toBeInstanceOf(AppError);
        expect(error).toMatchObject({ reason: "invalid", faults: [{ at: expect.stringMatching(/^query:\d+$/) }] });
      }
    });

    test("whatever is typed is either answered or refused with the place", async () => {
      const hostile = [
        Array.from({ length: 60 }, (_, n) => `word${n}`).join(" OR "),
        Array.from({ length: 60 }, (_, n) => `lock${n}`).join(" "),
        "' & | ! <-> :* \\ \u0001w \u0000",
        "lock\u0000 '); drop table passages; --",
        "site:%25 path:%_ lock",
        "path:/**/[a-z]*{b,c} lock",
        "\ud800 lock 😀",
        "☃ ☃",
        "*".repeat(200),
        'and or not the "the of"',
      ];

      for (const query of hostile) {
        const answer = await ask(query).catch((error) => error);
        if (answer instanceof Error) expect(answer).toBeInstanceOf(AppError);
        else expect(answer.results).toBeArray();
      }
    });

    test("nothing found says what was searched, and an empty index that it is empty", async () => {
      const { id } = await addWebsite(store.db, { userId: LOCAL_USER_ID, url: "https://new.example/" });

      const none = await ask("floccinaucinihilipilification", {}, local);
      const empty = await ask("lock", { websiteIds: [id] });

      expect(none).toMatchObject({ results: [], nextCursor: null, total: { pages: 0, isExact: true } });
      expect(none.searched.pages).toBeGreaterThanOrEqual(DOCS.length);
      expect(empty.searched).toMatchObject({ websites: 1, pages: 0, indexedAt: null });
      expect(empty.searched.notes).toEqual(["Nothing of what was searched is indexed yet"]);
    });

    test("a site: that is no website is told where nothing is found", async () => {
      const [host, called, known] = [
        await ask("lock site:docs.example:8080"),
        await ask("lock site:orchid"),
        await ask("floccinaucinihilipilification site:docs.example"),
      ];

      expect(host.searched.notes).toEqual([expect.stringContaining("site:docs.example:8080 is no website's host")]);
      expect(called.searched).toMatchObject({
        websites: 0,
        notes: [expect.stringContaining("site:orchid is no website's host or name")],
      });
      expect(known.searched.notes).toEqual([]);
    });

    test("vectors that are not to be had are told of only to those who asked for them", async () => {
      expect((await ask("lock", {}, local)).searched).toMatchObject({ mode: "text", notes: [] });
      const vector = await ask("lock", { mode: "vector" }, local);

      expect(vector.searched).toMatchObject({ mode: "text", notes: [expect.stringContaining("found by words alone")] });
      expect(vector.results.length).toBeGreaterThan(0);
    });

    test("pages that were removed are not found", async () => {
      const { db } = store;
      await db
        .update(pages)
        .set({ state: "removed" })
        .where(eq(pages.id, ids.get("/guide/backup") ?? ""));

      expect(paths(await ask("lock", {}, local))).not.toContain("/guide/backup");
      await db
        .update(pages)
        .set({ state: "missing" })
        .where(eq(pages.id, ids.get("/guide/backup") ?? ""));
      expect(paths(await ask("lock", {}, local))).toContain("/guide/backup");
    });

    test("what pages said then is found then, and not now", async () => {
      const { db } = store;
      const { id } = await addWebsite(db, { userId: LOCAL_USER_ID, url: "https://then.example/" });
      const url = "https://then.example/prices";
      const pageId = await addPage(db, id, url, {
        1: "# Prices\n\nA narwhal costs ten.\n",
        5: "# Prices\n\nAn ocelot costs ten.\n",
      });
      await bringUp(db, id);
      await addVersion(db, pageId, day(9), "# Prices\n\nA pangolin costs ten.\n");
      await bringUp(db, id);
      const askAt = async (query: string, at?: Date) =>
        (await ask(query, { websiteIds: [id], at })).results.map(({ version }) => version);

      expect(await askAt("narwhal", day(2))).toEqual([1]);
      expect(await askAt("narwhal", day(6))).toEqual([]);
      expect(await askAt("ocelot", day(6))).toEqual([2]);
      expect(await askAt("pangolin", day(6))).toEqual([]);
      expect(await askAt("pangolin")).toEqual([3]);
      expect(await askAt("narwhal")).toEqual([]);
      expect(await askAt("prices", new Date("2025-12-31"))).toEqual([]);
      const { searched } = await ask("ocelot", { websiteIds: [id], at: day(6) });
      expect(searched).toMatchObject({ mode: "text", at: day(6), notes: [expect.stringContaining("2026-01-01")] });
    });

    test("of a page that is gone it is found what it said", async () => {
      const { db } = store;
      const { id } = await addWebsite(db, { userId: LOCAL_USER_ID, url: "https://lost.example/" });
      const pageId = await addPage(db, id, "https://lost.example/dodo", { 1: "# Dodo\n\nA dodo walks.\n" });
      await bringUp(db, id);
      await db.update(pages).set({ state: "removed" }).where(eq(pages.id, pageId));
      await tell(db, { pageId, kind: "removed", at: day(5), from: 1 });
      await bringUp(db, id);
      const askAt = async (at?: Date) => paths(await ask("dodo path:/d", { websiteIds: [id], at }));

      expect(await askAt(day(3))).toEqual(["/dodo"]);
      expect(await askAt(day(6))).toEqual([]);
      expect(await askAt()).toEqual([]);
    });

    test("searches go on while the index is written", async () => {
      const { db } = store;
      const { id } = await addWebsite(db, { userId: LOCAL_USER_ID, url: "https://busy.example/" });
      const busy = Array.from({ length: 8 }, (_, n) => ({
        path: `/${n}`,
        title: `Busy ${n}`,
        markdown: `# Busy\n\nA lock ${n}\n`,
      }));
      const writing = indexSite(db, { id, origin: "https://busy.example" }, busy);

      const answers = await Promise.all(Array.from({ length: 6 }, () => ask("advisory lock", {}, local)));
      await writing;
      await bringUp(db, id);

      for (const answer of answers) expect(paths(answer)[0]).toBe("/guide/locks");
    });

    test("a search that nobody waits for ends", async () => {
      const gone = AbortSignal.abort(new Error("Nobody waits"));

      expect(await ask("lock", {}, local, gone).catch((error) => error.message)).toBe("Nobody waits");
    });
  });
}
