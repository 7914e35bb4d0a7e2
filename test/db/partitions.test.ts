import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { sql } from "drizzle-orm";
import { rowsOf, type Store } from "../../src/db/db.ts";
import { migrate, migrateUp } from "../../src/db/migrate.ts";
import { MIGRATIONS } from "../../src/db/migrations.ts";
import { PARTITIONED_TABLES, partitionTable, planPartitions, readTableSizes } from "../../src/db/partitions.ts";
import { crawlJobs, frontier } from "../../src/db/schema/crawls.ts";
import { rawHtml } from "../../src/db/schema/pages.ts";
import { testStores } from "../testing/stores.ts";
import { countRows, readCatalog } from "./catalog.ts";
import { addSampleRows } from "./sample-rows.ts";

describe.each(testStores)("tables of the $name store", ({ open, name }) => {
  let store: Store;
  beforeAll(async () => {
    store = await open();
    await addSampleRows(store.db);
  });
  afterAll(() => store.close());

  const ask = async <Row = Record<string, unknown>>(query: string) =>
    rowsOf<Row>(await store.db.execute(sql.raw(query)));
  const partitionsOf = async (table: string) =>
    (await readTableSizes(store.db)).find((one) => one.table === table)?.partitions;
  /** Indexes of tables with partitions are written a little differently. */
  const catalog = async () =>
    (await readCatalog(store.db)).map((entry) => ({ ...entry, definition: entry.definition.replace(" ONLY ", " ") }));
  const contents = () =>
    Promise.all([
      ask("select * from orbweaver.frontier order by seq"),
      ask("select * from orbweaver.raw_html order by hash"),
      countRows(store.db),
    ]);

  test("are spread over partitions, over more, and back again, with all that is in them and defined on them", async () => {
    const role = `reader_${Bun.randomUUIDv7().replaceAll("-", "")}`;
    await store.execute(`
      create role ${role}; grant select on orbweaver.frontier to ${role};
      alter table orbweaver.frontier set (fillfactor = 70);
      create trigger frontier_updated_at before update on orbweaver.frontier
        for each row when (false) execute function orbweaver.set_updated_at();
      create table orbweaver.notes (crawl_id uuid, url_hash uuid,
        constraint notes_fk foreign key (crawl_id, url_hash) references orbweaver.frontier on delete cascade);
      insert into orbweaver.notes select crawl_id, url_hash from orbweaver.frontier`);
    const before = [await catalog(), await contents()];
    const settings = () =>
      ask(`select distinct reloptions from pg_class c where relname ~ '^frontier(_p\\d+)?$' and relkind = 'r'`);
    const grants = () =>
      ask(`select has_table_privilege('${role}', 'orbweaver.frontier', 'select') as may_read,
        has_table_privilege('${role}', 'orbweaver.frontier', 'insert') as may_write`);

    for (const partitions of [4, 3, 0]) {
      for (const table of PARTITIONED_TABLES) expect(await partitionTable(store.db, table, partitions)).toBe(true);

      expect([await catalog(), await contents()]).toEqual(before);
      expect(await partitionsOf("frontier")).toBe(partitions);
      expect(await partitionsOf("raw_html")).toBe(partitions);
      expect(await settings()).toEqual([{ reloptions: ["fillfactor=70"] }]);
      expect(await grants()).toEqual([{ may_read: true, may_write: false }]);
      expect(await ask(`select 1 from pg_class where relname like '%anew%'`)).toEqual([]);
      expect(await partitionTable(store.db, "frontier", partitions)).toBe(false);
    }
    await store.execute(`drop table orbweaver.notes; drop trigger frontier_updated_at on orbweaver.frontier;
      drop owned by ${role}; drop role ${role}; alter table orbweaver.frontier reset (fillfactor)`);
  });

  test("number their rows on where they were, and hold their rules, whatever partition it is", async () => {
    const { db } = store;
    const [row] = await db.select().from(frontier);
    if (!row) throw new Error("There is a sample");
    const { seq, ...rest } = row;
    const add = (count: number) =>
      db
        .insert(frontier)
        .values(Array.from({ length: count }, () => ({ ...rest, urlHash: Bun.randomUUIDv7() })))
        .returning({ seq: frontier.seq });

    await partitionTable(db, "frontier", 4);
    await partitionTable(db, "raw_html", 4);
    const [first] = await add(1);
    const again = await db
      .insert(frontier)
      .values({ ...rest, urlHash: rest.urlHash })
      .onConflictDoNothing()
      .returning();
    const orphan = db.insert(frontier).values({ ...rest, crawlId: Bun.randomUUIDv7() });
    const bodies = Array.from({ length: 20 }, (_, n) => ({
      hash: n.toString(16).padStart(64, "0"),
      zstd: new Uint8Array([n]),
      byteLength: 1,
    }));
    await db.insert(rawHtml).values(bodies).onConflictDoNothing();
    const used = await ask("select distinct tableoid from orbweaver.raw_html");
    await partitionTable(db, "frontier", 0);
    await partitionTable(db, "raw_html", 0);
    const [last] = await add(1);

    expect(first?.seq).toBe(seq + 1);
    expect(again).toEqual([]);
    await expect(Promise.resolve(orphan)).rejects.toThrow();
    expect(used).toHaveLength(4);
    expect(last?.seq).toBeGreaterThan(seq + 1);
  });

  test("that have partitions are migrated down and up again like others", async () => {
    const { db } = store;
    const before = await catalog();
    await partitionTable(db, "frontier", 4);
    await partitionTable(db, "raw_html", 4);

    for (const { tag } of MIGRATIONS.toReversed().slice(1)) await migrate(db, { to: tag });
    expect(await partitionsOf("frontier")).toBe(4);
    await migrateUp(db);
    expect(await catalog()).toEqual(before);
    expect(await partitionsOf("raw_html")).toBe(4);

    await migrate(db, { down: MIGRATIONS.length });
    expect(
      await ask(`select relname from pg_class where relname like 'frontier%' or relname like 'raw_html%'`),
    ).toEqual([]);
    await expect(planPartitions(db, "frontier", 4)).rejects.toMatchObject({ reason: "not_found" });
    await migrateUp(db);
    expect(await catalog()).toEqual(before);
    expect(await partitionsOf("frontier")).toBe(0);
  });

  test("that somebody else's view shows are left as they are", async () => {
    await store.execute("create view public.urls as select url from orbweaver.frontier");

    const failure = await partitionTable(store.db, "frontier", 4).catch((error: unknown) => error);
    await store.execute("drop view public.urls");

    expect(failure).toMatchObject({ reason: "conflict", message: expect.stringContaining("view urls depends") });
    expect(await partitionsOf("frontier")).toBe(0);
  });

  test("of somebody else are left as they are", async () => {
    const role = `stranger_${Bun.randomUUIDv7().replaceAll("-", "")}`;
    await store.execute(`create role ${role}`);

    const refused = await store.db
      .transaction(async (tx) => {
        await tx.execute(sql.raw(`set local role ${role}`));
        return partitionTable(tx, "frontier", 4);
      })
      .catch((error: unknown) => error);
    await store.execute(`drop role ${role}`);

    expect(refused).toMatchObject({ reason: "forbidden", message: expect.stringContaining("whoever owns it") });
  });

  test.skipIf(name === "embedded")("that are in use for long are left as they are", async () => {
    const failure = await store.db.transaction(async (tx) => {
      await tx.select().from(frontier).limit(1);
      return store.db
        .transaction(async (other) => {
          await other.execute(sql`set local lock_timeout = 50`);
          return partitionTable(other, "frontier", 4).catch((error: unknown) => error);
        })
        .catch((error: unknown) => error);
    });

    expect(failure).toMatchObject({ reason: "unavailable", message: expect.stringContaining("is in use") });
    expect(await partitionsOf("frontier")).toBe(0);
  });

  test.skipIf(name === "embedded")("let whoever comes to them in another order go first", async () => {
    const { db } = store;
    let going: Promise<boolean> | undefined;

    await db.transaction(async (tx) => {
      await tx.update(crawlJobs).set({ pending: 1 });
      going = partitionTable(db, "frontier", 4);
      const isTrying = sql`select 1 from pg_stat_activity where datname = current_database() and query ~ '^select pg_sleep'`;
      while (rowsOf(await db.execute(isTrying)).length === 0) await Bun.sleep(5);
      await tx.update(frontier).set({ attempts: 1 });
    });

    expect(await going).toBe(true);
    await partitionTable(db, "frontier", 0);
  });
});
