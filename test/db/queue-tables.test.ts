import { describe, expect, test } from "bun:test";
import { sql } from "drizzle-orm";
import { systemClock } from "../../src/clock.ts";
import { rowsOf, type Store } from "../../src/db/db.ts";
import { migrateUp } from "../../src/db/migrate.ts";
import { openPostgresStore } from "../../src/db/postgres.ts";
import { createQueueNamespace, readQueueVersion, removeQueueTables } from "../../src/db/queue-tables.ts";
import { openJobs } from "../../src/jobs/jobs.ts";
import { createLog } from "../../src/telemetry/log.ts";
import { POSTGRES } from "../testing/servers.ts";
import { hasPostgres, testStores } from "../testing/stores.ts";

const log = createLog("error", systemClock, () => {});

const [embedded, server] = testStores;

describe("the queue's tables", () => {
  test("are made by the first who starts, and dropped with their namespace, as often as one likes", async () => {
    const store = (await embedded?.open({ isMigrated: false })) as Store;
    const { db } = store;
    await migrateUp(db);

    await Promise.all([createQueueNamespace(db), createQueueNamespace(db)]);
    const before = await readQueueVersion(db);
    const jobs = await openJobs(store, { clock: systemClock, log });
    await jobs.close();
    const made = await readQueueVersion(db);
    await removeQueueTables(db);
    await removeQueueTables(db);
    const left = rowsOf(await db.execute(sql`select 1 from pg_namespace where nspname = 'orbweaver_jobs'`));
    await db.execute(sql`create schema orbweaver_jobs create table somebody_elses (id int)`);
    await removeQueueTables(db);
    const [others] = rowsOf<{ found: string | null }>(
      await db.execute(sql`select to_regclass('orbweaver_jobs.somebody_elses')::text as found`),
    );
    await store.close();

    expect([before, made, left.length]).toEqual([undefined, expect.any(Number), 0]);
    expect(others?.found).not.toBeNull();
  });

  test.skipIf(!hasPostgres)("are made and dropped where an administrator made the namespaces", async () => {
    const store = (await server?.open({ isMigrated: false })) as Store;
    const role = `service_${Bun.randomUUIDv7().replaceAll("-", "")}`;
    const [at] = rowsOf<{ database: string }>(await store.db.execute(sql`select current_database() as database`));
    await store.execute(`create role ${role} login;
      create schema orbweaver; create schema orbweaver_jobs;
      grant create, usage on schema orbweaver, orbweaver_jobs to ${role}`);
    const url = new URL(POSTGRES.url);
    url.username = role;
    url.pathname = at?.database ?? "";
    const service = await openPostgresStore(url.href, { poolSize: 2 });

    await migrateUp(service.db);
    const jobs = await openJobs(service, { clock: systemClock, log });
    await jobs.close();
    const made = await readQueueVersion(service.db);
    await removeQueueTables(service.db);
    const [left] = rowsOf<{ count: number }>(
      await service.db.execute(sql`select count(*)::int as count from pg_class
        where relnamespace = 'orbweaver_jobs'::regnamespace`),
    );
    const again = await openJobs(service, { clock: systemClock, log });
    await again.close();
    await service.close();
    await store.execute(`drop owned by ${role}; drop role ${role}`);
    await store.close();

    expect(made).toBeNumber();
    expect(left?.count).toBe(0);
  });
});
