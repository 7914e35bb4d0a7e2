import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { sql } from "drizzle-orm";
import { openApp } from "../../src/app.ts";
import { systemClock } from "../../src/clock.ts";
import { readConfig } from "../../src/config/config.ts";
import { withDatabase } from "../../src/db/connection-url.ts";
import { type Db, rowsOf, type Store } from "../../src/db/db.ts";
import { createExtensions, findExtensions, nameIn, operatorIn, readExtensions } from "../../src/db/extensions.ts";
import { removeTables } from "../../src/db/migrate.ts";
import { openPostgresStore } from "../../src/db/postgres.ts";
import { createLog } from "../../src/telemetry/log.ts";
import { POSTGRES } from "../testing/servers.ts";
import { hasPostgres, type TestStore, testStores } from "../testing/stores.ts";
import { LACKS_VECTORS, vectorStores } from "../testing/vector-stores.ts";
import { createLaterClock, explain, findNearest, getExtension, makePoints, nearest } from "./points.ts";

if (LACKS_VECTORS) test.skip(`vectors on a server: ${LACKS_VECTORS}`, () => {});

describe.each(vectorStores)("extensions of the $name store", ({ open }) => {
  let store: Store;
  beforeAll(async () => {
    store = await open();
  });
  afterAll(() => store.close());

  test("are found where a database of ours is made, in public", async () => {
    const found = await findExtensions(store.db, createLaterClock());

    expect([...found.keys()]).toEqual(["vector", "pg_trgm"]);
    expect([...found.values()].map(({ schema }) => schema)).toEqual(["public", "public"]);
    expect((await readExtensions(store.db)).map(({ state, mend }) => [state, mend])).toEqual([
      ["installed", null],
      ["installed", null],
    ]);
  });

  test("search by vectors, exactly and by an index that goes on until enough is found", async () => {
    const vector = await getExtension(store.db, "vector");
    const ids = await undone(store.db, async (tx) => {
      await makePoints(tx, vector);
      const exact = await findNearest(tx, vector);
      await tx.execute(
        sql`create index points_at on points using hnsw (at ${nameIn(vector, "halfvec_cosine_ops")}) with (m = 4, ef_construction = 16)`,
      );
      await tx.execute(sql`analyze points`);
      await tx.execute(
        sql`select set_config('enable_seqscan', 'off', true), set_config('enable_sort', 'off', true),
          set_config('hnsw.iterative_scan', 'strict_order', true), set_config('hnsw.ef_search', '10', true)`,
      );
      return { exact, plan: await explain(tx, nearest(vector)), byIndex: await findNearest(tx, vector) };
    });

    expect(ids.exact).toEqual([40, 80, 120, 160, 200]);
    expect(ids.plan).toContain("points_at");
    expect(ids.byIndex).toEqual(ids.exact);
  });

  test("forgive misspelling, by an index", async () => {
    const trigrams = await getExtension(store.db, "pg_trgm");
    const { words, plan } = await undone(store.db, async (tx) => {
      await tx.execute(sql`create table words (word text)`);
      await tx.execute(sql`insert into words values ('orbweaver'), ('spider'), ('website')`);
      await tx.execute(
        sql`create index words_by_trigram on words using gin (word ${nameIn(trigrams, "gin_trgm_ops")})`,
      );
      await tx.execute(sql`set local enable_seqscan = off`);
      const alike = sql`select word, ${nameIn(trigrams, "similarity")}(word, 'orbweever') > 0.4 as is_near
        from words where word ${operatorIn(trigrams, "%")} 'orbweever'`;
      return { words: rowsOf(await tx.execute(alike)), plan: await explain(tx, alike) };
    });

    expect(words).toEqual([{ word: "orbweaver", is_near: true }]);
    expect(plan).toContain("words_by_trigram");
  });

  test("are named with their schema, so that it need be on nobody's search path", async () => {
    await store.execute('create schema "Odd ""one"; alter extension vector set schema "Odd ""one"');
    const found = await getExtension(store.db, "vector");
    const nearest = await undone(store.db, async (tx) => {
      await tx.execute(sql`set local search_path = pg_catalog`);
      await tx.execute(sql`create schema elsewhere`);
      await tx.execute(sql`set local search_path = elsewhere`);
      await makePoints(tx, found);
      return findNearest(tx, found);
    });
    await store.execute("alter extension vector set schema public");

    expect(found.schema).toBe('Odd "one');
    expect(nearest).toEqual([40, 80, 120, 160, 200]);
  });

  test("are asked for again after a minute, and at once when we made one", async () => {
    const own = createLaterClock();
    const names = async () => [...(await findExtensions(store.db, own)).keys()];

    const before = await names();
    await store.execute("drop extension pg_trgm");
    const believed = await names();
    await own.advance(60_000);
    const known = await names();
    await createExtensions(store.db);
    const made = await names();

    expect([before, believed, known, made]).toEqual([
      ["vector", "pg_trgm"],
      ["vector", "pg_trgm"],
      ["vector"],
      ["vector", "pg_trgm"],
    ]);
  });

  test("are found by a transaction while others ask for them", async () => {
    const own = createLaterClock();

    const sizes = await store.db.transaction(async (tx) => {
      const outside = findExtensions(store.db, own);
      const inside = await findExtensions(tx, own);
      return { inside: inside.size, outside };
    });

    expect([sizes.inside, (await sizes.outside).size]).toEqual([2, 2]);
  });

  test("are made by one of those that start together", async () => {
    await store.execute("drop extension vector; drop extension pg_trgm");

    const all = await Promise.all([1, 2, 3, 4].map(() => createExtensions(store.db)));

    expect(all.flat().filter(({ state }) => state !== "installed")).toEqual([]);
    expect(all.flat()).toHaveLength(8);
  });

  test("that are too old are brought up to date, or said to be", async () => {
    await store.execute("drop extension pg_trgm; create extension pg_trgm version '1.3'");
    await store.execute("update pg_extension set extversion = '0.7.4' where extname = 'vector'");
    const own = createLaterClock();

    const before = await readExtensions(store.db);
    const found = await findExtensions(store.db, own);
    const after = await createExtensions(store.db);
    await store.execute("drop extension vector; create extension vector schema public");

    expect(before.map(({ state }) => state)).toEqual(["outdated", "outdated"]);
    expect(found.size).toBe(0);
    // What the way to the next version would make is there already, so that it fails, alone.
    expect(after.map(({ state, mend }) => [state, mend])).toEqual([
      ["outdated", "alter extension vector update;"],
      ["installed", null],
    ]);
  });

  test("lie in public though another schema comes first, and stay when our tables go", async () => {
    const other = await open();
    await other.execute("drop extension vector; drop extension pg_trgm");

    await other.db.transaction(async (tx) => {
      await tx.execute(sql`set local search_path = orbweaver, public`);
      await createExtensions(tx);
    });
    await removeTables(other.db);

    const extensions = await readExtensions(other.db);
    expect(extensions.map(({ state, schema }) => [state, schema])).toEqual([
      ["installed", "public"],
      ["installed", "public"],
    ]);
    await other.close();
  });
});

describe.skipIf(!hasPostgres)("a user with few rights", () => {
  const { open } = testStores.at(-1) as TestStore;

  test("has no extensions, and nothing else fails", async () => {
    const store = await open({ isMigrated: false });

    const { states, answer } = await store.db.transaction(async (tx) => {
      await tx.execute(sql`set local role pg_monitor`);
      const states = (await createExtensions(tx)).map(({ state }) => state);
      return { states, answer: rowsOf<{ one: number }>(await tx.execute(sql`select 1 as one`)) };
    });

    expect(states).not.toContain("installed");
    expect(answer).toEqual([{ one: 1 }]);
    await store.close();
  });

  test("that may only read starts all the same, and so does one without the schema that they lie in", async () => {
    const store = await open({ isMigrated: false });

    const states = await undone(store.db, async (tx) => {
      await tx.execute(sql`drop schema public cascade`);
      const closed = await createExtensions(tx);
      await tx.execute(sql`set transaction read only`);
      return [...closed, ...(await createExtensions(tx))].map(({ state }) => state);
    });

    expect(states).not.toContain("installed");
    await store.close();
  });

  test("starts the service, makes what it may in public, and is told once what it lacks", async () => {
    const store = await open();
    const [{ name }] = rowsOf<{ name: string }>(await store.db.execute(sql`select current_database() as name`)) as [
      { name: string },
    ];
    const user = `orbweaver_user_${Bun.randomUUIDv7().replaceAll("-", "")}`;
    await store.execute(`drop extension if exists vector; drop extension if exists pg_trgm;
      create role ${user} login; grant create on database ${name} to ${user};
      grant all on schema orbweaver, orbweaver_jobs to ${user};
      grant all on all tables in schema orbweaver, orbweaver_jobs to ${user};`);
    const url = new URL(withDatabase(POSTGRES.url.href, name));
    url.username = user;
    const lines: string[] = [];

    const app = await openApp(readConfig({ DATABASE_URL: url.href }), {
      log: createLog("info", systemClock, (line) => lines.push(line)),
    });
    const extensions = await readExtensions(app.db);
    await app.close();
    await store.close();
    const admin = await openPostgresStore(POSTGRES.url.href);
    await admin.execute(`drop role ${user}`);
    await admin.close();

    expect(extensions.map(({ name, state, schema }) => [name, state, schema])).toEqual([
      ["vector", LACKS_VECTORS ? "missing" : "available", null],
      ["pg_trgm", "installed", "public"],
    ]);
    expect(lines.filter((line) => line.includes("extension"))).toEqual([
      expect.stringContaining('"event":"extensions lacking","extensions":["vector"]'),
    ]);
  });

  test("does not use those of a schema that is closed to it", async () => {
    const store = await open();
    await store.execute("revoke usage on schema public from public");

    const { found, extensions } = await undone(store.db, async (tx) => {
      await tx.execute(sql`set local role pg_monitor`);
      const extensions = await createExtensions(tx);
      return { extensions, found: await findExtensions(tx, createLaterClock()) };
    });

    expect(found.size).toBe(0);
    expect(extensions.at(1)).toMatchObject({
      state: "barred",
      mend: 'grant usage on schema "public" to "pg_monitor";',
    });
    await store.close();
  });
});

/** What `work` gives, and nothing of what it does. */
async function undone<T>(db: Db, work: (tx: Db) => Promise<T>): Promise<T> {
  const undo = new Error("to be undone");
  let result: { value: T } | undefined;
  await db
    .transaction(async (tx) => {
      result = { value: await work(tx) };
      throw undo;
    })
    .catch((error: unknown) => {
      if (error !== undo) throw error;
    });
  return (result as { value: T }).value;
}
