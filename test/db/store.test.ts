import { describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sql } from "drizzle-orm";
import { lockDataFolder } from "../../src/db/data-folder.ts";
import { findViolatedConstraint, rowsOf } from "../../src/db/db.ts";
import { openEmbeddedStore } from "../../src/db/embedded.ts";
import { listMigrations, migrateUp } from "../../src/db/migrate.ts";
import { MIGRATIONS } from "../../src/db/migrations.ts";
import { openPostgresStore } from "../../src/db/postgres.ts";
import { LOCAL_USER_ID, users } from "../../src/db/schema/users.ts";
import { websites } from "../../src/db/schema/websites.ts";
import { prepareDataFolder, testStores } from "../testing/stores.ts";

// A file system of its own, gone with the process; where the system does not allow one this can't be shown.
const canMount = Bun.spawnSync(["unshare", "-m", "true"]).exitCode === 0;

describe.each(testStores)("the $name store", ({ open }) => {
  test("is migrated once, however many start together", async () => {
    const store = await open({ isMigrated: false });
    expect((await listMigrations(store.db)).every(({ isApplied }) => !isApplied)).toBe(true);

    const applied = await Promise.all([migrateUp(store.db), migrateUp(store.db), migrateUp(store.db)]);

    expect(applied.flat()).toEqual((await listMigrations(store.db)).map(({ tag }) => tag));
    expect((await listMigrations(store.db)).every(({ isApplied }) => isApplied)).toBe(true);
    expect(await store.db.select({ id: users.id }).from(users)).toEqual([{ id: LOCAL_USER_ID }]);
    await store.close();
  });

  test("refuses to run on a database that a newer version has migrated", async () => {
    const store = await open();
    await store.db.execute(sql`insert into orbweaver.__drizzle_migrations (hash, created_at) values ('unknown', 1)`);

    const migrating = migrateUp(store.db);

    expect(migrating).rejects.toMatchObject({ name: "AppError", reason: "conflict" });
    await migrating.catch(() => {});
    await store.close();
  });

  test("names the constraint that a statement ran against", async () => {
    const store = await open();
    const row = { userId: LOCAL_USER_ID, url: "https://example.com/", name: "Example" };
    await store.db.insert(websites).values(row);

    const error = await store.db
      .insert(websites)
      .values(row)
      .then(
        () => undefined,
        (caught: unknown) => caught,
      );

    expect(findViolatedConstraint(error)).toBe("websites_user_url_key");
    expect(findViolatedConstraint(new Error("something else"))).toBeUndefined();
    await store.close();
  });

  test("answers raw statements in one shape", async () => {
    const store = await open();

    const result = await store.db.execute(sql`select 1 as one, 'two' as two`);

    expect(rowsOf<{ one: number; two: string }>(result)).toEqual([{ one: 1, two: "two" }]);
    await store.close();
  });
});

describe("the data folder", () => {
  test("belongs to one process: a second opening is refused by the holder's name", async () => {
    const folder = await prepareDataFolder(mkdtempSync(join(tmpdir(), "orbweaver-lock-")), { isMigrated: true });
    const store = await openEmbeddedStore(folder);

    const second = await openEmbeddedStore(folder).catch((error: unknown) => error);

    expect(second).toMatchObject({ name: "AppError", reason: "unavailable" });
    expect((second as Error).message).toContain(`process ${process.pid}`);
    await store.close();
    rmSync(folder, { recursive: true });
  });

  test("can be opened again once it was closed, with its rows", async () => {
    const folder = await prepareDataFolder(mkdtempSync(join(tmpdir(), "orbweaver-reopen-")), { isMigrated: true });
    const first = await openEmbeddedStore(folder);
    await first.db.insert(websites).values({ userId: LOCAL_USER_ID, url: "https://example.com/", name: "Example" });
    await first.close();

    const second = await openEmbeddedStore(folder);

    expect(await second.db.select({ url: websites.url }).from(websites)).toEqual([{ url: "https://example.com/" }]);
    await second.close();
    rmSync(folder, { recursive: true });
  });

  test("opens again after its process was killed, with all that was committed", async () => {
    const folder = await prepareDataFolder(mkdtempSync(join(tmpdir(), "orbweaver-killed-")), { isMigrated: true });
    const child = Bun.spawn(["bun", join(import.meta.dir, "../testing/write-forever.ts"), folder], { stdout: "pipe" });
    let told = "";
    for await (const chunk of child.stdout) {
      told += new TextDecoder().decode(chunk);
      if (told.split("\n").length > 20) break;
    }
    child.kill("SIGKILL");
    await child.exited;

    const store = await openEmbeddedStore(folder);

    const rows = await store.db.select({ url: websites.url }).from(websites);
    const committed = told.split("\n").slice(0, -1);
    expect(new Set(rows.map(({ url }) => url)).isSupersetOf(new Set(committed))).toBe(true);
    await store.close();
    rmSync(folder, { recursive: true });
  });

  test("is made at the first start, and what a start that died half way left is cleared away", async () => {
    const folder = mkdtempSync(join(tmpdir(), "orbweaver-first-"));
    mkdirSync(join(folder, "postgres.unfinished"));
    writeFileSync(join(folder, "postgres.unfinished", "PG_VERSION"), "18");

    const store = await openEmbeddedStore(folder);

    expect(await migrateUp(store.db)).toHaveLength((await listMigrations(store.db)).length);
    expect(existsSync(join(folder, "postgres.unfinished"))).toBe(false);
    await store.close();
    rmSync(folder, { recursive: true });
  });

  test("that is damaged is reported, and not kept locked", async () => {
    const folder = await prepareDataFolder(mkdtempSync(join(tmpdir(), "orbweaver-damaged-")), { isMigrated: true });
    writeFileSync(join(folder, "postgres/global/pg_control"), "damaged");

    const error = await openEmbeddedStore(folder).catch((caught: unknown) => caught);

    expect(error).toMatchObject({ name: "AppError", reason: "unavailable" });
    expect((error as Error).message).toContain(join(folder, "postgres"));
    lockDataFolder(folder).release();
    rmSync(folder, { recursive: true });
  });

  test.skipIf(!canMount)("on a full disk takes no more transactions, and goes on once there is room", async () => {
    const folder = mkdtempSync(join(tmpdir(), "orbweaver-full-"));
    const script = `
      import { prepareDataFolder } from "${import.meta.dir}/../testing/stores.ts";
      import { openEmbeddedStore } from "${import.meta.dir}/../../src/db/embedded.ts";
      import { migrateUp } from "${import.meta.dir}/../../src/db/migrate.ts";
      const { rmSync, writeFileSync } = await import("node:fs");
      const { db, close } = await openEmbeddedStore(await prepareDataFolder("${folder}"));
      writeFileSync("${folder}/fill", Buffer.alloc(120_000_000));
      const error = await migrateUp(db).catch((error) => error);
      rmSync("${folder}/fill");
      const applied = await migrateUp(db);
      await close();
      console.log(JSON.stringify({ code: error.code, message: error.message, applied: applied.length }));
    `;
    const command = `mount -t tmpfs -o size=200m tmpfs ${folder} && exec ${process.execPath} -e '${script}'`;

    const output = await new Response(Bun.spawn(["unshare", "-m", "sh", "-c", command]).stdout).json();

    expect(output).toEqual({
      code: "disk_full",
      message: `The disk of ${folder} has less than 64 MB left: make room, and go on`,
      applied: MIGRATIONS.length,
    });
    rmSync(folder, { recursive: true });
  });

  test("whose holder left no word, or whose lock is no lock, is refused all the same", () => {
    const folder = mkdtempSync(join(tmpdir(), "orbweaver-holder-"));
    const lock = lockDataFolder(folder);
    writeFileSync(join(folder, "holder.json"), "not JSON");

    expect(() => lockDataFolder(folder)).toThrow("in use by another process");

    lock.release();
    writeFileSync(join(folder, "lock.sqlite"), "no database at all, but a text".repeat(100));
    expect(() => lockDataFolder(folder)).toThrow("can't be locked");
    rmSync(folder, { recursive: true });
  });

  test("that can't be written is reported by its name", async () => {
    const opening = openEmbeddedStore("/proc/orbweaver");

    expect(opening).rejects.toMatchObject({ name: "AppError", reason: "unavailable" });
    expect((await opening.catch((error: Error) => error)) as Error).toHaveProperty(
      "message",
      expect.stringContaining("/proc/orbweaver"),
    );
  });
});

test("a database server that can't be reached is reported without its password", async () => {
  const error = await openPostgresStore("postgres://someone:hunter2@127.0.0.1:1/nowhere").catch(
    (caught: Error) => caught,
  );

  expect(error).toMatchObject({ name: "AppError", reason: "unavailable" });
  expect((error as Error).message).toContain("127.0.0.1:1/nowhere");
  expect((error as Error).message).not.toContain("hunter2");
});
