import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { eq } from "drizzle-orm";
import { LOCAL_VIEWER, type Viewer } from "../../src/access/viewer.ts";
import { systemClock } from "../../src/clock.ts";
import { readConfig } from "../../src/config/config.ts";
import { fingerprint } from "../../src/content/fingerprint.ts";
import type { Store } from "../../src/db/db.ts";
import { markdownDocuments, pages } from "../../src/db/schema/pages.ts";
import { LOCAL_USER_ID, users } from "../../src/db/schema/users.ts";
import { websites } from "../../src/db/schema/websites.ts";
import { embedWebsite } from "../../src/embeddings/embed-website.ts";
import { openEmbedder } from "../../src/embeddings/embedder.ts";
import { indexWebsite } from "../../src/passages/index-website.ts";
import { findDuplicates } from "../../src/search/duplicates.ts";
import { findSimilar } from "../../src/search/similar.ts";
import { createLog } from "../../src/telemetry/log.ts";
import { addWebsite } from "../../src/websites/websites.ts";
import { startVectorEndpoint } from "../embeddings/vector-endpoint.ts";
import { storePage } from "../pages/stored-pages.ts";
import { vectorStores } from "../testing/vector-stores.ts";

// On a machine that is at its limit, as where all tests run.
setDefaultTimeout(60_000);

const endpoint = startVectorEndpoint(256);
afterAll(() => endpoint.stop());
const signal = new AbortController().signal;

const LOCKS = "PostgreSQL takes advisory locks and row locks. A deadlock between transactions is found after a second.";
const MORE_LOCKS = "Two transactions that wait for each other's row locks are a deadlock, which PostgreSQL resolves.";
const CATS = "A cat sleeps for sixteen hours. Kittens play with wool and chase mice around the kitchen all night long.";
/** Long enough for its SimHash to mean something. */
const LONG = Array.from({ length: 120 }, (_, at) => `Sentence number ${at} speaks of subject ${at * 7}.`).join(" ");

for (const kind of vectorStores)
  describe(`pages like others (${kind.name})`, () => {
    let store: Store;
    let stranger: Viewer;
    const ids: Record<string, string> = {};
    beforeAll(async () => {
      store = await kind.open();
      const [user] = await store.db.insert(users).values({ name: "Stranger" }).returning();
      stranger = { userId: user?.id ?? "", seesAll: false };
      const own = await addWebsite(store.db, { userId: LOCAL_USER_ID, url: "https://own.example/" });
      const other = await addWebsite(store.db, { userId: stranger.userId, url: "https://other.example/" });
      const store1 = async (websiteId: string, name: string, host: string, text: string, depth = 1) => {
        const markdown = `# ${name}\n\n${text}\n`;
        const page = { websiteId, url: `https://${host}/${name}`, body: `<p>${name}`, markdown, title: name };
        const id = await storePage(store.db, page);
        const { simhash, wordCount, contentHash } = fingerprint(text);
        await store.db.update(pages).set({ depth, wordCount, contentHash }).where(eq(pages.id, id));
        await store.db
          .update(markdownDocuments)
          .set({ simhash, wordCount, contentHash })
          .where(eq(markdownDocuments.pageId, id));
        ids[name] = id;
      };
      await store1(own.id, "locks", "own.example", LOCKS);
      await store1(own.id, "deadlocks", "own.example", MORE_LOCKS);
      await store1(own.id, "cats", "own.example", CATS);
      await store1(own.id, "deep", "own.example", LONG, 4);
      await store1(own.id, "shallow", "own.example", `${LONG} And one more word.`, 1);
      await store1(own.id, "copy", "own.example", LONG, 6);
      await store1(other.id, "strange", "other.example", `${LOCKS} Really.`);
      await store1(other.id, "strange-copy", "other.example", LONG);
      for (const { id } of [own, other]) await indexWebsite({ db: store.db, clock: systemClock }, id, { signal });
    });
    afterAll(() => store.close());

    const context = () => ({ db: store.db, clock: systemClock });
    const similarTo = async (name: string, viewer: Viewer = LOCAL_VIEWER) => {
      const { pages, by } = await findSimilar(context(), viewer, ids[name] ?? "", { limit: 5 });
      const names = pages.map(({ pageId }) => Object.keys(ids).find((one) => ids[one] === pageId));
      return { names, by, pages };
    };

    test("are found by the words that tell a page from others, while nothing has vectors", async () => {
      const { names, by, pages } = await similarTo("locks");

      expect(by).toBe("words");
      expect(names.slice(0, 2)).toEqual(["strange", "deadlocks"]);
      expect(names).not.toContain("locks");
      for (const { score } of pages) expect(score).toBeWithin(0, 1.000_001);
      expect(pages[0]).toMatchObject({ url: "https://other.example/strange", title: "strange" });
    });

    test("are found on the viewer's own websites alone", async () => {
      expect((await similarTo("strange", stranger)).names).not.toContain("locks");
      await expect(similarTo("locks", stranger)).rejects.toThrow("There is no page");
    });

    test("are none of a website that is deleted", async () => {
      const setDeleted = (deletedAt: Date | null) =>
        store.db.update(websites).set({ deletedAt }).where(eq(websites.url, "https://other.example/"));
      await setDeleted(new Date("2026-01-01T00:00:00Z"));

      const { names } = await similarTo("locks");
      await setDeleted(null);

      expect(names).toEqual(["deadlocks"]);
    });

    test("are put into groups around the one that is fewest links away, of all that the viewer sees", async () => {
      const [website] = await store.db.select().from(websites).where(eq(websites.url, "https://own.example/"));
      const scope = { websiteId: website?.id ?? "", limit: 10 };

      const own = await findDuplicates(store.db, LOCAL_VIEWER, scope);
      const all = await findDuplicates(store.db, LOCAL_VIEWER, { limit: 10 });
      const strange = await findDuplicates(store.db, stranger, { limit: 10 });

      expect(own).toMatchObject({
        groups: [
          {
            canonical: { pageId: ids.shallow, depth: 1 },
            count: 2,
            others: [{ pageId: ids.deep }, { pageId: ids.copy }],
          },
        ],
        total: { groups: 1, pages: 3 },
        isComplete: true,
      });
      expect(all.total).toEqual({ groups: 1, pages: 4 });
      expect(strange.groups).toEqual([]);
    });

    test("are found by vectors where there are some", async () => {
      const config = readConfig({}, { EMBEDDINGS_URL: endpoint.url, EMBEDDINGS_MODEL: "small" });
      const embedder = openEmbedder(config, { clock: systemClock, userAgent: "Orbweaver/test" });
      if (!embedder) throw new Error("The settings name one");
      const log = createLog("error", systemClock, () => {});
      for (const { id } of await store.db.select().from(websites))
        await embedWebsite({ ...context(), kind: store.kind, log, embedder }, id, { signal });
      embedder.close();

      const { names, by } = await similarTo("locks");
      const own = await similarTo("strange", stranger);

      expect(by).toBe("vectors");
      expect(names.slice(0, 2)).toEqual(["strange", "deadlocks"]);
      expect(own.names).toEqual(["strange-copy"]);
    });
  });
