import { existsSync } from "node:fs";
import { join } from "node:path";
import { loadConfig } from "../config/config.ts";
import type { Config } from "../config/settings.ts";
import { requestBackup } from "../db/backup/door.ts";
import { DATABASE_FOLDER } from "../db/data-folder.ts";
import { type EmbeddedStore, openEmbeddedStore } from "../db/embedded.ts";
import { AppError } from "../errors.ts";
import { refuseExisting, writeWhole } from "./backup-file.ts";
import { createProgress } from "./progress.ts";
import { formatBytes } from "./quantity.ts";
import { type SettingFlags, settingsOf } from "./setting-flags.ts";
import { listenForInterrupt, writeError, writeOut } from "./terminal.ts";

export type BackupFlags = SettingFlags & { force?: boolean };

/** Writes a backup of the embedded database to a file, or to standard output for `-`. */
export async function backupCommand(file: string, { force: isForced = false, ...flags }: BackupFlags): Promise<number> {
  const config = readBackupConfig(flags, "pg_dump --format=custom --schema=SCHEMA --file=FILE");
  if (!existsSync(join(config.DATA_DIR, DATABASE_FOLDER)))
    throw new AppError(
      "not_found",
      `There is no database in ${config.DATA_DIR}; name its folder with --data or DATA_DIR`,
    );
  if (file !== "-") refuseExisting(file, isForced);
  const { archive, close } = await openBackup(config);
  return untilStopped(archive, async (parts) => {
    if (file === "-") return passOn(parts);
    const progress = startProgress();
    const bytes = await writeWhole(file, parts, {
      isForced,
      onProgress: (written) => progress.say(`${formatBytes(written)} written`),
    }).finally(progress.stop);
    await writeOut(`${file} has the backup of ${join(config.DATA_DIR, DATABASE_FOLDER)}, ${formatBytes(bytes)}\n`);
  }).finally(close);
}

/**
 * Copies what is read until a signal stops that, so that what is unfinished is taken away before the process ends.
 * @returns the exit code
 */
export async function untilStopped(
  archive: AsyncIterable<Uint8Array>,
  copy: (parts: AsyncIterable<Uint8Array>) => Promise<void>,
): Promise<number> {
  const interrupt = listenForInterrupt();
  try {
    await copy(readUntil(interrupt.signal, archive));
    return 0;
  } catch (error) {
    const stopped = interrupt.exitCode();
    if (stopped === undefined) throw error;
    writeError("Stopped; nothing was changed\n");
    return stopped;
  } finally {
    interrupt.dispose();
  }
}

/** Throws as soon as the signal is aborted: what is being waited for, such as standard input, may never come. */
async function* readUntil(signal: AbortSignal, archive: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const parts = archive[Symbol.asyncIterator]();
  try {
    for (;;) {
      const part = await new Promise<IteratorResult<Uint8Array>>((resolve, reject) => {
        signal.onabort = () => reject(signal.reason);
        if (signal.aborted) reject(signal.reason);
        else parts.next().then(resolve, reject);
      });
      if (part.done) return;
      yield part.value;
    }
  } finally {
    parts.return?.()?.catch(() => {});
  }
}

/**
 * The settings of the embedded database.
 * @param otherwise the command of PostgreSQL's own tools that does it for a server
 */
export function readBackupConfig(flags: SettingFlags, otherwise: string): Config {
  const config = loadConfig(settingsOf(flags));
  if (!config.DATABASE_URL) return config;
  const command = otherwise.replace("SCHEMA", config.DATABASE_SCHEMA);
  throw new AppError(
    "invalid",
    `DATABASE_URL names a server, which has tools of its own: ${command} --dbname="$DATABASE_URL"`,
  );
}

export const startProgress = () =>
  createProgress(process.stderr.isTTY === true ? "line" : "none", {
    write: writeError,
    columns: () => process.stderr.columns ?? 80,
  });

/** From the process that holds the folder, or, when there is none, from the database itself. */
async function openBackup({ DATA_DIR, DATABASE_SCHEMA: namespace }: Config) {
  const archive = await requestBackup(DATA_DIR);
  if (archive) return { archive, close: async () => {} };
  let store: EmbeddedStore;
  try {
    store = await openEmbeddedStore(DATA_DIR, { namespace });
  } catch (error) {
    if (!(error instanceof AppError && error.code === "folder_in_use")) throw error;
    throw new AppError("unavailable", `${error.message} (it can't be asked for a backup)`, { cause: error });
  }
  return { archive: (await store.backup()) as AsyncIterable<Uint8Array>, close: store.close };
}

async function passOn(archive: AsyncIterable<Uint8Array>): Promise<void> {
  const output = Bun.stdout.writer();
  const send = (step: () => unknown) =>
    Promise.try(step).catch((cause: Error) => {
      const message = `Standard output can't be written, so that the backup is not whole: ${cause.message}`;
      throw new AppError("unavailable", message, { cause });
    });
  for await (const part of archive) {
    await send(() => output.write(part));
    await send(() => output.flush());
  }
  await send(() => output.end());
}
