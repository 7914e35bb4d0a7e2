import { describe, expect, test } from "bun:test";
import { type AddressInfo, connect, createServer } from "node:net";
import { sql } from "drizzle-orm";
import { explainConnectionFailure, isOutage, isWorthWaiting } from "../../src/db/connection-failure.ts";
import { parseConnectionUrl, withDatabase } from "../../src/db/connection-url.ts";
import { createDatabase } from "../../src/db/create-database.ts";
import { rowsOf } from "../../src/db/db.ts";
import { openPostgresStore } from "../../src/db/postgres.ts";
import { createManualClock } from "../manual-clock.ts";
import { canReach, POSTGRES } from "../testing/servers.ts";

const hasServer = await canReach(POSTGRES);

describe("a database's URL", () => {
  test.each([
    ["postgres://me:pw@db/x?sslmode=verify-ca&sslrootcert=/ca.pem", { tls: "verify-ca", caFile: "/ca.pem" }],
    ["postgres://me:pw@db/x?sslmode=allow", { tls: "prefer" }],
    ["postgres://me:pw@db/x?ssl=true", { tls: "verify-full" }],
    ["postgres://me:pw@db/x?sslrootcert=system", { tls: "verify-full", caFile: "system" }],
    ["postgres://me:pw@db/x", { tls: undefined, caFile: undefined, user: "me", database: "x", location: "db/x" }],
    ["postgresql://me@a:1,b:2/x%20y", { database: "x y", location: "a:1,b:2/x%20y" }],
    ["postgres://me:p@ss@db", { database: "me", location: "db" }],
  ])("%s is taken apart", (url, parts) => {
    expect(parseConnectionUrl(url)).toMatchObject(parts);
  });

  test("keeps what is the server's, and loses what it would not understand", () => {
    const given = "postgres://me@db/x?options=-c%20jit%3Doff&pgbouncer=true&connection_limit=5&channel_binding=prefer";

    expect(parseConnectionUrl(given).url).toBe("postgres://me@db/x?options=-c+jit%3Doff");
  });

  test("that asks for what can't be kept is refused", () => {
    expect(() => parseConnectionUrl("postgres://me@db/x?sslmode=perhaps")).toThrow("verify-full");
    expect(() => parseConnectionUrl("postgres://me@db/x?channel_binding=require")).toThrow("DATABASE_TLS=verify-full");
  });

  test("names another database of the same server", () => {
    expect(withDatabase("postgres://me@db:1/x?a=b", "post gres")).toBe("postgres://me@db:1/post%20gres?a=b");
    expect(withDatabase("postgres://me@db", "postgres")).toBe("postgres://me@db/postgres");
  });
});

test.each([
  ["ECONNREFUSED", "", true],
  ["57P03", "the database system is starting up", true],
  ["53300", "too many connections", true],
  ["08P01", "server login failed: connect failed", true],
  ["08P01", "unsupported startup parameter: statement_timeout", false],
  ["3D000", 'database "x" does not exist', false],
  ["08P01", 'database "x" does not exist', false],
  ["28P01", "password authentication failed", false],
  ["TLS_REFUSED", "", false],
  ["SELF_SIGNED_CERT_IN_CHAIN", "", false],
])("waiting for what fails with %s (%s) is worth it: %p", (code, message, isWorth) => {
  const error = Object.assign(new Error(message), { code });

  expect(isWorthWaiting(error)).toBe(isWorth);
  const target = parseConnectionUrl("postgres://me:secret@db/x");
  expect(explainConnectionFailure(error, target).message).toMatch(/^The database at db\/x can't be used: .*; .+/);
});

test("what fails for the database's sake is told from what fails for its own, however deep it is wrapped", () => {
  const failing = (code: string) => new Error("Failed query", { cause: Object.assign(new Error("x"), { code }) });
  const outages = [
    "EAI_AGAIN",
    "ECONNRESET",
    "CONNECTION_CLOSED",
    "08006",
    "53300",
    "57P03",
    "57014",
    "55P03",
    "40P01",
    "58030",
  ];
  const faults = ["23505", "42601", "22P02", "EACCES"];

  expect([...outages, ...faults].filter((code) => isOutage(failing(code)))).toEqual(outages);
  expect(isOutage("57014")).toBe(false);
});

test("a server that does not answer yet is waited for, which is told once", async () => {
  const clock = createManualClock();
  const told: string[] = [];
  const startedAt = clock.now().getTime();

  const opening = openPostgresStore("postgres://me:secret@127.0.0.1:1/x", {
    waitMs: 20_000,
    clock: { now: clock.now, sleep: async (ms) => void clock.advance(ms) },
    onWait: (message) => told.push(message),
  });

  expect(opening).rejects.toMatchObject({ reason: "unavailable" });
  await opening.catch(() => {});
  expect(clock.now().getTime() - startedAt).toBeGreaterThan(15_000);
  expect(told).toHaveLength(1);
  expect(told[0]).toContain("127.0.0.1:1/x does not answer yet");
});

describe.skipIf(!hasServer)("a session on a server", () => {
  const read = async (store: Awaited<ReturnType<typeof openPostgresStore>>, name: string) =>
    rowsOf<{ value: string }>(await store.db.execute(sql`select current_setting(${name}) as value`))[0]?.value;

  test("has a name and time-outs, and says how it is used", async () => {
    const options = { poolSize: 2, statementTimeoutMs: 1_500, lockTimeoutMs: 0 };
    const store = await openPostgresStore(POSTGRES.url.href, options);

    const names = ["application_name", "statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"];
    expect(await Promise.all(names.map((name) => read(store, name)))).toEqual(["orbweaver", "1500ms", "0", "1min"]);
    const sleeping = Array.from({ length: 3 }, () =>
      store.db
        .transaction((tx) => tx.execute(sql`select pg_sleep(5)`))
        .catch((error: { cause: unknown }) => error.cause),
    );
    while (store.stats().waiting === 0) await new Promise(setImmediate);
    const full = store.stats();
    const errors = await Promise.all(sleeping);

    expect(errors).toMatchObject([{ code: "57014" }, { code: "57014" }, { code: "57014" }]);
    expect(full).toMatchObject({ size: 2, idle: 0, waiting: 1 });
    expect(store.stats()).toMatchObject({ size: 2, inUse: 0, waiting: 0 });
    await store.close();
  });

  test("that is cut off while the driver asks for the server's types is waited for again, and nothing else fails", async () => {
    let cuts = 0;
    const server = createServer((client) => {
      const upstream = connect(Number(POSTGRES.url.port), POSTGRES.url.hostname);
      upstream.pipe(client);
      upstream.on("error", () => client.destroy());
      client.on("close", () => upstream.destroy());
      client.on("data", (bytes) => {
        if (bytes.includes("pg_type") && cuts++ === 0) client.destroy();
        else upstream.write(bytes);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const url = new URL(POSTGRES.url);
    [url.hostname, url.port] = ["127.0.0.1", String((server.address() as AddressInfo).port)];

    const store = await openPostgresStore(url.href, { poolSize: 1, waitMs: 20_000 });
    const { rows } = await store.query("select array[1, 2] as found");

    expect(cuts).toBeGreaterThan(0);
    expect(rows).toEqual([{ found: [1, 2] }]);
    await store.close();
    server.close();
  });

  test("to a database that is not there is refused at once with the mend, which makes it", async () => {
    const name = `orbweaver_test_${Bun.randomUUIDv7().replaceAll("-", "")}`;
    const url = withDatabase(POSTGRES.url.href, name);

    const refused = await openPostgresStore(url, { waitMs: 60_000 }).catch((error: Error) => error.message);
    const made = await Promise.all([createDatabase(url, {}), createDatabase(url, {})]);
    const again = await createDatabase(url, {});

    expect(refused).toContain(`orbweaver db init creates the database ${name}`);
    expect(made.some(Boolean)).toBe(true);
    expect(again).toBe(false);
    const admin = await openPostgresStore(POSTGRES.url.href);
    await admin.execute(`drop database ${name} with (force)`);
    await admin.close();
  });

  test("of a user without rights gets the SQL for an administrator", async () => {
    const admin = await openPostgresStore(POSTGRES.url.href);
    const user = `orbweaver_test_${Bun.randomUUIDv7().replaceAll("-", "").slice(0, 20)}`;
    await admin.execute(`create role ${user} login`);
    const url = new URL(POSTGRES.url);
    url.username = user;

    const error = await createDatabase(withDatabase(url.href, `${user}_db`), {}).catch((caught: Error) => caught);

    await admin.execute(`drop role ${user}`);
    await admin.close();
    expect(error).toMatchObject({ reason: "forbidden" });
    expect((error as Error).message).toContain(`create database "${user}_db" owner "${user}";`);
  });
});
