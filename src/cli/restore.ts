import { join } from "node:path";
import { restoreBackup } from "../db/backup/restore.ts";
import { DATABASE_FOLDER } from "../db/data-folder.ts";
import { AppError } from "../errors.ts";
import { type BackupFlags, readBackupConfig, startProgress, untilStopped } from "./backup.ts";
import { formatBytes } from "./quantity.ts";
import { writeOut } from "./terminal.ts";

/** Makes a backup, of a file or of standard input for `-`, the database of the data folder. */
export async function restoreCommand(
  file: string,
  { force: isForced = false, ...flags }: BackupFlags,
): Promise<number> {
  const { DATA_DIR, DATABASE_SCHEMA: namespace } = readBackupConfig(flags, "pg_restore --clean --if-exists FILE");
  if (file !== "-" && !(await Bun.file(file).exists())) throw new AppError("not_found", `There is no file ${file}`);
  const archive = (file === "-" ? Bun.stdin : Bun.file(file)).stream();
  return untilStopped(archive, async (parts) => {
    const progress = startProgress();
    const { createdAt, version, bytes } = await restoreBackup(parts, DATA_DIR, {
      namespace,
      isForced,
      onProgress: (done, total) => progress.say(`${formatBytes(done)} of about ${formatBytes(total)} unpacked`),
    }).finally(progress.stop);
    const place = join(DATA_DIR, DATABASE_FOLDER);
    await writeOut(`${place} has the backup of ${createdAt} by Orbweaver ${version}, ${formatBytes(bytes)}\n`);
  });
}
