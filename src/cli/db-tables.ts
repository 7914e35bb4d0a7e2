import { openStore } from "../app.ts";
import { loadConfig } from "../config/config.ts";
import {
  MAX_PARTITIONS,
  type PartitionedTable,
  partitionTable,
  planPartitions,
  readTableSizes,
  type TableSize,
} from "../db/partitions.ts";
import { AppError } from "../errors.ts";
import { describeQueue, tellWait, toText } from "./migrate.ts";
import { formatBytes, formatCount, formatDuration, parseCount } from "./quantity.ts";
import { type SettingFlags, settingsOf } from "./setting-flags.ts";
import { writeOut } from "./terminal.ts";

export type PartitionFlags = SettingFlags & { partitions: string; dryRun?: true; yes?: true };

/** Says how large each table is, and over how many partitions it is spread. */
export async function statusCommand(flags: SettingFlags): Promise<number> {
  const store = await openStore(loadConfig(settingsOf(flags)), tellWait);
  try {
    const tables = await readTableSizes(store.db);
    const width = Math.max(0, ...tables.map(({ table }) => table.length));
    const lines = tables.map((one) => `${one.table.padEnd(width)}  ${describeSize(one)}`);
    await writeOut(toText(store.location, [...lines, await describeQueue(store.db)]));
    return 0;
  } finally {
    await store.close();
  }
}

/**
 * Spreads a table over partitions, or takes that back.
 * @throws AppError `invalid` on the embedded database or for a number that makes no sense, `conflict` when nobody agreed
 */
export async function partitionCommand(table: PartitionedTable, flags: PartitionFlags): Promise<number> {
  const partitions = readPartitions(flags.partitions);
  const config = loadConfig(settingsOf(flags));
  if (!config.DATABASE_URL) {
    const message = "Partitions are for PostgreSQL: the embedded database gains nothing by them; set DATABASE_URL";
    throw new AppError("invalid", message);
  }
  const store = await openStore(config, tellWait);
  try {
    const plan = await planPartitions(store.db, table, partitions);
    if (flags.dryRun) {
      const transaction = plan.length === 0 ? [] : ["begin", ...plan, "commit"];
      await writeOut(transaction.map((statement) => `${statement};\n`).join(""));
      return 0;
    }
    if (plan.length === 0) {
      await writeOut(toText(store.location, [`${table} is ${describePartitions(partitions)} already`]));
      return 0;
    }
    const size = (await readTableSizes(store.db)).find((one) => one.table === table);
    if (!flags.yes) agree(table, size);
    const startedAt = performance.now();
    await partitionTable(store.db, table, partitions);
    const took = formatDuration(performance.now() - startedAt);
    await writeOut(toText(store.location, [`${table} is ${describePartitions(partitions)} now, after ${took}`]));
    return 0;
  } finally {
    await store.close();
  }
}

function readPartitions(text: string): number {
  const count = parseCount(text);
  if (count === 0 || (count !== undefined && count >= 2 && count <= MAX_PARTITIONS)) return count;
  throw new AppError("invalid", `--partitions takes 0, or a number from 2 to ${MAX_PARTITIONS}, and not ${text}`);
}

function agree(table: string, size: TableSize | undefined): void {
  const cost = `${table} (${size ? describeSize(size) : "empty"}) would be written anew, and crawls and requests about them wait meanwhile`;
  if (!process.stdin.isTTY) throw new AppError("conflict", `${cost}; say --yes if that is meant`);
  if (!confirm(`${cost}. Go on?`)) throw new AppError("conflict", "Nothing was done");
}

function describeSize({ rows, bytes, partitions }: TableSize): string {
  const spread = partitions > 0 ? `, ${describePartitions(partitions)}` : "";
  return `about ${formatCount(Math.round(rows), "row")}, ${formatBytes(bytes)}${spread}`;
}

function describePartitions(partitions: number): string {
  return partitions === 0 ? "one plain table" : `in ${partitions} partitions`;
}
