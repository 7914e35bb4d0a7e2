import { connect, createServer, type Server, type Socket } from "node:net";
import type { Store } from "../../src/db/db.ts";

const SERVER_URL = process.env.TEST_DATABASE_URL ?? "postgres://postgres@127.0.0.1:5432/postgres";

/** The address of a test's database on the server. */
export function urlOf({ location }: Store): string {
  const url = new URL(SERVER_URL);
  url.pathname = location.slice(location.indexOf("/"));
  return url.href;
}

export type DatabaseProxy = {
  url: string;
  /** Cuts all connections and refuses new ones, until `restore`. */
  cut(): void;
  restore(): void;
  /** Cuts the next connection that the server tells of a commit, before the client hears of it. */
  swallowCommit(): void;
  readonly swallowed: number;
  close(): Promise<void>;
};

/** Stands between a client and the database server. */
export async function openProxy(databaseUrl: string): Promise<DatabaseProxy> {
  const target = new URL(databaseUrl);
  const sockets = new Set<Socket>();
  let isCut = false;
  let isSwallowing = false;
  let swallowed = 0;

  const server: Server = createServer((client) => {
    if (isCut) return void client.destroy();
    const upstream = connect(Number(target.port || 5432), target.hostname);
    const end = () => {
      client.destroy();
      upstream.destroy();
    };
    client.on("data", (bytes) => void upstream.write(bytes));
    upstream.on("data", (bytes) => {
      if (!isSwallowing || !bytes.includes("COMMIT\0")) return void client.write(bytes);
      isSwallowing = false;
      swallowed++;
      end();
    });
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on("error", end);
      socket.on("close", () => {
        sockets.delete(socket);
        end();
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = new URL(databaseUrl);
  url.hostname = "127.0.0.1";
  url.port = String((server.address() as { port: number }).port);

  return {
    url: url.href,
    cut: () => {
      isCut = true;
      for (const socket of sockets) socket.destroy();
    },
    restore: () => {
      isCut = false;
    },
    swallowCommit: () => {
      isSwallowing = true;
    },
    get swallowed() {
      return swallowed;
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
