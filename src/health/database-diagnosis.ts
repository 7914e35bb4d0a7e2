import { sql } from "drizzle-orm";
import type { Clock } from "../clock.ts";
import type { Config } from "../config/settings.ts";
import { type Db, rowsOf, type Store } from "../db/db.ts";
import { type Extension, pickUsable, readExtensions, tryExtension } from "../db/extensions.ts";
import { planMigration } from "../db/migrate.ts";
import { PARTITIONED_TABLES, type PartitionedTable, readTableSizes } from "../db/partitions.ts";
import { readQueueVersion } from "../db/queue-tables.ts";
import { AppError } from "../errors.ts";
import { judgeClock } from "./clock-diagnosis.ts";
import { type Diagnosis, describeError, type Examination, fail, pass, skip, warn } from "./diagnosis.ts";

/** Below it the SQL of the migrations does not run. */
const MIN_SERVER_VERSION = 130_000;
/** A batch of pages is a dozen statements, one after another. */
const SLOW_ROUND_TRIP_MS = 20;
/** Leases and tokens are compared with the time of this machine, and hold for 30 s. */
const CLOCK_WARN_MS = 2_000;
const CLOCK_FAIL_MS = 20_000;

type Opened = { store: Store } | { instead: Diagnosis };

/**
 * What there is to know of the database, over one connection.
 * @param open `undefined` when there is none yet, and opening it would make it
 */
export function databaseExaminations(
  open: (() => Promise<Store>) | undefined,
  config: Pick<Config, "DATABASE_SCHEMA">,
  clock: Clock,
): { examinations: Examination[]; close(): Promise<void> } {
  let opening: Promise<Opened> | undefined;
  const openOnce = () => {
    opening ??= openStore(open);
    return opening;
  };
  const onStore = (name: string, examine: (store: Store) => Promise<Diagnosis>): Examination => ({
    name,
    examine: async () => {
      const opened = await openOnce();
      if ("store" in opened) return examine(opened.store);
      return name === "database" ? opened.instead : skip("There is no database to look at");
    },
  });
  return {
    examinations: [
      onStore("database", examineServer),
      onStore("privileges", (store) => examinePrivileges(store, config.DATABASE_SCHEMA)),
      onStore("migrations", examineMigrations),
      onStore("large tables", examineSizes),
      onStore("extensions", examineExtensions),
      onStore("database clock", ({ db }) => examineClock(db, clock)),
    ],
    close: async () => {
      const opened = await opening;
      if (opened && "store" in opened) await opened.store.close();
    },
  };
}

async function openStore(open: (() => Promise<Store>) | undefined): Promise<Opened> {
  if (!open) return { instead: skip("The embedded database is made at the first start") };
  try {
    return { store: await open() };
  } catch (error) {
    if (!(error instanceof AppError)) return { instead: fail(describeError(error), "See DATABASE_URL") };
    if (error.code === "folder_in_use")
      return { instead: skip(`${error.message.split(";")[0]}; orbweaver health --ready asks that process`) };
    return { instead: fail(error.message, "See that the server runs, and what DATABASE_URL or DATA_DIR names") };
  }
}

async function examineServer({ db, kind, location }: Store): Promise<Diagnosis> {
  const [server] = rowsOf<{ version: string; number: string; encoding: string }>(
    await db.execute(
      sql`select current_setting('server_version') as version, current_setting('server_version_num') as number, pg_encoding_to_char(encoding) as encoding from pg_database where datname = current_database()`,
    ),
  );
  if (!server) return fail("The database does not say what it is", "Name another one with DATABASE_URL");
  const roundTripMs = await measureRoundTrip(db);
  const what = `PostgreSQL ${server.version.split(" ")[0]}${kind === "embedded" ? ", embedded," : ""} at ${location}`;
  if (Number(server.number) < MIN_SERVER_VERSION) return fail(`${what} is too old`, "Use PostgreSQL 13 or later");
  if (server.encoding !== "UTF8")
    return fail(
      `${what} keeps text as ${server.encoding}, which has no room for most of the web`,
      "Make a database with: create database orbweaver encoding 'UTF8' template template0;",
    );
  const answers = `${what} answers in ${roundTripMs.toFixed(1)} ms`;
  return roundTripMs > SLOW_ROUND_TRIP_MS
    ? warn(`${answers}, which makes storing pages slow`, "Run the service nearer to its database")
    : pass(answers);
}

/** The middle one of five, since the first pays for the connection. */
async function measureRoundTrip(db: Db): Promise<number> {
  const times: number[] = [];
  for (let round = 0; round < 5; round++) {
    const startedAt = performance.now();
    await db.execute(sql`select 1`);
    times.push(performance.now() - startedAt);
  }
  return times.sort((a, b) => a - b)[2] ?? 0;
}

type Right = { schema: string; user: string; database: string; exists: boolean; is_enough: boolean };

/** The service's tables and the queue's each have a schema of their own. */
async function examinePrivileges({ db }: Store, schema: string): Promise<Diagnosis> {
  const rights = rowsOf<Right>(
    await db.execute(sql`select name as schema, current_user as user, current_database() as database,
      to_regnamespace(name) is not null as exists,
      case when to_regnamespace(name) is null then has_database_privilege(current_database(), 'create')
        else has_schema_privilege(to_regnamespace(name), 'create, usage') end as is_enough
      from unnest(array[${schema}, ${`${schema}_jobs`}]) as name`),
  );
  const [first] = rights;
  if (!first) return fail("The database does not say what this user may do", "Ask its administrator");
  const { user, database } = first;
  const lacking = rights.filter(({ is_enough }) => !is_enough);
  if (lacking.length === 0) return pass(`${user} may make ${describeRights(rights)}`);
  const statements = lacking.map(({ schema, exists }) =>
    exists
      ? `grant create, usage on schema ${quote(schema)} to ${quote(user)};`
      : `create schema ${quote(schema)} authorization ${quote(user)};`,
  );
  const where = lacking.some(({ exists }) => !exists) ? ` -- in the database ${database}` : "";
  return fail(
    `${user} may not make ${describeRights(lacking)}`,
    `As an administrator: ${statements.join(" ")}${where}`,
  );
}

function describeRights(rights: readonly Right[]): string {
  return rights
    .map(({ schema, exists }) => (exists ? `tables in the schema ${schema}` : `the schema ${schema}`))
    .join(" and ");
}

const quote = (name: string) => `"${name.replaceAll('"', '""')}"`;

async function examineMigrations({ db }: Store): Promise<Diagnosis> {
  try {
    const [first, ...more] = await planMigration(db, "up");
    const mend = "The next start of the service applies them, or: orbweaver migrate up";
    if (first) return warn(`${1 + more.length} are missing, from ${first.tag} on`, mend);
    const version = await readQueueVersion(db);
    return version === undefined
      ? warn("All are applied, but the job queue has no tables", "The next start of the service makes them")
      : pass(`All are applied, and the job queue's tables have version ${version}`);
  } catch (error) {
    if (!(error instanceof AppError && error.reason === "conflict")) throw error;
    const [finding = "", mend = ""] = error.message.split("; ");
    return fail(finding, mend);
  }
}

/** Sizes from which a plain table is a burden: each vacuum of it goes through all of its indexes, alone. */
const LARGE_BYTES: Record<PartitionedTable, number> = { frontier: 50e9, raw_html: 500e9 };

async function examineSizes({ db, kind }: Store): Promise<Diagnosis> {
  const sizes = await readTableSizes(db);
  const tables = PARTITIONED_TABLES.flatMap((table) =>
    sizes.filter((one) => one.table === table).map((one) => ({ ...one, table })),
  );
  if (tables.length === 0) return skip("There are no tables yet");
  const finding = tables
    .map(
      ({ table, bytes, partitions }) =>
        `${table} ${(bytes / 1e9).toFixed(1)} GB${partitions > 0 ? ` in ${partitions} partitions` : ""}`,
    )
    .join(", ");
  const large = tables.filter(({ table, bytes, partitions }) => partitions === 0 && bytes > LARGE_BYTES[table]);
  if (large.length === 0) return pass(finding);
  if (kind === "embedded") return warn(finding, "Go over to PostgreSQL: set DATABASE_URL");
  return warn(finding, `In a quiet hour: ${large.map(({ table }) => `orbweaver db partition ${table}`).join("; ")}`);
}

async function examineExtensions({ db, kind }: Store): Promise<Diagnosis> {
  const extensions = await readExtensions(db);
  for (const [name, found] of pickUsable(extensions)) {
    const fault = await tryExtension(db, name, found).then(() => undefined, describeError);
    if (fault === undefined) continue;
    const mend = `Install ${name} ${found.version} on the server again`;
    return fail(`${name} does not work: ${fault}`, kind === "postgres" ? mend : "Put the program's file in place anew");
  }
  const finding = extensions.map(describeExtension).join("; ");
  const lacking = extensions.filter(({ state }) => state !== "installed");
  if (lacking.length === 0) return pass(finding);
  const statements = `As an administrator: ${lacking.map(({ mend }) => mend).join(" ")}`;
  return warn(finding, kind === "postgres" ? statements : MEND_EMBEDDED);
}

function describeExtension({ name, serves, state, version, schema }: Extension): string {
  if (state === "installed") return `${name} ${version}`;
  if (state === "outdated") return `${name} ${version} is too old for ${serves}`;
  if (state === "barred") return `${name} is in the schema ${schema}, which is closed to this user: no ${serves}`;
  return `without ${name} there is no ${serves}`;
}

/** The program carries them along. */
const MEND_EMBEDDED = "The next start of the service makes them; if it does not, the program's file is damaged";

async function examineClock(db: Db, clock: Clock): Promise<Diagnosis> {
  const before = clock.now().getTime();
  const [row] = rowsOf<{ now: string | number }>(
    await db.execute(sql`select extract(epoch from clock_timestamp()) * 1000 as now`),
  );
  const middle = (before + clock.now().getTime()) / 2;
  return judgeClock(middle - Number(row?.now), "the database's", CLOCK_WARN_MS, CLOCK_FAIL_MS);
}
