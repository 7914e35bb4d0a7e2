import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { sql } from "drizzle-orm";
import { systemClock } from "../../src/clock.ts";
import type { Db, Store } from "../../src/db/db.ts";
import { migrateUp } from "../../src/db/migrate.ts";
import type { Finding } from "../../src/health/component.ts";
import { checkDatabase, checkMigrations } from "../../src/health/components.ts";
import { databaseExaminations } from "../../src/health/database-diagnosis.ts";
import { type Examined, examineAll } from "../../src/health/diagnosis.ts";
import { testStores } from "../testing/stores.ts";

describe.each(testStores)("the $name database", ({ open, name }) => {
  let store: Store;
  /** What was said of it while it had no tables. */
  let empty: { findings: Finding[]; examined: Examined[] };

  const examine = (db: Db = store.db, schema = "orbweaver", only = /./) => {
    const opened = async () => ({ ...store, db });
    const { examinations } = databaseExaminations(opened, { DATABASE_SCHEMA: schema }, systemClock);
    return examineAll(
      examinations.filter(({ name }) => only.test(name)),
      systemClock,
    );
  };
  const check = () => Promise.all([checkDatabase(store).run(), checkMigrations(store).run()]);

  beforeAll(async () => {
    store = await open({ isMigrated: false });
    empty = { findings: await check(), examined: await examine() };
    await migrateUp(store.db);
  });
  afterAll(() => store.close());

  test("answers though it is empty, and lacks its migrations, with the command that brings them", async () => {
    expect(empty.findings).toEqual([
      { state: "ok" },
      {
        state: "failed",
        message: expect.stringMatching(/lacks \d+ migration\(s\) of this version: run orbweaver migrate up$/),
      },
    ]);
    expect(empty.examined.find(({ name }) => name === "migrations")).toMatchObject({
      verdict: "warn",
      mend: expect.stringContaining("orbweaver migrate up"),
    });
  });

  test("is well once it is migrated, and says what it is", async () => {
    const examined = await examine();

    expect(await check()).toEqual([{ state: "ok" }, { state: "ok" }]);
    expect(Object.fromEntries(examined.map(({ name, verdict }) => [name, verdict]))).toMatchObject({
      ...{ database: "pass", privileges: "pass", migrations: "pass" },
      "database clock": "pass",
    });
    expect(examined[0]?.finding).toMatch(name === "embedded" ? /^PostgreSQL \d+.*, embedded, at / : /^PostgreSQL \d+/);
  });

  test("is newer than the program while a newer version takes over, which is no reason to stop serving", async () => {
    const insert = "insert into orbweaver.__drizzle_migrations (hash, created_at, tag) values ('x', 0, '9999_future')";
    await store.db.execute(sql.raw(insert));
    const [, migrations] = await check();
    const [examined] = await examine(store.db, "orbweaver", /migrations/);
    await store.db.execute(sql`delete from orbweaver.__drizzle_migrations where hash = 'x'`);

    expect(migrations).toEqual({
      state: "degraded",
      message: "The database is newer than this program: update the program",
    });
    expect(examined).toMatchObject({ verdict: "fail", finding: expect.stringContaining("9999_future") });
    expect(examined?.mend).toContain("run the newer version");
  });

  test("tells what is off without an extension, and how an administrator turns it on", async () => {
    const [before] = await examine(store.db, "orbweaver", /extensions/);

    if (store.kind === "embedded") expect(before).toMatchObject({ verdict: "skip" });
    else if (before?.verdict === "warn") expect(before.mend).toContain("create extension if not exists");
    else expect(before).toMatchObject({ verdict: "pass", finding: expect.stringContaining("vector") });
  });

  test("is lost when a server does not answer in time, and only busy when it is in this process", () => {
    const expected = store.kind === "embedded" ? "degraded" : "failed";

    expect(checkDatabase(store).whenLate.state).toBe(expected);
    expect(checkMigrations(store).whenLate.state).toBe(expected);
    expect(checkDatabase(store).whenBroken.state).toBe("failed");
  });

  test("of which a user may make nothing gets the SQL that an administrator needs", async () => {
    const role = `stranger_${Bun.randomUUIDv7().replaceAll("-", "")}`;
    await store.db.execute(sql.raw(`create role ${role}`));
    const [present, absent] = await store.db.transaction(async (tx) => {
      await tx.execute(sql.raw(`set local role ${role}`));
      const find = async (schema: string) => (await examine(tx, schema, /privileges/))[0];
      return [await find("orbweaver"), await find("elsewhere")];
    });
    await store.db.execute(sql.raw(`drop role ${role}`));

    expect(present?.mend).toBe(`As an administrator: grant create, usage on schema "orbweaver" to "${role}";`);
    expect(absent?.mend).toStartWith(`As an administrator: create schema "elsewhere" authorization "${role}";`);
  });
});
