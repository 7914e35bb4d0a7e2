import { existsSync, fsyncSync, renameSync, rmSync, statfsSync } from "node:fs";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { PGlite, type PGliteOptions, types } from "@electric-sql/pglite";
import initdbWasm from "@electric-sql/pglite/initdb.wasm" with { type: "file" };
import { NodeFS } from "@electric-sql/pglite/nodefs";
import postgresFiles from "@electric-sql/pglite/pglite.data" with { type: "file" };
import postgresWasm from "@electric-sql/pglite/pglite.wasm" with { type: "file" };
import { drizzle } from "drizzle-orm/pglite";
import { AppError } from "../errors.ts";
import { observeCommits } from "./after-commit.ts";
import { LEFT_SLOT } from "./backup/base-backup.ts";
import { openBackupDoor } from "./backup/door.ts";
import { DATABASE_FOLDER, findBakedFolder, lockDataFolder, putBackReplaced, unpackDataFolder } from "./data-folder.ts";
import { type Store, schema } from "./db.ts";
import { MIN_FREE_BYTES } from "./disk-space.ts";
import { type ExtensionFiles, type FilesModule, findExtensionFiles, layExtensions } from "./embedded-extensions.ts";
import { useNamespace } from "./namespace.ts";
import { createEmbeddedQueries } from "./raw-queries.ts";
import { orbweaver } from "./schema/columns.ts";

export type EmbeddedStore = Store & {
  /** A copy of all of it, taken while it is used; it must be read or destroyed. */
  backup(): Promise<Readable>;
};

/**
 * Opens PostgreSQL inside this process (PGlite), its files in `folder`/postgres.
 * @throws AppError `unavailable` when another process has the folder, or its files are damaged
 */
export async function openEmbeddedStore(
  folder: string,
  { namespace }: { namespace?: string } = {},
): Promise<EmbeddedStore> {
  const lock = lockDataFolder(folder);
  try {
    const target = join(folder, DATABASE_FOLDER);
    refuseFullDisk(folder);
    putBackReplaced(target);
    rmSync(join(target, LEFT_SLOT), { recursive: true, force: true });
    const isNew = !existsSync(target);
    if (isNew) await createFolder(target);
    const client = await startPostgres(target).catch((cause: unknown) => {
      const mend = "put a copy of it in its place, or name another folder with --data or DATA_DIR";
      throw new AppError("unavailable", `The database in ${target} does not start: ${mend}`, { cause });
    });
    if (isNew && namespace !== undefined && namespace !== orbweaver.schemaName) await client.exec(DROP_BAKED);
    const load = countLoad(client);
    const spared = sparingParsers(refusingFullDisk(client, folder));
    const ours = observeCommits(drizzle(spared, { schema, casing: "snake_case" }));
    const db = namespace === undefined ? ours : useNamespace(ours, namespace);
    const backup = async () => {
      const { streamBackup } = await import("./backup/write-archive.ts");
      return streamBackup({ client, db, folder: target });
    };
    const door = openBackupDoor(folder, backup);
    return {
      db,
      backup,
      kind: "embedded",
      location: target,
      execute: async (text) => void (await client.exec(text)),
      query: createEmbeddedQueries(client),
      stats: () => {
        const inUse = Math.min(1, load());
        return { size: 1, inUse, idle: 1 - inUse, waiting: load() - inUse };
      },
      read: (ask) => ask(db),
      close: async () => {
        door.close();
        await client.close();
        lock.release();
      },
    };
  } catch (error) {
    lock.release();
    throw error;
  }
}

/** The executable brings tables along in the namespace that nearly everybody has, of which others have no use. */
const DROP_BAKED = ["", "_jobs"].map((end) => `drop schema if exists ${orbweaver.schemaName}${end} cascade`).join("; ");

/** Counts statements and transactions that were asked for and are not over: the one connection takes them in turn. */
function countLoad(client: PGlite): () => number {
  let load = 0;
  const counting =
    <Arguments extends unknown[], Result>(run: (...given: Arguments) => Promise<Result>) =>
    async (...given: Arguments) => {
      load++;
      try {
        return await run(...given);
      } finally {
        load--;
      }
    };
  client.transaction = counting(client.transaction.bind(client)) as PGlite["transaction"];
  client.query = counting(client.query.bind(client)) as PGlite["query"];
  return () => load;
}

/** PostgreSQL in this process does not survive a write that the disk has no room for: it would spin for ever. */
function refusingFullDisk(client: PGlite, folder: string): PGlite {
  const transaction = client.transaction.bind(client);
  client.transaction = async (run) => {
    refuseFullDisk(folder);
    return transaction(run);
  };
  return client;
}

/** @throws AppError `unavailable`, code `disk_full` */
function refuseFullDisk(folder: string): void {
  const { bavail, bsize } = statfsSync(folder);
  if (bavail * bsize >= MIN_FREE_BYTES) return;
  const message = `The disk of ${folder} has less than ${MIN_FREE_BYTES / 1024 / 1024} MB left: make room, and go on`;
  throw new AppError("unavailable", message, { code: "disk_full" });
}

/** Starts PostgreSQL on a folder, which it fills first (some seconds) if it is empty. The folder must be locked. */
export async function startPostgres(folder: string, given?: ExtensionFiles): Promise<PGlite> {
  const [pgliteWasmModule, initdbWasmModule, extensions] = await Promise.all([
    compile(postgresWasm),
    compile(initdbWasm),
    given ?? findExtensionFiles(),
  ]);
  return PGlite.create({
    fs: durableFiles(folder, extensions),
    pgliteWasmModule,
    initdbWasmModule,
    fsBundle: Bun.file(postgresFiles),
    startParams: [...PGlite.defaultStartParams, ...SETTINGS],
    // PGlite spells bytes one by one, which for bodies costs more than all else.
    parsers: DRIZZLE_PARSERS,
    serializers: { [types.BYTEA]: (value: Uint8Array) => `\\x${Buffer.from(value).toString("hex")}` },
  });
}

const asText = (value: string) => value;

/** drizzle reads these types itself. */
const DRIZZLE_PARSERS = {
  [types.TIMESTAMP]: asText,
  [types.TIMESTAMPTZ]: asText,
  [types.INTERVAL]: asText,
  [types.DATE]: asText,
};

type Queries = Pick<PGlite, "query">;

/**
 * The client without the parsers that drizzle hands over with every query: PGlite merges them into its own, hundreds of
 * them, each time. They are set once for all instead.
 */
function sparingParsers(client: PGlite): PGlite {
  const spare = <Q extends Queries>(queries: Q): Q => {
    const query = queries.query.bind(queries);
    queries.query = (text, values, options) => query(text, values, { ...options, parsers: undefined });
    return queries;
  };
  const transaction = client.transaction.bind(client);
  client.transaction = (run) => transaction((tx) => run(spare(tx)));
  return spare(client);
}

const SETTINGS = [
  // All memory of this process. Twice as much makes no crawl faster; it spares a tenth of what is written.
  ["shared_buffers", "8MB"],
  // PGlite starts with `-F`, which turns this off.
  ["fsync", "on"],
  ["wal_sync_method", "fsync"],
  ["max_wal_size", "256MB"],
  ["lc_messages", "C"],
].flatMap(([name, value]) => ["-c", `${name}=${value}`]);

const compiled = new Map<string, Promise<WebAssembly.Module>>();

/** Once a process: a first start needs it twice, and it is a third of the time that each takes. */
function compile(path: string): Promise<WebAssembly.Module> {
  const module = compiled.get(path) ?? Bun.file(path).arrayBuffer().then(WebAssembly.compile);
  compiled.set(path, module);
  return module;
}

/** Makes the folder beside its place and renames it, so that it is whole or absent, whenever the process dies. */
async function createFolder(target: string): Promise<void> {
  const unfinished = `${target}.unfinished`;
  rmSync(unfinished, { recursive: true, force: true });
  const baked = findBakedFolder();
  if (baked) await unpackDataFolder(await baked.bytes(), unfinished);
  else await (await startPostgres(unfinished)).close();
  rmSync(join(unfinished, "postmaster.pid"), { force: true });
  renameSync(unfinished, target);
}

type EmscriptenFiles = FilesModule & { NODEFS?: { stream_ops: { fsync?: (stream: { nfd: number }) => void } } };

/** PGlite's files on disk, with the `fsync` that its own file system lacks; beside them, in memory, the extensions'. */
function durableFiles(folder: string, extensions: ExtensionFiles): NonNullable<PGliteOptions["fs"]> {
  const files = new NodeFS(folder);
  const init = files.init.bind(files);
  files.init = async (pg, options) => {
    const made = await init(pg, options);
    made.emscriptenOpts.preRun = [
      ...(made.emscriptenOpts.preRun ?? []),
      (module: EmscriptenFiles) => {
        if (module.NODEFS) module.NODEFS.stream_ops.fsync = (stream) => fsyncSync(stream.nfd);
        layExtensions(module, extensions);
      },
    ];
    return made;
  };
  return files;
}
