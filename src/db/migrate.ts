import { asc, eq, sql } from "drizzle-orm";
import { bigint, serial, text } from "drizzle-orm/pg-core";
import { AppError } from "../errors.ts";
import { type Db, rowsOf } from "./db.ts";
import type { Migration } from "./migrations.macro.ts";
import { hashOf, losesRows, MIGRATIONS, statementsOf } from "./migrations.ts";
import { inNamespaceOf, namespaceOf } from "./namespace.ts";
import { instant, orbweaver } from "./schema/columns.ts";

/** drizzle's own bookkeeping table, with two columns for people, which are null in rows older than they are. */
const applied = orbweaver.table("__drizzle_migrations", {
  id: serial().primaryKey(),
  hash: text().notNull(),
  createdAt: bigint({ mode: "number" }),
  tag: text(),
  appliedAt: instant(),
});

/** What a database knows of the migrations it has, by their hashes, oldest first. */
type Bookkeeping = Map<string, { tag: string | null; appliedAt: Date | null }>;

export type MigrationStatus = { tag: string; isApplied: boolean; appliedAt: Date | null };

/** A migration that is to be applied or taken back. */
export type MigrationStep = { tag: string; direction: "up" | "down"; sql: string; losesRows: boolean };

/** Where migrations should lead: all of them, some of the last taken back, or the state after one, whichever way. */
export type MigrationGoal = "up" | { down: number } | { to: string };

/**
 * Applies what is missing, in one transaction under a lock, so that any number of instances may start together and a
 * failure leaves nothing half done.
 * @returns the tags applied now
 * @throws AppError `conflict` when the database was migrated by a newer version of the program
 */
export async function migrateUp(db: Db): Promise<string[]> {
  // Asked first without the lock, since most starts find everything in its place.
  const steps = await planMigration(db, "up");
  return steps.length === 0 ? [] : (await migrate(db, "up")).map(({ tag }) => tag);
}

/**
 * Brings the database where the goal says, in one transaction under a lock.
 * @returns the steps taken
 * @throws AppError `conflict` when the database was migrated by a newer version of the program, `not_found` when there
 *   is no migration of that tag
 */
export async function migrate(db: Db, goal: MigrationGoal): Promise<MigrationStep[]> {
  return db.transaction(async (tx) => {
    const { timeout } = await lockMigrations(tx);
    await prepareBookkeeping(tx);
    const steps = await planMigration(tx, goal);
    // What waits for a table keeps everybody else from it, so that it had better give up and be tried again.
    await tx.execute(sql`select set_config('lock_timeout', ${timeout}, true)`);
    for (const step of steps) await take(tx, step);
    return steps;
  });
}

/** The steps that `migrate` would take, oldest or newest first as they would be; it throws as that does. */
export async function planMigration(db: Db, goal: MigrationGoal): Promise<MigrationStep[]> {
  const known = await readBookkeeping(db);
  refuseNewerDatabase(known);
  const isApplied = (migration: Migration) => known.has(hashOf(migration));
  const up = (some: Migration[]) => some.filter((one) => !isApplied(one)).map((one) => toStep(db, one, "up"));
  const down = (some: Migration[]) => some.toReversed().map((one) => toStep(db, one, "down"));
  if (goal === "up") return up([...MIGRATIONS]);
  if ("down" in goal) return goal.down === 0 ? [] : down(MIGRATIONS.filter(isApplied).slice(-goal.down));
  const next = MIGRATIONS.indexOf(getMigration(goal.to)) + 1;
  return [...down(MIGRATIONS.slice(next).filter(isApplied)), ...up(MIGRATIONS.slice(0, next))];
}

/** Every migration of this program, oldest first, and whether the database has it. */
export async function listMigrations(db: Db): Promise<MigrationStatus[]> {
  const known = await readBookkeeping(db);
  return MIGRATIONS.map((migration) => {
    const row = known.get(hashOf(migration));
    return { tag: migration.tag, isApplied: row !== undefined, appliedAt: row?.appliedAt ?? null };
  });
}

/**
 * Takes all migrations back and removes the namespace, unless something else is in it that must stay.
 * @throws AppError `conflict` when the database was migrated by a newer version of the program
 */
export async function removeTables(db: Db): Promise<void> {
  await migrate(db, { down: MIGRATIONS.length });
  await db.execute(sql`drop table if exists ${applied}`);
  try {
    await db.execute(sql`drop schema if exists ${sql.identifier(orbweaver.schemaName)}`);
  } catch (error) {
    const { code } = (error as { cause?: { code?: string } }).cause ?? {};
    if (code !== DEPENDENT_OBJECTS && code !== INSUFFICIENT_PRIVILEGE) throw error;
  }
}

/**
 * Keeps others from changing tables for as long as the transaction lasts, which may be long; a lock of the session would
 * be lost in a pooler.
 * @returns how long the connection waits for locks otherwise
 */
export async function lockMigrations(tx: Db): Promise<{ timeout: string }> {
  const [before] = rowsOf<{ timeout: string }>(
    await tx.execute(sql`select current_setting('lock_timeout') as timeout`),
  );
  // Others wait for as long as the first takes, and a table is rebuilt for as long as that takes.
  await tx.execute(sql`select set_config('statement_timeout', '0', true), set_config('lock_timeout', '0', true)`);
  const name = `orbweaver migrations of ${namespaceOf(tx)}`;
  await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${name}, 0))`);
  return { timeout: before?.timeout ?? "0" };
}

const DEPENDENT_OBJECTS = "2BP01";
const INSUFFICIENT_PRIVILEGE = "42501";

/** Makes only what is missing: to create what is there takes rights that the service's user may well not have. */
async function prepareBookkeeping(tx: Db): Promise<void> {
  const [found] = rowsOf<{ namespace: string | null }>(
    await tx.execute(sql`select to_regnamespace(${namespaceOf(tx)})::text as namespace`),
  );
  if (!found?.namespace) await tx.execute(sql`create schema ${sql.identifier(orbweaver.schemaName)}`);
  const columns = await readColumns(tx);
  if (columns.size === 0) {
    await tx.execute(
      sql`create table ${applied} (id serial primary key, hash text not null, created_at bigint, tag text, applied_at timestamptz)`,
    );
  } else if (!columns.has("tag")) {
    await tx.execute(sql`alter table ${applied} add column tag text, add column applied_at timestamptz`);
  }
}

/** Of the bookkeeping table; none when there is no such table. */
async function readColumns(db: Db): Promise<Set<string>> {
  const result = await db.execute(sql`
    select attname::text as name from pg_attribute
    where attrelid = to_regclass(${`${namespaceOf(db)}.__drizzle_migrations`}) and attnum > 0 and not attisdropped`);
  return new Set(rowsOf<{ name: string }>(result).map(({ name }) => name));
}

async function readBookkeeping(db: Db): Promise<Bookkeeping> {
  const columns = await readColumns(db);
  if (columns.size === 0) return new Map();
  const { hash, tag, appliedAt } = applied;
  const rows = columns.has("tag")
    ? await db.select({ hash, tag, appliedAt }).from(applied).orderBy(asc(applied.id))
    : (await db.select({ hash }).from(applied)).map((row) => ({ ...row, tag: null, appliedAt: null }));
  return new Map(rows.map((row) => [row.hash, row]));
}

async function take(tx: Db, { tag, direction, sql: text }: MigrationStep): Promise<void> {
  for (const statement of statementsOf(text)) await tx.execute(sql.raw(statement));
  const migration = getMigration(tag);
  const hash = hashOf(migration);
  if (direction === "down") await tx.delete(applied).where(eq(applied.hash, hash));
  else await tx.insert(applied).values({ hash, createdAt: migration.when, tag, appliedAt: sql`now()` });
}

function toStep(db: Db, migration: Migration, direction: "up" | "down"): MigrationStep {
  // The namespace is there before the first migration, which would ask for it once more, and for the right to make it.
  const sql = migration[direction].replace(/^CREATE SCHEMA IF NOT EXISTS "\w+";\s*--> statement-breakpoint\s*/, "");
  const isLossy = direction === "down" && losesRows(migration);
  return { tag: migration.tag, direction, sql: inNamespaceOf(db, sql), losesRows: isLossy };
}

/** @throws AppError `not_found` */
function getMigration(tag: string): Migration {
  const migration = MIGRATIONS.find((one) => one.tag === tag);
  if (migration) return migration;
  const tags = MIGRATIONS.map((one) => one.tag).join(", ");
  throw new AppError("not_found", `There is no migration ${tag}; there are ${tags}`);
}

function refuseNewerDatabase(known: Bookkeeping): void {
  const own = new Set(MIGRATIONS.map(hashOf));
  const unknown = [...known].filter(([hash]) => !own.has(hash)).map(([, { tag }]) => tag);
  if (unknown.length === 0) return;
  const tags = unknown.filter((tag) => tag !== null);
  const named = tags.length > 0 ? ` (${tags.join(", ")})` : "";
  throw new AppError(
    "conflict",
    `The database has ${unknown.length} migration(s)${named} that this version of Orbweaver does not know; run the newer version, or restore a backup from before`,
  );
}
