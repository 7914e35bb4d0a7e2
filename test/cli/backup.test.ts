import { afterAll, beforeAll, expect, spyOn, test } from "bun:test";
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { Command, Option } from "commander";
import { backupCommand } from "../../src/cli/backup.ts";
import { addBackupCommands } from "../../src/cli/backup-commands.ts";
import { writeWhole } from "../../src/cli/backup-file.ts";
import { restoreCommand } from "../../src/cli/restore.ts";
import { openBackupDoor } from "../../src/db/backup/door.ts";
import { lockDataFolder } from "../../src/db/data-folder.ts";
import { openEmbeddedStore } from "../../src/db/embedded.ts";
import { websites } from "../../src/db/schema/websites.ts";
import { addSampleRows } from "../db/sample-rows.ts";
import { prepareDataFolder } from "../testing/stores.ts";
import { listFiles, openWorkplace } from "./command.ts";
import { serve } from "./serving.ts";

const workplace = openWorkplace();
const { run } = workplace;
/** First four bytes (RFC 8878 §3.1.1). */
const ZSTD = 0xfd2fb528;
const inside = (name: string) => join(workplace.folder, name);

beforeAll(async () => {
  const store = await openEmbeddedStore(await prepareDataFolder(workplace.makeFolder("data"), { isMigrated: true }));
  await addSampleRows(store.db);
  await store.close();
  // What every refusal is tried on: stopped, whole, and never opened.
  await prepareDataFolder(workplace.makeFolder("untouched"), { isMigrated: true });
  await Bun.write(inside("taken"), "mine");
});

afterAll(workplace.remove);

test("what a running service holds is backed up to a file and to standard output, and restored elsewhere", async () => {
  const service = await serve(workplace);
  const body = JSON.stringify({ url: "https://later.example/" });
  const headers = { "content-type": "application/json" };
  const added = await fetch(`${service.url}/api/v1/websites`, { method: "POST", headers, body });
  const piped = workplace.start(["backup", "-", "--data", "data"], {}, Bun.file(inside("piped.tar.zst")));
  const errors = await piped.stderr.text();
  const filed = await capture(() => backupCommand(inside("taken"), { data: inside("data"), force: true }));
  const refused = await run(["restore", "taken", "--data", "data", "--force"]);
  service.child.kill("SIGTERM");
  await service.child.exited;
  const restored = await capture(() => restoreCommand(inside("piped.tar.zst"), { data: inside("elsewhere") }));

  expect([added.status, piped.exitCode, errors]).toEqual([201, 0, ""]);
  expect(filed).toEqual({
    code: 0,
    out: expect.stringMatching(/taken has the backup of \S+data\/postgres, /),
    err: "",
  });
  expect(await readMagic("taken")).toBe(ZSTD);
  expect(refused).toMatchObject({ code: 1, stdout: "" });
  expect(refused.stderr).toContain(`data is in use by process ${service.child.pid} (orbweaver --port 0 --data data)`);
  expect(restored).toMatchObject({ code: 0, err: "" });
  expect(restored.out).toMatch(/elsewhere\/postgres has the backup of \S+Z by Orbweaver \S+, \d+(\.\d)? MB\n$/);
  expect(await readUrls("elsewhere")).toEqual(["https://example.com/", "https://later.example/"]);
});

test("a stopped folder is backed up to a file that is its owner's alone, and to standard output, which has nothing else", async () => {
  const parts: Uint8Array[] = [];
  const output = { write: (part: Uint8Array) => parts.push(part.slice()), flush: () => 0, end: () => 0 };
  const writer = spyOn(Bun.stdout, "writer").mockReturnValue(output as never);

  const filed = await run(["backup", "filed.tar.zst", "--data", "data"]);
  const piped = await capture(() => backupCommand("-", { data: inside("data") }));
  writer.mockRestore();

  expect(filed).toMatchObject({ code: 0, stderr: "" });
  expect(filed.stdout).toMatch(/^filed\.tar\.zst has the backup of data\/postgres, \d+(\.\d)? MB\n$/);
  expect(statSync(inside("filed.tar.zst")).mode & 0o777).toBe(0o600);
  expect(await readMagic("filed.tar.zst")).toBe(ZSTD);
  expect(piped).toEqual({ code: 0, out: "", err: "" });
  expect(Buffer.concat(parts).readUInt32LE()).toBe(ZSTD);
  expect(unfinished()).toEqual([]);
});

test("nothing is replaced unless --force is given, and a broken backup replaces nothing at all", async () => {
  await Bun.write(inside("whole"), "mine");
  const whole = await Bun.file(inside("filed.tar.zst")).bytes();
  await Bun.write(inside("half"), whole.subarray(0, whole.length / 2));
  const before = await hashFiles("untouched");

  const ends = await Promise.all([
    run(["backup", "whole", "--data", "untouched"]),
    run(["restore", "half", "--data", "untouched"]),
  ]);
  const half = await run(["restore", "half", "--data", "untouched", "--force"]);
  const nothing = await run(["restore", "-", "--data", "untouched", "--force"]);

  expect(ends).toEqual([
    { code: 1, stdout: "", stderr: "orbweaver: whole is there already; --force replaces it, or name another file\n" },
    {
      code: 1,
      stdout: "",
      stderr: "orbweaver: There is a database in untouched/postgres; --force replaces it with the backup\n",
    },
  ]);
  expect(await Bun.file(inside("whole")).text()).toBe("mine");
  for (const { code, stdout, stderr } of [half, nothing]) {
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toMatch(/^orbweaver: This is no backup, or a damaged one \(.+\): take another copy of it\n$/);
  }
  expect(await hashFiles("untouched")).toEqual(before);
});

test.each([
  ["backup", 'pg_dump --format=custom --schema=theirs --file=FILE --dbname="$DATABASE_URL"'],
  ["restore", 'pg_restore --clean --if-exists FILE --dbname="$DATABASE_URL"'],
])("of a server there is no %s; the command that does it is named", async (command, otherwise) => {
  const server = { DATABASE_URL: "postgres://ada:secret@db.example/orbweaver", DATABASE_SCHEMA: "theirs" };

  const ended = await run([command, "file"], server);

  const sentence = `orbweaver: DATABASE_URL names a server, which has tools of its own: ${otherwise}\n`;
  expect(ended).toEqual({ code: 2, stdout: "", stderr: sentence });
});

test("what is not there is named, and nothing is made for it", async () => {
  const backup = await runHere("backup", "new.tar.zst", "--data", inside("nowhere")).catch((error: unknown) => error);
  const restore = await runHere("restore", inside("nothing")).catch((error: unknown) => error);

  expect(backup).toMatchObject({
    reason: "not_found",
    message: `There is no database in ${inside("nowhere")}; name its folder with --data or DATA_DIR`,
  });
  expect(restore).toMatchObject({ reason: "not_found", message: `There is no file ${inside("nothing")}` });
  expect(existsSync(inside("nowhere"))).toBeFalse();
});

test("a folder that is held by what can't be asked is named with its holder", async () => {
  const lock = lockDataFolder(inside("untouched"));
  const error = await runHere("backup", inside("new"), "--data", inside("untouched")).catch((error: unknown) => error);
  lock.release();

  expect(error).toMatchObject({
    reason: "unavailable",
    message: expect.stringMatching(/is in use by process \d+ .*\(it can't be asked for a backup\)$/),
  });
  expect(existsSync(inside("new"))).toBeFalse();
});

test("a backup that its holder breaks off, or that its reader leaves, is told not to be whole", async () => {
  const data = join(workplace.makeFolder("held/postgres"), "..");
  const halves = async () => Readable.from(withoutEnd(), { objectMode: false });
  async function* withoutEnd() {
    yield new Uint8Array(100_000);
    await new Promise(() => {});
  }
  const door = openBackupDoor(data, halves);
  const writer = spyOn(Bun.stdout, "writer");

  writer.mockReturnValue({ write: () => Promise.reject(new Error("EPIPE: broken pipe")) } as never);
  const left = await backupCommand("-", { data }).catch((error: unknown) => error);
  writer.mockReturnValue({ write: () => door.close(), flush: () => 0 } as never);
  const brokenOff = await backupCommand("-", { data }).catch((error: unknown) => error);
  writer.mockRestore();

  expect(left).toMatchObject({ reason: "unavailable", message: expect.stringContaining("not whole: EPIPE") });
  expect(brokenOff).toMatchObject({ reason: "unavailable", message: expect.stringContaining("broke off the backup") });
});

test("a signal ends even the wait for standard input, and what was there stays", async () => {
  const pull = () => {
    process.emit("SIGTERM", "SIGTERM");
    return new Promise<void>(() => {});
  };
  const input = spyOn(Bun.stdin, "stream").mockReturnValue(new ReadableStream({ pull }, { highWaterMark: 0 }) as never);
  const before = await hashFiles("untouched");

  const stopped = await capture(() => restoreCommand("-", { data: inside("untouched"), force: true }));
  input.mockRestore();

  expect(stopped).toEqual({ code: 143, out: "", err: "Stopped; nothing was changed\n" });
  expect(await hashFiles("untouched")).toEqual(before);
});

test("a file that somebody puts there meanwhile is kept, and one that can't be made is named", async () => {
  const options = { isForced: false, onProgress: () => {} };
  async function* parts() {
    await Bun.write(inside("meanwhile"), "mine");
    yield new Uint8Array(1);
  }

  const kept = await writeWhole(inside("meanwhile"), parts(), options).catch((error: unknown) => error);
  const unmakable = await writeWhole(inside("meanwhile/new"), parts(), options).catch((error: unknown) => error);

  expect(kept).toMatchObject({ reason: "conflict", message: expect.stringContaining("meanwhile is there already") });
  expect(await Bun.file(inside("meanwhile")).text()).toBe("mine");
  expect(unmakable).toMatchObject({ message: expect.stringContaining("meanwhile/new can't be written: ENOTDIR") });
  expect(unfinished()).toEqual([]);
});

test.each(["backup", "restore"])("%s --help says what it takes, with examples", async (command) => {
  const { code, stdout } = await run([command, "--help"]);

  expect(code).toBe(0);
  for (const part of ["<file>", "--force", "--data <folder>", "--config <file>", `\n  orbweaver ${command} orbweaver`])
    expect(stdout).toContain(part);
});

/** The commands as the command line has them, in this process. */
async function runHere(...args: string[]): Promise<void> {
  const program = new Command().exitOverride();
  addBackupCommands(
    program,
    async (work) => void (await work),
    () => new Option("--data <folder>"),
  );
  await program.parseAsync(args, { from: "user" });
}

/** What a command of this process prints. */
async function capture(act: () => Promise<number>): Promise<{ code: number; out: string; err: string }> {
  const [out, err]: [unknown[], unknown[]] = [[], []];
  const write = spyOn(Bun, "write").mockImplementation((async (_: unknown, text: unknown) => out.push(text)) as never);
  const writeError = spyOn(process.stderr, "write").mockImplementation((text) => err.push(text) > 0);
  try {
    return { code: await act(), out: out.join(""), err: err.join("") };
  } finally {
    write.mockRestore();
    writeError.mockRestore();
  }
}

async function readUrls(folder: string): Promise<string[]> {
  const store = await openEmbeddedStore(inside(folder));
  const rows = await store.db.select({ url: websites.url }).from(websites).orderBy(websites.url);
  await store.close();
  return rows.map(({ url }) => url);
}

const readMagic = async (name: string) => Buffer.from(await Bun.file(inside(name)).bytes()).readUInt32LE();

const unfinished = () => readdirSync(workplace.folder).filter((name) => name.endsWith(".unfinished"));

/** By name, but for the lock and what it says. */
async function hashFiles(folder: string): Promise<Record<string, unknown>> {
  const names = listFiles(inside(folder)).filter((name) => name.includes("/"));
  const hashes = names.map(async (name) => [name, Bun.hash(await Bun.file(inside(`${folder}/${name}`)).bytes())]);
  return Object.fromEntries(await Promise.all(hashes));
}
