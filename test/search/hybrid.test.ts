import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { createUser } from "../../src/access/users.ts";
import { LOCAL_VIEWER, type Viewer } from "../../src/access/viewer.ts";
import { systemClock } from "../../src/clock.ts";
import { readConfig } from "../../src/config/config.ts";
import type { Store } from "../../src/db/db.ts";
import { LOCAL_USER_ID } from "../../src/db/schema/users.ts";
import { embedWebsite } from "../../src/embeddings/embed-website.ts";
import { type Embedder, openEmbedder } from "../../src/embeddings/embedder.ts";
import { type SearchAnswer, type SearchRequest, search } from "../../src/search/search.ts";
import { createLog } from "../../src/telemetry/log.ts";
import { addWebsite } from "../../src/websites/websites.ts";
import { startVectorEndpoint } from "../embeddings/vector-endpoint.ts";
import { vectorStores } from "../testing/vector-stores.ts";
import { DOCS, indexSite } from "./indexed-site.ts";

// On a machine that is at its limit, as where all tests run.
setDefaultTimeout(60_000);

const endpoint = startVectorEndpoint(256);
afterAll(() => endpoint.stop());
const log = createLog("error", systemClock, () => {});
const paths = ({ results }: SearchAnswer) => results.map(({ url }) => new URL(url).pathname);

for (const kind of vectorStores) {
  describe(`search by words and meaning in the ${kind.name} store`, () => {
    let store: Store;
    let embedder: Embedder;
    const own: Viewer = { userId: LOCAL_USER_ID, seesAll: false };
    const ask = (query: string, more: Partial<SearchRequest> = {}, viewer = own) =>
      search({ db: store.db, clock: systemClock, log, embedder }, viewer, { query, limit: 10, ...more });

    beforeAll(async () => {
      store = await kind.open();
      const { db } = store;
      const settings = {
        ALLOW_PRIVATE_NETWORKS: "127.0.0.0/8",
        EMBEDDINGS_URL: endpoint.url,
        EMBEDDINGS_MODEL: "words",
      };
      const opened = openEmbedder(readConfig(settings), { clock: systemClock, userAgent: "Orbweaver/test" });
      if (!opened) throw new Error("The settings name one");
      embedder = opened;
      const stranger = await createUser(db, { name: "Stranger" });
      for (const [userId, host] of [
        [LOCAL_USER_ID, "docs.example"],
        [stranger.id, "strange.example"],
      ] as const) {
        const { id } = await addWebsite(db, { userId, url: `https://${host}/` });
        await indexSite(db, { id, origin: `https://${host}` }, DOCS);
        const signal = new AbortController().signal;
        await embedWebsite({ db, clock: systemClock, kind: store.kind, log, embedder }, id, { signal });
      }
    });
    afterAll(async () => {
      endpoint.reset();
      embedder.close();
      await store.close();
    });

    test("what either finds is in the answer, and what both find comes first", async () => {
      const found = await ask("advisory lock of a session");

      expect(found.searched).toMatchObject({ mode: "hybrid", notes: [] });
      expect(paths(found)[0]).toBe("/guide/locks");
      expect(found.results.every(({ url }) => url.startsWith("https://docs.example/"))).toBe(true);
      expect(new Set(paths(found)).size).toBe(found.results.length);
    });

    test("meaning alone finds pages that lack some of the words", async () => {
      const found = await ask("standby servers follow what nobody says", { mode: "vector" });

      expect(found.searched.mode).toBe("vector");
      expect(paths(found)[0]).toBe("/guide/replication");
      expect(found.results[0]?.passages[0]?.snippet.length).toBeGreaterThan(0);
    });

    test("filters, phrases and what is excluded hold for what meaning finds", async () => {
      const [path, type, phrase, excluded] = await Promise.all([
        ask("advisory lock path:/guide/b", { mode: "vector" }),
        ask("trees grow type:article", { mode: "vector" }),
        ask('"copy the folder"', { mode: "vector" }),
        ask("advisory lock session -deadlock", { mode: "vector" }),
      ]);

      expect(paths(path)).toEqual(["/guide/backup"]);
      expect(paths(type)).toEqual(["/blog/trees"]);
      expect(paths(phrase)).toEqual(["/guide/backup"]);
      expect(
        excluded.results
          .flatMap(({ passages }) => passages)
          .some(({ headingPath }) => headingPath.includes("Deadlocks")),
      ).toBe(false);
    });

    test("pages of results neither repeat nor leave out", async () => {
      const seen: string[] = [];
      let cursor: string | undefined;
      do {
        const found = await ask("lock OR trees", { limit: 2, cursor });
        seen.push(...paths(found));
        cursor = found.nextCursor ?? undefined;
      } while (cursor);

      expect(new Set(seen).size).toBe(seen.length);
      expect(seen).toEqual(expect.arrayContaining(paths(await ask("lock OR trees", { mode: "text" }))));
    });

    test("an administrator finds all, and a limit of a website holds", async () => {
      const all = await ask("standby servers", { mode: "vector" }, LOCAL_VIEWER);

      expect(new Set(all.results.map(({ url }) => new URL(url).host)).size).toBe(2);
    });

    test("an endpoint that fails leaves the search by words, and is told of", async () => {
      endpoint.behave = () => new Response("no for sk-123…9", { status: 500 });

      const found = await ask("standby servers that nobody asked about");

      expect(found.searched.mode).toBe("text");
      // What the endpoint said of it is the operator's to read.
      expect(found.searched.notes).toEqual([
        "The endpoint that makes vectors failed (unreachable); found by words alone",
      ]);
      expect(paths(found)).toContain("/guide/replication");
    });
  });
}
