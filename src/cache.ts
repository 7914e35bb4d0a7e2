import { Redis } from "ioredis";
import type { Clock } from "./clock.ts";
import type { Log } from "./telemetry/log.ts";
import type { Telemetry } from "./telemetry/telemetry.ts";

/**
 * What may be lost: short-lived values and messages between instances. In memory, or in Redis when there is one; never
 * the only place of anything. When Redis is away values are missing and messages stay in this process.
 */
export type Cache = {
  kind: "memory" | "redis";
  /** The connection to Redis, for what must be counted in it by one step, such as requests. It refuses while away. */
  client?: Redis;
  get(key: string): Promise<string | undefined>;
  set(key: string, value: string, ttlMs: number): Promise<void>;
  delete(key: string): Promise<void>;
  publish(channel: string, message: string): Promise<void>;
  /** Returns how to stop listening. */
  subscribe(channel: string, listener: (message: string) => void): () => void;
  ping(): Promise<void>;
  close(): Promise<void>;
};

const MAX_MEMORY_ENTRIES = 10_000;

export function createMemoryCache(clock: Clock): Cache {
  const values = new Map<string, { value: string; expiresAt: number }>();
  const listeners = createListeners();
  return {
    kind: "memory",
    get: async (key) => {
      const found = values.get(key);
      if (!found) return undefined;
      if (found.expiresAt > clock.now().getTime()) return found.value;
      values.delete(key);
      return undefined;
    },
    set: async (key, value, ttlMs) => {
      values.delete(key);
      values.set(key, { value, expiresAt: clock.now().getTime() + ttlMs });
      if (values.size > MAX_MEMORY_ENTRIES) values.delete(values.keys().next().value as string);
    },
    delete: async (key) => void values.delete(key),
    publish: async (channel, message) => listeners.tell(channel, message),
    subscribe: (channel, listener) => listeners.add(channel, listener).remove,
    ping: async () => {},
    close: async () => values.clear(),
  };
}

/** The service starts without Redis and uses it once it answers; while it is away no call waits for it. */
export function openRedisCache(url: string, prefix: string, log: Log): Cache {
  const options = { keyPrefix: prefix, maxRetriesPerRequest: 1, connectTimeout: 5_000, commandTimeout: 2_000 };
  const redis = new Redis(url, { ...options, enableOfflineQueue: false });
  const subscriber = new Redis(url, { connectTimeout: 5_000, maxRetriesPerRequest: null });
  const listeners = createListeners();
  let isAway = false;
  redis.on("ready", () => {
    if (isAway) log.info("redis came back");
    isAway = false;
  });
  for (const connection of [redis, subscriber]) {
    connection.on("error", (error: Error) => {
      if (!isAway) log.warn("redis went away", { error: error.message });
      isAway = true;
    });
  }
  subscriber.on("message", (channel: string, message: string) => listeners.tell(channel.slice(prefix.length), message));
  const connected = new Promise<void>((resolve) => {
    redis.once("ready", resolve);
    redis.once("error", () => resolve());
  });
  const unlessAway = async <T>(ask: () => Promise<T>): Promise<T | undefined> => {
    await connected;
    return ask().catch(() => undefined);
  };
  return {
    kind: "redis",
    client: redis,
    get: async (key) => (await unlessAway(() => redis.get(key))) ?? undefined,
    set: async (key, value, ttlMs) => void (await unlessAway(() => redis.set(key, value, "PX", Math.max(1, ttlMs)))),
    delete: async (key) => void (await unlessAway(() => redis.del(key))),
    publish: async (channel, message) => {
      const heard = await unlessAway(() => redis.publish(prefix + channel, message));
      if (heard === undefined) listeners.tell(channel, message);
    },
    subscribe: (channel, listener) => {
      const { isFirst, remove } = listeners.add(channel, listener);
      if (isFirst) void unlessAway(() => subscriber.subscribe(prefix + channel));
      return () => {
        if (remove()) void unlessAway(() => subscriber.unsubscribe(prefix + channel));
      };
    },
    ping: async () => {
      await connected;
      await redis.ping();
    },
    close: async () => {
      redis.disconnect();
      subscriber.disconnect();
    },
  };
}

function createListeners() {
  const byChannel = new Map<string, Set<(message: string) => void>>();
  return {
    add(channel: string, listener: (message: string) => void) {
      const set = byChannel.get(channel) ?? new Set();
      const isFirst = set.size === 0;
      byChannel.set(channel, set.add(listener));
      /** True when nobody listens to the channel any more. */
      const remove = () => {
        set.delete(listener);
        return set.size === 0 && byChannel.delete(channel);
      };
      return { isFirst, remove };
    },
    tell(channel: string, message: string) {
      for (const listener of byChannel.get(channel) ?? []) listener(message);
    },
  };
}

/** Tells how often a value was there, and whether Redis answers. */
export function observeCache(cache: Cache, telemetry: Telemetry): Cache {
  if (!telemetry.recorder) return cache;
  const { kind } = cache;
  const leave = telemetry.watch("orbweaver.cache.available", async () => {
    const isThere = await Promise.race([cache.ping().then(() => true), Bun.sleep(PING_MS)]).catch(() => false);
    return [{ labels: { kind }, value: isThere ? 1 : 0 }];
  });
  return {
    ...cache,
    get: async (key) => {
      const value = await cache.get(key);
      telemetry.count("orbweaver.cache.lookups", { result: value === undefined ? "miss" : "hit" });
      return value;
    },
    close: async () => {
      leave();
      await cache.close();
    },
  };
}

/** Metrics don't wait longer for a Redis that is away. */
const PING_MS = 500;
