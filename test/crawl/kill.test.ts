import { afterEach, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sql } from "drizzle-orm";
import { LOCAL_VIEWER } from "../../src/access/viewer.ts";
import { listCrawls } from "../../src/crawl/crawls.ts";
import type { Store } from "../../src/db/db.ts";
import { openEmbeddedStore } from "../../src/db/embedded.ts";
import { pages } from "../../src/db/schema/pages.ts";
import { createSite } from "../site.ts";
import { hasPostgres, prepareDataFolder, testStores } from "../testing/stores.ts";
import { expectCountersToMatch } from "./runs.ts";
import { urlOf } from "./server.ts";

const PAGES = 120;
const SCRIPT = join(import.meta.dir, "crawl-until-killed.ts");

describe("a crawl whose process is killed again and again", () => {
  const clean: (() => unknown)[] = [];

  afterEach(async () => {
    for (const step of clean.splice(0).reverse()) await step();
  });

  test("ends with every page once on the embedded store", async () => {
    const folder = await prepareDataFolder(mkdtempSync(join(tmpdir(), "orbweaver-kill-")), { isMigrated: true });
    clean.push(() => rmSync(folder, { recursive: true, force: true }));

    const site = await crawlThroughKills(folder, async () => []);

    const store = await openEmbeddedStore(folder);
    clean.push(() => store.close());
    await expectAll(store, site);
  });

  test.skipIf(!hasPostgres)("ends with every page once on the postgres store", async () => {
    const store = (await testStores[1]?.open()) as Store;
    clean.push(() => store.close());

    const site = await crawlThroughKills(urlOf(store), async () => {
      // As if the time of the dead process's leases were over.
      await store.db.execute(sql`update orbweaver.crawl_jobs set leased_until = now() - interval '1 minute'`);
      await store.db.execute(sql`update orbweaver.hosts set leased_until = now() - interval '1 minute'`);
      return store.db.select({ url: pages.url }).from(pages);
    });

    await expectAll(store, site);
  });

  async function crawlThroughKills(database: string, betweenLives: () => Promise<{ url: string }[]>) {
    const site = createSite({ pages: PAGES, minBytes: 1_000, maxBytes: 4_000 });
    const served = site.serve({ latencyMs: 5 });
    clean.push(() => served.stop());
    const live = () => Bun.spawn([process.execPath, SCRIPT, database, `${served.origin}/`], { stderr: "pipe" });
    const stored = new Map<string, number | undefined>();
    for (const share of [0.3, 0.6]) {
      const process = live();
      while (served.requests.size < PAGES * share && process.exitCode === null) await Bun.sleep(2);
      expect(process.exitCode).toBeNull();
      process.kill("SIGKILL");
      await process.exited;
      for (const { url } of await betweenLives()) {
        const path = url.slice(served.origin.length);
        if (!stored.has(path)) stored.set(path, served.requests.get(path));
      }
    }
    const last = live();
    expect(await Promise.all([last.stdout.text(), last.stderr.text()])).toEqual(["completed", ""]);
    // What was stored when a process died is not fetched again.
    for (const [path, visits] of stored) expect(served.requests.get(path)).toBe(visits);
    return Array.from({ length: PAGES }, (_, n) => served.origin + site.path(n)).sort();
  }

  async function expectAll(store: Store, urls: string[]) {
    const [crawl] = await listCrawls(store.db, { viewer: LOCAL_VIEWER, limit: 1 });
    const counted = await expectCountersToMatch(store.db, crawl?.id ?? "");
    const stored = await store.db.select({ url: pages.url }).from(pages);
    expect(counted).toMatchObject({ state: "completed", created: PAGES, pending: 0, failed: 0 });
    expect(stored.map(({ url }) => url).sort()).toEqual(urls);
  }
});
