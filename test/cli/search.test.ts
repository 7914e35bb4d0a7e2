import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { basename } from "node:path";
import type { Store } from "../../src/db/db.ts";
import { openEmbeddedStore } from "../../src/db/embedded.ts";
import { LOCAL_USER_ID } from "../../src/db/schema/users.ts";
import { addWebsite } from "../../src/websites/websites.ts";
import { storePage } from "../pages/stored-pages.ts";
import { POSTGRES } from "../testing/servers.ts";
import { hasPostgres, prepareDataFolder, testStores } from "../testing/stores.ts";
import { openWorkplace } from "./command.ts";

// On a machine that is at its limit, as where all tests run.
setDefaultTimeout(60_000);

const workplace = openWorkplace();
/** Where there is a server the command uses it, which spares each run to start a database. */
const server = hasPostgres ? await testStores.at(-1)?.open() : undefined;
const database = server ? { DATABASE_URL: new URL(`/${basename(server.location)}`, POSTGRES.url).href } : undefined;
const run = (...args: string[]) => workplace.run(["search", ...args], database);

beforeAll(async () => {
  const folder = await prepareDataFolder(workplace.makeFolder("data"), { isMigrated: true });
  const store: Store = server ?? (await openEmbeddedStore(folder));
  const { db } = store;
  const pages = { "docs.example.org": "A lock is held\u001b[2J by a session.", "blog.example.org": "No lock here." };
  for (const [host, text] of Object.entries(pages)) {
    const { id } = await addWebsite(db, { userId: LOCAL_USER_ID, url: `https://${host}/` });
    const page = {
      websiteId: id,
      url: `https://${host}/locks`,
      title: "Locks\u001b[31m",
      markdown: `# Locks\n\n${text}\n`,
    };
    await storePage(db, { ...page, body: page.url });
  }
  if (!server) await store.close();
});
afterAll(async () => {
  await server?.close();
  workplace.remove();
});

test("what was crawled and is not indexed yet is found, and nothing in it steers the terminal", async () => {
  const { code, stdout, stderr } = await run("session", "lock", "--website", "docs.example.org");

  expect(stderr).toBe("1 of 1 in 1 page of 1 website\n");
  expect(code).toBe(0);
  expect(stdout).toStartWith("Locks [31m\nhttps://docs.example.org/locks\n");
  expect(stdout).toEndWith("A lock is held [2J by a session.\n");
});

test("programs get one JSON object, as over REST", async () => {
  const { code, stdout } = await run("lock", "--limit", "1", "--json");

  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({
    items: [{ title: expect.stringContaining("Locks") }],
    total: { pages: 2, is_exact: true },
    searched: { websites: 2 },
    next_cursor: expect.any(String),
  });
});

test("nothing found is no error, and says what was searched", async () => {
  const { code, stdout, stderr } = await run("floccinaucinihilipilification");

  expect([code, stdout]).toEqual([0, ""]);
  expect(stderr).toContain("Nothing was found in 2 pages of 2 websites\n");
});

test("a query that makes no sense is told with its place", async () => {
  const [unclosed, unknown] = await Promise.all([run('"open'), run("lock", "--website", "nowhere.example")]);

  expect(unclosed.code).toBe(2);
  expect(unclosed.stderr).toContain("wrong at character 1");
  expect(unknown.stderr).toContain("There is no website nowhere.example");
});
