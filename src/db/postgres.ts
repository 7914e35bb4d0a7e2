import { drizzle } from "drizzle-orm/postgres-js";
import postgres from "postgres";
import { AppError } from "../errors.ts";
import { type Store, schema } from "./db.ts";

/**
 * Connects to a PostgreSQL server.
 * @throws AppError `unavailable` when it can't be reached or refuses; the message never holds the password
 */
export async function openPostgresStore(url: string, poolSize: number): Promise<Store> {
  const client = postgres(url, { max: poolSize, connect_timeout: 10, idle_timeout: 60, onnotice: () => {} });
  const location = describe(url);
  try {
    await client`select 1`;
  } catch (cause) {
    await client.end({ timeout: 1 });
    const { code, message } = cause as { code?: string; message: string };
    throw new AppError("unavailable", `The database at ${location} can't be used: ${message || code}`, { cause });
  }
  return {
    db: drizzle(client, { schema, casing: "snake_case" }),
    kind: "postgres",
    location,
    execute: async (text) => void (await client.unsafe(text).simple()),
    close: () => client.end({ timeout: 5 }),
  };
}

function describe(url: string): string {
  const { host, pathname } = new URL(url);
  return `${host}${pathname}`;
}
