import { afterAll, afterEach, describe, expect, test } from "bun:test";
import { type Cache, createMemoryCache, openRedisCache } from "../src/cache.ts";
import { systemClock } from "../src/clock.ts";
import { redisAt } from "../src/config/redis.ts";
import { createPostgresCache } from "../src/db/postgres-cache.ts";
import { createLog } from "../src/telemetry/log.ts";
import { createManualClock } from "./manual-clock.ts";
import { canReach, REDIS } from "./testing/servers.ts";
import { testStores } from "./testing/stores.ts";

const log = createLog("error", systemClock, () => {});

const server = await testStores.find(({ name }) => name === "postgres")?.open();
afterAll(() => server?.close());

const caches: { name: string; open: () => Cache }[] = [
  { name: "memory", open: () => createMemoryCache(systemClock) },
  ...((await canReach(REDIS))
    ? [
        {
          name: "redis",
          open: () =>
            openRedisCache(redisAt(REDIS.url.href), { prefix: `test-${Bun.randomUUIDv7()}:`, log, clock: systemClock }),
        },
      ]
    : []),
  ...(server ? [{ name: "postgres", open: () => createPostgresCache(server, { clock: systemClock, log }) }] : []),
];

describe.each(caches)("the $name cache", ({ open }) => {
  let cache: Cache;
  afterEach(() => cache.close());

  test("gives back what was set, until it is deleted", async () => {
    cache = open();

    await cache.set("key", "value", 60_000);
    const found = await cache.get("key");
    await cache.delete("key");

    expect(found).toBe("value");
    expect(await cache.get("key")).toBeUndefined();
    expect(await cache.get("never set")).toBeUndefined();
  });

  test("tells every listener of a channel, and nobody after they left", async () => {
    cache = open();
    const heard: string[] = [];
    const first = Promise.withResolvers<void>();
    const stop = cache.subscribe("news", (message) => {
      heard.push(message);
      first.resolve();
    });
    await publishUntil(cache, "news", "one", first.promise);

    stop();
    const other = Promise.withResolvers<void>();
    const stopOther = cache.subscribe("news", () => other.resolve());
    await publishUntil(cache, "news", "two", other.promise);

    expect(new Set(heard)).toEqual(new Set(["one"]));
    stopOther();
  });

  test("a listener hears the messages of one process in their order, each once", async () => {
    cache = open();
    const heard: string[] = [];
    const isOpen = Promise.withResolvers<void>();
    const last = Promise.withResolvers<void>();
    cache.subscribe("opened", () => isOpen.resolve());
    cache.subscribe("news", (message) => {
      heard.push(message);
      if (message === "last") last.resolve();
    });
    await publishUntil(cache, "opened", "yes", isOpen.promise);

    const messages = [...Array.from({ length: 200 }, (_, n) => String(n % 7)), "last"];
    await Promise.all(messages.map((message) => cache.publish("news", message)));
    await last.promise;

    expect(heard).toEqual(messages);
  });

  test("answers a ping", async () => {
    cache = open();

    expect(await cache.ping()).toBeUndefined();
  });
});

test("a value in memory is gone once its time is over", async () => {
  const clock = createManualClock();
  const cache = createMemoryCache(clock);
  await cache.set("key", "value", 1_000);

  await clock.advance(999);
  const before = await cache.get("key");
  await clock.advance(1);

  expect(before).toBe("value");
  expect(await cache.get("key")).toBeUndefined();
});

test("memory holds a bounded number of values, and drops the oldest", async () => {
  const cache = createMemoryCache(systemClock);

  for (let n = 0; n <= 10_000; n++) await cache.set(`key-${n}`, "value", 60_000);

  expect(await cache.get("key-0")).toBeUndefined();
  expect(await cache.get("key-10000")).toBe("value");
});

test("without Redis memory stands in for it, messages stay in the process, and nothing throws", async () => {
  const clock = createManualClock();
  const cache = openRedisCache(redisAt("redis://127.0.0.1:1"), { prefix: "test:", log, clock });
  const heard: string[] = [];
  cache.subscribe("news", (message) => heard.push(message));

  await cache.set("key", "value", 1_000);
  await cache.set("deleted", "value", 1_000);
  await cache.delete("deleted");
  await cache.publish("news", "still here");

  expect(await cache.get("key")).toBe("value");
  expect(await cache.get("deleted")).toBeUndefined();
  expect(heard).toEqual(["still here"]);
  expect(cache.state()).toBe("away");
  expect(cache.ping()).rejects.toThrow();
  await clock.advance(1_000);
  expect(await cache.get("key")).toBeUndefined();
  await cache.close();
});

test("memory has a state of its own", () => {
  expect(createMemoryCache(systemClock).state()).toBe("memory");
});

/** A subscription takes a moment to reach the server: what was published before is not heard. */
async function publishUntil(cache: Cache, channel: string, message: string, heard: Promise<void>): Promise<void> {
  let isHeard = false;
  void heard.then(() => {
    isHeard = true;
  });
  for (let tries = 0; tries < 1_000 && !isHeard; tries++) {
    await cache.publish(channel, message);
    await new Promise((resolve) => setImmediate(resolve));
  }
  await heard;
}
