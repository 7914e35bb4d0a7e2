import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { afterCommit } from "../../src/db/after-commit.ts";
import type { Store } from "../../src/db/db.ts";
import { testStores } from "../testing/stores.ts";

describe.each(testStores)("after a commit on the $name store", ({ open }) => {
  let store: Store;

  beforeAll(async () => {
    store = await open({ isMigrated: false });
  });
  afterAll(() => store?.close());

  test("what was put off is done, in its order, and not before", async () => {
    const done: string[] = [];

    await store.db.transaction(async (tx) => {
      afterCommit(tx, () => done.push("outer"));
      await tx.transaction(async (inner) => afterCommit(inner, () => done.push("inner")));
      await tx.execute("select 1");
      expect(done).toEqual([]);
    });

    expect(done).toEqual(["outer", "inner"]);
  });

  test("nothing is done of what was rolled back, wholly or in part", async () => {
    const done: string[] = [];
    const no = new Error("no");

    const whole = store.db.transaction(async (tx) => {
      afterCommit(tx, () => done.push("whole"));
      throw no;
    });
    expect(whole).rejects.toBe(no);
    await whole.catch(() => {});
    await store.db.transaction(async (tx) => {
      afterCommit(tx, () => done.push("outer"));
      const part = tx.transaction(async (inner) => {
        afterCommit(inner, () => done.push("part"));
        throw no;
      });
      await part.catch(() => {});
    });

    expect(done).toEqual(["outer"]);
  });

  test("outside of any transaction it is done at once", () => {
    const done: string[] = [];

    afterCommit(store.db, () => done.push("at once"));

    expect(done).toEqual(["at once"]);
  });
});
