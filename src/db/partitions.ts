import { sql } from "drizzle-orm";
import { AppError } from "../errors.ts";
import { type Db, rowsOf } from "./db.ts";
import { lockMigrations } from "./migrate.ts";
import { namespaceOf } from "./namespace.ts";
import { planRebuild, type RebuildPlan } from "./rebuild-plan.ts";

/** The tables that grow without end, and the column by whose hash their rows are spread. */
const KEYS = {
  /** A crawl lies in one partition, so that whatever is asked of it looks nowhere else. */
  frontier: "crawl_id",
  raw_html: "hash",
} as const;

export type PartitionedTable = keyof typeof KEYS;

export const PARTITIONED_TABLES = Object.keys(KEYS) as PartitionedTable[];

/** More of them cost every statement that can't tell which one it needs. */
export const MAX_PARTITIONS = 256;

export type TableSize = {
  table: string;
  /** 0 for a table that is not partitioned. */
  partitions: number;
  /** As the last analysis of the database had it. */
  rows: number;
  /** Indexes included. */
  bytes: number;
};

/** Every table of the service, the largest first. */
export async function readTableSizes(db: Db): Promise<TableSize[]> {
  const result = await db.execute(sql`
    select c.relname::text as "table", count(i.inhrelid)::int as partitions,
      sum(greatest(leaf.reltuples, 0))::float8 as rows, sum(pg_total_relation_size(leaf.oid))::float8 as bytes
    from pg_class c
    left join pg_inherits i on i.inhparent = c.oid
    join pg_class leaf on leaf.oid = coalesce(i.inhrelid, c.oid)
    where c.relnamespace = to_regnamespace(${namespaceOf(db)}) and c.relkind in ('r', 'p') and not c.relispartition
    group by c.relname order by bytes desc, c.relname`);
  return rowsOf<TableSize>(result);
}

/**
 * The statements that would spread a table over so many partitions, or over none for 0; none when it is so already.
 * @throws AppError `not_found` when there is no such table yet
 */
export async function planPartitions(db: Db, table: PartitionedTable, partitions: number): Promise<string[]> {
  const plan = await findPlan(db, table, partitions);
  return plan ? [...plan.locks, ...plan.statements] : [];
}

/**
 * Spreads a table over so many partitions, or over none for 0: it is written anew in one transaction, in which whoever
 * needs it, or a table that it is tied to, waits. Nothing is done when it is so already.
 * @returns whether it was written anew
 * @throws AppError `not_found` when there is no such table yet; `unavailable` when it was in use for longer than the
 *   connection waits for locks; `conflict` when something else of the database depends on it; `forbidden`
 *   when it is somebody else's
 */
export async function partitionTable(db: Db, table: PartitionedTable, partitions: number): Promise<boolean> {
  const isDone = await db.transaction((tx) => rebuild(tx, table, partitions)).catch(explain(table));
  // Nobody else does that for a partitioned table as a whole.
  if (isDone) {
    await db.transaction(async (tx) => {
      await tx.execute(sql`set local statement_timeout = 0`);
      await tx.execute(sql.raw(`analyze "${namespaceOf(tx)}"."${table}"`));
    });
  }
  return isDone;
}

async function findPlan(db: Db, table: PartitionedTable, partitions: number): Promise<RebuildPlan | undefined> {
  const now = (await readTableSizes(db)).find((one) => one.table === table);
  if (!now) throw new AppError("not_found", `There is no table ${table} yet; orbweaver migrate makes it`);
  return now.partitions === partitions ? undefined : planRebuild(db, table, { key: KEYS[table], partitions });
}

async function rebuild(tx: Db, table: PartitionedTable, partitions: number): Promise<boolean> {
  const { timeout } = await lockMigrations(tx);
  await tx.execute(sql`select set_config('lock_timeout', ${timeout}, true)`);
  const first = await findPlan(tx, table, partitions);
  if (!first) return false;
  await lockAll(tx, first.locks);
  // What it was made of may have changed until the lock was granted.
  const plan = await findPlan(tx, table, partitions);
  for (const statement of plan?.statements ?? []) await tx.execute(sql.raw(statement));
  return plan !== undefined;
}

/** About ten seconds. */
const MAX_ATTEMPTS = 200;
const ATTEMPT_SECONDS = 0.05;

/**
 * Waits for the first lock alone, and takes the others at once or lets go of it: the service's transactions come to these
 * tables in more than one order, and one that waited for us while we waited for it would be ended as a deadlock.
 */
async function lockAll(tx: Db, [first, ...others]: RebuildPlan["locks"]): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    let hasFirst = false;
    try {
      await tx.transaction(async (inner) => {
        await inner.execute(sql.raw(first));
        hasFirst = true;
        for (const other of others) await inner.execute(sql.raw(other));
      });
      return;
    } catch (error) {
      if (!hasFirst || failureOf(error).code !== LOCK_NOT_AVAILABLE || attempt === MAX_ATTEMPTS) throw error;
      await tx.execute(sql`select pg_sleep(${ATTEMPT_SECONDS})`);
    }
  }
}

const LOCK_NOT_AVAILABLE = "55P03";
const DEPENDENT_OBJECTS = "2BP01";
const NOT_ALLOWED = "42501";
const DISK_FULL = "53100";

function explain(table: string): (error: unknown) => never {
  return (cause) => {
    const { code = "", detail = "" } = failureOf(cause);
    if (code === LOCK_NOT_AVAILABLE) {
      const message = `${table} is in use, and was not free in time; stop the service's workers, or try again`;
      throw new AppError("unavailable", message, { cause });
    }
    if (code === NOT_ALLOWED) {
      const message = `This user may not write ${table} anew: connect as whoever owns it`;
      throw new AppError("forbidden", message, { cause });
    }
    if (code === DISK_FULL) {
      const message = `The database's disk has no room for ${table} a second time; nothing was changed`;
      throw new AppError("unavailable", message, { cause });
    }
    if (code === DEPENDENT_OBJECTS) {
      const message = `Something that is not the service's depends on ${table} (${detail.split("\n")[0]}); drop that first, and make it anew afterwards`;
      throw new AppError("conflict", message, { cause });
    }
    throw cause;
  };
}

/** The database's own error, which drizzle wraps. */
function failureOf(error: unknown): { code?: string; detail?: string } {
  return ((error as Error).cause ?? error) as { code?: string; detail?: string };
}
