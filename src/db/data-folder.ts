import { Database } from "bun:sqlite";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { AppError } from "../errors.ts";

/** The database's files in the data folder. */
export const DATABASE_FOLDER = "postgres";

/** Where a database lies while another is put in its place. */
export const replacedFolderOf = (target: string) => `${target}.replaced`;

/** Ends what a restore that was killed between its two renames began. The folder must be locked. */
export function putBackReplaced(target: string): void {
  const replaced = replacedFolderOf(target);
  if (!existsSync(target) && existsSync(replaced)) renameSync(replaced, target);
}

/**
 * Takes the data folder for this process alone; two would destroy it. The lock is an open SQLite transaction, which the
 * operating system ends with the process, however that dies.
 * @throws AppError `unavailable`: code `folder_in_use`, naming the process that holds it, or the folder can't be written
 */
export function lockDataFolder(folder: string): { release(): void } {
  const holderFile = join(folder, "holder.json");
  let lock: Database;
  try {
    mkdirSync(folder, { recursive: true });
    lock = new Database(join(folder, "lock.sqlite"));
  } catch (cause) {
    throw new AppError("unavailable", `The data folder ${folder} can't be written: ${(cause as Error).message}`, {
      cause,
    });
  }
  try {
    lock.run("pragma busy_timeout = 0");
    lock.run("begin exclusive");
  } catch (cause) {
    lock.close();
    if ((cause as { code?: string }).code !== "SQLITE_BUSY") {
      throw new AppError("unavailable", `The data folder ${folder} can't be locked: ${(cause as Error).message}`, {
        cause,
      });
    }
    throw new AppError(
      "unavailable",
      `The data folder ${folder} is in use by ${describeHolder(holderFile)}; stop it, or name another folder with --data or DATA_DIR`,
      { code: "folder_in_use", cause },
    );
  }
  writeFileSync(holderFile, JSON.stringify({ pid: process.pid, command: process.argv.slice(2).join(" ") }));
  return { release: () => lock.close() };
}

function describeHolder(holderFile: string): string {
  try {
    const { pid, command } = JSON.parse(readFileSync(holderFile, "utf8")) as { pid: number; command: string };
    return `process ${pid} (orbweaver ${command || "serve"})`;
  } catch {
    return "another process";
  }
}

/** File name, without its ending, of the fresh database folder that the build embeds to spare the first start initdb. */
export const BAKED_FOLDER = "postgres-folder";

/** The fresh database folder as a tar.gz; `undefined` when run from source. */
export function findBakedFolder(): Blob | undefined {
  return Bun.embeddedFiles.find((file) => (file as File).name.includes(BAKED_FOLDER));
}

/** Stands in an empty folder of the packed database, since an archive holds files only. */
export const PLACEHOLDER = ".keep";

/** Unpacks a database folder that `bakeDataFolder` made. */
export async function unpackDataFolder(archive: Uint8Array, target: string): Promise<void> {
  await new Bun.Archive(archive).extract(target);
  // Recovery after a crash takes every entry of some folders for one of its own, and stops at what is not.
  for (const file of new Bun.Glob(`**/${PLACEHOLDER}`).scanSync({ cwd: target, dot: true })) rmSync(join(target, file));
}
