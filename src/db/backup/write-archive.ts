import { once } from "node:events";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { createZstdCompress, constants as zlib } from "node:zlib";
import { type Pack, pack as startPack } from "tar-stream";
import { VERSION } from "../../version.ts";
import type { Db } from "../db.ts";
import { listMigrations } from "../migrate.ts";
import { namespaceOf } from "../namespace.ts";
import { type BackupSource, copyDatabase, listDatabase, readExactly } from "./base-backup.ts";
import { CHECKSUMS_FILE, type Checksums, FILES_FOLDER, FORMAT, HEADER_FILE, type Header, sha256 } from "./format.ts";

/** What it takes of time is what zstd takes; bodies are packed already. */
const LEVEL = 3;

/**
 * A backup of the embedded database as a tar archive under zstd, taken while it is used: its rows are those of the
 * moment it ends. Nothing is held in memory; the stream must be read or destroyed.
 */
export async function streamBackup(source: BackupSource & { db: Db }): Promise<Readable> {
  const header = await describe(source);
  const pack = startPack();
  const zip = createZstdCompress({
    params: { [zlib.ZSTD_c_compressionLevel]: LEVEL, [zlib.ZSTD_c_checksumFlag]: 1 },
  });
  // Whoever reads may go away at any time; what writes must then end, and PostgreSQL be told.
  zip.once("close", () => pack.destroy());
  pack.once("error", (error: Error) => zip.destroy(error));
  pack.pipe(zip);
  fill(pack, source, header).then(
    () => pack.finalize(),
    (error: Error) => zip.destroy(error),
  );
  return zip;
}

async function fill(pack: Pack, source: BackupSource, header: Header): Promise<void> {
  const checksums: Checksums = {};
  const put = (name: string, text: string) => {
    checksums[name] = sha256(text);
    pack.entry({ name, mode: 0o600 }, text);
  };
  put(HEADER_FILE, JSON.stringify(header, null, 2));
  const label = await copyDatabase(source, async (name, bytes) => {
    const path = `${FILES_FOLDER}/${name}`;
    if (name.endsWith("/")) pack.entry({ name: path, type: "directory", mode: 0o700 });
    else checksums[path] = await putFile(pack, path, bytes, readExactly(join(source.folder, name), bytes));
  });
  put(`${FILES_FOLDER}/backup_label`, label);
  pack.entry({ name: CHECKSUMS_FILE, mode: 0o600 }, JSON.stringify(checksums, null, 2));
}

/** @returns the SHA-256 of what was put */
async function putFile(pack: Pack, name: string, size: number, parts: AsyncIterable<Uint8Array>): Promise<string> {
  const hash = new Bun.CryptoHasher("sha256");
  const entry = pack.entry({ name, size, mode: 0o600 });
  const gone = new AbortController();
  const leave = () => gone.abort(new Error("Whoever read the backup has gone"));
  pack.once("close", leave);
  // Its error is the pack's, which is heard.
  entry.on("error", () => {});
  try {
    for await (const part of parts) {
      if (pack.destroyed) leave();
      gone.signal.throwIfAborted();
      hash.update(part);
      if (!entry.write(part)) await once(entry, "drain", { signal: gone.signal });
    }
    entry.end(null);
    return hash.digest("hex");
  } finally {
    pack.off("close", leave);
  }
}

async function describe({ client, db, folder }: BackupSource & { db: Db }): Promise<Header> {
  const { rows } = await client.query<{ postgres: string; at: string }>(
    `select version() as postgres, to_char(now() at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as at`,
  );
  const { files } = await listDatabase(folder);
  const migrations = await listMigrations(db);
  return {
    program: "orbweaver",
    format: FORMAT,
    version: VERSION,
    postgres: /\S+ \S+ \(.*?\)/.exec(rows[0]?.postgres ?? "")?.[0] ?? "",
    namespace: namespaceOf(db),
    migrations: migrations.filter(({ isApplied }) => isApplied).map(({ tag }) => tag),
    createdAt: rows[0]?.at ?? "",
    bytes: files.reduce((sum, { bytes }) => sum + bytes, 0),
  };
}
