import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import postgres from "postgres";
import { bakeDataFolder } from "../../src/db/bake.ts";
import { unpackDataFolder } from "../../src/db/data-folder.ts";
import type { Store } from "../../src/db/db.ts";
import { openEmbeddedStore } from "../../src/db/embedded.ts";
import { migrateUp } from "../../src/db/migrate.ts";
import { openPostgresStore } from "../../src/db/postgres.ts";
import { canReach, POSTGRES } from "./servers.ts";

/** A kind of database that tests can run on: each `open` gives an empty one of its own, migrated unless told otherwise. */
export type TestStore = { name: string; open(options?: { isMigrated?: boolean }): Promise<Store> };

/** PGlite always; PostgreSQL where a server answers. */
export const testStores: TestStore[] = [
  { name: "embedded", open: openEmbedded },
  ...((await canReach(POSTGRES)) ? [{ name: "postgres", open: openOnServer }] : []),
];

export const hasPostgres = testStores.length > 1;

/** Packed once a checkout, since making it takes seconds and unpacking it a tenth of one. */
async function readBakedFolder(): Promise<Uint8Array> {
  const cache = join(import.meta.dir, "../../node_modules/.cache/orbweaver");
  const { version } = await Bun.file(
    join(import.meta.dir, "../../node_modules/@electric-sql/pglite/package.json"),
  ).json();
  const file = join(cache, `postgres-folder-${version}.tar.gz`);
  if (!existsSync(file)) {
    mkdirSync(cache, { recursive: true });
    const unfinished = `${file}.${process.pid}`;
    await Bun.write(unfinished, await bakeDataFolder());
    renameSync(unfinished, file);
  }
  return Bun.file(file).bytes();
}

/** Unpacks a fresh database folder into `folder`, where `openEmbeddedStore` and the program find it. */
export async function prepareDataFolder(folder: string): Promise<string> {
  await unpackDataFolder(await readBakedFolder(), join(folder, "postgres"));
  return folder;
}

async function openEmbedded({ isMigrated = true } = {}): Promise<Store> {
  const folder = await prepareDataFolder(mkdtempSync(join(tmpdir(), "orbweaver-test-")));
  const store = await openEmbeddedStore(folder);
  if (isMigrated) await migrateUp(store.db);
  const close = async () => {
    await store.close();
    rmSync(folder, { recursive: true, force: true });
  };
  return { ...store, close };
}

async function openOnServer({ isMigrated = true } = {}): Promise<Store> {
  const name = `orbweaver_test_${Bun.randomUUIDv7().replaceAll("-", "")}`;
  const admin = postgres(POSTGRES.url.href, { max: 1, onnotice: () => {} });
  await admin.unsafe(`create database ${name}`);
  const url = new URL(POSTGRES.url);
  url.pathname = name;
  const store = await openPostgresStore(url.href, { poolSize: 5 });
  if (isMigrated) await migrateUp(store.db);
  const close = async () => {
    await store.close();
    await admin.unsafe(`drop database ${name} with (force)`);
    await admin.end();
  };
  return { ...store, close };
}
