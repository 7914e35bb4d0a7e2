import { expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "../../src/clock.ts";
import { readConfig } from "../../src/config/config.ts";
import type { Store } from "../../src/db/db.ts";
import { AppError } from "../../src/errors.ts";
import { type Fetch, FetchError } from "../../src/fetch/fetch.ts";
import { examineAccess } from "../../src/health/access-diagnosis.ts";
import { judgeClock } from "../../src/health/clock-diagnosis.ts";
import { databaseExaminations } from "../../src/health/database-diagnosis.ts";
import { type Examination, examineAll, pass } from "../../src/health/diagnosis.ts";
import { examineBrowser, examineCpu, examineMemory, machineExaminations } from "../../src/health/machine-diagnosis.ts";
import { networkExaminations } from "../../src/health/network-diagnosis.ts";
import { createManualClock } from "../manual-clock.ts";

const MB = 1024 * 1024;

async function verdictsOf(examinations: Examination[]): Promise<Record<string, string>> {
  const examined = await examineAll(examinations, systemClock);
  return Object.fromEntries(examined.map(({ name, verdict }) => [name, verdict]));
}

test("one that fails or hangs keeps no other from being looked at, and the order stays", async () => {
  const clock = createManualClock();
  const told: unknown[] = [];
  const examining = examineAll(
    [
      {
        name: "hangs",
        examine: (signal) => new Promise(() => signal.addEventListener("abort", () => told.push("over"))),
      },
      {
        name: "throws",
        examine: () => {
          throw new Error("Failed query: select 1", { cause: new Error("no such table") });
        },
      },
      { name: "works", examine: async () => pass("It works") },
    ],
    clock,
  );

  await clock.advance(10_000);
  const examined = await examining;

  expect(examined).toMatchObject([
    { name: "hangs", verdict: "fail", finding: "Nothing came within 10 s" },
    { name: "throws", verdict: "fail", finding: "no such table" },
    { name: "works", verdict: "pass" },
  ]);
  expect(told).toEqual(["over"]);
});

test("clocks are compared both ways", () => {
  expect(judgeClock(-40, "the database's", 2_000, 20_000)).toEqual(
    pass("This machine's clock is 40 ms behind the database's"),
  );
  expect(judgeClock(2_500, "the database's", 2_000, 20_000)).toMatchObject({
    verdict: "warn",
    finding: "This machine's clock is 2.5 s ahead of the database's",
  });
  expect(judgeClock(-20_000, "the database's", 2_000, 20_000).verdict).toBe("fail");
});

test("a machine that is too small is told what would do", () => {
  const embedded = { DATABASE_URL: undefined };
  const server = { DATABASE_URL: "postgres://somewhere/orbweaver" };

  expect(examineMemory(embedded, 512 * MB).verdict).toBe("pass");
  expect(examineMemory(embedded, 300 * MB)).toMatchObject({ verdict: "warn", mend: expect.stringContaining("512 MB") });
  expect(examineMemory(server, 300 * MB).verdict).toBe("pass");
  expect(examineCpu({ PARSER_THREADS: 2 }, 2).verdict).toBe("pass");
  expect(examineCpu({ PARSER_THREADS: 8 }, 4)).toMatchObject({
    verdict: "warn",
    mend: expect.stringContaining("to 3"),
  });
  expect(examineBrowser("/usr/bin/chromium").verdict).toBe("pass");
  expect(examineBrowser(undefined).verdict).toBe("skip");
});

test("a service that is open to a network is warned about", () => {
  const access = (settings: Record<string, string>) => examineAccess(readConfig(settings)).verdict;

  expect(access({})).toBe("pass");
  expect(access({ HOST: "0.0.0.0" })).toBe("pass");
  expect(access({ HOST: "0.0.0.0", AUTH: "on" })).toBe("pass");
  expect(access({ HOST: "0.0.0.0", AUTH: "off" })).toBe("warn");
});

test("a folder that is there, or not yet, can be written and has room", async () => {
  const folder = mkdtempSync(join(tmpdir(), "orbweaver-doctor-"));
  const config = { DATA_DIR: join(folder, "data"), DATABASE_URL: undefined, PARSER_THREADS: 1 };
  const before = await examineAll(machineExaminations(config), systemClock);
  mkdirSync(join(folder, "data/postgres"), { recursive: true });
  const after = await examineAll(machineExaminations(config), systemClock);
  rmSync(folder, { recursive: true });

  expect(before.map(({ name }) => name)).toEqual(["data folder", "disk", "memory", "cpu", "time zones", "browser"]);
  expect(before[0]).toMatchObject({ verdict: "pass", finding: expect.stringContaining("is made at the first start") });
  expect(after[0]).toMatchObject({ verdict: "pass", finding: expect.stringContaining("can be written") });
  expect(after[1]?.finding).toMatch(/^[\d.]+ [GM]B are free$/);
  expect(after[4]?.verdict).toBe("pass");
});

test("with a server there is no folder to look at", async () => {
  const config = { DATA_DIR: "data", DATABASE_URL: "postgres://somewhere/orbweaver", PARSER_THREADS: 1 };
  const examined = await verdictsOf(machineExaminations(config));

  expect(examined).toMatchObject({ "data folder": "skip", disk: "skip" });
});

test("a server that is too old, or has no room for all letters, is no use", async () => {
  const examineAs = async (row: { version: string; number: string; encoding: string }) => {
    const store = { db: { execute: async () => [row] }, kind: "postgres", location: "here/it" } as unknown as Store;
    const { examinations } = databaseExaminations(async () => store, { DATABASE_SCHEMA: "orbweaver" }, systemClock);
    return (await examineAll(examinations.slice(0, 1), systemClock))[0];
  };

  const old = await examineAs({ version: "12.22 (Debian)", number: "120022", encoding: "UTF8" });
  const latin = await examineAs({ version: "16.1", number: "160001", encoding: "LATIN1" });

  expect(old).toMatchObject({ verdict: "fail", finding: "PostgreSQL 12.22 at here/it is too old" });
  expect(latin).toMatchObject({ verdict: "fail", mend: expect.stringContaining("encoding 'UTF8'") });
});

test("a table that has grown large without partitions is worth a quiet hour", async () => {
  const examineWith = async (kind: "postgres" | "embedded", partitions: number, bytes: number) => {
    const execute = async () => [{ table: "frontier", partitions, rows: 1, bytes }];
    const db = { dialect: { escapeName: (name: string) => `"${name}"` }, execute };
    const store = { db, kind, location: "here/it" } as unknown as Store;
    const { examinations } = databaseExaminations(async () => store, { DATABASE_SCHEMA: "orbweaver" }, systemClock);
    const only = examinations.filter(({ name }) => name === "large tables");
    return (await examineAll(only, systemClock))[0];
  };

  expect(await examineWith("postgres", 0, 1e9)).toMatchObject({ verdict: "pass", finding: "frontier 1.0 GB" });
  expect(await examineWith("postgres", 0, 99e9)).toMatchObject({
    verdict: "warn",
    mend: "In a quiet hour: orbweaver db partition frontier",
  });
  expect(await examineWith("postgres", 16, 99e9)).toMatchObject({
    verdict: "pass",
    finding: "frontier 99.0 GB in 16 partitions",
  });
  expect((await examineWith("embedded", 0, 99e9))?.mend).toContain("DATABASE_URL");
});

test("a data folder in what is none fails", async () => {
  const config = { DATA_DIR: join(import.meta.path, "data"), DATABASE_URL: undefined, PARSER_THREADS: 1 };
  const examinations = machineExaminations(config).filter(({ name }) => name === "data folder");

  expect(await verdictsOf(examinations)).toEqual({ "data folder": "fail" });
});

test("a way out that is shut warns, and says which door it is", async () => {
  const failing =
    (code: "blocked_address" | "tls" | "connect"): Fetch =>
    async () => {
      throw new FetchError(code, "It did not work");
    };
  const examineWith = (fetch: Fetch) =>
    examineAll(networkExaminations("http://localhost/", fetch, systemClock), systemClock);

  const [blocked, tls, away] = await Promise.all([
    examineWith(failing("blocked_address")),
    examineWith(failing("tls")),
    examineWith(failing("connect")),
  ]);

  expect(blocked.map(({ verdict }) => verdict)).toEqual(["pass", "warn", "skip"]);
  expect([blocked, tls, away].map(([, http]) => http?.mend)).toEqual([
    expect.stringContaining("ALLOW_PRIVATE_NETWORKS"),
    expect.stringContaining("certificates"),
    expect.stringContaining("firewall"),
  ]);
});

test("a way out that is open passes, and the clock of who answers is compared with", async () => {
  const answering =
    (date: string | undefined): Fetch =>
    async ({ url }) => ({
      ...{ url, status: 200, body: new Uint8Array(), isBodyRead: true, wireBytes: 0, redirects: [] },
      ...{ headers: new Headers(date === undefined ? {} : { date }), latencyMs: 12.4, durationMs: 20 },
    });
  const examineWith = (date: string | undefined) =>
    examineAll(networkExaminations("http://localhost/", answering(date), systemClock), systemClock);

  const [right, wrong, silent] = await Promise.all([
    examineWith(new Date().toUTCString()),
    examineWith("Thu, 01 Jan 2026 00:00:00 GMT"),
    examineWith(undefined),
  ]);

  expect(right.map(({ verdict }) => verdict)).toEqual(["pass", "pass", "pass"]);
  expect(right[1]?.finding).toBe("http://localhost/ answered 200 in 12 ms");
  expect(wrong[2]).toMatchObject({ verdict: "fail", mend: "Have both set by NTP" });
  expect(silent[2]?.verdict).toBe("skip");
});

test("a folder that a service has is left to it, and other errors of opening say what they are", async () => {
  const openWith = (error: unknown) =>
    databaseExaminations(() => Promise.reject(error), { DATABASE_SCHEMA: "orbweaver" }, systemClock).examinations;
  const busy = new AppError("unavailable", "The data folder is in use by process 7; stop it", {
    code: "folder_in_use",
  });

  const [inUse] = await examineAll(openWith(busy), systemClock);
  const refused = await verdictsOf(openWith(new AppError("unavailable", "It can't be used")));
  const broken = await verdictsOf(openWith(new Error("Out of order")));

  expect(inUse).toMatchObject({
    verdict: "skip",
    finding: "The data folder is in use by process 7; orbweaver health --ready asks that process",
  });
  expect([refused.database, refused.migrations, broken.database]).toEqual(["fail", "skip", "fail"]);
});
