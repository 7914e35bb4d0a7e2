import { appendFileSync, chownSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Glob } from "bun";

const [INITDB] = [
  ...new Glob("/usr/lib/postgresql/*/bin/initdb").scanSync({ absolute: true, onlyFiles: false }),
].sort();
const BIN = INITDB?.slice(0, -"/initdb".length);
const isRoot = process.getuid?.() === 0;
/** PostgreSQL refuses to run as root. */
const OWNER = isRoot ? findUser("postgres") : undefined;

/** Whether servers of PostgreSQL can be made here. */
export const canReplicate = BIN !== undefined && (!isRoot || OWNER !== undefined);

export type ReplicatedPostgres = {
  primaryUrl: string;
  replicaUrl: string;
  /** Makes the replica, which is a copy of what there is by then. */
  startReplica(): Promise<void>;
  stopReplica(): Promise<void>;
  stop(): Promise<void>;
};

/** Starts a server of its own that may have a replica, which follows it by streaming. */
export async function startReplicatedPostgres(): Promise<ReplicatedPostgres> {
  const folder = mkdtempSync(join(tmpdir(), "orbweaver-replicated-"));
  const [primary, replica] = [join(folder, "primary"), join(folder, "replica")];
  const [primaryPort, replicaPort] = [findFreePort(), findFreePort()];
  if (OWNER) chownSync(folder, OWNER.uid, OWNER.gid);
  mkdirSync(join(folder, "log"), { recursive: true });
  if (OWNER) chownSync(join(folder, "log"), OWNER.uid, OWNER.gid);
  let hasReplica = false;
  const start = (data: string, port: number) =>
    run("pg_ctl", ["-D", data, "-o", `-p ${port}`, "-l", join(folder, "log", String(port)), "-w", "-t", "20", "start"]);
  const stop = (data: string) => run("pg_ctl", ["-D", data, "-m", "immediate", "-w", "stop"]);
  const urlOf = (port: number) => `postgres://postgres@127.0.0.1:${port}/postgres`;

  await run("initdb", ["-D", primary, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"]);
  appendFileSync(join(primary, "postgresql.conf"), SETTINGS);
  await start(primary, primaryPort);
  return {
    primaryUrl: urlOf(primaryPort),
    replicaUrl: urlOf(replicaPort),
    startReplica: async () => {
      const from = ["-h", "127.0.0.1", "-p", String(primaryPort), "-U", "postgres"];
      if (!hasReplica) await run("pg_basebackup", ["-D", replica, ...from, "-R", "-c", "fast", "--no-sync"]);
      hasReplica = true;
      await start(replica, replicaPort);
    },
    stopReplica: () => stop(replica),
    stop: async () => {
      if (hasReplica) await stop(replica).catch(() => {});
      await stop(primary);
      rmSync(folder, { recursive: true });
    },
  };
}

const SETTINGS = `
fsync = off
full_page_writes = off
shared_buffers = 4MB
max_connections = 30
max_wal_senders = 3
min_wal_size = 32MB
unix_socket_directories = ''
autovacuum = off
jit = off
`;

async function run(program: string, options: string[]): Promise<void> {
  const as = OWNER ? ["setpriv", `--reuid=${OWNER.uid}`, `--regid=${OWNER.gid}`, "--clear-groups"] : [];
  // A server that was started inherits what its starter has open, so that nothing may be a pipe.
  const child = Bun.spawn([...as, join(BIN ?? "", program), ...options], {
    ...{ cwd: "/", stdin: "ignore", stdout: "ignore", stderr: "ignore" },
  });
  if ((await child.exited) !== 0) throw new Error(`${program} ${options.join(" ")} ended with ${child.exitCode}`);
}

function findUser(name: string): { uid: number; gid: number } | undefined {
  const { stdout, exitCode } = Bun.spawnSync(["id", "-u", name]);
  const group = Bun.spawnSync(["id", "-g", name]);
  return exitCode === 0 ? { uid: Number(stdout.toString()), gid: Number(group.stdout.toString()) } : undefined;
}

function findFreePort(): number {
  const server = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
  server.stop(true);
  return server.port;
}
