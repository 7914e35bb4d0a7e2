import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { Store } from "../../src/db/db.ts";
import { testStores } from "../testing/stores.ts";

describe.each(testStores)("raw queries of the $name store", ({ open }) => {
  let store: Store;

  beforeAll(async () => {
    store = await open({ isMigrated: false });
    await store.execute("create table things (n int primary key)");
  });
  afterAll(() => store?.close());

  test("answer rows of one statement with values, and of several without", async () => {
    const one = await store.query("select $1::int as n, $2::text[] as list, '{\"a\":1}'::jsonb as json", [
      1,
      ["x", "y"],
    ]);
    const several = await store.query("select 1 as n; select 2 as n");
    const nothing = await store.query("select 1 as n where false");

    expect(one.rows).toEqual([{ n: 1, list: ["x", "y"], json: { a: 1 } }]);
    expect(several.rows).toEqual([{ n: 1 }, { n: 2 }]);
    expect(nothing.rows).toEqual([]);
  });

  test("that begin and commit are one transaction, whose rows are told", async () => {
    const { rows } = await store.query(`
      BEGIN;
      SET LOCAL lock_timeout = 30000;
      insert into things values (1), (2) returning n;
      COMMIT;
    `);

    expect(rows).toEqual([{ n: 1 }, { n: 2 }]);
  });

  test("that fail half way leave nothing behind, and no transaction to those that come next", async () => {
    const failing = store.query("BEGIN; insert into things values (7); insert into things values (7); COMMIT;");
    const next = store.db.transaction(async (tx) => {
      await tx.execute("insert into things values (8)");
    });

    expect(failing).rejects.toThrow("duplicate key");
    await failing.catch(() => {});
    await next;
    expect((await store.query("select n from things where n > 6")).rows).toEqual([{ n: 8 }]);
  });
});
