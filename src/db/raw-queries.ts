import type { PGlite } from "@electric-sql/pglite";
import type { Sql } from "postgres";

type Row = Record<string, unknown>;

/**
 * Runs SQL that somebody else wrote, such as the job queue's. A text without values may hold several statements, whose
 * rows come in one list; one that begins and commits is a transaction. Instants come as `Date` from PostgreSQL and as
 * text from the embedded database.
 */
export type RawQuery = (text: string, values?: readonly unknown[]) => Promise<{ rows: Row[] }>;

/** Few: what is asked here is short, and what waits would not be done sooner. */
const MAX_CONNECTIONS = 3;

/**
 * Over connections of its own, opened with the first query, since drizzle changes how those of its client read values.
 * @param connect opens a client that differs from the store's own by these options
 */
export function createServerQueries(connect: (options: object) => Sql): { query: RawQuery; close(): Promise<void> } {
  let client: Sql | undefined;
  const query: RawQuery = async (text, values) => {
    client ??= connect({ max: MAX_CONNECTIONS });
    if (values?.length) return { rows: [...(await client.unsafe<Row[]>(text, values as never[], PREPARED))] };
    const body = bodyOfTransaction(text);
    const result = await (body === undefined
      ? client.unsafe(text).simple()
      : client.begin((tx) => tx.unsafe(body).simple()));
    return { rows: flatten(result as unknown as Row[] | Row[][]) };
  };
  return { query, close: async () => void (await client?.end({ timeout: 5 })) };
}

/** Where sessions are kept; behind a pooler the client itself knows better. */
const PREPARED = { prepare: true };

/** On the one connection there is, taking turns with everything else. */
export function createEmbeddedQueries(client: PGlite): RawQuery {
  return async (text, values) => {
    if (values?.length) return client.query<Row>(text, [...values]);
    const body = bodyOfTransaction(text);
    // A transaction that was begun by a text and fails would be left to whoever comes next.
    const results = await (body === undefined ? client.exec(text) : client.transaction((tx) => tx.exec(body)));
    return { rows: (results ?? []).flatMap(({ rows }) => rows as Row[]) };
  };
}

function bodyOfTransaction(text: string): string | undefined {
  return /^\s*BEGIN;([\s\S]*);\s*COMMIT;?\s*$/i.exec(text)?.[1];
}

/** The driver answers several statements with a list of lists. */
function flatten(result: Row[] | Row[][]): Row[] {
  return Array.isArray(result[0]) ? (result as Row[][]).flat() : [...(result as Row[])];
}
