import { afterEach, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LOCAL_VIEWER } from "../src/access/viewer.ts";
import { openApp, openStore, openWeb } from "../src/app.ts";
import { readConfig } from "../src/config/config.ts";
import type { Config } from "../src/config/settings.ts";
import { readCrawl, startCrawl } from "../src/crawl/crawls.ts";
import { takeLease } from "../src/crawl/lease.ts";
import { urlOf } from "./crawl/server.ts";
import { createWeb, text } from "./crawl/web.ts";
import { hasPostgres, prepareDataFolder, testStores } from "./testing/stores.ts";

const clean: (() => unknown)[] = [];

afterEach(async () => {
  for (const step of clean.splice(0).reverse()) await step();
});

async function makeConfig(settings: Partial<Config> = {}, { isMigrated = true } = {}): Promise<Config> {
  const folder = await prepareDataFolder(mkdtempSync(join(tmpdir(), "orbweaver-app-")), { isMigrated });
  clean.push(() => rmSync(folder, { recursive: true, force: true }));
  return readConfig({}, { DATA_DIR: folder, PARSER_THREADS: 1, LOG_LEVEL: "error", ...settings });
}

test("the app opens an empty folder with its tables, and its crawls free of dead workers", async () => {
  const config = await makeConfig({}, { isMigrated: false });
  const first = await openApp(config);
  const crawl = await startCrawl(first.db, { viewer: LOCAL_VIEWER, url: "https://example.com/" });
  await takeLease(first.db, crawl.id, Bun.randomUUIDv7(), first.clock);
  await first.close();

  const second = await openApp(config);
  clean.push(() => second.close());

  expect(second.store.kind).toBe("embedded");
  expect(await readCrawl(second.db, crawl.id)).toMatchObject({ state: "running", leaseOwner: null });
});

test.skipIf(!hasPostgres)("a server's crawls stay with their workers when another app opens", async () => {
  const store = await testStores[1]?.open();
  clean.push(() => store?.close());
  const config = readConfig({}, { DATABASE_URL: store && urlOf(store), PARSER_THREADS: 1, LOG_LEVEL: "error" });
  const first = await openApp(config);
  clean.push(() => first.close());
  const crawl = await startCrawl(first.db, { viewer: LOCAL_VIEWER, url: "https://example.com/" });
  const owner = Bun.randomUUIDv7();
  await takeLease(first.db, crawl.id, owner, first.clock);

  const second = await openApp(config);
  clean.push(() => second.close());

  expect(second.store.kind).toBe("postgres");
  expect(await readCrawl(second.db, crawl.id)).toMatchObject({ leaseOwner: owner });
});

test("a folder is let go of when the rest can't be opened", async () => {
  const config = await makeConfig();

  const broken = await openApp({ ...config, ALLOW_PRIVATE_NETWORKS: "not a network!" }).catch(
    (error: unknown) => error,
  );

  expect(broken).toMatchObject({ reason: "invalid", message: expect.stringContaining("ALLOW_PRIVATE_NETWORKS") });
  const store = await openStore(config);
  await store.close();
});

test("a folder that an app has is refused to another, until it is closed", async () => {
  const config = await makeConfig();
  const app = await openApp(config);

  const second = await openApp(config).catch((error: unknown) => error);
  await app.close();
  const third = await openApp(config);

  expect(second).toMatchObject({ reason: expect.stringMatching(/unavailable|conflict/) });
  await third.close();
});

test("closing twice does no harm", async () => {
  const app = await openApp(await makeConfig());

  await app.close();

  expect(await app.close()).toBeUndefined();
});

test("requests name the program, and whom to ask about it", async () => {
  const named = openWeb(readConfig({ CONTACT: "https://example.com/bot" }));
  const own = openWeb(readConfig({ USER_AGENT: "Own/1" }));
  clean.push(named.close, own.close);

  expect(named.userAgent).toMatch(/^Orbweaver\/\S+ \(\+https:\/\/example\.com\/bot\)$/);
  expect(own.userAgent).toBe("Own/1");
});

test("this machine is reached only where it is allowed, by a setting or by name", async () => {
  const server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response("here") });
  const shut = openWeb(readConfig({}));
  const byName = openWeb(readConfig({}), { allow: [`127.0.0.1:${server.port}`] });
  const byNetwork = openWeb(readConfig({ ALLOW_PRIVATE_NETWORKS: "127.0.0.0/8" }));
  const open = openWeb(readConfig({ ALLOW_PRIVATE_NETWORKS: "true" }));
  clean.push(() => server.stop(true), shut.close, byName.close, byNetwork.close, open.close);
  const url = `http://127.0.0.1:${server.port}/`;

  const refused = await shut.fetch({ url }).catch((error: unknown) => error);

  expect((refused as { code: string }).code).toStartWith("blocked");
  for (const web of [byName, byNetwork, open]) expect((await web.fetch({ url })).status).toBe(200);
});

test("another way to fetch takes the network's place", async () => {
  const { fetch } = createWeb({ "https://example.com/": text("Here") });
  const web = openWeb(readConfig({}), { fetch });
  clean.push(web.close);

  expect((await web.fetch({ url: "https://example.com/" })).status).toBe(200);
  expect((await web.robots.get("https://example.com/")).isAllowed("https://example.com/x")).toBe(true);
});
