import { existsSync, renameSync, rmSync } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { AppError } from "../../errors.ts";
import { VERSION } from "../../version.ts";
import { DATABASE_FOLDER, lockDataFolder, replacedFolderOf } from "../data-folder.ts";
import { MIN_FREE_BYTES, readFreeBytes } from "../disk-space.ts";
import { startPostgres } from "../embedded.ts";
import { MIGRATIONS } from "../migrations.ts";
import { FORMAT, type Header } from "./format.ts";
import { unpackBackup } from "./read-archive.ts";

export type RestoreOptions = {
  /** Namespace of the tables that the service will look for. */
  namespace: string;
  /** Whether a database that is there may be replaced. */
  isForced?: boolean;
  onProgress?(done: number, total: number): void;
};

/**
 * Makes a backup the database of a data folder. It is unpacked beside its place and opened once, so that what was there
 * before stays until the new one is known to work, whenever the process dies.
 * @throws AppError `conflict` when there is a database already, or the backup needs a newer program or other settings;
 *   `unavailable` when the folder is in use or its disk too full; `invalid` for what is no backup or a damaged one
 */
export async function restoreBackup(
  archive: AsyncIterable<Uint8Array>,
  folder: string,
  { namespace, isForced = false, onProgress }: RestoreOptions,
): Promise<Header> {
  const lock = lockDataFolder(folder);
  const target = join(folder, DATABASE_FOLDER);
  const unpacked = `${target}.restoring`;
  try {
    if (existsSync(target) && !isForced)
      throw new AppError("conflict", `There is a database in ${target}; --force replaces it with the backup`);
    rmSync(unpacked, { recursive: true, force: true });
    let total = 0;
    const header = await unpackBackup(archive, unpacked, {
      check: async (header) => {
        refuseForeign(header, namespace);
        await refuseWithoutRoom(header, folder);
        total = header.bytes;
      },
      onProgress: (bytes) => onProgress?.(bytes, Math.max(bytes, total)),
    });
    await tryOut(unpacked, header);
    await exchange(unpacked, target);
    return header;
  } finally {
    rmSync(unpacked, { recursive: true, force: true });
    lock.release();
  }
}

function refuseForeign(header: Header, namespace: string): void {
  const known = new Set(MIGRATIONS.map(({ tag }) => tag));
  const unknown = header.migrations.filter((tag) => !known.has(tag));
  if (header.format > FORMAT || unknown.length > 0) {
    const message = `The backup was made by Orbweaver ${header.version}, whose database this version (${VERSION}) does not know: restore it with that version or a newer one`;
    throw new AppError("conflict", message);
  }
  if (header.namespace !== namespace)
    throw new AppError(
      "conflict",
      `The backup's tables are in the namespace ${header.namespace}: set DATABASE_SCHEMA to it`,
    );
}

async function refuseWithoutRoom({ bytes }: Header, folder: string): Promise<void> {
  const free = await readFreeBytes(folder);
  const needed = bytes + MIN_FREE_BYTES;
  if (free >= needed) return;
  const inMb = (value: number) => Math.ceil(value / 1_000_000);
  const message = `The disk of ${folder} has ${inMb(free)} MB left, and the backup takes ${inMb(needed)} MB: make room`;
  throw new AppError("unavailable", message, { code: "disk_full" });
}

/** Lets PostgreSQL bring the copy up to the moment it was ended, which shows as well that it can be read. */
async function tryOut(folder: string, { postgres }: Header): Promise<void> {
  try {
    const client = await startPostgres(folder);
    await client.exec("checkpoint");
    await client.close();
  } catch (cause) {
    const message = `The backup's database, made by ${postgres}, does not start in this version of Orbweaver`;
    throw new AppError("conflict", message, { cause });
  }
  for (const name of ["postmaster.pid", "backup_label.old"]) rmSync(join(folder, name), { force: true });
}

/** Dying between the two renames leaves no database in place; whoever opens the folder next puts the old one back. */
async function exchange(made: string, target: string): Promise<void> {
  const replaced = replacedFolderOf(target);
  rmSync(replaced, { recursive: true, force: true });
  if (existsSync(target)) renameSync(target, replaced);
  renameSync(made, target);
  const parent = await open(join(target, ".."));
  await parent.sync().finally(() => parent.close());
  rmSync(replaced, { recursive: true, force: true });
}
