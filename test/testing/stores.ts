import { cpSync, existsSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import postgres from "postgres";
import { systemClock } from "../../src/clock.ts";
import { bakeDataFolder } from "../../src/db/bake.ts";
import { unpackDataFolder } from "../../src/db/data-folder.ts";
import type { Store } from "../../src/db/db.ts";
import { openEmbeddedStore } from "../../src/db/embedded.ts";
import { createExtensions } from "../../src/db/extensions.ts";
import { migrateUp } from "../../src/db/migrate.ts";
import { openPostgresStore } from "../../src/db/postgres.ts";
import { type Jobs, openJobs } from "../../src/jobs/jobs.ts";
import { createLog } from "../../src/telemetry/log.ts";
import { CACHE, digestFiles, lockCache, ROOT, removeFormer } from "./cache.ts";
import { canReach, POSTGRES } from "./servers.ts";

/**
 * A kind of database that tests can run on: each `open` gives an empty one of its own, migrated and with the job queue in
 * it unless told otherwise.
 */
export type TestStore = { name: string; open(options?: { isMigrated?: boolean }): Promise<Store> };

/** PGlite always; PostgreSQL where a server answers. */
export const testStores: TestStore[] = [
  { name: "embedded", open: openEmbedded },
  ...((await canReach(POSTGRES)) ? [{ name: "postgres", open: openOnServer }] : []),
];

export const hasPostgres = testStores.length > 1;

/** Makes what stores are copied from, for which the time of a single test may be too short. */
export async function prepareTemplates(): Promise<void> {
  await findTemplate("migrated");
  if (!hasPostgres) return;
  const admin = postgres(POSTGRES.url.href, { max: 1, onnotice: () => {} });
  await findServerTemplate(admin);
  await admin.end();
}

type TemplateKind = "empty" | "migrated";

/** What a folder in the cache was made by: of another, it is made anew. */
function readRecipe(kind: TemplateKind): Promise<string> {
  const paths = ["pglite", "pglite-pgvector"].map((name) => `node_modules/@electric-sql/${name}/package.json`);
  paths.push("src/db/extensions.ts", "src/db/embedded-extensions.ts");
  if (kind === "migrated") {
    paths.push("node_modules/pg-boss/package.json", "src/jobs/jobs.ts", "src/jobs/queues.ts");
    paths.push("src/db/migrate.ts", "src/db/queue-tables.ts");
    paths.push(...[...new Bun.Glob("drizzle/*.sql").scanSync(ROOT)].sort());
  }
  return digestFiles(paths);
}

const DAY_MS = 86_400_000;

const templates = new Map<TemplateKind, Promise<string>>();

/** Made once a checkout, since that takes seconds, and copied for each test. */
function findTemplate(kind: TemplateKind): Promise<string> {
  const found = templates.get(kind) ?? findOrMakeTemplate(kind);
  templates.set(kind, found);
  return found;
}

async function findOrMakeTemplate(kind: TemplateKind): Promise<string> {
  const template = join(CACHE, `postgres-${kind}-${await readRecipe(kind)}`);
  if (existsSync(template)) return template;
  const lock = lockCache(`postgres-${kind}`);
  try {
    if (!existsSync(template)) await makeTemplate(kind, template);
  } finally {
    lock.release();
  }
  for (const prefix of [`postgres-${kind}`, "preparing"]) removeFormer(prefix, template, DAY_MS);
  return template;
}

async function makeTemplate(kind: TemplateKind, template: string): Promise<void> {
  const unfinished = mkdtempSync(join(CACHE, "preparing-"));
  const folder = join(unfinished, "postgres");
  if (kind === "empty") await unpackDataFolder(await bakeDataFolder(), folder);
  else {
    cpSync(await findTemplate("empty"), folder, { recursive: true });
    const store = await openEmbeddedStore(unfinished);
    await (await prepare(store)).close();
    // Of no use to tests, which copy more than half less without them.
    await store.execute("update pg_database set datistemplate = false where datname <> current_database()");
    for (const name of UNUSED) await store.execute(`drop database ${name}`);
    await store.execute("checkpoint");
    await store.close();
    rmSync(join(folder, "postmaster.pid"), { force: true });
  }
  renameSync(folder, template);
  rmSync(unfinished, { recursive: true, force: true });
}

/** Databases that PostgreSQL makes beside ours. */
const UNUSED = ["template0", "template1"];

/** Makes a database folder in `folder`, where `openEmbeddedStore` and the program find it. */
export async function prepareDataFolder(folder: string, { isMigrated = false } = {}): Promise<string> {
  cpSync(await findTemplate(isMigrated ? "migrated" : "empty"), join(folder, "postgres"), { recursive: true });
  return folder;
}

async function openEmbedded({ isMigrated = true } = {}): Promise<Store> {
  const folder = await prepareDataFolder(mkdtempSync(join(tmpdir(), "orbweaver-test-")), { isMigrated });
  const store = await openEmbeddedStore(folder);
  const jobs = isMigrated ? await openJobsOf(store) : undefined;
  const close = async () => {
    await jobs?.close();
    await store.close();
    rmSync(folder, { recursive: true, force: true });
  };
  return { ...store, close };
}

async function openOnServer({ isMigrated = true } = {}): Promise<Store> {
  const name = `orbweaver_test_${Bun.randomUUIDv7().replaceAll("-", "")}`;
  const admin = postgres(POSTGRES.url.href, { max: 1, onnotice: () => {} });
  const template = isMigrated ? await findServerTemplate(admin) : undefined;
  await admin.unsafe(`create database ${name}${template ? ` template ${template}` : ""}`);
  // What a test stores need not outlive the server.
  await admin.unsafe(`alter database ${name} set synchronous_commit = off`);
  const store = await openPostgresStore(databaseUrl(name), { poolSize: 5 });
  const jobs = isMigrated ? await openJobsOf(store) : undefined;
  const close = async () => {
    await jobs?.close();
    await store.close();
    await admin.unsafe(`drop database ${name} with (force)`);
    await admin.end();
  };
  return { ...store, close };
}

let serverTemplate: Promise<string> | undefined;

/** A migrated database that is copied for each test: to migrate takes ten times as long. */
function findServerTemplate(admin: postgres.Sql): Promise<string> {
  serverTemplate ??= makeServerTemplate(admin);
  return serverTemplate;
}

async function makeServerTemplate(admin: postgres.Sql): Promise<string> {
  const prefix = "orbweaver_template_";
  const name = `${prefix}${await readRecipe("migrated")}`;
  const find = () => admin<{ name: string; madeAt: string | null }[]>`
    select datname as name, shobj_description(oid, 'pg_database') as "madeAt" from pg_database
    where starts_with(datname, ${prefix})`;
  if ((await find()).some((one) => one.name === name)) return name;
  await admin`select pg_advisory_lock(hashtext(${prefix}))`;
  const there = await find();
  if (!there.some((one) => one.name === name)) {
    for (const one of there)
      if (!(Date.now() - Date.parse(one.madeAt ?? "") < DAY_MS)) await admin.unsafe(`drop database ${one.name}`);
    // Renamed once it is whole.
    const unfinished = `${name}_unfinished`;
    await admin.unsafe(`drop database if exists ${unfinished} with (force)`);
    await admin.unsafe(`create database ${unfinished}`);
    const store = await openPostgresStore(databaseUrl(unfinished), { poolSize: 1 });
    await (await prepare(store)).close();
    await store.close();
    await admin.unsafe(`comment on database ${unfinished} is '${new Date().toISOString()}'`);
    // A database that somebody is in can't be copied.
    await admin.unsafe(`alter database ${unfinished} allow_connections false`);
    await admin.unsafe(`alter database ${unfinished} rename to ${name}`);
  }
  await admin`select pg_advisory_unlock(hashtext(${prefix}))`;
  return name;
}

function databaseUrl(name: string): string {
  const url = new URL(POSTGRES.url);
  url.pathname = name;
  return url.href;
}

async function prepare(store: Store): Promise<Jobs> {
  await createExtensions(store.db);
  await migrateUp(store.db);
  return openJobsOf(store);
}

const openJobsOf = (store: Store) =>
  openJobs(store, { clock: systemClock, log: createLog("error", systemClock, () => {}) });
