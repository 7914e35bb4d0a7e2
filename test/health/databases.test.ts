import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { sql } from "drizzle-orm";
import { systemClock } from "../../src/clock.ts";
import { type Db, rowsOf, type Store } from "../../src/db/db.ts";
import { createExtensions } from "../../src/db/extensions.ts";
import { migrateUp } from "../../src/db/migrate.ts";
import type { Finding } from "../../src/health/component.ts";
import { checkDatabase, checkMigrations } from "../../src/health/components.ts";
import { databaseExaminations } from "../../src/health/database-diagnosis.ts";
import { type Examined, examineAll } from "../../src/health/diagnosis.ts";
import { type Jobs, openJobs } from "../../src/jobs/jobs.ts";
import { createLog } from "../../src/telemetry/log.ts";
import { testStores } from "../testing/stores.ts";
import { LACKS_VECTORS } from "../testing/vector-stores.ts";

describe.each(testStores)("the $name database", ({ open, name }) => {
  let store: Store;
  let jobs: Jobs;
  /** What was said of it while it had no tables, and while it had none of the queue's. */
  let withoutQueue: Examined | undefined;
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
    withoutQueue = (await examine(store.db, "orbweaver", /migrations/))[0];
    jobs = await openJobs(store, { clock: systemClock, log: createLog("error", systemClock, () => {}) });
  });
  afterAll(async () => {
    await jobs.close();
    await store.close();
  });

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

  test("lacks the queue's tables until the service has started once", () => {
    expect(withoutQueue).toMatchObject({ verdict: "warn", mend: "The next start of the service makes them" });
  });

  test("is well once it is migrated, and says what it is", async () => {
    let examined = await examine();
    // It is told as slow while this machine is too busy to ask.
    for (let tries = 0; examined[0]?.verdict === "warn" && tries < 20; tries++) examined = await examine();

    expect(await check()).toEqual([{ state: "ok" }, { state: "ok" }]);
    expect(Object.fromEntries(examined.map(({ name, verdict }) => [name, verdict]))).toMatchObject({
      ...{ database: "pass", privileges: "pass", migrations: "pass", "large tables": "pass" },
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

  test("tells which extensions it has, what is off without one, and what turns it on", async () => {
    await createExtensions(store.db);
    await store.execute("drop extension pg_trgm");
    const [without] = await examine(store.db, "orbweaver", /extensions/);
    await createExtensions(store.db);
    const [having] = await examine(store.db, "orbweaver", /extensions/);

    expect(without).toMatchObject({
      verdict: "warn",
      finding: expect.stringContaining("without pg_trgm there is no search that forgives misspelling"),
      mend: expect.stringContaining(
        name === "embedded" ? "The next start" : "create extension if not exists pg_trgm schema public;",
      ),
    });
    expect(having).toMatchObject({ verdict: LACKS_VECTORS && name === "postgres" ? "warn" : "pass" });
    expect(having?.finding).toMatch(/; pg_trgm \d+\.\d+$/);
    if (name === "embedded") expect(having?.finding).toMatch(/^vector \d+\.\d+/);
  });

  test("has an extension that fails when it is used, which the catalogue does not tell", async () => {
    await createExtensions(store.db);
    await store.execute("update pg_proc set probin = '$libdir/gone' where proname = 'similarity'");
    const [examined] = await examine(store.db, "orbweaver", /extensions/);
    await store.execute("drop extension pg_trgm");
    await createExtensions(store.db);

    expect(examined).toMatchObject({
      verdict: "fail",
      finding: expect.stringMatching(/^pg_trgm does not work: .*gone/),
    });
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
    const [{ database } = { database: "" }] = rowsOf<{ database: string }>(
      await store.db.execute(sql`select current_database() as database`),
    );
    const [present, absent] = await store.db.transaction(async (tx) => {
      await tx.execute(sql.raw(`set local role ${role}`));
      const find = async (schema: string) => (await examine(tx, schema, /privileges/))[0];
      return [await find("orbweaver"), await find("elsewhere")];
    });
    await store.db.execute(sql.raw(`drop role ${role}`));

    expect(present?.finding).toStartWith(`${role} may not make tables in the schema orbweaver and `);
    expect(present?.mend).toStartWith(`As an administrator: grant create, usage on schema "orbweaver" to "${role}"; `);
    expect(present?.mend).toMatch(/schema "orbweaver_jobs"/);
    expect(absent?.mend).toBe(
      `As an administrator: create schema "elsewhere" authorization "${role}"; create schema "elsewhere_jobs" authorization "${role}"; -- in the database ${database}`,
    );
  });
});
