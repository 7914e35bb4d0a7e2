import { type ExtractTablesWithRelations, type SQL, sql } from "drizzle-orm";
import type { PgDatabase, PgQueryResultHKT } from "drizzle-orm/pg-core";
import type { Clock } from "../clock.ts";
import type { Hearing, Listening } from "./listening.ts";
import type { RawQuery } from "./raw-queries.ts";

/** The tables are imported where they are used; the relational query API is not. */
export const schema = {};

/** A connection, embedded or not, or a transaction on one. Inside a transaction use only the transaction. */
export type Db = PgDatabase<PgQueryResultHKT, typeof schema, ExtractTablesWithRelations<typeof schema>>;

/** Connections: at most, at work, open and idle; and how many statements and transactions wait for one. */
export type PoolStats = { size: number; inUse: number; idle: number; waiting: number };

/** An opened database and how to let go of it. */
export type Store = {
  db: Db;
  kind: "embedded" | "postgres";
  /** Where the rows are, for people: a folder, or a host and database without credentials. */
  location: string;
  /** Runs SQL of several statements, outside any transaction. */
  execute(sql: string): Promise<void>;
  query: RawQuery;
  stats(): PoolStats;
  /** Hears what is said on a channel; absent where that can't be: embedded, and behind a pooler. */
  listen?(channel: string, hearing: Hearing, clock: Clock): Listening;
  /** For reads whose answer may be a moment old: `ask` may get a replica, and then be asked again of the primary. */
  read<Result>(ask: (db: Db) => Promise<Result>): Promise<Result>;
  close(): Promise<void>;
};

/** Rows of a raw statement, whichever driver ran it: postgres.js answers an array, PGlite an object. */
export function rowsOf<Row>(result: unknown): Row[] {
  if (Array.isArray(result)) return result as Row[];
  return (result as { rows: Row[] }).rows;
}

/** The name of the constraint that a statement ran against, `undefined` if that is not why it failed. */
export function findViolatedConstraint(error: unknown): string | undefined {
  for (let at = error; at instanceof Error; at = at.cause) {
    const { constraint_name, constraint } = at as { constraint_name?: string; constraint?: string };
    if (constraint_name ?? constraint) return constraint_name ?? constraint;
  }
  return undefined;
}

/** The pattern of `like` for what begins with a text, whatever marks of patterns are in it. */
export function beginningWith(prefix: string): string {
  return `${prefix.replace(/[\\%_]/g, "\\$&")}%`;
}

/** Ids as one array, whose statement is the same however many they are. */
export function toUuids(ids: readonly string[]): SQL {
  return sql`${`{${ids.join(",")}}`}::uuid[]`;
}

/** What `on conflict do update` sets to take columns, by their names in the program, over from the row that was to be inserted. */
export function takeOver(columns: readonly string[]): Record<string, SQL> {
  const toColumn = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  return Object.fromEntries(columns.map((name) => [name, sql.raw(`excluded.${toColumn(name)}`)]));
}
