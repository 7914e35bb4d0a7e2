import { afterAll, beforeAll, expect, test } from "bun:test";
import { basename } from "node:path";
import type { Store } from "../../src/db/db.ts";
import { openEmbeddedStore } from "../../src/db/embedded.ts";
import { LOCAL_USER_ID } from "../../src/db/schema/users.ts";
import { addWebsite } from "../../src/websites/websites.ts";
import { addPage, tell } from "../changes/page-history.ts";
import { POSTGRES } from "../testing/servers.ts";
import { hasPostgres, prepareDataFolder, testStores } from "../testing/stores.ts";
import { openWorkplace } from "./command.ts";

const workplace = openWorkplace();
/** Where there is a server the commands use it, which spares each of them to start a database. */
const server = hasPostgres ? await testStores.at(-1)?.open() : undefined;
const database = server ? { DATABASE_URL: new URL(`/${basename(server.location)}`, POSTGRES.url).href } : undefined;
const run = (...args: string[]) => workplace.run(args, database);
/** Side by side, unless they have to share a folder. */
const runAll = async (...commands: string[][]) => {
  if (server) return Promise.all(commands.map((args) => run(...args)));
  const ended: Awaited<ReturnType<typeof run>>[] = [];
  for (const args of commands) ended.push(await run(...args));
  return ended;
};

let pageId: string;

beforeAll(async () => {
  const folder = await prepareDataFolder(workplace.makeFolder("data"), { isMigrated: true });
  const store: Store = server ?? (await openEmbeddedStore(folder));
  const { db } = store;
  const add = (url: string) => addWebsite(db, { userId: LOCAL_USER_ID, url });
  const { id } = await add("https://docs.example.org/");
  await add("https://twice.example.org/a");
  await add("https://twice.example.org/b");
  const dayAgo = new Date(Date.now() - 86_400_000);
  pageId = await addPage(db, id, "https://docs.example.org/prices", {
    1: "It costs 10 €.\n",
    5: "It costs 12 €.\u001b[2J\n",
  });
  await tell(db, { pageId, kind: "changed", at: dayAgo, from: 1, to: 2, share: 0.25 });
  const gone = await addPage(db, id, "https://docs.example.org/gone", { 1: "A" });
  await tell(db, { pageId: gone, kind: "removed", at: new Date("2026-01-06T12:00:00Z"), from: 1, reason: "http_404" });
  if (!server) await store.close();
});
afterAll(async () => {
  await server?.close();
  workplace.remove();
});

test("changes of a website are listed by its host or URL, for people and for programs", async () => {
  const [shown, json, csv] = await runAll(
    ["changes", "docs.example.org"],
    ["changes", "https://docs.example.org/prices", "--since", "7d", "--json"],
    ["changes", "https://docs.example.org", "--until", "2026-01-07", "--kind", "removed,new", "--csv"],
  );

  expect(shown?.stdout.split("\n")).toEqual([
    expect.stringMatching(/^FOUND +KIND +SHARE +URL +TITLE$/),
    expect.stringMatching(/^20.*Z +changed +25 % +https:\/\/docs\.example\.org\/prices +Title$/),
    expect.stringMatching(/^2026-01-06 12:00Z +removed +- +https:\/\/docs\.example\.org\/gone +Title$/),
    "",
  ]);
  expect(JSON.parse(json?.stdout ?? "")).toMatchObject({ kind: "changed", page: { id: pageId } });
  expect(csv?.stdout.split("\r\n")).toEqual([
    expect.stringMatching(/^detected_at,kind,url,/),
    expect.stringMatching(/^2026-01-06T12:00:00\.000Z,removed,https:\/\/docs\.example\.org\/gone,/),
    "",
  ]);
}, 60_000);

test("what changed is printed too, and nothing of a page steers the terminal", async () => {
  const [changes, limited, none] = await runAll(
    ["changes", "docs.example.org", "--diff", "--exit-code"],
    ["changes", "docs.example.org", "--limit", "1"],
    ["changes", "docs.example.org", "--path", "/nothing", "--exit-code"],
  );

  expect(changes?.code).toBe(1);
  expect(changes?.stdout).toContain("-It costs 10 €.\n+It costs 12 €. [2J\n");
  expect(changes?.stdout).toContain("+++ /dev/null\n");
  expect([limited?.stdout.split("\n").length, limited?.stderr]).toEqual([
    3,
    "There is more than these 1: see --limit, --since and --json\n",
  ]);
  expect(none).toEqual({ code: 0, stdout: "", stderr: "Nothing changed\n" });
}, 60_000);

test("two versions are compared by number or time, and a difference may be an exit code", async () => {
  const [differs, same] = await runAll(
    ["diff", pageId, "--from", "1", "--exit-code", "--json"],
    ["diff", "https://docs.example.org/prices", "--from", "2026-01-02", "--to", "1", "--exit-code"],
  );

  expect(differs?.code).toBe(1);
  expect(JSON.parse(differs?.stdout ?? "")).toMatchObject({ from: { version: 1 }, to: { version: 2 }, changes: [{}] });
  expect(same).toEqual({ code: 0, stdout: "", stderr: "" });
}, 60_000);

test("what is meant by nobody, or by several, is told", async () => {
  const [several, time, page] = await runAll(
    ["changes", "twice.example.org"],
    ["changes", "docs.example.org", "--since", "yesterday"],
    ["diff", "https://docs.example.org/nothing"],
  );

  expect(several).toMatchObject({ code: 2, stderr: expect.stringMatching(/several websites: .*\/b\), .*\/a\)/) });
  expect(time).toMatchObject({ code: 2, stderr: expect.stringContaining("--since must be an instant such as 2026-") });
  expect(page).toMatchObject({ code: 1, stderr: expect.stringContaining("crawl its website first") });
}, 60_000);
