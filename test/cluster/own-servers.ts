import { chownSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { canReach } from "../testing/servers.ts";
import { until } from "./until.ts";

/** Whoever a server runs as that refuses to be root. */
const NOBODY = 65534;

const REDIS_SERVER = Bun.which("redis-server");
const POSTGRES_FOLDER = findPostgres();

/** Whether servers of a test's own can be started here, to be stopped and started while they are used. */
export const canStartServers = POSTGRES_FOLDER !== undefined && REDIS_SERVER !== null;

export type OwnPostgres = {
  /** Address of its database `postgres`. */
  url: string;
  /** `immediate` is as a crash: what was under way is lost, and the log is replayed at the start. */
  restart(how: "fast" | "immediate"): Promise<void>;
  /** As after a crash, with nothing there for a while. */
  goAway(forMs: number): Promise<void>;
  stop(): Promise<void>;
};

export type OwnRedis = {
  url: string;
  /** Ends it at once, with all that it holds. */
  cut(): Promise<void>;
  start(): Promise<void>;
  stop(): Promise<void>;
};

/** Makes a cluster of its own on a free port. What it keeps is not synced: it outlives its processes, not the machine. */
export async function startOwnPostgres(): Promise<OwnPostgres> {
  const folder = mkdtempSync(join(tmpdir(), "orbweaver-postgres-"));
  const data = join(folder, "data");
  if (process.getuid?.() === 0) chownSync(folder, NOBODY, NOBODY);
  const port = findFreePort();
  const settings = { port, listen_addresses: "127.0.0.1", unix_socket_directories: "", fsync: "off" };
  const flags = Object.entries(settings).map(([name, value]) => `-c ${name}='${value}'`);
  const log = join(folder, "log");
  const control = (...args: string[]) =>
    runAsNobody("pg_ctl", "--pgdata", data, "--wait", "--log", log, "--options", flags.join(" "), ...args);
  const remove = () => rmSync(folder, { recursive: true, force: true });
  try {
    await runAsNobody("initdb", "--pgdata", data, "--username", "postgres", "--auth", "trust", "--no-sync");
    await control("start");
  } catch (error) {
    remove();
    throw error;
  }
  return {
    url: `postgres://postgres@127.0.0.1:${port}/postgres`,
    restart: (how) => control("--mode", how, "restart"),
    goAway: async (forMs) => {
      await control("--mode", "immediate", "stop");
      await Bun.sleep(forMs);
      await control("start");
    },
    stop: async () => {
      await control("--mode", "immediate", "stop");
      remove();
    },
  };
}

export async function startOwnRedis(): Promise<OwnRedis> {
  const port = findFreePort();
  const url = `redis://127.0.0.1:${port}`;
  let child: Bun.Subprocess | undefined;
  const start = async () => {
    const settings = ["--port", `${port}`, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"];
    child = Bun.spawn([REDIS_SERVER ?? "", ...settings], { cwd: tmpdir(), stdio: ["ignore", "ignore", "ignore"] });
    await until("Redis answers", () => canReach({ name: "Redis", variable: "", url: new URL(url) }));
  };
  const cut = async () => {
    child?.kill("SIGKILL");
    await child?.exited;
  };
  await start();
  return { url, cut, start, stop: cut };
}

async function runAsNobody(tool: string, ...args: string[]): Promise<void> {
  const asNobody =
    process.getuid?.() === 0 ? ["setpriv", `--reuid=${NOBODY}`, `--regid=${NOBODY}`, "--clear-groups"] : [];
  const command = [...asNobody, join(POSTGRES_FOLDER ?? "", tool), ...args];
  // The server that is started keeps whatever it is given as its output, so that nobody may wait for a pipe's end.
  const child = Bun.spawn(command, { cwd: tmpdir(), stdin: "ignore", stdout: "ignore", stderr: "ignore" });
  if ((await child.exited) !== 0) throw new Error(`${command.join(" ")} ended with ${child.exitCode}`);
}

function findPostgres(): string | undefined {
  const found = Bun.which("pg_ctl");
  if (found) return dirname(found);
  // Where Debian puts the versions beside each other.
  const root = "/usr/lib/postgresql";
  try {
    const [newest] = readdirSync(root).sort((one, other) => Number(other) - Number(one));
    return newest === undefined ? undefined : join(root, newest, "bin");
  } catch {
    return undefined;
  }
}

function findFreePort(): number {
  const server = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
  server.stop(true);
  return server.port;
}
