import { readdirSync, readFileSync } from "node:fs";
import { SQL } from "bun";

export type BenchDatabase = {
  url: string;
  /** CPU seconds of all of the server's processes so far; `undefined` when it is not on this machine. */
  serverCpuSeconds(): number | undefined;
  bytes(): Promise<number>;
  drop(): Promise<void>;
};

/**
 * A fresh database on the Postgres that `TEST_DATABASE_URL` names or that listens here; `undefined` without one. Further
 * ones of the same process need names of their own.
 */
export async function createBenchDatabase(suffix = ""): Promise<BenchDatabase | undefined> {
  const given = process.env.TEST_DATABASE_URL;
  const admin = new SQL(given ?? "postgres://localhost:5432/postgres", { max: 1, connectionTimeout: 3 });
  const name = `orbweaver_bench_${process.pid}${suffix}`;
  try {
    await admin.unsafe(`create database ${name}`);
  } catch (error) {
    await admin.close();
    if (given) throw error;
    return undefined;
  }
  const url = new URL(given ?? "postgres://localhost:5432/postgres");
  url.pathname = `/${name}`;
  const [{ pid, role }] = await admin.unsafe("select pg_backend_pid() as pid, current_user as role");
  url.username ||= role;
  const postmaster = readStat(pid)?.command === "postgres" ? readStat(pid)?.parent : undefined;
  return {
    url: url.href,
    serverCpuSeconds: () => (postmaster === undefined ? undefined : cpuOfTree(postmaster)),
    async bytes() {
      const [{ bytes }] = await admin.unsafe(`select pg_database_size('${name}')::float8 as bytes`);
      return bytes;
    },
    async drop() {
      await admin.unsafe(`drop database if exists ${name} with (force)`);
      await admin.close();
    },
  };
}

/** CPU seconds of a process and all its threads so far; `undefined` when it is gone. */
export function cpuSecondsOf(pid: number): number | undefined {
  const stat = readStat(pid);
  return stat && stat.ticks / 100;
}

/** The process itself, those of its children that ended, and those that run. */
function cpuOfTree(root: number): number {
  const own = readStat(root);
  let ticks = (own?.ticks ?? 0) + (own?.endedTicks ?? 0);
  for (const entry of readdirSync("/proc")) {
    const stat = /^\d+$/.test(entry) ? readStat(Number(entry)) : undefined;
    if (stat?.parent === root) ticks += stat.ticks;
  }
  return ticks / 100;
}

function readStat(pid: number) {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The command is in brackets and may hold spaces; what follows is numbered from field 3 (proc_pid_stat(5)).
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    const field = (number: number) => Number(fields[number - 3]);
    const command = text.slice(text.indexOf("(") + 1, text.lastIndexOf(")"));
    return { command, parent: field(4), ticks: field(14) + field(15), endedTicks: field(16) + field(17) };
  } catch {
    return undefined;
  }
}
