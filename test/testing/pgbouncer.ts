import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { canReach, POSTGRES } from "./servers.ts";

const BINARY = Bun.which("pgbouncer", { PATH: `${process.env.PATH}:/usr/sbin` });

/** Whether a pooler can be started here: it is installed, and there is a server for it. */
export const hasPgBouncer = BINARY !== null && (await canReach(POSTGRES));

export type PgBouncer = { port: number; stop(): Promise<void> };

/** Starts PgBouncer in front of the test server, in the mode that gives each transaction another session. */
export async function startPgBouncer(tls?: { key: string; certificate: string }): Promise<PgBouncer> {
  const folder = mkdtempSync(join(tmpdir(), "orbweaver-pgbouncer-"));
  // It refuses to run as root, and whoever it runs as must be able to read what it is given.
  chmodSync(folder, 0o755);
  const port = findFreePort();
  const settings = [
    "[databases]",
    `* = host=${POSTGRES.url.hostname} port=${POSTGRES.url.port} user=${POSTGRES.url.username || "postgres"}`,
    "[pgbouncer]",
    "listen_addr = 127.0.0.1",
    `listen_port = ${port}`,
    "unix_socket_dir =",
    "auth_type = any",
    "pool_mode = transaction",
    "default_pool_size = 3",
    ...(tls
      ? ["client_tls_sslmode = allow", `client_tls_key_file = ${tls.key}`, `client_tls_cert_file = ${tls.certificate}`]
      : []),
  ];
  await Bun.write(join(folder, "pgbouncer.ini"), `${settings.join("\n")}\n`);
  const asNobody = process.getuid?.() === 0 ? ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] : [];
  const child = Bun.spawn([...asNobody, BINARY as string, join(folder, "pgbouncer.ini")], { stderr: "pipe" });
  const stop = async () => {
    child.kill("SIGKILL");
    await child.exited;
    rmSync(folder, { recursive: true });
  };
  try {
    await untilReady(child.stderr);
  } catch (error) {
    await stop();
    throw error;
  }
  return { port, stop };
}

async function untilReady(log: ReadableStream<Uint8Array>): Promise<void> {
  let told = "";
  for await (const chunk of log.values({ preventCancel: true })) {
    told += new TextDecoder().decode(chunk);
    if (told.includes("process up")) return;
  }
  throw new Error(`PgBouncer did not start: ${told}`);
}

function findFreePort(): number {
  const server = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
  server.stop(true);
  return server.port;
}
