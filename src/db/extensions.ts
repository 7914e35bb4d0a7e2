import { type SQL, sql } from "drizzle-orm";
import type { Clock } from "../clock.ts";
import { type Db, rowsOf } from "./db.ts";
import { dialectOf } from "./namespace.ts";

/**
 * What PostgreSQL can be extended by. None is required: ask `findExtensions` each time, and do without what is not in
 * its answer. No migration may name one.
 *
 * The rule for statements: an extension lives in a schema of its own choice, mostly `public`, and neither that nor any
 * other is sure to be on the search path, which belongs to the server's role or its pooler. So whatever comes from an
 * extension is named with its schema: types, functions and classes of operators by `nameIn`, operators by `operatorIn`.
 *
 *     const found = (await findExtensions(db, clock)).get("vector");
 *     sql`order by ${table.embedding} ${operatorIn(found, "<=>")} ${text}::${nameIn(found, "halfvec")}(384)`
 *
 * That holds for tables, too, whose columns have a type of an extension: they are made when it is there, by SQL.
 */
export const EXTENSIONS = {
  // From 0.8.0 on an index goes on searching until as many rows are found as were asked for.
  vector: { serves: "semantic search", minVersion: "0.8.0" },
  pg_trgm: { serves: "search that forgives misspelling", minVersion: "1.4" },
} as const;

export type ExtensionName = keyof typeof EXTENSIONS;

export type FoundExtension = { version: string; schema: string };

export type Extension = {
  name: ExtensionName;
  /** What is off without it. */
  serves: string;
  /**
   * Only `installed` is of use. `available`: the server has it, the database not yet; `outdated`: the database has one
   * that is too old; `barred`: its schema is closed to our user; `missing`: the server lacks it, or lost it.
   */
  state: "installed" | "available" | "outdated" | "barred" | "missing";
  version: string | null;
  schema: string | null;
  /** SQL for an administrator of the database, or what to install on its server; null when it is there. */
  mend: string | null;
};

/** For how long an answer is believed: an administrator may create an extension while the service runs. */
const BELIEVED_MS = 60_000;

type Belief = { found: ReadonlyMap<ExtensionName, FoundExtension>; until: number };

/** By the dialect, which a database shares with its transactions. */
const beliefs = new WeakMap<object, Belief>();

/**
 * The extensions that statements may use, remembered for a minute. Without a look at the database the answer may be
 * wrong for as long, so a statement that fails for lack of one is to be expected.
 */
export async function findExtensions(db: Db, clock: Clock): Promise<ReadonlyMap<ExtensionName, FoundExtension>> {
  const now = clock.now().getTime();
  const belief = beliefs.get(dialectOf(db));
  if (belief && now < belief.until) return belief.found;
  // Not the question is remembered but its answer: a transaction that waited for a question of another connection would
  // wait for ever on the embedded database, where that one waits for the transaction.
  const found = pickUsable(await readExtensions(db));
  beliefs.set(dialectOf(db), { found, until: now + BELIEVED_MS });
  return found;
}

/** Those that statements may use. */
export function pickUsable(extensions: readonly Extension[]): ReadonlyMap<ExtensionName, FoundExtension> {
  const found = new Map<ExtensionName, FoundExtension>();
  for (const { name, state, version, schema } of extensions)
    if (state === "installed" && version !== null && schema !== null) found.set(name, { version, schema });
  return found;
}

/** The name of a type, a function or a class of operators of an extension, such as `halfvec`. */
export function nameIn({ schema }: FoundExtension, name: string): SQL {
  return sql.raw(`${quote(schema)}.${quote(name)}`);
}

/** An operator of an extension, such as `<=>`. It binds less tightly than arithmetic, whatever it looks like. */
export function operatorIn({ schema }: FoundExtension, symbol: string): SQL {
  return sql.raw(`operator(${quote(schema)}.${symbol})`);
}

/** Each extension, and how far it is from use. */
export async function readExtensions(db: Db): Promise<Extension[]> {
  const names = Object.keys(EXTENSIONS) as ExtensionName[];
  const listed = sql.join(
    names.map((name) => sql`${name}`),
    sql`, `,
  );
  // What the database has and the server lost is not in that view, and rightly so: it would fail when it is used.
  const result = await db.execute(sql`
    select available.name::text, extversion as version, nspname::text as schema, current_user::text as "user",
      coalesce(has_schema_privilege(pg_namespace.oid, 'usage'), false) as is_open
    from pg_available_extensions available
    left join pg_extension on extname = available.name
    left join pg_namespace on pg_namespace.oid = extnamespace
    where available.name in (${listed})`);
  const found = new Map(rowsOf<FoundRow>(result).map((row) => [row.name, row]));
  return names.map((name) => describe(name, found.get(name)));
}

/**
 * Creates what the server has and the database lacks, as far as its user may. What fails is left as it was, and alone.
 * Safe to repeat, and by any number of instances at once.
 * @returns how they are afterwards
 */
export async function createExtensions(db: Db): Promise<Extension[]> {
  const extensions = await readExtensions(db);
  const wanting = extensions.filter(({ state }) => state === "available" || state === "outdated");
  if (wanting.length === 0) return extensions;
  for (const { name, state } of wanting) {
    const statement = state === "available" ? createSql(name) : updateSql(name);
    try {
      // A transaction of its own, or within one a savepoint: it takes nothing down with it.
      await db.transaction(async (tx) => {
        // Who comes second finds it made, where PostgreSQL alone would let both make it and refuse one.
        await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended('orbweaver extensions', 0))`);
        await tx.execute(sql.raw(statement));
      });
    } catch (error) {
      if (!isRefused(error)) throw error;
    }
  }
  beliefs.delete(dialectOf(db));
  return readExtensions(db);
}

/** What only an extension whose library is there and whole gives an answer to. */
const TRIALS: Record<ExtensionName, (found: FoundExtension) => SQL> = {
  vector: (found) => sql`select ${"[1]"}::${nameIn(found, "halfvec")} ${operatorIn(found, "<=>")} ${"[1]"}`,
  pg_trgm: (found) => sql`select ${nameIn(found, "similarity")}(${"a"}, ${"a"})`,
};

/** Uses an extension. @throws the server's error when that does not work, which the catalogue does not know of */
export async function tryExtension(db: Db, name: ExtensionName, found: FoundExtension): Promise<void> {
  await db.execute(TRIALS[name](found));
}

type FoundRow = {
  name: string;
  version: string | null;
  schema: string | null;
  user: string;
  is_open: boolean;
};

function describe(name: ExtensionName, row: FoundRow | undefined): Extension {
  const { serves, minVersion } = EXTENSIONS[name];
  const { version = null, schema = null } = row ?? {};
  const state = stateOf(row, minVersion);
  return { name, serves, state, version, schema, mend: mendOf(name, state, row) };
}

function stateOf(row: FoundRow | undefined, minVersion: string): Extension["state"] {
  if (!row) return "missing";
  if (row.version === null) return "available";
  if (Bun.semver.order(toSemver(row.version), toSemver(minVersion)) < 0) return "outdated";
  return row.is_open ? "installed" : "barred";
}

/** Extensions count as `1.6`, or `0.8.0`. */
const toSemver = (version: string) => `${version}.0.0`.split(".").slice(0, 3).join(".");

function mendOf(name: ExtensionName, state: Extension["state"], row: FoundRow | undefined): string | null {
  if (state === "installed") return null;
  if (state === "available") return `${createSql(name)};`;
  if (state === "outdated") return `${updateSql(name)};`;
  if (state === "barred") return `grant usage on schema ${quote(row?.schema ?? "")} to ${quote(row?.user ?? "")};`;
  return `install the extension ${name} on the server, then ${createSql(name)};`;
}

/**
 * In `public`, for all namespaces of the database: left to the search path it would be in the schema that is named as
 * the user is, which often is our own, and go with the tables of one namespace.
 */
const createSql = (name: ExtensionName) => `create extension if not exists ${name} schema public`;

const updateSql = (name: ExtensionName) => `alter extension ${name} update`;

const quote = (name: string) => `"${name.replaceAll('"', '""')}"`;

/**
 * Not allowed to (class 42), nothing may be written (25), no `public` (3F), no way to another version (22023), made by
 * somebody else just now (23505), still locked (55), or what it needs is not there or broken (58, 0A).
 */
function isRefused(error: unknown): boolean {
  const { code = "" } = (error as { cause?: { code?: string } }).cause ?? {};
  return /^(?:42|25|58|0A|55|3F)\w{3}$|^23505$|^22023$/.test(code);
}
