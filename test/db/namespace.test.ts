import { describe, expect, test } from "bun:test";
import { sql } from "drizzle-orm";
import { drizzle as onPglite } from "drizzle-orm/pglite";
import { drizzle as onServer } from "drizzle-orm/postgres-js";
import { LOCAL_VIEWER } from "../../src/access/viewer.ts";
import { openSampleSite, SAMPLE_URL } from "../../src/cli/sample-site.ts";
import { systemClock } from "../../src/clock.ts";
import { startCrawl } from "../../src/crawl/crawls.ts";
import { runCrawl } from "../../src/crawl/engine.ts";
import { observeCommits } from "../../src/db/after-commit.ts";
import { type Db, rowsOf, type Store } from "../../src/db/db.ts";
import { listMigrations, migrate, migrateUp, removeTables } from "../../src/db/migrate.ts";
import { MIGRATIONS } from "../../src/db/migrations.ts";
import { namespaceOf, useNamespace } from "../../src/db/namespace.ts";
import { LOCAL_USER_ID } from "../../src/db/schema/users.ts";
import { websites } from "../../src/db/schema/websites.ts";
import { openJobs } from "../../src/jobs/jobs.ts";
import { createLog } from "../../src/telemetry/log.ts";
import { findOrAddWebsite } from "../../src/websites/websites.ts";
import { openTestApp } from "../testing/apps.ts";
import { testStores } from "../testing/stores.ts";
import { readCatalog } from "./catalog.ts";

/** The same database, asked for another namespace. */
function inNamespace({ db, kind }: Store, namespace: string): Db {
  const { $client } = db as unknown as { $client: never };
  const options = { schema: {}, casing: "snake_case" } as const;
  const opened: Db = kind === "embedded" ? onPglite($client, options) : onServer($client, options);
  return useNamespace(observeCommits(opened), namespace);
}

describe.each(testStores)("namespaces of the $name store", ({ open }) => {
  test("share a database without knowing of each other", async () => {
    const store = await open();
    const other = inNamespace(store, "other");
    await Promise.all([migrateUp(other), migrateUp(other)]);
    const website = { userId: LOCAL_USER_ID, url: "https://example.com/" };
    await store.db.insert(websites).values({ ...website, name: "Ours" });
    await other.insert(websites).values({ ...website, name: "Theirs" });

    expect([namespaceOf(store.db), namespaceOf(other)]).toEqual(["orbweaver", "other"]);
    expect(await other.transaction((tx) => tx.select({ name: websites.name }).from(websites))).toEqual([
      { name: "Theirs" },
    ]);
    const ours = await readCatalog(store.db);
    const theirs = await readCatalog(other);
    const said = (entries: typeof ours) => JSON.stringify(entries);
    expect(said(theirs)).toBe(said(ours).replaceAll(/\borbweaver\b/g, "other"));

    await migrate(other, { down: MIGRATIONS.length });
    await removeTables(other);

    expect((await listMigrations(store.db)).every(({ isApplied }) => isApplied)).toBe(true);
    expect(await store.db.select({ name: websites.name }).from(websites)).toEqual([{ name: "Ours" }]);
    await store.close();
  });

  test("other than the usual one do for a whole crawl", async () => {
    const store = await open({ isMigrated: false });
    const db = inNamespace(store, "custom_name");
    await migrateUp(db);
    const jobs = await openJobs(
      { ...store, db },
      { clock: systemClock, log: createLog("error", systemClock, () => {}) },
    );
    const site = await openSampleSite();
    const app = openTestApp({ ...store, db }, { fetch: site.fetch });
    const website = await findOrAddWebsite(db, LOCAL_VIEWER.userId, SAMPLE_URL);
    const crawl = await startCrawl(db, { viewer: LOCAL_VIEWER, websiteId: website.id, runner: "command" });

    const ended = await runCrawl(app, crawl.id, { signal: new AbortController().signal });

    expect(ended).toMatchObject({ state: "completed", done: 4, created: 4, failed: 0 });
    const found = rowsOf<{ name: string }>(
      await db.execute(
        sql`select nspname::text as name from pg_namespace where nspname ~ 'orbweaver|custom' order by 1`,
      ),
    );
    expect(found).toEqual([{ name: "custom_name" }, { name: "custom_name_jobs" }]);
    await app.close();
    await jobs.close();
    await site.dispose();
    await store.close();
  });
});
