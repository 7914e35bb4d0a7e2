import { Argument, type Command, Option } from "commander";

/** How a command is run: its file is loaded when it is. */
type Run = (work: Promise<number>) => Promise<void>;

/** `migrate` and `db`: the database's tables, and the database itself. */
export function addDatabaseCommands(program: Command, run: Run, dataOption: () => Option): void {
  program
    .command("migrate")
    .summary("change the database's tables, or say how far they are")
    .description(
      "Brings the database's tables up to date (up), takes the last migrations back (down), goes to one of them (to), or says how far they are (status). The service brings them up to date itself when it starts.",
    )
    .addArgument(new Argument("[action]", "what to do").choices(["up", "down", "status", "to"]).default("up"))
    .addArgument(new Argument("[target]", "how many to take back, 1 unless said; or the tag to go to"))
    .addOption(new Option("--dry-run", "print the SQL and change nothing"))
    .addOption(new Option("--yes", "agree to lose the rows of tables and columns that are dropped"))
    .addOption(dataOption())
    .addHelpText("after", MIGRATE_EXAMPLES)
    .action((action, target, flags) =>
      run(import("./migrate.ts").then(({ migrateCommand }) => migrateCommand(action, target, flags))),
    );

  const db = program
    .command("db")
    .summary("create, fill and empty the database")
    .description("Creates the database that the settings name, fills it with a sample, or empties it.")
    .addHelpText("after", DB_EXAMPLES);

  db.command("init")
    .summary("create the database, its namespace and tables")
    .description("Creates what is missing of the database, its namespace (DATABASE_SCHEMA) and its tables.")
    .addOption(dataOption())
    .action((flags) => run(import("./db.ts").then(({ initCommand }) => initCommand(flags))));

  db.command("seed")
    .summary("fill it with a small sample website")
    .description("Crawls a small website that the program carries, so that there is something to look at.")
    .addOption(dataOption())
    .action((flags) => run(import("./db.ts").then(({ seedCommand }) => seedCommand(flags))));

  db.command("reset")
    .summary("drop all tables with their rows, and make them anew")
    .description("Drops all tables of the service and all jobs, and makes the tables anew. It asks first.")
    .addOption(new Option("--yes", "don't ask; not enough in production"))
    .addOption(new Option("--yes-really <name>", "the database's name, for production; embedded, its folder's"))
    .addOption(dataOption())
    .action((flags) => run(import("./db.ts").then(({ resetCommand }) => resetCommand(flags))));

  db.command("status")
    .summary("say how large each table is")
    .description("Says of each table how many rows and bytes it has, and over how many partitions it is spread.")
    .addOption(dataOption())
    .action((flags) => run(import("./db-tables.ts").then(({ statusCommand }) => statusCommand(flags))));

  db.command("partition")
    .summary("spread a large table over partitions")
    .description(
      "Spreads a table over partitions of its own, by hash, or takes that back (--partitions 0). The table is written anew in one transaction, and needs its size once more on the disk meanwhile. Whatever needs the table, and all that is asked of crawls, waits until then: about 5 s for a million URLs, 7 s for a gigabyte of bodies.",
    )
    .addArgument(new Argument("<table>", "which one").choices(["frontier", "raw_html"]))
    .addOption(new Option("--partitions <number>", "how many; 0 for one plain table").default("16"))
    .addOption(new Option("--dry-run", "print the SQL and change nothing"))
    .addOption(new Option("--yes", "don't ask"))
    .action((table, flags) =>
      run(import("./db-tables.ts").then(({ partitionCommand }) => partitionCommand(table, flags))),
    );
}

const MIGRATE_EXAMPLES = `
Examples:
  orbweaver migrate
  orbweaver migrate status
  orbweaver migrate down --dry-run
  orbweaver migrate to 0001_access`;

const DB_EXAMPLES = `
Examples:
  DATABASE_URL=postgres://orbweaver@localhost/orbweaver orbweaver db init
  orbweaver db seed
  orbweaver db partition frontier --partitions 16
  orbweaver db reset --yes-really orbweaver`;
