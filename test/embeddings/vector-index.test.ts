import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { eq, sql } from "drizzle-orm";
import { systemClock } from "../../src/clock.ts";
import { rowsOf, type Store } from "../../src/db/db.ts";
import { passages } from "../../src/db/schema/passages.ts";
import { claimDimensions, claimModel, type EmbeddingModel, serveWhenReady } from "../../src/embeddings/models.ts";
import { findNearest } from "../../src/embeddings/nearest.ts";
import {
  dropVectors,
  EXACT_UP_TO,
  indexVectors,
  openVectorTable,
  passageVectors,
} from "../../src/embeddings/vector-table.ts";
import { hasPostgres } from "../testing/stores.ts";
import { LACKS_VECTORS, vectorStores } from "../testing/vector-stores.ts";
import { countPassages, storePassages } from "./stored-passages.ts";

// On a machine that is at its limit, as where all tests run.
setDefaultTimeout(120_000);

const DIMENSIONS = 12;
const COUNT = EXACT_UP_TO + 500;
const RARE = 40;

const server = vectorStores.find(({ name }) => name === "postgres");

describe.skipIf(!server)(`vectors by the ten thousands (postgres${hasPostgres ? "" : `: ${LACKS_VECTORS}`})`, () => {
  let store: Store;
  let model: EmbeddingModel;
  const ids: string[] = [];
  const context = () => ({ db: store.db, clock: systemClock });

  beforeAll(async () => {
    if (!server) return;
    store = await server.open();
    const found = await openVectorTable(store.db, systemClock);
    if (!found) throw new Error("The store knows vectors");
    const named = await claimModel(store.db, { endpoint: "localhost/v1", model: "small" });
    model = await claimDimensions(store.db, named, DIMENSIONS);
    for (const host of ["one.example", "other.example"]) {
      const { websiteId } = await storePassages(store.db, host, [["the first"]]);
      ids.push(websiteId);
    }
    const [one = "", other = ""] = ids;
    await store.db.execute(sql`
      insert into ${passages} (id, website_id, page_id, place, hash, text, dictionary, terms, tokens, from_version, from_at)
      select gen_random_uuid(), p.website_id, p.page_id, n, gen_random_uuid(), p.text, 'simple', '', 1, 1, now()
      from ${passages} p, generate_series(1, case when p.website_id = ${one} then ${COUNT - RARE}::int else ${RARE}::int end) n`);
    await store.execute("select setseed(0.5)");
    await store.db.execute(sql`
      insert into ${passageVectors} (passage_id, model_id, website_id, hash, embedding)
      select id, ${model.id}, website_id, hash,
        (select array_agg(random() - 0.5 + 0 * (place + n)) from generate_series(1, ${DIMENSIONS}::int) n)::real[]::public.halfvec
      from ${passages}`);
    await countPassages(store.db, one, COUNT - RARE + 1);
    await countPassages(store.db, other, RARE + 1);
    await serveWhenReady(store.db, model);
    await indexVectors(store.db, found, model);
    await indexVectors(store.db, found, model);
    await store.db.execute(sql`analyze ${passageVectors}`);
    await store.db.execute(sql`analyze ${passages}`);
  });
  afterAll(() => store?.close());

  const query = (seed: number) => Float32Array.from({ length: DIMENSIONS }, (_, at) => Math.sin(seed * 7 + at * 3));
  const exactly = async (vector: Float32Array, limit: number) => {
    const result = await store.db.execute(sql`
      select passage_id as id from ${passageVectors}
      order by embedding operator(public.<=>) ${`[${vector.join(",")}]`}::public.halfvec limit ${limit}`);
    return rowsOf<{ id: string }>(result).map(({ id }) => id);
  };

  test("are searched by an index, which finds nearly all that a look at each finds", async () => {
    let found = 0;
    for (let seed = 1; seed <= 10; seed++) {
      const near = await findNearest(context(), query(seed), { websiteIds: undefined, limit: 20 });
      if ("reason" in near) throw new Error(near.reason);
      const exact = new Set(await exactly(query(seed), 20));
      expect(near.map(({ distance }) => distance)).toEqual(
        near.map(({ distance }) => distance).toSorted((a, b) => a - b),
      );
      found += near.filter(({ passageId }) => exact.has(passageId)).length;
    }

    expect(found / 200).toBeGreaterThan(0.95);
    const [index] = rowsOf<{ scans: number }>(
      await store.db.execute(sql`select indexdef as scans from pg_indexes where indexdef like '%hnsw%'`),
    );
    expect(index).toBeDefined();
  });

  test("of a few among many are all found", async () => {
    const near = await findNearest(context(), query(3), { websiteIds: [ids[1] ?? ""], limit: 100 });

    expect(near).toHaveLength(RARE + 1);
  });

  test("are found past very many that are not current any more", async () => {
    await store.db
      .update(passages)
      .set({ toAt: new Date(), toVersion: 2 })
      .where(eq(passages.websiteId, ids[0] ?? ""));

    const near = await findNearest(context(), query(4), { websiteIds: undefined, limit: 10 });

    expect(near).toHaveLength(10);
  });

  test("of a model that is retired go by batches, and its index first", async () => {
    const batches = [];
    do batches.push(await store.db.$count(passageVectors));
    while (await dropVectors(store.db, model, 9_000));

    expect(batches).toEqual([COUNT + 2, COUNT + 2 - 9_000, COUNT + 2 - 18_000]);
    expect(await store.db.$count(passageVectors)).toBe(0);
    const left = await store.db.execute(sql`select 1 from pg_indexes where indexdef like '%hnsw%'`);
    expect(rowsOf(left)).toEqual([]);
  });
});
