import { readMigrations } from "./migrations.macro.ts" with { type: "macro" };
import type { Migration } from "./migrations.macro.ts";

/** Every migration of this program, oldest first. */
export const MIGRATIONS: readonly Migration[] = readMigrations();

/** By which the database remembers a migration: drizzle's own rule. */
export function hashOf({ up }: Migration): string {
  return new Bun.CryptoHasher("sha256").update(up).digest("hex");
}

/** The statements of a migration's file, in either direction; comments stay with what follows them. */
export function statementsOf(sql: string): string[] {
  return sql
    .split("--> statement-breakpoint")
    .map((statement) => statement.trim())
    .filter((statement) => statement !== "");
}

/** Whether taking it back drops a table or a column, and all rows or values with it. */
export function losesRows({ down }: Migration): boolean {
  return /\bdrop\s+(?:table|column)\b/i.test(down);
}
