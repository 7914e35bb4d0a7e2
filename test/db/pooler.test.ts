import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { eq, sql } from "drizzle-orm";
import postgres, { type Sql } from "postgres";
import { LOCAL_VIEWER } from "../../src/access/viewer.ts";
import { openSampleSite, SAMPLE_URL } from "../../src/cli/sample-site.ts";
import { systemClock } from "../../src/clock.ts";
import { startCrawl } from "../../src/crawl/crawls.ts";
import { runCrawl } from "../../src/crawl/engine.ts";
import { createDatabase } from "../../src/db/create-database.ts";
import { rowsOf, type Store } from "../../src/db/db.ts";
import { migrateUp } from "../../src/db/migrate.ts";
import { openPostgresStore } from "../../src/db/postgres.ts";
import { websites } from "../../src/db/schema/websites.ts";
import { openJobs } from "../../src/jobs/jobs.ts";
import { createLog } from "../../src/telemetry/log.ts";
import { findOrAddWebsite } from "../../src/websites/websites.ts";
import { openTestApp } from "../testing/apps.ts";
import { hasPgBouncer, type PgBouncer, startPgBouncer } from "../testing/pgbouncer.ts";
import { POSTGRES } from "../testing/servers.ts";

if (!hasPgBouncer) console.warn("Not run: there is no pgbouncer, or no PostgreSQL for it");

describe.skipIf(!hasPgBouncer)("behind a pooler that gives each transaction another session", () => {
  const name = `orbweaver_test_pooler_${Bun.randomUUIDv7().replaceAll("-", "")}`;
  let admin: Sql;
  let bouncer: PgBouncer;
  let store: Store;

  beforeAll(async () => {
    admin = postgres(POSTGRES.url.href, { max: 1, onnotice: () => {} });
    await admin.unsafe(`create database ${name}`);
    bouncer = await startPgBouncer();
    const options = { pooler: "transaction", namespace: "pooled", poolSize: 8, statementTimeoutMs: 1_500 } as const;
    store = await openPostgresStore(`postgres://postgres@127.0.0.1:${bouncer.port}/${name}`, options);
    await Promise.all([migrateUp(store.db), migrateUp(store.db), migrateUp(store.db)]);
  });

  afterAll(async () => {
    await store?.close();
    await bouncer?.stop();
    await admin.unsafe(`drop database if exists ${name} with (force)`);
    await admin.end();
  });

  test("crawls and much else at once work on fewer sessions than there are connections", async () => {
    const { db } = store;
    const jobs = await openJobs(store, { clock: systemClock, log: createLog("error", systemClock, () => {}) });
    const site = await openSampleSite();
    const app = openTestApp(store, { fetch: site.fetch });
    const website = await findOrAddWebsite(db, LOCAL_VIEWER.userId, SAMPLE_URL);
    const crawl = await startCrawl(db, { viewer: LOCAL_VIEWER, websiteId: website.id, runner: "command" });

    const others = Array.from({ length: 200 }, async (_, i) => {
      const url = `https://${i}.example.com/`;
      const { id } = await findOrAddWebsite(db, LOCAL_VIEWER.userId, url);
      await db.transaction(async (tx) => {
        await tx
          .update(websites)
          .set({ name: `Site ${i}` })
          .where(eq(websites.id, id));
        await tx.transaction((inner) => inner.update(websites).set({ options: { i } }).where(eq(websites.id, id)));
      });
      const [row] = await db.select().from(websites).where(eq(websites.id, id));
      return row;
    });
    const [ended, ...rows] = await Promise.all([
      runCrawl(app, crawl.id, { signal: new AbortController().signal }),
      ...others,
    ]);

    expect(ended).toMatchObject({ state: "completed", done: 4, failed: 0 });
    expect(rows.every((row, i) => row?.name === `Site ${i}` && row.options.i === i)).toBe(true);
    await app.close();
    await jobs.close();
    await site.dispose();
  });

  test("transactions have time-outs of their own, and leave none behind in sessions", async () => {
    const { db } = store;

    const slow = await db
      .transaction((tx) => tx.execute(sql`select pg_sleep(5)`))
      .catch((error: { cause: unknown }) => error.cause);
    const settings = await Promise.all(
      Array.from({ length: 10 }, async () =>
        rowsOf<{ value: string }>(await db.execute(sql`select current_setting('statement_timeout') as value`)),
      ),
    );

    expect(slow).toMatchObject({ code: "57014" });
    expect(new Set(settings.flat().map(({ value }) => value))).toEqual(new Set(["0"]));
  });

  test("lets a missing database be noticed and made", async () => {
    const url = `postgres://postgres@127.0.0.1:${bouncer.port}/${name}_2`;
    const options = { pooler: "transaction", waitMs: 60_000 } as const;

    // Once only: whoever asks again soon is kept waiting by the pooler.
    const isMade = await createDatabase(url, options);

    expect(isMade).toBe(true);
    await admin.unsafe(`drop database ${name}_2 with (force)`);
  });

  test("is recognised when nobody said that it is there", async () => {
    const opening = openPostgresStore(`postgres://postgres@127.0.0.1:${bouncer.port}/${name}`, { waitMs: 60_000 });

    expect(opening).rejects.toMatchObject({
      reason: "unavailable",
      message: expect.stringContaining("DATABASE_POOLER=transaction"),
    });
    await opening.catch(() => {});
  });
});
