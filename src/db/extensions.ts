import { sql } from "drizzle-orm";
import { type Db, rowsOf } from "./db.ts";

/** What PostgreSQL can be extended by, and what the service does without it. None is required. */
export const EXTENSIONS = {
  vector: "semantic search",
  pg_trgm: "search that forgives misspelling",
  unaccent: "search that overlooks accents",
} as const;

export type ExtensionName = keyof typeof EXTENSIONS;

export type Extension = {
  name: ExtensionName;
  /** What is off without it. */
  serves: string;
  /** `available`: the server has it, the database not yet. */
  state: "installed" | "available" | "missing";
  version: string | null;
  /** SQL for an administrator of the database, or what to install on its server; null when it is there. */
  mend: string | null;
};

/** Each extension, and how far it is from use. The embedded database comes without any: they are bundled later. */
export async function readExtensions(db: Db): Promise<Extension[]> {
  const names = Object.keys(EXTENSIONS) as ExtensionName[];
  const result = await db.execute(sql`
    select name::text, installed_version from pg_available_extensions
    where name in (${sql.join(
      names.map((name) => sql`${name}`),
      sql`, `,
    )})`);
  const found = new Map(
    rowsOf<{ name: string; installed_version: string | null }>(result).map((row) => [row.name, row.installed_version]),
  );
  return names.map((name) => {
    const version = found.get(name) ?? null;
    const state = version !== null ? "installed" : found.has(name) ? "available" : "missing";
    return { name, serves: EXTENSIONS[name], state, version, mend: mendOf(name, state) };
  });
}

/**
 * Creates what the server has and the database lacks, as far as its user may. What fails is left as it was, and alone.
 * @returns how they are afterwards
 */
export async function createExtensions(db: Db): Promise<Extension[]> {
  for (const { name, state } of await readExtensions(db)) {
    if (state !== "available") continue;
    try {
      // A transaction of its own, or within one a savepoint: it takes nothing down with it.
      await db.transaction(async (tx) => void (await tx.execute(sql.raw(createSql(name)))));
    } catch (error) {
      if (!isRefused(error)) throw error;
    }
  }
  return readExtensions(db);
}

const createSql = (name: ExtensionName) => `create extension if not exists ${name}`;

function mendOf(name: ExtensionName, state: Extension["state"]): string | null {
  if (state === "installed") return null;
  const statement = `${createSql(name)};`;
  return state === "available" ? statement : `install the extension ${name} on the server, then ${statement}`;
}

/** Not allowed to (class 42), made by another instance just now (23505), or what it needs is not there (class 58, 0A). */
function isRefused(error: unknown): boolean {
  const { code = "" } = (error as { cause?: { code?: string } }).cause ?? {};
  return /^(?:42|58|0A|55)\w{3}$|^23505$/.test(code);
}
