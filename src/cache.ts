import { readFileSync } from "node:fs";
import { Redis } from "ioredis";
import type { Clock } from "./clock.ts";
import type { RedisServer } from "./config/redis.ts";
import type { Log } from "./telemetry/log.ts";
import type { Telemetry } from "./telemetry/telemetry.ts";

/**
 * What may be lost: short-lived values and messages between instances. In memory, in Redis when there is one, or else in
 * PostgreSQL (`db/postgres-cache.ts`); never the only place of anything. While its server is away, the process's own
 * memory stands in for it. Messages may be missed then and nobody is told so: whoever listens looks by itself besides.
 */
export type Cache = {
  kind: "memory" | "redis" | "postgres";
  /** The connection to Redis, for what must be counted in it by one step, such as requests. It refuses while away. */
  client?: Redis;
  get(key: string): Promise<string | undefined>;
  set(key: string, value: string, ttlMs: number): Promise<void>;
  delete(key: string): Promise<void>;
  /** Messages of one process arrive in their order, at each listener once, the process's own included. */
  publish(channel: string, message: string): Promise<void>;
  /** Returns how to stop listening. */
  subscribe(channel: string, listener: (message: string) => void): () => void;
  /** `memory` where instances share nothing, otherwise whether there is a connection to what they share. */
  state(): "memory" | "connected" | "away";
  ping(): Promise<void>;
  close(): Promise<void>;
};

const MAX_MEMORY_ENTRIES = 10_000;

export function createMemoryCache(clock: Clock): Cache {
  const values = new Map<string, { value: string; expiresAt: number }>();
  const listeners = createListeners();
  return {
    kind: "memory",
    state: () => "memory",
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
      dropOldest(values);
    },
    delete: async (key) => void values.delete(key),
    publish: async (channel, message) => listeners.tell(channel, message),
    subscribe: (channel, listener) => listeners.add(channel, listener).remove,
    ping: async () => {},
    close: async () => values.clear(),
  };
}

/**
 * The service starts without Redis and uses it once it answers; while it is away no call waits for it. What is set and
 * deleted meanwhile holds in this process, and is brought to Redis when it is back.
 */
export function openRedisCache(
  server: RedisServer,
  { prefix, log, clock }: { prefix: string; log: Log; clock: Clock },
): Cache {
  const options = { ...connectionOptions(server), connectTimeout: 5_000 };
  const limits = { maxRetriesPerRequest: 1, commandTimeout: 2_000, enableOfflineQueue: false };
  const redis = new Redis({ ...options, ...limits, keyPrefix: prefix });
  const subscriber = new Redis({ ...options, maxRetriesPerRequest: null });
  const listeners = createListeners();
  const kept = createKept(
    { set: (key, value, ms) => redis.set(key, value, "PX", ms), delete: (key) => redis.del(key) },
    clock,
  );
  let isAway = false;
  redis.on("ready", () => {
    if (isAway) log.info("redis came back");
    isAway = false;
    void kept.bring();
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
  /** `undefined` when Redis did not answer. */
  const unlessAway = async <T>(ask: () => Promise<T>): Promise<T | undefined> => {
    await connected;
    return ask().catch(() => undefined);
  };
  return {
    kind: "redis",
    client: redis,
    state: () => (redis.status === "ready" ? "connected" : "away"),
    get: async (key) => {
      const change = kept.find(key);
      if (change) return change.value;
      return (await unlessAway(() => redis.get(key))) ?? kept.find(key)?.value;
    },
    set: async (key, value, ttlMs) => {
      kept.forget(key);
      const isSet = await unlessAway(() => redis.set(key, value, "PX", Math.max(1, ttlMs)));
      if (isSet === undefined) kept.keep(key, value, ttlMs);
      else void kept.bring();
    },
    delete: async (key) => {
      kept.forget(key);
      if ((await unlessAway(() => redis.del(key))) === undefined) kept.keep(key, undefined, DELETION_KEPT_MS);
    },
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

/** A server in the terms of ioredis, the file of its certificate authority read. */
export function connectionOptions({ tls, ...server }: RedisServer) {
  if (!tls) return server;
  const { caFile, ...names } = tls;
  return { ...server, tls: caFile === undefined ? names : { ...names, ca: readFileSync(caFile) } };
}

/** Longer than any value that the server may still have under the key. */
export const DELETION_KEPT_MS = 24 * 3_600_000;

type Change = { value: string | undefined; expiresAt: number };

type Remote = {
  set(key: string, value: string, ttlMs: number): Promise<unknown>;
  delete(key: string): Promise<unknown>;
};

/** What was set, or deleted (`undefined`), while the server that has it was away. */
export function createKept(remote: Remote, clock: Clock) {
  const changes = new Map<string, Change>();
  let isBringing = false;
  const leftMs = ({ expiresAt }: Change) => expiresAt - clock.now().getTime();
  const bringOne = async (key: string, change: Change) => {
    if (change.value === undefined) await remote.delete(key);
    else if (leftMs(change) > 0) await remote.set(key, change.value, Math.ceil(leftMs(change)));
    // Another change may have come meanwhile.
    if (changes.get(key) === change) changes.delete(key);
  };
  return {
    find: (key: string): Change | undefined => {
      const change = changes.get(key);
      return change && leftMs(change) > 0 ? change : undefined;
    },
    keep: (key: string, value: string | undefined, ttlMs: number) => {
      changes.set(key, { value, expiresAt: clock.now().getTime() + ttlMs });
      dropOldest(changes);
    },
    forget: (key: string) => void changes.delete(key),
    /** Writes all of it to the server; what fails is kept for the next time. */
    bring: async () => {
      if (isBringing || changes.size === 0) return;
      isBringing = true;
      try {
        for (const [key, change] of [...changes]) await bringOne(key, change);
      } catch {
        // Away again.
      } finally {
        isBringing = false;
      }
    },
  };
}

function dropOldest(entries: Map<string, unknown>): void {
  if (entries.size > MAX_MEMORY_ENTRIES) entries.delete(entries.keys().next().value as string);
}

export function createListeners() {
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

/** Tells how often a value was there, and whether the server that has it answers. */
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

/** Metrics don't wait longer for a server that is away. */
const PING_MS = 500;
