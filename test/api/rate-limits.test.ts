import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createServer, connect as dial, type Server, type Socket } from "node:net";
import { createKey } from "../../src/access/keys.ts";
import { LOCAL_PRINCIPAL } from "../../src/access/principal.ts";
import { createRateLimits } from "../../src/api/rate-limits.ts";
import { networkOf } from "../../src/api/request-context.ts";
import { type Cache, createMemoryCache, openRedisCache } from "../../src/cache.ts";
import { systemClock } from "../../src/clock.ts";
import { redisAt } from "../../src/config/redis.ts";
import type { Store } from "../../src/db/db.ts";
import { createLog } from "../../src/telemetry/log.ts";
import { canReach, REDIS } from "../testing/servers.ts";
import { testStores } from "../testing/stores.ts";
import { noStore, type RunningService, startService } from "./running-service.ts";

const log = createLog("error", systemClock, () => {});
const config = { RATE_LIMIT_PER_KEY: 3, RATE_LIMIT_PER_ADDRESS: 2 };
const rules = (cache: Pick<Cache, "client">) => createRateLimits({ config, cache, clock: systemClock, log });

describe("over the API", () => {
  let store: Store;
  let service: RunningService;
  let key: string;
  let otherKey: string;

  const PROXIED = { TRUSTED_PROXIES: "127.0.0.0/8", AUTH: "on" as const };
  const from = (address: string, credential?: string) => ({
    "x-forwarded-for": address,
    ...(credential ? { authorization: `Bearer ${credential}` } : {}),
  });

  beforeAll(async () => {
    const [embedded] = testStores;
    if (!embedded) throw new Error("There is always an embedded store");
    store = await embedded.open();
    const makeKey = async () => {
      const asked = { maker: LOCAL_PRINCIPAL, userId: LOCAL_PRINCIPAL.userId, name: "k", expiresAt: null };
      return (await createKey(store.db, { ...asked, permissions: ["write"] }, systemClock.now())).secret;
    };
    [key, otherKey] = [await makeKey(), await makeKey()];
    service = await startService(store, { config: { ...config, ...PROXIED }, isClosed: true });
  });
  afterAll(async () => {
    await service.stop();
    await store.close();
  });

  test("each key has a limit of its own, wherever it is used, and every answer says what is left", async () => {
    const ask = (address: string) => service.ask("GET", "/api/v1/websites", undefined, from(address, key));

    const answers = [await ask("192.0.2.1"), await ask("192.0.2.2"), await ask("192.0.2.3"), await ask("192.0.2.4")];
    const other = await service.ask("GET", "/api/v1/websites", undefined, from("192.0.2.1", otherKey));

    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 429]);
    expect(answers.map(({ headers }) => headers.get("ratelimit-remaining"))).toEqual(["2", "1", "0", "0"]);
    const [, , , refused] = answers;
    expect(refused?.json).toMatchObject({ code: "rate_limited", status: 429 });
    expect(refused?.headers.get("ratelimit-limit")).toBe("3");
    expect(refused?.headers.get("ratelimit-policy")).toBe("3;w=60");
    expect(Number(refused?.headers.get("retry-after"))).toBeWithin(1, 61);
    expect(Number(refused?.headers.get("ratelimit-reset"))).toBeWithin(1, 61);
    expect(other.status).toBe(200);
  });

  test("strangers are counted by address, and probes not at all", async () => {
    const ask = (address: string) => service.ask("GET", "/api/v1/websites", undefined, from(address));

    const answers = [
      await ask("192.0.2.20"),
      await ask("192.0.2.20"),
      await ask("192.0.2.20"),
      await ask("192.0.2.21"),
    ];

    expect(answers.map(({ status }) => status)).toEqual([401, 401, 429, 401]);
    for (const path of ["/health", "/health/ready", "/api/v1/public/health"]) {
      const { headers, status } = await service.ask("GET", path, undefined, from("192.0.2.20"));

      expect(status).not.toBe(429);
      expect(headers.get("ratelimit-limit")).toBeNull();
    }
  });

  test("a browser's question before a request needs no credential and counts for nothing", async () => {
    const origin = "http://localhost:5173";
    const ask = { ...from("192.0.2.40"), origin, "access-control-request-method": "POST" };

    for (let at = 0; at < 5; at++) {
      const { status, headers } = await service.ask("OPTIONS", "/api/v1/websites", undefined, ask);

      expect([status, headers.get("access-control-allow-origin")]).toEqual([204, origin]);
    }
    const refused = await service.ask("GET", "/api/v1/websites", undefined, { ...from("192.0.2.40"), origin });
    expect([refused.status, refused.headers.get("access-control-allow-origin")]).toEqual([401, origin]);
  });

  test("an address that sends bad keys is not listened to for a while, however good the next one is", async () => {
    const guess = () => service.ask("GET", "/api/v1/me", undefined, from("192.0.2.30", `ow_live_${"x".repeat(43)}`));

    const guesses = await Promise.all(Array.from({ length: 30 }, guess));
    const after = await service.ask("GET", "/api/v1/me", undefined, from("192.0.2.30", otherKey));
    const elsewhere = await service.ask("GET", "/api/v1/me", undefined, from("192.0.2.31", otherKey));

    expect(new Set(guesses.map(({ status }) => status))).toEqual(new Set([401]));
    expect([after.status, after.json.code]).toEqual([429, "rate_limited"]);
    expect(elsewhere.status).toBe(200);
  });
});

test("an open service limits whoever comes from elsewhere, and not the person at the keyboard", async () => {
  const open = await startService(noStore, { config: { ...config, TRUSTED_PROXIES: "127.0.0.0/8" } });
  const ask = (headers: Record<string, string>) => open.ask("GET", "/swagger/json", undefined, headers);

  const own = [await ask({}), await ask({}), await ask({}), await ask({})];
  const strange = { "x-forwarded-for": "192.0.2.1" };
  const strangers = [await ask(strange), await ask(strange), await ask(strange)];

  expect(own.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
  expect(own[0]?.headers.get("ratelimit-limit")).toBeNull();
  expect(strangers.map(({ status }) => status)).toEqual([200, 200, 429]);
  await open.stop();
});

test("a limit of 0 is none", async () => {
  const none = { RATE_LIMIT_PER_KEY: 0, RATE_LIMIT_PER_ADDRESS: 0 };
  const limits = createRateLimits({ config: none, cache: {}, clock: systemClock, log });

  await limits.countFailure("192.0.2.1");

  expect(await limits.count("key", "k")).toBeUndefined();
  expect(limits.blockedMs("192.0.2.1")).toBe(0);
});

test("a network of IPv6 counts as one, since its owner can take any address in it", () => {
  expect(networkOf("2001:db8:1:2:3:4:5:6")).toBe("2001:db8:1:2::/64");
  expect(networkOf("2001:db8::1")).toBe("2001:db8:0:0::/64");
  expect(networkOf("::1")).toBe("0:0:0:0::/64");
  expect(networkOf("192.0.2.1")).toBe("192.0.2.1");
});

test("without Redis each instance allows its share, anew when others come and go, and never nothing", async () => {
  let live = 2;
  const limits = createRateLimits({
    config: { RATE_LIMIT_PER_KEY: 5, RATE_LIMIT_PER_ADDRESS: 1 },
    ...{ cache: {}, clock: systemClock, log, liveInstances: () => live },
  });
  const count = async () => {
    const allowance = await limits.count("key", "k");
    return [allowance?.limit, allowance?.isOver];
  };

  const among2 = [await count(), await count(), await count()];
  live = 1;
  const alone = [await count(), await count(), await count()];
  live = 100;
  const amongMany = await limits.count("address", "a");
  live = 0;
  const unknown = await limits.count("address", "b");

  expect(among2).toEqual([
    [2, false],
    [2, false],
    [2, true],
  ]);
  expect(alone).toEqual([
    [5, false],
    [5, false],
    [5, true],
  ]);
  expect(amongMany).toMatchObject({ limit: 1, isOver: false });
  expect(unknown).toMatchObject({ limit: 1, isOver: false });
});

test("in memory each process counts for itself", async () => {
  const [one, two] = [rules(createMemoryCache(systemClock)), rules(createMemoryCache(systemClock))];

  for (let at = 0; at < 3; at++) await one.count("key", "k");

  expect((await one.count("key", "k"))?.isOver).toBe(true);
  expect((await two.count("key", "k"))?.remaining).toBe(2);
});

describe.skipIf(!(await canReach(REDIS)))("in Redis", () => {
  const prefix = () => `test:${Bun.randomUUIDv7()}:`;
  const open = (url: string, name: string) => openRedisCache(redisAt(url), { prefix: name, log, clock: systemClock });

  test("all processes count together, also requests that come at once", async () => {
    const name = prefix();
    const [one, two] = [open(REDIS.url.href, name), open(REDIS.url.href, name)];
    await Promise.all([one.ping(), two.ping()]);
    const limits = [rules(one), rules(two)];

    const counted = await Promise.all(Array.from({ length: 8 }, (_, at) => limits[at % 2]?.count("key", "k")));

    expect(counted.filter((allowance) => allowance?.isOver === false)).toHaveLength(3);
    await Promise.all([one.close(), two.close()]);
  });

  test("while it is away each process counts in memory, and goes back to it by itself", async () => {
    const proxy = await openProxy();
    const cache = open(proxy.url, prefix());
    await cache.ping();
    const limits = rules(cache);
    const before = await limits.count("key", "k");

    await proxy.cut();
    await until(() => cache.client?.status !== "ready");
    const away = [await limits.count("key", "k"), await limits.count("key", "k")];
    await proxy.mend();
    await until(() => cache.client?.status === "ready");
    const back = await limits.count("key", "k");

    expect(before?.remaining).toBe(2);
    // Memory knows nothing of what was counted before.
    expect(away.map((allowance) => allowance?.remaining)).toEqual([2, 1]);
    expect(back?.remaining).toBe(1);
    await cache.close();
    await proxy.cut();
  });
});

/** A way to Redis that can be cut and mended. */
async function openProxy() {
  const sockets = new Set<Socket>();
  let server: Server | undefined;
  const listen = async (port: number) => {
    const created = createServer((socket) => {
      const upstream = dial(Number(REDIS.url.port), REDIS.url.hostname);
      for (const end of [socket, upstream]) sockets.add(end.on("error", () => {}));
      socket.pipe(upstream).pipe(socket);
    });
    server = created;
    await new Promise<void>((resolve) => created.listen(port, "127.0.0.1", resolve));
    return (created.address() as { port: number }).port;
  };
  const port = await listen(0);
  const url = new URL(REDIS.url);
  url.host = `127.0.0.1:${port}`;
  return {
    url: url.href,
    cut: () => {
      for (const socket of sockets) socket.destroy();
      sockets.clear();
      return new Promise<void>((resolve) => (server ? server.close(() => resolve()) : resolve()));
    },
    mend: () => listen(port),
  };
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await Bun.sleep(5);
}
