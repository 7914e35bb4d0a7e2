import { connect } from "node:net";

/** A server that some tests run against where there is one. */
export type TestServer = { name: string; url: URL; variable: string };

export const POSTGRES = readServer("PostgreSQL", "TEST_DATABASE_URL", "postgres://postgres@127.0.0.1:5432/postgres");
export const REDIS = readServer("Redis", "TEST_REDIS_URL", "redis://127.0.0.1:6379/9");

export function canReach({ url }: TestServer): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(Number(url.port), url.hostname, () => {
      socket.destroy();
      resolve(true);
    });
    socket.on("error", () => resolve(false));
  });
}

function readServer(name: string, variable: string, standard: string): TestServer {
  const url = new URL(process.env[variable] ?? standard);
  url.port ||= new URL(standard).port;
  return { name, variable, url };
}
