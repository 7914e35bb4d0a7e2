import postgres from "postgres";
import { POSTGRES } from "./servers.ts";
import { hasPostgres, type TestStore, testStores } from "./stores.ts";

/** Why PostgreSQL has no part in tests of vectors; `undefined` when it has one. Said by those that it misses. */
export const LACKS_VECTORS = await readLack();

/** The stores that know vectors: PGlite always, PostgreSQL where pgvector is installed on the server. */
export const vectorStores: TestStore[] = testStores.filter(
  ({ name }) => name === "embedded" || LACKS_VECTORS === undefined,
);

async function readLack(): Promise<string | undefined> {
  if (!hasPostgres) return "no PostgreSQL answers";
  const admin = postgres(POSTGRES.url.href, { max: 1, onnotice: () => {} });
  const found = await admin`select 1 from pg_available_extensions where name = 'vector'`;
  await admin.end();
  return found.length > 0 ? undefined : "the server has no pgvector";
}
