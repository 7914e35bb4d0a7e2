import { afterAll, beforeAll, beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { eq, sql } from "drizzle-orm";
import { LOCAL_VIEWER } from "../../src/access/viewer.ts";
import type { App } from "../../src/app.ts";
import { createMemoryCache } from "../../src/cache.ts";
import { readConfig } from "../../src/config/config.ts";
import { rowsOf, type Store } from "../../src/db/db.ts";
import { migrate } from "../../src/db/migrate.ts";
import { embeddingModels, passages } from "../../src/db/schema/passages.ts";
import { websites } from "../../src/db/schema/websites.ts";
import { embedWebsite } from "../../src/embeddings/embed-website.ts";
import { embedMissing, embedWebsiteJob, queueEmbedding } from "../../src/embeddings/embed-website-job.ts";
import { openEmbedder } from "../../src/embeddings/embedder.ts";
import { readEmbeddingStatus } from "../../src/embeddings/embedding-status.ts";
import { findNearestTo } from "../../src/embeddings/nearest.ts";
import { passageVectors } from "../../src/embeddings/vector-table.ts";
import { enqueue } from "../../src/jobs/enqueue.ts";
import { runDueJobs } from "../../src/jobs/worker.ts";
import { createManualClock } from "../manual-clock.ts";
import { openTestApp } from "../testing/apps.ts";
import { LACKS_VECTORS, vectorStores } from "../testing/vector-stores.ts";
import { addPassages, countPassages, storePassages } from "./stored-passages.ts";
import { startVectorEndpoint } from "./vector-endpoint.ts";

// On a machine that is at its limit, as where all tests run.
setDefaultTimeout(60_000);

if (LACKS_VECTORS) console.warn(`Vectors were not tried on PostgreSQL: ${LACKS_VECTORS}`);

const endpoint = startVectorEndpoint();
afterAll(() => endpoint.stop());
beforeEach(() => endpoint.reset());

const DOCS = [
  ["the cat sat on the mat", "a dog barks loudly at night"],
  ["postgres locks rows while it updates them", "vacuum removes dead rows"],
];
const KINDS = [embedWebsiteJob, embedMissing];

for (const kind of vectorStores)
  describe(`vectors of a website (${kind.name})`, () => {
    let store: Store;
    let app: App;
    const clock = createManualClock();
    beforeAll(async () => {
      store = await kind.open();
      app = openTestApp(store, { clock, cache: createMemoryCache(clock) });
    });
    beforeEach(async () => {
      app.embedder?.close();
      app = { ...app, embedder: openModel("small") };
      await store.db.delete(websites);
      await store.db.delete(embeddingModels);
      await clock.advance(3_600_000);
    });
    afterAll(async () => {
      app.embedder?.close();
      await app.close();
      await store.close();
    });

    // What an endpoint does is the same over every store; the last costs this process least.
    const testOnce = test.skipIf(kind !== vectorStores.at(-1));
    const openModel = (model: string, settings = {}) =>
      openEmbedder(readConfig({}, { EMBEDDINGS_URL: endpoint.url, EMBEDDINGS_MODEL: model, ...settings }), {
        clock,
        userAgent: "Orbweaver/test",
      });
    const useModel = (model: string, settings = {}) => {
      app.embedder?.close();
      app = { ...app, embedder: openModel(model, settings) };
    };
    const embed = async (websiteId: string) => {
      await queueEmbedding(app.db, websiteId);
      await runDueJobs(app, KINDS);
    };
    const look = async () => {
      await enqueue(app.db, embedMissing, {});
      await runDueJobs(app, KINDS);
    };
    const statesOf = async () =>
      Object.fromEntries((await app.db.select().from(embeddingModels)).map(({ model, state }) => [model, state]));
    const countVectors = () => app.db.$count(passageVectors);
    const nearest = (text: string, websiteIds?: string[]) =>
      findNearestTo(app, text, { websiteIds, limit: 10 }, undefined);
    const textsOf = async (found: Awaited<ReturnType<typeof nearest>>) => {
      if ("reason" in found) return found.reason;
      const rows = await app.db.select().from(passages);
      return found.map(({ passageId }) => rows.find(({ id }) => id === passageId)?.text);
    };
    const askedTexts = () => endpoint.asked.flatMap(({ input }) => input);

    test("are made once, of title, headings and text, and what is nearest to a query is found by them", async () => {
      const { websiteId } = await storePassages(app.db, "docs.example", DOCS);

      await embed(websiteId);
      await embed(websiteId);

      expect(askedTexts().toSorted()).toEqual(
        DOCS.flat()
          .map((text) => `Guide › Part\n\n${text}`)
          .toSorted(),
      );
      expect(await statesOf()).toEqual({ small: "serving" });
      expect((await textsOf(await nearest("dead rows and vacuum")))?.[0]).toBe("vacuum removes dead rows");
      expect(await textsOf(await nearest("a cat on a mat", []))).toEqual([]);
      const status = await readEmbeddingStatus(app, LOCAL_VIEWER, websiteId);
      expect(status).toMatchObject({ passages: 4, models: [{ embedded: 4, skipped: 0 }] });
    });

    test("of what is new alone are asked for, and those of what is gone are given up", async () => {
      const { websiteId, pageIds } = await storePassages(app.db, "docs.example", DOCS);
      await embed(websiteId);
      await app.db
        .update(passages)
        .set({ toAt: clock.now(), toVersion: 2 })
        .where(eq(passages.pageId, pageIds[0] ?? ""));
      await addPassages(app.db, { websiteId, pageId: pageIds[0] ?? "" }, ["a bird sings", ...(DOCS[1] ?? [])]);

      const before = await textsOf(await nearest("the cat sat on the mat"));
      endpoint.asked.length = 0;
      await embed(websiteId);

      // What says the same has the same vector.
      expect(askedTexts()).toEqual(["Guide › Part\n\na bird sings"]);
      expect(before).not.toContain("the cat sat on the mat");
      expect(await countVectors()).toBe(5);
      expect((await textsOf(await nearest("bird sings")))?.[0]).toBe("a bird sings");
    });

    test("of one website are found in a search of that one, and of none that is deleted", async () => {
      const one = await storePassages(app.db, "one.example", [["rows of cats"]]);
      const other = await storePassages(app.db, "other.example", [["rows of dogs"]]);
      await embed(one.websiteId);
      await embed(other.websiteId);

      const found = await textsOf(await nearest("rows", [other.websiteId]));
      await app.db.update(websites).set({ deletedAt: clock.now() }).where(eq(websites.id, other.websiteId));

      expect(found).toEqual(["rows of dogs"]);
      expect(await textsOf(await nearest("rows"))).toEqual(["rows of cats"]);
    });

    test("go on where they ended when the work is killed", async () => {
      useModel("small", { EMBEDDINGS_BATCH: 1 });
      const { websiteId } = await storePassages(app.db, "docs.example", DOCS);
      const stop = new AbortController();
      endpoint.behave = () => {
        if (endpoint.asked.length < 3) return undefined;
        stop.abort(new Error("Killed"));
        return new Promise(() => {});
      };
      const running = { id: "1", attempt: 1, attemptsLeft: 0, signal: stop.signal, progress: () => {} };

      const killed = await embedWebsiteJob.run(app, { websiteId }, running).then(String, String);
      const left = await countVectors();
      endpoint.reset();
      await embed(websiteId);

      expect([killed, left, await countVectors()]).toEqual(["Error: Killed", 2, 4]);
      expect(askedTexts()).toHaveLength(2);
    });

    testOnce.each<[string, number, string, number]>([
      ["limits", 429, "rate_limited", 120_000],
      ["is down", 502, "unreachable", 60_000],
      ["refuses the key", 401, "refused", 300_000],
    ])("wait while the endpoint %s, and are made once it does its work", async (_, status, code, waitMs) => {
      const { websiteId } = await storePassages(app.db, "docs.example", DOCS);
      endpoint.behave = () => new Response("no", { status, headers: status === 429 ? { "retry-after": "120" } : {} });

      await embed(websiteId);
      await runDueJobs(app, KINDS);
      const told = await readEmbeddingStatus(app, LOCAL_VIEWER);
      const before = [endpoint.asked.length, await textsOf(await nearest("cat"))];
      endpoint.reset();
      await clock.advance(waitMs - 1_000);
      await runDueJobs(app, KINDS);
      const early = endpoint.asked.length;
      await clock.advance(2_000);
      await runDueJobs(app, KINDS);

      expect(told.models).toMatchObject([{ embedded: 0, model: { lastFailure: { code } } }]);
      expect(before).toEqual([1, "No passage has a vector yet"]);
      expect(early).toBe(0);
      expect(await countVectors()).toBe(4);
      expect((await app.db.select().from(embeddingModels))[0]?.lastFailure).toBeNull();
    });

    testOnce("of what the endpoint takes in no length are not waited for, and are counted", async () => {
      useModel("small", { EMBEDDINGS_BATCH: 1 });
      const { websiteId } = await storePassages(app.db, "docs.example", [["poison"], ["a cat"]]);
      endpoint.behave = ({ input }) =>
        input.some((text) => text.includes("poison")) ? new Response(null, { status: 400 }) : undefined;

      await embed(websiteId);
      const status = await readEmbeddingStatus(app, LOCAL_VIEWER);
      endpoint.reset();
      await look();

      expect(status.models).toMatchObject([{ embedded: 1, skipped: 1, model: { state: "serving", dimensions: 64 } }]);
      expect(endpoint.asked).toEqual([]);
      expect(await textsOf(await nearest("poison"))).toEqual(["a cat"]);
    });

    test("are made of what was there before the settings named an endpoint", async () => {
      await storePassages(app.db, "docs.example", DOCS);

      await look();

      expect(await countVectors()).toBe(4);
      await look();
      expect(askedTexts()).toHaveLength(4);
    });

    test("of another model are made beside those that serve, which they replace when all are there", async () => {
      const one = await storePassages(app.db, "one.example", DOCS);
      const other = await storePassages(app.db, "other.example", [["rows of dogs"]]);
      await look();
      endpoint.sizeOf = (model) => (model === "large" ? 96 : 64);
      useModel("large");

      await embed(one.websiteId);
      const meanwhile = await statesOf();
      endpoint.asked.length = 0;
      const found = await textsOf(await nearest("rows of dogs"));
      const askedModel = endpoint.asked[0]?.model;
      await embed(other.websiteId);
      const after = await statesOf();
      await look();

      expect(meanwhile).toEqual({ small: "serving", large: "building" });
      expect([askedModel, found?.[0]]).toEqual(["small", "rows of dogs"]);
      expect(after).toEqual({ small: "retired", large: "serving" });
      expect((await textsOf(await nearest("rows of dogs")))?.[0]).toBe("rows of dogs");
      expect(endpoint.asked.at(-1)?.model).toBe("large");
      expect(await countVectors()).toBe(5);
    });

    testOnce("of a model that the endpoint has no more are not searched, and text is searched alone", async () => {
      const one = await storePassages(app.db, "one.example", DOCS);
      await storePassages(app.db, "other.example", [["rows of dogs"]]);
      await look();
      endpoint.behave = ({ model }) => (model === "small" ? new Response(null, { status: 404 }) : undefined);
      useModel("large");

      await embed(one.websiteId);

      expect(await nearest("rows of dogs, anew")).toEqual({
        reason: "The endpoint has the former model no more, and the new one has not all passages yet",
      });
    });

    test("are of the former model again when the settings say so, and a model half built is given up", async () => {
      const one = await storePassages(app.db, "one.example", DOCS);
      await storePassages(app.db, "other.example", [["rows of dogs"]]);
      await look();
      useModel("large");
      await embed(one.websiteId);
      useModel("small");

      await look();

      expect(await statesOf()).toEqual({ small: "serving", large: "retired" });
      expect(await countVectors()).toBe(5);
    });

    testOnce("of another size under the same name are another model's", async () => {
      const { websiteId, pageIds } = await storePassages(app.db, "docs.example", DOCS);
      await embed(websiteId);
      endpoint.sizeOf = () => 32;
      await addPassages(app.db, { websiteId, pageId: pageIds[0] ?? "" }, ["a bird sings"]);
      await countPassages(app.db, websiteId, 5);

      await embed(websiteId);

      const models = await app.db.select().from(embeddingModels).orderBy(embeddingModels.createdAt);
      expect(models.map(({ dimensions, state }) => [dimensions, state])).toEqual([
        [64, "retired"],
        [32, "serving"],
      ]);
      expect((await textsOf(await nearest("bird sings")))?.[0]).toBe("a bird sings");
    });

    testOnce("are asked for a query once an hour, and not at all while the endpoint is slow", async () => {
      const { websiteId } = await storePassages(app.db, "docs.example", DOCS);
      await embed(websiteId);
      endpoint.asked.length = 0;

      const first = await nearest("cats at night");
      const second = await nearest("cats at night");
      const asked = endpoint.asked.length;
      useModel("small", { EMBEDDINGS_QUERY_TIMEOUT_MS: 100 });
      endpoint.behave = () => new Promise(() => {});
      const slow = await nearest("dogs at night");
      const resting = await nearest("dogs at night");

      expect(asked).toBe(1);
      expect(second).toEqual(first);
      expect(slow).toEqual({ reason: "The endpoint that makes vectors gave no answer in time" });
      expect(String((resting as { reason: string }).reason)).toStartWith(
        "The endpoint that makes vectors failed a moment ago",
      );
    });

    test("are made again after the extension was dropped with them", async () => {
      const { websiteId } = await storePassages(app.db, "docs.example", DOCS);
      await embed(websiteId);
      await app.db.execute(sql`drop extension vector cascade`);
      await app.db.execute(sql`create extension vector schema public`);

      const lost = await nearest("cats, again");
      await embed(websiteId);

      expect(lost).toHaveProperty("reason");
      expect((await textsOf(await nearest("a cat sat")))?.[0]).toBe("the cat sat on the mat");
    });

    test("of several websites are made at once, by one model", async () => {
      const made = await Promise.all(
        ["a", "b", "c"].map((name) =>
          storePassages(app.db, `${name}.example`, [[`the text of ${name}`, "what all say"]]),
        ),
      );

      const { embedder } = app;
      if (!embedder) throw new Error("There is one");
      const { signal } = new AbortController();
      const context = { ...app, kind: store.kind, embedder };
      await Promise.all(made.map(({ websiteId }) => embedWebsite(context, websiteId, { signal })));

      expect(await statesOf()).toEqual({ small: "serving" });
      expect(await app.db.$count(embeddingModels)).toBe(1);
      expect(await countVectors()).toBe(6);
    });

    test("of a deleted website are not made", async () => {
      const { websiteId } = await storePassages(app.db, "docs.example", DOCS);
      await app.db.update(websites).set({ deletedAt: clock.now() });

      await embed(websiteId);
      await look();

      expect(endpoint.asked).toEqual([]);
    });

    test("of more passages than are looked for at a time are all made", async () => {
      const texts = Array.from({ length: 501 }, (_, at) => `passage of number${at}`);
      const { websiteId } = await storePassages(app.db, "docs.example", [texts]);

      await embed(websiteId);

      expect(await countVectors()).toBe(501);
      expect(askedTexts()).toHaveLength(501);
    });

    testOnce("are not made where nothing makes them", async () => {
      const { websiteId } = await storePassages(app.db, "docs.example", DOCS);
      app = { ...app, embedder: undefined };

      await embed(websiteId);
      await look();

      expect(await nearest("cat")).toEqual({ reason: "No endpoint is set that makes vectors (EMBEDDINGS_URL)" });
    });

    // The last, since it leaves no tables.
    test("go with their migration when that is undone", async () => {
      const { websiteId } = await storePassages(app.db, "docs.example", DOCS);
      await embed(websiteId);

      await migrate(app.db, { to: "0012_claim_deliveries" });

      const left = await app.db.execute(sql`select to_regclass('orbweaver.passage_vectors') as vectors`);
      expect(rowsOf(left)).toEqual([{ vectors: null }]);
    });
  });
