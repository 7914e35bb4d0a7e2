import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { connect, type Socket } from "node:net";
import { sql } from "drizzle-orm";
import { type Db, rowsOf, type Store } from "../../src/db/db.ts";
import { openPostgresStore } from "../../src/db/postgres.ts";
import { endStuckSessions } from "../../src/db/stuck-sessions.ts";
import { until } from "../cluster/until.ts";
import { urlOf } from "../crawl/server.ts";
import { hasPostgres, testStores } from "../testing/stores.ts";

describe.skipIf(!hasPostgres)("a session in the middle of a transaction whose process stands still", () => {
  let store: Store;
  let other: Store;

  beforeAll(async () => {
    store = (await testStores[1]?.open({ isMigrated: false })) as Store;
    other = await openPostgresStore(urlOf(store), { poolSize: 1 });
    await store.db.execute(sql`create table held (n int)`);
  });

  afterAll(async () => {
    await other.close();
    await store.close();
  });

  const end = (afterSeconds = 0) => endStuckSessions(store.db, { afterSeconds });

  test("is ended, so that others have what it locked", async () => {
    const locked = Promise.withResolvers<void>();
    const stuck = other.db.transaction(async (tx) => {
      await tx.execute(sql`lock table held`);
      locked.resolve();
      await new Promise((resolve) => setTimeout(resolve, 60_000).unref());
    });
    stuck.catch(() => {});
    await locked.promise;
    await until("the server waits for it", async () => (await listWaiting(store.db)).includes("idle in transaction"));

    const early = await end(30);
    const ended = await end();
    await lockWithin(store.db);

    expect([early, ended]).toEqual([0, 1]);
  });

  test("is ended also where a statement was begun and never came to its end", async () => {
    const socket = await beginHalfStatement(urlOf(store));
    await until("it waits for the rest", async () => (await listWaiting(store.db)).includes("active"));

    const ended = await end();
    await lockWithin(store.db);
    socket.destroy();

    expect(ended).toBe(1);
  });

  test("is left alone while it is busy", async () => {
    let busy: Promise<unknown> | undefined;

    const ended = await store.db.transaction(async (tx) => {
      await tx.execute(sql`lock table held`);
      busy = other.db.transaction((waiting) => waiting.execute(sql`lock table held`));
      await until("it is busy", async () => rowsOf(await store.db.execute(BUSY)).length > 0);
      return endStuckSessions(tx, { afterSeconds: 0 });
    });

    expect(ended).toBe(0);
    await busy;
  });
});

const BUSY = sql`select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;

const lockWithin = (db: Db) =>
  db.transaction(async (tx) => {
    await tx.execute(sql`set local lock_timeout = '5s'`);
    await tx.execute(sql`lock table held`);
  });

async function listWaiting(db: Db): Promise<string[]> {
  const rows = await db.execute(sql`
    select state from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid() and xact_start is not null
      and wait_event = 'ClientRead'`);
  return rowsOf<{ state: string }>(rows).map(({ state }) => state);
}

/** Speaks as the driver does up to the point at which it asks what values a statement takes. */
async function beginHalfStatement(url: string): Promise<Socket> {
  const { hostname, port, pathname, username } = new URL(url);
  const socket = connect(Number(port || 5432), hostname);
  const settings = { user: username || "postgres", database: pathname.slice(1), application_name: "orbweaver" };
  const startup = Object.entries(settings).flat();
  const version = Buffer.from([0, 3, 0, 0]);
  socket.write(withLength(Buffer.concat([version, Buffer.from(`${startup.join("\0")}\0\0`)])));
  socket.write(message("Q", "begin; lock table held\0"));
  socket.write(message("P", "\0insert into held values ($1)\0\0\0"));
  socket.write(message("H", ""));
  return socket;
}

const message = (type: string, body: string) => Buffer.concat([Buffer.from(type), withLength(Buffer.from(body))]);

/** The length counts itself. */
function withLength(body: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeInt32BE(body.length + 4);
  return Buffer.concat([length, body]);
}
