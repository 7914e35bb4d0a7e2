import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { sql } from "drizzle-orm";
import postgres, { type Sql } from "postgres";
import { type Db, rowsOf, type Store } from "../../src/db/db.ts";
import { migrateUp } from "../../src/db/migrate.ts";
import { openPostgresStore } from "../../src/db/postgres.ts";
import { readFromReplicas } from "../../src/db/replicas.ts";
import { AppError } from "../../src/errors.ts";
import { replicaExaminations } from "../../src/health/replica-diagnosis.ts";
import { openJobs } from "../../src/jobs/jobs.ts";
import { createLog } from "../../src/telemetry/log.ts";
import { SILENT, type Telemetry } from "../../src/telemetry/telemetry.ts";
import { startService } from "../api/running-service.ts";
import { createFastClock } from "../testing/apps.ts";
import { canReplicate, type ReplicatedPostgres, startReplicatedPostgres } from "../testing/replicated-postgres.ts";

describe.skipIf(!canReplicate)("reading from a replica", () => {
  // A look at the replicas each second is one each 50 ms then.
  const clock = createFastClock(20);
  const lines: string[] = [];
  const log = createLog("info", clock, (line) => lines.push(line));
  const reads: string[] = [];
  const telemetry: Telemetry = {
    ...SILENT,
    count: (name, labels) => {
      if (name === "orbweaver.database.reads") reads.push((labels as { answered_by: string }).answered_by);
    },
  };
  const opened: Store[] = [];
  let servers: ReplicatedPostgres;
  let replica: Sql;

  beforeAll(async () => {
    servers = await startReplicatedPostgres();
    const store = await openPostgresStore(servers.primaryUrl, { poolSize: 1 });
    await migrateUp(store.db);
    await store.close();
    await servers.startReplica();
    replica = postgres(servers.replicaUrl, { max: 1, onnotice: () => {} });
  });
  afterEach(async () => {
    for (const store of opened.splice(0)) await store.close();
    lines.length = 0;
    reads.length = 0;
  });
  afterAll(async () => {
    await replica.end();
    await servers.stop();
  });

  const open = async (urls = [servers.replicaUrl], maxLagMs = 10_000) => {
    const primary = await openPostgresStore(servers.primaryUrl, { poolSize: 3 });
    const connection = { poolSize: 3, statementTimeoutMs: 60_000 };
    const store = readFromReplicas(primary, urls, { connection, maxLagMs, clock, log, telemetry });
    opened.push(store);
    return store;
  };
  /** Open and with its replica found to be up to date. */
  const openWithReplica = async (maxLagMs?: number) => {
    const store = await open(undefined, maxLagMs);
    await until(async () => (await store.read(isReplica)) === true);
    return store;
  };

  test("what may be a moment old comes from there, all else from the primary, and whoever reads sees which", async () => {
    const store = await open();

    const first = await store.read(isReplica);
    await until(async () => (await store.read(isReplica)) === true);

    // Not before it was found to be up to date.
    expect(first).toBe(false);
    expect(await isReplica(store.db)).toBe(false);
    expect([reads[0], reads.at(-1)]).toEqual(["primary", "replica"]);
  });

  test("what it does not know yet is asked of the primary, a caller's fault is not", async () => {
    const store = await openWithReplica(3_600_000);
    const asked: boolean[] = [];
    const ask = <Result>(answer: (onReplica: boolean) => Result) =>
      store.read(async (db) => {
        const onReplica = await isReplica(db);
        asked.push(onReplica);
        return answer(onReplica);
      });

    const found = await ask((onReplica) => {
      if (onReplica) throw new AppError("not_found", "There is none");
      return "found";
    });
    const list = await ask((onReplica) => ({ items: onReplica ? [] : ["new"] }));
    const fault = await ask(() => {
      throw new AppError("invalid", "No");
    }).catch((error: unknown) => error);
    // As while a replica does not have a migration yet.
    const known = await store.read(async (db) =>
      db.execute(sql.raw((await isReplica(db)) ? "select nothing" : "select 1")),
    );

    expect([found, list]).toEqual(["found", { items: ["new"] }]);
    expect(fault).toMatchObject({ reason: "invalid" });
    expect(asked).toEqual([true, false, true, false, true]);
    expect(rowsOf(known)).toHaveLength(1);
  });

  test("one that is further behind than allowed is not asked until it has caught up, and an idle one is not behind", async () => {
    const store = await openWithReplica(4_000);
    // Of a first try.
    await store.db.execute(sql`drop table if exists written`);

    await clock.sleep(6_000);
    const whileIdle = await store.read(isReplica);
    await replica`select pg_wal_replay_pause()`;
    await store.db.execute(sql`create table written (id int)`);
    await until(async () => (await store.read(isReplica)) === false);
    await replica`select pg_wal_replay_resume()`;
    await until(async () => (await store.read(isReplica)) === true);

    expect(whileIdle).toBe(true);
    const told = lines.map((line) => JSON.parse(line)).filter(({ event }) => event.startsWith("replica"));
    expect(told.map(({ event, reason }) => [event, reason])).toEqual([
      ["replica left out", "behind"],
      ["replica taken in", undefined],
    ]);
  });

  test("one that goes away fails no read, not even those it was answering, and is asked again when it is back", async () => {
    const store = await openWithReplica();
    const slow = Array.from({ length: 3 }, () =>
      store.read(async (db) => {
        if (await isReplica(db)) await db.execute(sql`select pg_sleep(30)`);
        return isReplica(db);
      }),
    );
    await until(async () => (await replica`select from pg_stat_activity where query like '%pg_sleep%'`).length > 3);

    await servers.stopReplica();
    const meanwhile = await Promise.all([...slow, store.read(isReplica), store.read(isReplica)]);
    await servers.startReplica();
    await until(async () => (await store.read(isReplica)) === true);

    expect(meanwhile).toEqual([false, false, false, false, false]);
    expect(lines.join("")).not.toContain("postgres@");
  });

  test("a server that is no replica is never asked, which the log says once", async () => {
    const store = await open([servers.primaryUrl, "postgres://postgres@127.0.0.1:1/postgres"]);

    await store.read(isReplica);
    await until(() => lines.length >= 2);
    await clock.sleep(5_000);
    reads.length = 0;
    await store.read(isReplica);

    expect(reads).toEqual(["primary"]);
    expect(lines.map((line) => JSON.parse(line).reason).toSorted()).toEqual(["away", "it is no replica"]);
  });

  test("the doctor says of each whether it is one, of this database, and whether it keeps up", async () => {
    const DATABASE_URL = servers.primaryUrl;
    const examine = async (url: string) => {
      const settings = { DATABASE_URL, DATABASE_READ_URL: url, DATABASE_READ_MAX_LAG_MS: 10_000 };
      const all = replicaExaminations(settings, (at) => openPostgresStore(at, { poolSize: 1 }), clock);
      return Promise.all(
        all.map(async ({ name, examine }) => ({ name, ...(await examine(new AbortController().signal)) })),
      );
    };

    const fit = await examine(servers.replicaUrl);
    const unfit = await examine(`${servers.primaryUrl}, postgres://me:secret@127.0.0.1:1/postgres`);

    await replica`select pg_wal_replay_pause()`;
    await (await open()).db.execute(sql`create table written_while_paused (id int)`);
    const heldBack = await examine(servers.replicaUrl);
    await replica`select pg_wal_replay_resume()`;

    expect(fit).toMatchObject([{ name: "replica", verdict: "pass" }]);
    expect(heldBack).toMatchObject([{ verdict: "warn", finding: expect.stringMatching(/: its replay is paused$/) }]);
    expect(unfit).toMatchObject([
      { name: "replica 1", verdict: "fail", finding: expect.stringContaining("is no replica: it takes writes") },
      { name: "replica 2", verdict: "fail", finding: expect.stringContaining("127.0.0.1:1/postgres can't be used") },
    ]);
    expect(JSON.stringify(unfit)).not.toContain("secret");
  });

  test("over the API what was just made is found, however far the replica is behind", async () => {
    const store = await openWithReplica(3_600_000);
    const jobs = await openJobs(store, { clock, log });
    const service = await startService(store);
    const before = await service.ask("POST", "/api/v1/websites", { url: "https://before.example/" });
    await until(async () => (await replica`select from orbweaver.websites`).length === 1);
    await replica`select pg_wal_replay_pause()`;
    reads.length = 0;

    const made = await service.ask("POST", "/api/v1/websites", { url: "https://made.example/" });
    const { links } = made.json as { links: { self: string; pages: string; crawls: string } };
    const lists = [await service.ask("GET", links.pages), await service.ask("GET", links.crawls)];
    const readAtOnce = [...reads];
    const list = await service.ask("GET", "/api/v1/websites");
    const self = await service.ask("GET", links.self);
    await replica`select pg_wal_replay_resume()`;

    expect(lists.map(({ status }) => status)).toEqual([200, 200]);
    expect(readAtOnce).toEqual(["primary", "primary"]);
    expect(self.status).toBe(200);
    expect((list.json.items as { id: string }[]).map(({ id }) => id)).toEqual([String(before.json.id)]);
    expect(reads.at(-1)).toBe("replica");
    await service.stop();
    await jobs.close();
  });
});

async function isReplica(db: Db): Promise<boolean> {
  const [row] = rowsOf<{ is: boolean }>(await db.execute(sql`select pg_is_in_recovery() as is`));
  return row?.is === true;
}

async function until(isTrue: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isTrue())) await Bun.sleep(5);
}
