import { sql } from "drizzle-orm";
import { AppError } from "../errors.ts";
import { type Db, rowsOf } from "./db.ts";
import { readMigrations } from "./migrations.macro.ts" with { type: "macro" };
import type { Migration } from "./migrations.macro.ts";

const MIGRATIONS: Migration[] = readMigrations();

/** Any number that no other program is likely to lock by. */
const LOCK_KEY = 7_306_641;

export type MigrationStatus = { tag: string; isApplied: boolean };

/**
 * Applies what is missing, in one transaction under a lock, so that any number of instances may start together and a
 * failure leaves nothing half done. The bookkeeping table is drizzle's own.
 * @returns the tags applied now
 * @throws AppError `conflict` when the database was migrated by a newer version of the program
 */
export async function migrateUp(db: Db): Promise<string[]> {
  return db.transaction(async (tx) => {
    await tx.execute(sql`select pg_advisory_xact_lock(${sql.raw(String(LOCK_KEY))})`);
    await tx.execute(sql`create schema if not exists orbweaver`);
    await tx.execute(
      sql`create table if not exists orbweaver.__drizzle_migrations (id serial primary key, hash text not null, created_at bigint)`,
    );
    const applied = await readApplied(tx);
    refuseNewerDatabase(applied);
    const missing = MIGRATIONS.filter((migration) => !applied.has(hashOf(migration)));
    for (const migration of missing) {
      for (const statement of migration.up.split("--> statement-breakpoint")) await tx.execute(sql.raw(statement));
      await tx.execute(
        sql`insert into orbweaver.__drizzle_migrations (hash, created_at) values (${hashOf(migration)}, ${migration.when})`,
      );
    }
    return missing.map(({ tag }) => tag);
  });
}

/** Every migration of this program, oldest first, and whether the database has it. */
export async function listMigrations(db: Db): Promise<MigrationStatus[]> {
  const [row] = rowsOf<{ name: string | null }>(
    await db.execute(sql`select to_regclass('orbweaver.__drizzle_migrations')::text as name`),
  );
  const applied = row?.name ? await readApplied(db) : new Set<string>();
  return MIGRATIONS.map((migration) => ({ tag: migration.tag, isApplied: applied.has(hashOf(migration)) }));
}

async function readApplied(db: Db): Promise<Set<string>> {
  const result = await db.execute(sql`select hash from orbweaver.__drizzle_migrations`);
  return new Set(rowsOf<{ hash: string }>(result).map(({ hash }) => hash));
}

function refuseNewerDatabase(applied: Set<string>): void {
  const known = new Set(MIGRATIONS.map(hashOf));
  const unknown = [...applied].filter((hash) => !known.has(hash));
  if (unknown.length === 0) return;
  throw new AppError(
    "conflict",
    `The database has ${unknown.length} migration(s) that this version of Orbweaver does not know; run the newer version, or restore a backup from before`,
  );
}

function hashOf({ up }: Migration): string {
  return new Bun.CryptoHasher("sha256").update(up).digest("hex");
}
