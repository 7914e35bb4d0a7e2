import { afterAll, beforeAll, expect, test } from "bun:test";
import { basename } from "node:path";
import { isWellFormed } from "../../src/access/key-format.ts";
import { lockDataFolder } from "../../src/db/data-folder.ts";
import { POSTGRES } from "../testing/servers.ts";
import { hasPostgres, prepareDataFolder, testStores } from "../testing/stores.ts";
import { openWorkplace } from "./command.ts";

const workplace = openWorkplace();
/** Where there is a server the commands use it, which spares each of them to start a database. */
const server = hasPostgres ? await testStores.at(-1)?.open() : undefined;
const database = server ? { DATABASE_URL: new URL(`/${basename(server.location)}`, POSTGRES.url).href } : undefined;
const run = (...args: string[]) => workplace.run(args, database);

beforeAll(() => prepareDataFolder(workplace.makeFolder("data"), { isMigrated: true }));
afterAll(async () => {
  await server?.close();
  workplace.remove();
});

test("users and their keys are made, listed, ended and brought back", async () => {
  const made = await run("user", "create", "Ada L", "--email", "ada@example.org", "--json");
  const ada = JSON.parse(made.stdout);
  expect(ada).toMatchObject({ name: "Ada L", email: "ada@example.org", role: "user", state: "active" });

  const key = await run(
    "key",
    "create",
    "--user",
    "ADA@example.org",
    "--permission",
    "read,write",
    "--expires",
    "90d",
    "--name",
    "ci",
  );
  expect(key.code).toBe(0);
  expect(key.stdout).toEndWith("\n");
  expect(isWellFormed(key.stdout.trim())).toBe(true);
  expect(key.stderr).toContain("(ci) of Ada L holds read and write until ");
  expect(key.stderr).not.toContain(key.stdout.trim());

  const [listed] = (await run("key", "list", "--json")).stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(listed).toMatchObject({ name: "ci", user_id: ada.id, permissions: ["read", "write"], state: "usable" });
  expect(key.stdout).toStartWith(listed.prefix);
  const lifetimeMs = Date.parse(listed.expires_at) - Date.parse(listed.created_at);
  expect(Math.abs(lifetimeMs - 90 * 86_400_000)).toBeLessThan(60_000);

  const revoked = await run("key", "revoke", listed.id);
  expect(revoked).toMatchObject({ code: 0, stdout: expect.stringContaining("revoked") });
  const keys = await run("key", "list", "--user", ada.id, "--state", "revoked");
  expect(keys.stdout.split("\n")).toEqual([
    expect.stringMatching(/^ID +KEY +NAME +USER/),
    expect.stringMatching(new RegExp(`^${listed.id} +${listed.prefix}… +ci +${ada.id} +read,write +revoked`)),
    "",
  ]);

  const deleted = await run("user", "delete", "ada@example.org");
  expect(deleted).toMatchObject({ code: 0, stdout: expect.stringContaining("deleted") });
  expect(deleted.stderr).toContain(`orbweaver user restore ${ada.id}`);
  const restored = await run("user", "restore", ada.id, "--json");
  expect(JSON.parse(restored.stdout)).toMatchObject({ id: ada.id, state: "active" });
  const users = await run("user", "list", "--search", "ada");
  expect(users.stdout).toMatch(new RegExp(`^ID .*\n${ada.id} +Ada L +ada@example.org +user +active +-\n$`));
});

test("what a user's role does not allow is told in one sentence, and the role can be changed", async () => {
  const admin = await run("key", "create", "--user", "ada@example.org", "--permission", "admin");
  expect(admin).toMatchObject({ code: 2, stdout: "" });
  expect(admin.stderr).toContain("only for an administrator, which Ada L is not");

  const promoted = await run("user", "change", "ada@example.org", "--role", "admin", "--json");
  expect(JSON.parse(promoted.stdout)).toMatchObject({ name: "Ada L", role: "admin" });
  await run("user", "change", "ada@example.org", "--role", "user");

  const local = await run("user", "disable", "00000000-0000-7000-8000-000000000001");
  expect(local).toMatchObject({ code: 1, stdout: "" });
  expect(local.stderr).toContain("Nobody would be left to administer the service");
});

test.each([
  [
    ["key", "create", "--permission", "root"],
    "orbweaver key create: option '--permission <list>' argument 'root' is invalid",
  ],
  [
    ["key", "create", "--expires", "soon"],
    "orbweaver key create: option '--expires <time>' argument 'soon' is invalid",
  ],
  [["key", "revoke", "mine"], "orbweaver key revoke: command-argument value 'mine' is invalid"],
  [["key", "crate"], "orbweaver key: unknown command 'crate' (Did you mean create?); see orbweaver key --help"],
  [["user", "create", "Ada", "--email", "nowhere"], "orbweaver user create: option '--email <address>'"],
])("%p makes no sense, and its own help is named", async (args, sentence) => {
  const { code, stdout, stderr } = await workplace.run(args);

  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  expect(stderr).toStartWith(sentence);
  expect(stderr.trim().split("\n")).toHaveLength(1);
});

test("without a server keys are kept in the folder; while a service holds that, the way over REST is named", async () => {
  const lock = lockDataFolder(workplace.makeFolder("data"));
  const { code, stderr } = await workplace.run(["key", "create"]);
  lock.release();

  const later = await workplace.run(["key", "create"]);

  expect(code).toBe(1);
  expect(isWellFormed(later.stdout.trim())).toBe(true);
  expect(stderr).toMatch(/is in use by process \d+ .*\/api\/v1\/keys/);
});
