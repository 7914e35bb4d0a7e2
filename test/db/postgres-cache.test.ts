import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { openApp } from "../../src/app.ts";
import { type Cache, observeCache } from "../../src/cache.ts";
import { systemClock } from "../../src/clock.ts";
import { readConfig } from "../../src/config/config.ts";
import type { Config } from "../../src/config/settings.ts";
import type { Store } from "../../src/db/db.ts";
import { openPostgresStore } from "../../src/db/postgres.ts";
import { createPostgresCache } from "../../src/db/postgres-cache.ts";
import { cacheEntries } from "../../src/db/schema/jobs.ts";
import { checkRedis } from "../../src/health/components.ts";
import { createLog } from "../../src/telemetry/log.ts";
import { SILENT } from "../../src/telemetry/telemetry.ts";
import { createManualClock } from "../manual-clock.ts";
import { openRedisDoor } from "../redis-door.ts";
import { POSTGRES } from "../testing/servers.ts";
import { hasPostgres, testStores } from "../testing/stores.ts";

describe.skipIf(!hasPostgres)("what instances share over PostgreSQL", () => {
  const caches: Cache[] = [];
  const lines: string[] = [];
  const log = createLog("debug", systemClock, (line) => lines.push(line));
  let store: Store;
  let url: URL;

  beforeAll(async () => {
    store = await (testStores.at(-1) as (typeof testStores)[number]).open();
    url = new URL(POSTGRES.url);
    url.pathname = store.location.slice(store.location.indexOf("/"));
  });
  afterEach(async () => {
    for (const cache of caches.splice(0)) await cache.close();
    lines.length = 0;
    await store.db.delete(cacheEntries);
  });
  afterAll(() => store.close());

  const open = (over: Pick<Store, "db" | "listen"> = store, clock = systemClock) => {
    const cache = createPostgresCache(over, { clock, log });
    caches.push(cache);
    return cache;
  };
  /** An instance that hears on the channel `news`. */
  const openHearing = async (over?: Pick<Store, "db" | "listen">) => {
    const cache = open(over);
    const heard: string[] = [];
    cache.subscribe("news", (message) => heard.push(message));
    await until(() => cache.state() === "connected");
    return { cache, heard };
  };

  test("a message reaches all instances in order, each once, and equal ones as often as they were sent", async () => {
    const [first, second] = [await openHearing(), await openHearing()];

    await Promise.all(["a", "a", "b", "a"].map((message) => first.cache.publish("news", message)));
    await second.cache.publish("other", "not on this channel");
    await second.cache.publish("news", "c");
    await until(() => first.heard.length >= 5 && second.heard.length >= 5);

    expect(first.heard).toEqual(["a", "a", "b", "a", "c"]);
    expect(second.heard.toSorted()).toEqual(["a", "a", "a", "b", "c"]);
    expect(second.heard.filter((message) => message !== "c")).toEqual(["a", "a", "b", "a"]);
  });

  test("a message that is too long stays in the process, and the log says so", async () => {
    const [first, second] = [await openHearing(), await openHearing()];

    await first.cache.publish("news", "x".repeat(8_000));
    await first.cache.publish("news", "short");
    await until(() => second.heard.length > 0);

    expect(second.heard).toEqual(["short"]);
    expect(first.heard.map(({ length }) => length)).toEqual([8_000, 5]);
    expect(lines.some((line) => line.includes("message too long for other instances"))).toBe(true);
  });

  test("what others say on the channel is no message, and a listener that throws harms nobody", async () => {
    const { cache, heard } = await openHearing();
    cache.subscribe("bad", () => {
      throw new Error("not taken");
    });
    const other = open();

    for (const payload of ["no JSON", "null", "[]", '{"channel":"news"}'])
      await store.execute(`select pg_notify('orbweaver', '${payload}')`);
    await other.publish("bad", "x");
    await other.publish("news", "good");
    await until(() => heard.length > 0);

    expect(heard).toEqual(["good"]);
    expect(lines.some((line) => line.includes("message not taken"))).toBe(true);
  });

  test("a value is seen by all instances until its time is over by the clock, and is swept away later", async () => {
    const clock = createManualClock(new Date());
    const [first, second] = [open(store, clock), open(store, clock)];

    await first.set("key", "old", 60_000);
    await first.set("key", "value", 60_000);
    await first.set("deleted", "value", 60_000);
    await second.delete("deleted");
    const seen = [await second.get("key"), await first.get("deleted")];
    await clock.advance(60_000);
    const expired = await second.get("key");
    await clock.advance(600_000);
    await second.set("other", "value", 60_000);
    await until(async () => (await store.db.select().from(cacheEntries)).length === 1);

    expect(seen).toEqual(["value", undefined]);
    expect(expired).toBeUndefined();
  });

  test("a database that is away loses nothing of the process's own, and all comes back by itself", async () => {
    const door = await openRedisDoor(POSTGRES.url);
    const through = new URL(url);
    through.host = `127.0.0.1:${door.port}`;
    const remote = await openPostgresStore(through.href, { poolSize: 2 });
    const [near, far] = [await openHearing(), await openHearing(remote)];
    await far.cache.set("changed", "before", 60_000);
    await far.cache.set("deleted", "before", 60_000);

    await door.shut();
    await until(() => far.cache.state() === "away");
    await far.cache.set("changed", "after", 60_000);
    await far.cache.delete("deleted");
    await far.cache.publish("news", "heard here");
    await near.cache.publish("news", "missed there");
    const meanwhile = [await far.cache.get("changed"), await far.cache.get("deleted")];
    const ping = await far.cache.ping().catch((error: unknown) => error);
    await door.reopen();
    await until(() => far.cache.state() === "connected");
    await until(async () => (await near.cache.get("changed")) === "after");
    await until(async () => (await near.cache.get("deleted")) === undefined);
    await near.cache.publish("news", "heard again");
    await until(() => far.heard.includes("heard again"));

    expect(meanwhile).toEqual(["after", undefined]);
    expect(ping).toBeInstanceOf(Error);
    expect(far.heard).toEqual(["heard here", "heard again"]);
    expect(near.heard).toEqual(["missed there", "heard again"]);
    expect(await far.cache.ping()).toBeUndefined();
    await caches.pop()?.close();
    await remote.close();
    await door.shut();
  });

  test("where nobody can listen, messages stay in the process, values are shared, and the log says so once", async () => {
    const pooled = await openPostgresStore(url.href, { pooler: "transaction", poolSize: 1 });
    const [first, second] = [open(pooled), open()];
    const heard: string[] = [];
    first.subscribe("news", (message) => heard.push(message));
    first.subscribe("news", () => {});

    await first.publish("news", "here");
    await first.set("key", "value", 60_000);

    expect(heard).toEqual(["here"]);
    expect(await second.get("key")).toBe("value");
    expect(first.state()).toBe("connected");
    expect(lines.filter((line) => line.includes("messages stay in this process"))).toHaveLength(1);
    await first.close();
    await pooled.close();
  });

  test("is used by all who open a server's database without Redis, and by them alone", async () => {
    const settings = { DATABASE_URL: url.href, PARSER_THREADS: 1, REDIS_KEY_PREFIX: `test-${Bun.randomUUIDv7()}:` };
    const openWith = (further: Partial<Config>) => openApp(readConfig({}, { ...settings, ...further }), { log });
    const apps = await Promise.all([openWith({}), openWith({}), openWith({ REDIS_URL: "redis://127.0.0.1:1" })]);
    const heard: string[] = [];
    apps[1].cache.subscribe("news", (message) => heard.push(message));
    await until(() => apps[1].cache.state() === "connected");

    await apps[0].cache.publish("news", "hello");
    await until(() => heard.length > 0);

    expect(heard).toEqual(["hello"]);
    expect(apps.map(({ cache }) => cache.kind)).toEqual(["postgres", "postgres", "redis"]);
    for (const app of apps) await app.close();
  });

  test("health says that there is no Redis, not that it is away", async () => {
    const cache = observeCache(open(), SILENT);

    expect(await checkRedis(cache).run()).toEqual({ state: "skipped", message: "No Redis is configured" });
  });
});

async function until(isTrue: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isTrue())) await Bun.sleep(5);
}
