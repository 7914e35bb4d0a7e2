import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { eq, sql } from "drizzle-orm";
import { rowsOf, type Store } from "../../src/db/db.ts";
import { listMigrations, migrate, migrateUp, planMigration, removeTables } from "../../src/db/migrate.ts";
import { losesRows, MIGRATIONS, statementsOf } from "../../src/db/migrations.ts";
import { websites } from "../../src/db/schema/websites.ts";
import { testStores } from "../testing/stores.ts";
import { countRows, readCatalog } from "./catalog.ts";
import { addSampleRows } from "./sample-rows.ts";

const tags = MIGRATIONS.map(({ tag }) => tag);
const newest = tags.at(-1) as string;

test("every migration can be taken back: its file says how", () => {
  const without = MIGRATIONS.filter(({ down }) => statementsOf(down).length === 0);

  expect(without.map(({ tag }) => tag)).toEqual([]);
});

test("what drops tables or columns is known to lose rows, what drops an index is not", () => {
  const migration = (down: string) => ({ tag: "a", when: 1, up: "", down });

  expect(losesRows(migration('DROP TABLE "a"'))).toBe(true);
  expect(losesRows(migration('ALTER TABLE "a" DROP COLUMN "b"'))).toBe(true);
  expect(losesRows(migration('DROP INDEX "table_column_idx"'))).toBe(false);
});

describe.each(testStores)("migrations of the $name store", ({ open }) => {
  let store: Store;
  beforeAll(async () => {
    store = await open({ isMigrated: false });
  });
  afterAll(() => store.close());

  test("each is taken back and applied again, and leaves the schema and all other rows as they were", async () => {
    const { db } = store;
    const schemas = new Map([["", await readCatalog(db)]]);
    for (const tag of tags) {
      await migrate(db, { to: tag });
      schemas.set(tag, await readCatalog(db));
    }
    await addSampleRows(db);
    const rows = await countRows(db);
    expect(Object.entries(rows).filter(([, count]) => count === 0)).toEqual([]);

    for (const [at, tag] of [...tags.entries()].reverse()) {
      expect(await migrate(db, { down: 1 })).toMatchObject([{ tag, direction: "down" }]);
      expect(await readCatalog(db)).toEqual(schemas.get(tags[at - 1] ?? "") ?? []);
      const left = await countRows(db);
      expect(rows).toMatchObject(left);
      // All the way up and to here again, over the rows that are left.
      if (Object.keys(left).length === 0) continue;
      await migrateUp(db);
      expect(await readCatalog(db)).toEqual(schemas.get(newest) ?? []);
      expect(await countRows(db)).toMatchObject(left);
      if (at > 0) await migrate(db, { to: tags[at - 1] as string });
    }
    await migrateUp(db);

    expect(await readCatalog(db)).toEqual(schemas.get(newest) ?? []);
  });

  test("are dated, and what would be done is told without doing it", async () => {
    const { db } = store;
    await migrateUp(db);

    const before = await listMigrations(db);
    const [step] = await planMigration(db, { down: 1 });
    const after = await listMigrations(db);

    expect(step).toMatchObject({ tag: newest, direction: "down" });
    expect(step?.sql).not.toBe("");
    expect(before.every(({ appliedAt }) => appliedAt instanceof Date)).toBe(true);
    expect(after).toEqual(before);
  });

  test("one that there is not is refused, and nothing is done", async () => {
    const { db } = store;
    await migrateUp(db);

    const going = migrate(db, { to: "9999_unknown" });

    expect(going).rejects.toMatchObject({ reason: "not_found", message: expect.stringContaining(newest) });
    await going.catch(() => {});
    expect((await listMigrations(db)).every(({ isApplied }) => isApplied)).toBe(true);
  });

  test("of a newer version are named to an older one", async () => {
    const { db } = store;
    await migrateUp(db);
    const row = sql`insert into orbweaver.__drizzle_migrations (hash, tag) values ('unknown', '0099_newer')`;
    await db.execute(row);

    const errors = await Promise.all(
      [migrateUp(db), migrate(db, { down: 1 }), removeTables(db)].map((done) => done.catch((error: unknown) => error)),
    );
    await db.execute(sql`delete from orbweaver.__drizzle_migrations where hash = 'unknown'`);

    for (const error of errors)
      expect(error).toMatchObject({ reason: "conflict", message: expect.stringContaining("0099_newer") });
  });

  test("are known too from a bookkeeping that drizzle or an older version made", async () => {
    const { db } = store;
    await migrateUp(db);
    await db.execute(sql`alter table orbweaver.__drizzle_migrations drop column tag, drop column applied_at`);

    const before = await listMigrations(db);
    await migrate(db, { down: 1 });
    await migrateUp(db);

    expect(before.every(({ isApplied, appliedAt }) => isApplied && appliedAt === null)).toBe(true);
    expect((await listMigrations(db)).at(-1)).toMatchObject({ tag: newest, appliedAt: expect.any(Date) });
  });

  test("that fail leave nothing behind", async () => {
    const { db } = store;
    await migrateUp(db);
    await migrate(db, { down: MIGRATIONS.length });
    await db.execute(sql`create table orbweaver.websites (id int)`);

    const failing = migrateUp(db);

    expect(failing).rejects.toThrow();
    await failing.catch(() => {});
    expect((await readCatalog(db)).map(({ table }) => table)).toEqual(["websites"]);
    await db.execute(sql`drop table orbweaver.websites`);
    await migrateUp(db);
  });

  test("are all removed with the tables and the namespace, but what is somebody else's stays", async () => {
    const { db } = store;
    await migrateUp(db);
    await db.execute(sql`create table orbweaver.somebody_elses (id int)`);
    await removeTables(db);
    const left = await readCatalog(db);
    await db.execute(sql`drop table orbweaver.somebody_elses`);

    await removeTables(db);

    expect(left.map(({ table }) => table)).toEqual(["somebody_elses"]);
    const [found] = rowsOf<{ name: string | null }>(
      await db.execute(sql`select to_regnamespace('orbweaver')::text as name`),
    );
    expect(found?.name).toBeNull();
    await migrateUp(db);
    expect(await db.select().from(websites).where(eq(websites.name, "Example"))).toEqual([]);
  });
});
