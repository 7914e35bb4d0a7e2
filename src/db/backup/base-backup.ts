import { open, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import type { PGlite } from "@electric-sql/pglite";
import { AppError } from "../../errors.ts";

export type BackupSource = { client: Pick<PGlite, "query">; folder: string };

/** A file of the database, named from its folder. Its size is what it had when it was looked at. */
export type DatabaseFile = { name: string; bytes: number };

/** Folders that PostgreSQL wants and whose contents are the running process's (`excludeDirContents` of basebackup.c). */
const EMPTY_FOLDERS = /^(?:pg_dynshmem|pg_notify|pg_replslot|pg_serial|pg_snapshots|pg_stat_tmp|pg_subtrans)\//;
const TEMPORARY = /(?:^|\/)(?:postmaster\.pid|postmaster\.opts|backup_label(?:\.old)?|tablespace_map|pgsql_tmp[^/]*)$/;
const LOG = "pg_wal/";
/** Copied last, as pg_basebackup does. */
const CONTROL_FILE = "global/pg_control";
const SLOT = "orbweaver_backup";

/** What a process that died during a backup leaves in the database's folder, where it would keep the log for ever. */
export const LEFT_SLOT = `pg_replslot/${SLOT}`;

const CHUNK_BYTES = 256 * 1024;

/**
 * Copies a database while it is written to, by PostgreSQL's own protocol for that ("Making a base backup using the low
 * level API"): what changes under the copy is mended from the log, which is copied afterwards and kept by a slot until
 * then. `copy` is called for each file in turn, and for each folder with a name that ends in a slash.
 * @returns the label file, which must lie in the restored folder
 * @throws AppError `conflict` when another backup is under way
 */
export async function copyDatabase(
  { client, folder }: BackupSource,
  copy: (name: string, bytes: number) => Promise<void>,
): Promise<string> {
  await holdLog(client);
  try {
    const [began] = await ask<{ file: string }>(
      client,
      "select pg_walfile_name(pg_backup_start('orbweaver', true)) as file",
    );
    let label: { labelfile: string; file: string } | undefined;
    try {
      const { folders, files } = await listDatabase(folder);
      for (const name of folders) await copy(`${name}/`, 0);
      for (const { name, bytes } of files) if (!name.startsWith(LOG)) await copy(name, bytes);
    } finally {
      [label] = await ask(client, "select labelfile, pg_walfile_name(lsn) as file from pg_backup_stop(false)");
    }
    if (!began || !label) throw new Error("PostgreSQL did not say where its backup begins and ends");
    const { files } = await listDatabase(folder);
    for (const { name, bytes } of files) {
      const segment = name.startsWith(LOG) ? name.slice(LOG.length) : "";
      if (/^[0-9A-F]{24}$/.test(segment) && segment >= began.file && segment <= label.file) await copy(name, bytes);
    }
    return label.labelfile;
  } finally {
    await client.query("select pg_drop_replication_slot($1)", [SLOT]);
  }
}

/** Everything in the folder that belongs into a copy, the log included. */
export async function listDatabase(folder: string): Promise<{ folders: string[]; files: DatabaseFile[] }> {
  const folders: string[] = [];
  const files: DatabaseFile[] = [];
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    const name = path.slice(folder.length + 1);
    if (EMPTY_FOLDERS.test(name) || TEMPORARY.test(name)) continue;
    if (entry.isDirectory()) folders.push(name);
    // A table that was dropped meanwhile is no loss.
    else if (entry.isFile()) files.push({ name, bytes: (await stat(path).catch(() => undefined))?.size ?? 0 });
  }
  const isControl = (file: DatabaseFile) => Number(file.name === CONTROL_FILE);
  files.sort((a, b) => isControl(a) - isControl(b) || (a.name < b.name ? -1 : 1));
  return { folders: folders.sort(), files };
}

/** As many bytes as were announced: what the file lacks by now is nought, what it has gained is in the log. */
export async function* readExactly(path: string, bytes: number): AsyncGenerator<Uint8Array> {
  const file = await open(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  try {
    for (let at = 0; at < bytes; ) {
      const chunk = new Uint8Array(Math.min(CHUNK_BYTES, bytes - at));
      const read = await file?.read(chunk, 0, chunk.length, at);
      at += chunk.length;
      if (read && read.bytesRead > 0 && read.bytesRead < chunk.length) chunk.fill(0, read.bytesRead);
      yield chunk;
    }
  } finally {
    await file?.close();
  }
}

/** Until the slot is dropped, no checkpoint removes the log that the copy needs. A temporary one ends with any error. */
async function holdLog(client: BackupSource["client"]): Promise<void> {
  try {
    await client.query("select pg_create_physical_replication_slot($1, true)", [SLOT]);
  } catch (cause) {
    // duplicate_object
    if ((cause as { code?: string }).code !== "42710") throw cause;
    throw new AppError("conflict", "A backup is under way already: wait until it has ended", { cause });
  }
}

async function ask<Row>(client: BackupSource["client"], sql: string): Promise<Row[]> {
  return (await client.query<Row>(sql)).rows;
}
