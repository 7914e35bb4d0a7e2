import { constants, existsSync, readFileSync } from "node:fs";
import { access, stat } from "node:fs/promises";
import { availableParallelism, totalmem } from "node:os";
import { dirname, join, resolve } from "node:path";
import type { Config } from "../config/settings.ts";
import { MIN_FREE_BYTES, readFreeBytes } from "../db/disk-space.ts";
import { LOW_FREE_BYTES } from "./components.ts";
import { type Diagnosis, describeError, type Examination, fail, pass, skip, warn } from "./diagnosis.ts";

type Settings = Pick<Config, "DATA_DIR" | "DATABASE_URL" | "PARSER_THREADS">;

/** What the service needs of the machine it runs on. */
export const machineExaminations = (config: Settings): Examination[] => [
  { name: "data folder", examine: () => examineDataFolder(config) },
  { name: "disk", examine: () => examineDisk(config) },
  { name: "memory", examine: async () => examineMemory(config, readMemoryLimit()) },
  { name: "cpu", examine: async () => examineCpu(config, availableParallelism()) },
  { name: "time zones", examine: async () => examineTimeZones() },
  { name: "browser", examine: async () => examineBrowser(findBrowser()) },
];

async function examineDataFolder({ DATA_DIR, DATABASE_URL }: Settings): Promise<Diagnosis> {
  if (DATABASE_URL) return skip("The database is on a server");
  const folder = nearestFolder(DATA_DIR);
  const mend = "Let this user write it, or name another folder with DATA_DIR";
  try {
    if (!(await stat(folder)).isDirectory()) return fail(`${folder} is no folder`, "Name another one with DATA_DIR");
    await access(folder, constants.W_OK | constants.X_OK);
  } catch (error) {
    return fail(`${folder} can't be written: ${describeError(error)}`, mend);
  }
  const isThere = existsSync(join(DATA_DIR, "postgres"));
  return pass(isThere ? `${DATA_DIR} can be written` : `${DATA_DIR} is made at the first start`);
}

async function examineDisk({ DATA_DIR, DATABASE_URL }: Settings): Promise<Diagnosis> {
  if (DATABASE_URL) return skip("The database is on a server");
  const free = await readFreeBytes(nearestFolder(DATA_DIR));
  const finding = `${formatBytes(free)} are free`;
  const mend = `Make room: below ${formatBytes(MIN_FREE_BYTES)} nothing is stored`;
  if (free < MIN_FREE_BYTES) return fail(finding, mend);
  return free < LOW_FREE_BYTES ? warn(finding, mend) : pass(finding);
}

/** The folder itself, or the first above it that exists. */
function nearestFolder(folder: string): string {
  let at = resolve(folder);
  while (!existsSync(at) && dirname(at) !== at) at = dirname(at);
  return at;
}

/** What a crawl takes at its peak, with the database in the process or not. */
const MIN_MEMORY_BYTES = { embedded: 512 * 1024 * 1024, server: 256 * 1024 * 1024 };

/** @param limit bytes that the process may have: the container's, else the machine's */
export function examineMemory({ DATABASE_URL }: Pick<Settings, "DATABASE_URL">, limit: number): Diagnosis {
  const least = DATABASE_URL ? MIN_MEMORY_BYTES.server : MIN_MEMORY_BYTES.embedded;
  const finding = `The process may have ${formatBytes(limit)}`;
  if (limit >= least) return pass(finding);
  return warn(finding, `Give it ${formatBytes(least)}, or it may be killed during a crawl`);
}

export function examineCpu({ PARSER_THREADS }: Pick<Settings, "PARSER_THREADS">, cores: number): Diagnosis {
  const finding = `${cores} core(s) for ${PARSER_THREADS} parser thread(s) and the rest`;
  if (PARSER_THREADS <= cores) return pass(finding);
  return warn(finding, `Set PARSER_THREADS to ${Math.max(1, cores - 1)}: more than there are cores gains nothing`);
}

/** Schedules are told in time zones; Nepal's is one that no default stands for. */
function examineTimeZones(): Diagnosis {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const parts = new Intl.DateTimeFormat("en", { timeZone: "Asia/Kathmandu", timeZoneName: "longOffset" });
  const offset = parts.formatToParts(0).find(({ type }) => type === "timeZoneName")?.value;
  // It was GMT+5:30 at the epoch, and is GMT+5:45 since 1986.
  if (offset !== "GMT+05:30") return fail("There is no time zone data", "Install the system's tzdata");
  return pass(`There is time zone data; the machine's own zone is ${zone}`);
}

const BROWSERS = [
  "chromium",
  "chromium-browser",
  "google-chrome",
  "google-chrome-stable",
  "chrome",
  "chrome-headless-shell",
];

function findBrowser(): string | undefined {
  for (const name of BROWSERS) {
    const path = Bun.which(name);
    if (path) return path;
  }
  return undefined;
}

export function examineBrowser(path: string | undefined): Diagnosis {
  if (path) return pass(`Found ${path}`);
  return skip("No Chromium was found; only pages that scripts make would need one");
}

/** The least of what control groups (v2, v1) and the machine allow. */
function readMemoryLimit(): number {
  const limits = ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"]
    .filter((file) => existsSync(file))
    .map((file) => Number(readFileSync(file, "utf8")))
    .filter((limit) => limit > 0);
  return Math.min(totalmem(), ...limits);
}

function formatBytes(bytes: number): string {
  const gb = bytes / 1024 ** 3;
  return gb >= 1 ? `${gb.toFixed(1)} GB` : `${Math.round(bytes / 1024 ** 2)} MB`;
}
