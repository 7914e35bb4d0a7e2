import { openStore } from "../app.ts";
import { loadConfig } from "../config/config.ts";
import type { Config } from "../config/settings.ts";
import type { Db } from "../db/db.ts";
import { createExtensions, type Extension } from "../db/extensions.ts";
import {
  listMigrations,
  type MigrationGoal,
  type MigrationStatus,
  type MigrationStep,
  migrate,
  planMigration,
} from "../db/migrate.ts";
import { statementsOf } from "../db/migrations.ts";
import { queueNamespaceOf, readQueueVersion } from "../db/queue-tables.ts";
import { AppError } from "../errors.ts";
import { type SettingFlags, settingsOf } from "./setting-flags.ts";
import { writeError, writeOut } from "./terminal.ts";

export type MigrateAction = "up" | "down" | "status" | "to";

export type MigrateFlags = SettingFlags & { dryRun?: true; yes?: true };

/**
 * Changes the database's tables, or says how far they are.
 * @param target how many to take back, or the tag to go to
 * @throws AppError `invalid` for a target that makes no sense, `conflict` when rows would be lost and nobody agreed
 */
export async function migrateCommand(
  action: MigrateAction,
  target: string | undefined,
  flags: MigrateFlags,
): Promise<number> {
  const goal = action === "status" ? undefined : readGoal(action, target);
  const config = loadConfig(settingsOf(flags));
  const store = await openStore(config, tellWait);
  try {
    if (!goal) {
      const migrations = (await listMigrations(store.db)).map(describeStatus);
      await writeOut(toText(store.location, [...migrations, await describeQueue(store.db)]));
      return 0;
    }
    const plan = await planMigration(store.db, goal);
    if (flags.dryRun) {
      await writeOut(plan.map(describeSql).join("\n"));
      return 0;
    }
    refuseLoss(plan, config, flags);
    const taken = await migrate(store.db, goal);
    const lines = taken.length === 0 ? ["up to date"] : taken.map(describeStep);
    const lacks = goal === "up" ? (await createExtensions(store.db)).flatMap(describeLack) : [];
    await writeOut(toText(store.location, [...lines, ...(store.kind === "postgres" ? lacks : [])]));
    return 0;
  } finally {
    await store.close();
  }
}

function readGoal(action: Exclude<MigrateAction, "status">, target: string | undefined): MigrationGoal {
  if (action === "to") {
    if (target === undefined)
      throw new AppError("invalid", "migrate to needs a tag; orbweaver migrate status lists them");
    return { to: target };
  }
  if (action === "down") {
    if (!/^\d{1,4}$/.test(target ?? "1")) {
      throw new AppError("invalid", `migrate down takes a number of migrations, and ${target} is none`);
    }
    return { down: Number(target ?? 1) };
  }
  if (target !== undefined)
    throw new AppError("invalid", `migrate up takes no ${target}; migrate to ${target} goes there`);
  return "up";
}

/** Where it is tried out, going back and forth is daily work; elsewhere whoever loses rows has to say so. */
function refuseLoss(plan: readonly MigrationStep[], { ENVIRONMENT }: Config, { yes }: MigrateFlags): void {
  const lossy = plan.filter(({ losesRows }) => losesRows).map(({ tag }) => tag);
  if (yes || lossy.length === 0 || ENVIRONMENT !== "production") return;
  throw new AppError(
    "conflict",
    `Taking back ${lossy.join(", ")} drops tables or columns with what is in them; look with --dry-run, back it up, and say --yes`,
  );
}

function describeStep({ tag, direction }: MigrationStep): string {
  return `${tag} ${direction === "up" ? "applied" : "taken back"}`;
}

function describeSql({ tag, direction, sql }: MigrationStep): string {
  return `-- ${tag} ${direction}\n${statementsOf(sql).join("\n")}\n`;
}

function describeStatus({ tag, isApplied, appliedAt }: MigrationStatus): string {
  if (!isApplied) return `${tag} missing; orbweaver migrate applies it`;
  return `${tag} applied${appliedAt ? ` ${appliedAt.toISOString().slice(0, 19)}Z` : ""}`;
}

/** How far the job queue's tables are, which migrate by themselves. */
export async function describeQueue(db: Db): Promise<string> {
  const version = await readQueueVersion(db);
  const what = `job queue (${queueNamespaceOf(db)})`;
  return version === undefined ? `${what} missing; the service makes it when it starts` : `${what} version ${version}`;
}

/** A line for what the database lacks and an administrator can mend. */
export function describeLack({ name, serves, mend }: Extension): string[] {
  return mend === null ? [] : [`without ${name}, ${serves} is off: ${mend}`];
}

/** Where the database is, and below it what is said of it. */
export function toText(location: string, lines: readonly string[]): string {
  return `${location}\n${lines.map((line) => `  ${line}\n`).join("")}`;
}

/** For a person who would otherwise look at nothing while the database does not answer yet. */
export function tellWait(message: string): void {
  writeError(`${message}; waiting for it\n`);
}
