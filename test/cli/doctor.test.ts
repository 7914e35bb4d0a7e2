import { afterAll, afterEach, beforeAll, expect, test } from "bun:test";
import { existsSync, readdirSync } from "node:fs";
import type { Store } from "../../src/db/db.ts";
import { urlOf } from "../crawl/server.ts";
import { canReach, REDIS } from "../testing/servers.ts";
import { hasPostgres, testStores } from "../testing/stores.ts";
import { openWorkplace } from "./command.ts";

type Check = { name: string; verdict: string; finding: string; mend?: string; duration_ms: number };

const workplace = openWorkplace();
const clean: (() => unknown)[] = [];
/** The web as far as the doctor is concerned. */
const site = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response("Here") });

let store: Store | undefined;

beforeAll(async () => {
  store = await testStores[1]?.open({ isMigrated: false });
});
afterEach(async () => {
  for (const step of clean.splice(0).reverse()) await step();
});
afterAll(async () => {
  await store?.close();
  await site.stop(true);
  workplace.remove();
});

async function examine(env: Record<string, string> = {}, ...args: string[]) {
  const url = ["--url", site.url.href];
  const { code, stdout } = await workplace.run(["doctor", "--json", ...url, ...args], {
    ALLOW_PRIVATE_NETWORKS: "127.0.0.1",
    ...env,
  });
  const { ok, checks } = JSON.parse(stdout) as { ok: boolean; checks: Check[] };
  return { code, ok, checks, of: (name: string) => checks.find((check) => check.name === name) };
}

test("in an empty folder all is well or left out, and the folder stays empty", async () => {
  const { code, ok, checks, of } = await examine();

  expect([code, ok]).toEqual([0, true]);
  expect(checks.filter(({ verdict }) => verdict === "fail")).toEqual([]);
  for (const name of ["settings", "access", "dns", "http", "clock", "data folder", "time zones"])
    expect(of(name)).toMatchObject({ verdict: "pass", duration_ms: expect.any(Number) });
  for (const name of ["database", "migrations", "redis"]) expect(of(name)?.verdict).toBe("skip");
  expect(of("database")?.finding).toBe("The embedded database is made at the first start");
  expect(readdirSync(workplace.folder)).toEqual([]);
});

test.skipIf(!hasPostgres || !(await canReach(REDIS)))(
  "servers are asked what they are, and are left as they are",
  async () => {
    const { code, of } = await examine({ DATABASE_URL: urlOf(store as Store), REDIS_URL: REDIS.url.href });
    const again = await examine({ DATABASE_URL: urlOf(store as Store) });

    expect(code).toBe(0);
    expect(of("database")?.finding).toMatch(/^PostgreSQL \d+(?:\.\d+)? at \S+ answers in [\d.]+ ms/);
    expect(of("privileges")?.finding).toContain("may make the schema orbweaver");
    expect(of("migrations")).toMatchObject({ verdict: "warn", mend: expect.stringContaining("orbweaver migrate up") });
    expect(of("database clock")?.verdict).toBe("pass");
    expect(of("redis")?.finding).toMatch(/^Redis \S+ answers in/);
    expect(again.of("migrations")?.verdict).toBe("warn");
  },
);

test("what can't be reached fails with its mend, and all else is looked at", async () => {
  const { code, ok, checks, of } = await examine(
    { DATABASE_URL: "postgres://me:secret@127.0.0.1:1/nothing", REDIS_URL: "redis://:secret@127.0.0.1:1/0" },
    "--url",
    "http://127.0.0.1:1/",
  );

  expect([code, ok]).toEqual([1, false]);
  expect(of("database")).toMatchObject({ verdict: "fail", mend: expect.stringContaining("DATABASE_URL") });
  expect(of("migrations")).toMatchObject({ verdict: "skip", finding: "There is no database to look at" });
  expect(of("redis")).toMatchObject({ verdict: "fail", mend: expect.stringContaining("REDIS_URL") });
  expect(of("http")?.verdict).toBe("warn");
  expect(of("time zones")?.verdict).toBe("pass");
  expect(JSON.stringify(checks)).not.toContain("secret");
});

test("for people it prints a line each, with what to do, and a sum", async () => {
  const { code, stdout } = await workplace.run(["doctor", "--url", "http://127.0.0.1:1/"]);

  expect(code).toBe(0);
  expect(stdout).toMatch(/^PASS {2}settings +All can be used$/m);
  expect(stdout).toMatch(
    /^WARN {2}http +http:\/\/127\.0\.0\.1:1\/ can't be fetched: .*\n +→ It is of a private network/m,
  );
  expect(stdout).toMatch(/\n\d+ passed, \d+ to look at, \d+ skipped, 0 failed\n$/);
  expect(stdout).not.toContain("\u001b");
  expect(existsSync(`${workplace.folder}/data`)).toBe(false);
});

test("settings that nothing reads are pointed at", async () => {
  const { code, of } = await examine({ ORBWEAVER_PROT: "3001" });

  expect(code).toBe(0);
  expect(of("settings")).toMatchObject({ verdict: "warn", finding: expect.stringContaining("ORBWEAVER_PROT") });
});

test("settings that can't be used are all it says, with code 78", async () => {
  const { code, stdout } = await workplace.run(["doctor"], { PORT: "door", LOG_LEVEL: "loud" });

  expect(code).toBe(78);
  expect(stdout).toMatch(/^FAIL {2}settings /);
  for (const name of ["PORT", "LOG_LEVEL"]) expect(stdout).toContain(name);
});
