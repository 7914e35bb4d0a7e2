import type { Command, Option } from "commander";

/** How a command is run: its file is loaded when it is. */
type Run = (work: Promise<number>) => Promise<void>;

/** `backup` and `restore`, of the embedded database. */
export function addBackupCommands(program: Command, run: Run, dataOption: () => Option): void {
  program
    .command("backup")
    .summary("copy the embedded database into a file, while it is used")
    .description(
      "Writes the embedded database to one file (tar, zstd), whole or not at all, also while the service runs: then ask as the same system user. A PostgreSQL server has pg_dump for it.",
    )
    .argument("<file>", "the file, or - for standard output")
    .option("--force", "replace the file if it is there")
    .addOption(dataOption())
    .addHelpText("after", BACKUP_EXAMPLES)
    .action((file, flags) => run(import("./backup.ts").then(({ backupCommand }) => backupCommand(file, flags))));

  program
    .command("restore")
    .summary("make a backup the embedded database")
    .description(
      "Makes a backup the database of the data folder, once it was checked in full and opened. The service must not run on the folder. What is there stays unless --force is given, and until the backup is in its place.",
    )
    .argument("<file>", "the backup, or - for standard input")
    .option("--force", "replace the database if there is one")
    .addOption(dataOption())
    .addHelpText("after", RESTORE_EXAMPLES)
    .action((file, flags) => run(import("./restore.ts").then(({ restoreCommand }) => restoreCommand(file, flags))));
}

const BACKUP_EXAMPLES = `
Examples:
  orbweaver backup orbweaver.tar.zst
  orbweaver backup - --data /var/lib/orbweaver | ssh host 'cat > orbweaver.tar.zst'`;

const RESTORE_EXAMPLES = `
Examples:
  orbweaver restore orbweaver.tar.zst
  orbweaver restore orbweaver.tar.zst --data /var/lib/orbweaver --force`;
