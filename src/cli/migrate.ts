import { openStore } from "../app.ts";
import { readConfig, readEnvironment } from "../config/config.ts";
import { listMigrations, migrateUp } from "../db/migrate.ts";
import { writeOut } from "./terminal.ts";

/** Brings the database's tables up to date, or says how far they are. */
export async function migrateCommand(action: "up" | "status", { data }: { data?: string }): Promise<number> {
  const config = readConfig(readEnvironment(), data ? { DATA_DIR: data, DATABASE_URL: undefined } : {});
  const store = await openStore(config);
  try {
    const lines =
      action === "up" ? describeApplied(await migrateUp(store.db)) : describeStatus(await listMigrations(store.db));
    await writeOut(`${store.location}\n${lines.map((line) => `  ${line}\n`).join("")}`);
    return 0;
  } finally {
    await store.close();
  }
}

function describeApplied(tags: string[]): string[] {
  return tags.length === 0 ? ["up to date"] : tags.map((tag) => `${tag} applied`);
}

function describeStatus(migrations: { tag: string; isApplied: boolean }[]): string[] {
  return migrations.map(
    ({ tag, isApplied }) => `${tag} ${isApplied ? "applied" : "missing; orbweaver migrate applies it"}`,
  );
}
