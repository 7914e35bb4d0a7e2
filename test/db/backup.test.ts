import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { zstdCompressSync } from "node:zlib";
import { sql } from "drizzle-orm";
import { pack } from "tar-stream";
import type { App } from "../../src/app.ts";
import { systemClock } from "../../src/clock.ts";
import { requestBackup } from "../../src/db/backup/door.ts";
import { unpackBackup } from "../../src/db/backup/read-archive.ts";
import { restoreBackup } from "../../src/db/backup/restore.ts";
import { replacedFolderOf } from "../../src/db/data-folder.ts";
import { rowsOf } from "../../src/db/db.ts";
import { type EmbeddedStore, openEmbeddedStore } from "../../src/db/embedded.ts";
import { migrateUp } from "../../src/db/migrate.ts";
import { readQueueVersion } from "../../src/db/queue-tables.ts";
import { pages } from "../../src/db/schema/pages.ts";
import { type Jobs, openJobs } from "../../src/jobs/jobs.ts";
import { createLog } from "../../src/telemetry/log.ts";
import { expectCountersToMatch, run, start } from "../crawl/runs.ts";
import { createSite } from "../site.ts";
import { openTestApp } from "../testing/apps.ts";
import { prepareDataFolder } from "../testing/stores.ts";

const PAGES = 80;
const OURS = { namespace: "orbweaver" };
const log = createLog("error", systemClock, () => {});

let root: string;
let folder: string;
let store: EmbeddedStore;
let jobs: Jobs;
let app: App;
/** Of a database with a crawl half done, taken while the crawl went on. */
let backup: Uint8Array;
let crawlId: string;

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), "orbweaver-backup-"));
  folder = await prepareDataFolder(join(root, "source"), { isMigrated: true });
  store = await openEmbeddedStore(folder);
  jobs = await openJobs(store, { clock: systemClock, log });
  app = openTestApp(store);
  const served = createSite({ pages: PAGES, minBytes: 1_000, maxBytes: 4_000 }).serve({ latencyMs: 1 });
  const crawl = await start(store.db, `${served.origin}/`, { concurrency: 4 });
  crawlId = crawl.id;
  let taken: Promise<Uint8Array> | undefined;
  await run(app, crawl, (progress) => {
    if (progress.crawl.created > PAGES / 10) taken ??= store.backup().then(read);
  });
  backup = await (taken as Promise<Uint8Array>);
  await served.stop();
});

afterAll(async () => {
  await app.close();
  await jobs.close();
  await store.close();
  rmSync(root, { recursive: true, force: true });
});

async function read(archive: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  return new Uint8Array(Buffer.concat(await Array.fromAsync(archive)));
}

async function* inParts(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 65_536) yield bytes.subarray(at, at + 65_536);
}

const makeFolder = () => mkdtempSync(join(root, "target-"));

const restoring = (bytes: Uint8Array, target = makeFolder(), options = {}) =>
  restoreBackup(inParts(bytes), target, { ...OURS, ...options });

/** The backup's archive with other entries in place of some of its own. */
function archiveOf(entries: Record<string, string>): Promise<Uint8Array> {
  const archive = pack();
  for (const [name, text] of Object.entries(entries)) archive.entry({ name }, text);
  archive.finalize();
  return read(archive as unknown as Readable).then((bytes) => zstdCompressSync(bytes));
}

const header = { program: "orbweaver", format: 1, version: "9.0.0", postgres: "PostgreSQL 18", namespace: "orbweaver" };
const headerOf = (changes: object) =>
  archiveOf({ "backup.json": JSON.stringify({ ...header, migrations: [], createdAt: "", bytes: 0, ...changes }) });

test("a backup taken while a crawl writes has the rows of one moment", async () => {
  const target = makeFolder();
  const progress: number[] = [];

  const { migrations, bytes } = await restoring(backup, target, { onProgress: (done: number) => progress.push(done) });
  const restored = await openEmbeddedStore(target);
  const crawl = await expectCountersToMatch(restored.db, crawlId);
  const stored = await restored.db.$count(pages);
  const missing = await migrateUp(restored.db);
  const queueVersion = await readQueueVersion(restored.db);
  const queue = await openJobs(restored, { clock: systemClock, log });
  await queue.close();
  await restored.close();

  expect(crawl.created).toBe(stored);
  expect(stored).toBeWithin(PAGES / 10, PAGES + 1);
  expect(migrations).toContain("0001_access");
  expect(missing).toEqual([]);
  expect(queueVersion).toBeNumber();
  expect(progress.at(-1)).toBeGreaterThan(1_000_000);
  expect(bytes).toBeGreaterThan(1_000_000);
});

test("what is committed while the copy is made is in it, log recycled or not, and it takes the place of another", async () => {
  await store.db.execute(sql`create table public.notes as select g as id, repeat('x', 200) as text
    from generate_series(1, 20000) g`);
  const archive = await store.backup();
  const copying = read(archive);
  await store.db.execute(sql`update public.notes set text = 'changed'`);
  await store.execute("checkpoint; insert into public.notes values (0, 'late'); checkpoint");

  const target = await prepareDataFolder(makeFolder(), { isMigrated: true });
  await restoring(await copying, target, { isForced: true });
  const replaced = existsSync(replacedFolderOf(join(target, "postgres")));
  const restored = await openEmbeddedStore(target);
  const [row] = rowsOf<{ n: number; changed: number }>(
    await restored.db.execute(
      sql`select count(*)::int as n, count(*) filter (where text = 'changed')::int as changed from public.notes`,
    ),
  );
  await restored.close();

  expect(replaced).toBeFalse();
  // Each statement is wholly in it or not at all.
  expect([20_000, 20_001]).toContain(row?.n ?? 0);
  expect([0, 20_000]).toContain(row?.changed ?? -1);
});

test("another process has it over a socket that is its owner's alone", async () => {
  const target = makeFolder();

  const archive = (await requestBackup(folder)) as AsyncIterable<Uint8Array>;
  const { bytes } = await unpackBackup(archive, join(target, "unpacked"), { check: () => {} });

  expect(bytes).toBeGreaterThan(1_000_000);
  expect(existsSync(join(target, "unpacked", "PG_VERSION"))).toBeTrue();
  expect(statSync(join(folder, "backup.sock")).mode).toBe(0o140600);
  expect(await requestBackup(target)).toBeUndefined();
});

test("two at a time are refused, and a reader that goes away leaves nothing behind", async () => {
  const first = await store.backup();
  await new Promise((resolve) => first.once("readable", resolve));
  const second = await store
    .backup()
    .then(read)
    .catch((error: unknown) => error);
  first.destroy();

  expect(second).toMatchObject({ reason: "conflict" });
  while ((await store.db.execute(sql`select 1 from pg_replication_slots`).then(rowsOf)).length > 0) await Bun.sleep(5);
  expect((await read(await store.backup())).length).toBeGreaterThan(1_000_000);
});

describe("nothing is touched by", () => {
  const cases: [string, () => Promise<Uint8Array>, object][] = [
    ["no archive", async () => Buffer.from("Dear diary"), { reason: "invalid" }],
    ["an empty file", async () => new Uint8Array(), { reason: "invalid" }],
    ["a backup of which little came", async () => backup.subarray(0, backup.length / 10), { reason: "invalid" }],
    ["a backup without its end", async () => backup.subarray(0, -100), { reason: "invalid" }],
    ["a backup with a bit changed", async () => withBitChanged(backup), { reason: "invalid" }],
    ["another archive", () => archiveOf({ "photo.jpg": "" }), { reason: "invalid" }],
    ["a header of another program", () => headerOf({ program: "other" }), { reason: "invalid" }],
    [
      "a newer format",
      () => headerOf({ format: 2 }),
      { reason: "conflict", message: expect.stringContaining("9.0.0") },
    ],
    ["a newer database", () => headerOf({ migrations: ["9999_later"] }), { reason: "conflict" }],
    ["another namespace", () => headerOf({ namespace: "other" }), { reason: "conflict" }],
    ["more than the disk has room for", () => headerOf({ bytes: 1e18 }), { code: "disk_full" }],
    ["a name that leads out of it", () => forged({ "postgres/../../escaped": "x" }), { reason: "invalid" }],
    ["a file too many", () => forged({ "postgres/more": "x" }), { reason: "invalid" }],
    ["a database that does not start", () => forged({}, { "postgres/PG_VERSION": "99" }), { reason: "conflict" }],
  ];

  test.each(cases)("%s", async (_, make, expected) => {
    const target = makeFolder();
    mkdirSync(join(target, "postgres"));
    await Bun.write(join(target, "postgres", "mine"), "mine");

    const error = await restoring(await make(), target, { isForced: true }).catch((caught: unknown) => caught);

    expect(error).toMatchObject({ name: "AppError", ...expected });
    expect(await Bun.file(join(target, "postgres", "mine")).text()).toBe("mine");
    expect(existsSync(join(target, "postgres.restoring"))).toBeFalse();
    expect(existsSync(join(root, "escaped"))).toBeFalse();
  });

  function withBitChanged(bytes: Uint8Array): Uint8Array {
    const changed = bytes.slice();
    changed[changed.length >> 1] = (changed[changed.length >> 1] ?? 0) ^ 1;
    return changed;
  }

  const hash = (text: string) => new Bun.CryptoHasher("sha256").update(text).digest("hex");

  async function forged(strange: Record<string, string>, vouched: Record<string, string> = {}): Promise<Uint8Array> {
    const text = JSON.stringify({ ...header, migrations: [], createdAt: "", bytes: 0 });
    const sums = Object.entries({ "backup.json": text, ...vouched }).map(([name, text]) => [name, hash(text)]);
    const checksums = JSON.stringify(Object.fromEntries(sums));
    return archiveOf({ "backup.json": text, ...vouched, ...strange, "checksums.json": checksums });
  }
});

test("a database is replaced only when that is asked for, and never one that is in use", async () => {
  const target = makeFolder();
  await Bun.write(join(target, "postgres", "mine"), "mine");

  await expect(restoring(backup, target)).rejects.toMatchObject({ reason: "conflict" });
  await expect(restoring(backup, folder, { isForced: true })).rejects.toMatchObject({ code: "folder_in_use" });

  expect(await Bun.file(join(target, "postgres", "mine")).text()).toBe("mine");
});

test("a restore that is killed between its renames leaves the old database, and a killed backup no log that is kept", async () => {
  const target = await prepareDataFolder(makeFolder(), { isMigrated: true });
  const place = join(target, "postgres");
  await Bun.write(join(place, "mine"), "mine");
  mkdirSync(join(place, "pg_replslot", "orbweaver_backup"));
  renameSync(place, replacedFolderOf(place));

  const opened = await openEmbeddedStore(target);
  await opened.close();

  expect(existsSync(join(place, "mine"))).toBeTrue();
  expect(existsSync(join(place, "pg_replslot", "orbweaver_backup"))).toBeFalse();
});
