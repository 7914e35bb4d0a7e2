import { afterAll } from "bun:test";
import { canReach, POSTGRES, REDIS, type TestServer } from "./testing/servers.ts";

// Preloaded: what needs a server that is not there is left out, and said so once, at the very end.
const missing: string[] = [];
for (const server of [POSTGRES, REDIS]) if (!(await canReach(server))) missing.push(describe(server));

afterAll(() => {
  if (missing.length > 0) process.stderr.write(`\nNot run: tests on ${missing.join(" and on ")}\n`);
});

function describe({ name, url, variable }: TestServer): string {
  return `${name} (nothing answers at ${url.host}; ${variable} names another)`;
}
