import { afterAll, beforeAll, expect, test } from "bun:test";
import { createAuthenticator } from "../../src/access/authenticator.ts";
import { createKey, revokeKey } from "../../src/access/keys.ts";
import { LOCAL_PRINCIPAL } from "../../src/access/principal.ts";
import { disableUser } from "../../src/access/standing.ts";
import { createUser } from "../../src/access/users.ts";
import { LOCAL_VIEWER } from "../../src/access/viewer.ts";
import { type Cache, openRedisCache } from "../../src/cache.ts";
import { readConfig } from "../../src/config/config.ts";
import { redisAt } from "../../src/config/redis.ts";
import type { Store } from "../../src/db/db.ts";
import { createLog } from "../../src/telemetry/log.ts";
import { createManualClock } from "../manual-clock.ts";
import { canReach, REDIS } from "../testing/servers.ts";
import { testStores } from "../testing/stores.ts";

const hasRedis = await canReach(REDIS);

const clock = createManualClock();
const log = createLog("error", clock, () => {});
const prefix = `orbweaver-test-${Bun.randomUUIDv7()}:`;
const caches: Cache[] = [];
let store: Store;

beforeAll(async () => {
  const last = testStores.at(-1);
  if (!last) throw new Error("No store");
  store = await last.open();
});
afterAll(async () => {
  for (const cache of caches) await cache.close();
  await store.close();
});

const openInstance = () => {
  const cache = openRedisCache(redisAt(REDIS.url.href), { prefix, log, clock });
  caches.push(cache);
  const authenticator = createAuthenticator({ db: store.db, cache, clock, log, config: readConfig({}) });
  return { cache, ...authenticator };
};

// The clock stands still, so nothing is forgotten by itself.
test.skipIf(!hasRedis)("instances that share a Redis forget a key and a user together", async () => {
  const instances = [openInstance(), openInstance()];
  const outside = openInstance();
  const { id: userId } = await createUser(store.db, { name: "Ada" });
  const request = { maker: LOCAL_PRINCIPAL, userId, name: "ci", permissions: ["read"] as const, expiresAt: null };
  const [first, second] = await Promise.all([1, 2].map(() => createKey(store.db, request, clock.now())));
  if (!first || !second) throw new Error("No keys");
  const listeners = instances.map(({ cache }) => cache);
  await untilSubscribed(listeners, outside.cache);
  for (const { authenticate } of instances)
    await Promise.all([authenticate(first.secret), authenticate(second.secret)]);
  const context = { db: store.db, cache: outside.cache, clock };

  const revocationHeard = hear(listeners, "access");
  await revokeKey(context, LOCAL_VIEWER, first.key.id);
  await revocationHeard;
  for (const { authenticate } of instances) {
    await expect(authenticate(first.secret)).rejects.toMatchObject({ code: "revoked_key" });
    expect((await authenticate(second.secret)).userId).toBe(userId);
  }
  const disablingHeard = hear(listeners, "access");
  await disableUser(context, userId);
  await disablingHeard;
  for (const { authenticate } of instances)
    await expect(authenticate(second.secret)).rejects.toMatchObject({ code: "disabled_user" });

  for (const { close } of [...instances, outside]) await close();
});

/** Resolves once all have heard a message. */
async function hear(listeners: Cache[], channel: string): Promise<void> {
  const heard = listeners.map((cache) => new Promise<void>((resolve) => cache.subscribe(channel, () => resolve())));
  await Promise.all(heard);
}

/** Subscribing takes a moment, which an instance does not wait for. */
async function untilSubscribed(listeners: Cache[], speaker: Cache): Promise<void> {
  let isHeard = false;
  void hear(listeners, "test").then(() => {
    isHeard = true;
  });
  while (!isHeard) await speaker.publish("test", "anyone?");
}
