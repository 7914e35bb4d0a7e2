import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import { openWeb } from "../src/app.ts";
import { type Cache, openRedisCache } from "../src/cache.ts";
import { systemClock } from "../src/clock.ts";
import { readConfig } from "../src/config/config.ts";
import { redisAt } from "../src/config/redis.ts";
import type { Config } from "../src/config/settings.ts";
import { createLog } from "../src/telemetry/log.ts";
import { openRedisDoor } from "./redis-door.ts";
import { canReach, REDIS } from "./testing/servers.ts";

const log = createLog("error", systemClock, () => {});
const prefix = `test-${Bun.randomUUIDv7()}:`;
const database = Number(REDIS.url.pathname.slice(1));

describe.skipIf(!(await canReach(REDIS)))("a Redis server", () => {
  const caches: { close(): Promise<void> }[] = [];
  const folder = mkdtempSync(join(tmpdir(), "orbweaver-redis-"));
  let admin: Redis;
  const user = `test-${Bun.randomUUIDv7()}`;

  beforeAll(async () => {
    admin = new Redis(REDIS.url.href);
    await admin.call("ACL", "SETUSER", user, "on", ">pass/w:rd@", `~${prefix}*`, "&*", "+@all");
  });
  afterEach(async () => {
    for (const cache of caches.splice(0)) await cache.close();
  });
  afterAll(async () => {
    await admin.call("ACL", "DELUSER", user);
    admin.disconnect();
    rmSync(folder, { recursive: true });
  });

  /** As the program opens it for these settings. */
  const openBy = async (settings: Partial<Config>): Promise<Cache> => {
    const web = openWeb(readConfig({}, { REDIS_KEY_PREFIX: prefix, PARSER_THREADS: 1, ...settings }), { log });
    caches.push(web);
    await web.cache.ping();
    return web.cache;
  };

  test("is spoken to in parts: host, port, database, user and password", async () => {
    const cache = await openBy({
      REDIS_HOST: REDIS.url.hostname,
      REDIS_PORT: Number(REDIS.url.port),
      REDIS_DB: database,
      REDIS_USERNAME: user,
      REDIS_PASSWORD: "pass/w:rd@",
    });

    await cache.set("parts", "value", 10_000);

    expect(cache.state()).toBe("connected");
    expect(await admin.get(`${prefix}parts`)).toBe("value");
  });

  test("is spoken to by a URL with a user and an escaped password", async () => {
    const { host } = REDIS.url;
    const cache = await openBy({
      REDIS_URL: `redis://${user}:${encodeURIComponent("pass/w:rd@")}@${host}/${database}`,
    });

    await cache.set("url", "value", 10_000);

    expect(await admin.get(`${prefix}url`)).toBe("value");
  });

  test("with a wrong password is away, and memory stands in for it", async () => {
    const server = redisAt(`redis://${user}:wrong@${REDIS.url.host}/${database}`);
    const cache = openRedisCache(server, { prefix, log, clock: systemClock });
    caches.push(cache);

    await cache.set("wrong", "value", 10_000);

    expect(await cache.get("wrong")).toBe("value");
    expect(await admin.get(`${prefix}wrong`)).toBeNull();
  });

  test("is spoken to over TLS, and its certificate must be one that is trusted", async () => {
    const { key, cert, certFile } = await makeCertificate(folder);
    const door = await openRedisDoor(REDIS.url, { key, cert });
    const byUrl = { REDIS_URL: `rediss://localhost:${door.port}/${database}` };
    const byParts = { REDIS_HOST: "localhost", REDIS_PORT: door.port, REDIS_DB: database, REDIS_TLS: true };

    for (const settings of [byUrl, byParts]) {
      const cache = await openBy({ ...settings, REDIS_CA_FILE: certFile });
      await cache.set("tls", JSON.stringify(settings), 10_000);

      expect(await admin.get(`${prefix}tls`)).toBe(JSON.stringify(settings));
      expect(openBy(settings)).rejects.toThrow();
    }
    for (const cache of caches.splice(0)) await cache.close();
    await door.shut();
  });

  test("that goes away loses nothing that is set or deleted meanwhile, and comes back by itself", async () => {
    const door = await openRedisDoor(REDIS.url);
    const cache = openRedisCache(redisAt(`redis://127.0.0.1:${door.port}/${database}`), {
      ...{ prefix, log, clock: systemClock },
    });
    caches.push(cache);
    await cache.set("changed", "before", 60_000);
    await cache.set("deleted", "before", 60_000);
    await cache.set("left", "before", 60_000);

    await door.shut();
    await until(() => cache.state() === "away");
    await cache.set("changed", "after", 60_000);
    await cache.set("new", "after", 60_000);
    await cache.delete("deleted");
    const meanwhile = await Promise.all(["changed", "deleted", "left", "new"].map(cache.get));
    await door.reopen();
    await until(async () => (await admin.get(`${prefix}new`)) === "after");
    await until(async () => (await admin.get(`${prefix}deleted`)) === null);

    expect(meanwhile).toEqual(["after", undefined, undefined, "after"]);
    expect(cache.state()).toBe("connected");
    expect(await Promise.all(["changed", "deleted", "left", "new"].map(cache.get))).toEqual([
      "after",
      undefined,
      "before",
      "after",
    ]);
    await cache.close();
    await door.shut();
  });
});

async function makeCertificate(folder: string) {
  const [keyFile, certFile] = [join(folder, "key.pem"), join(folder, "cert.pem")];
  const made = Bun.spawnSync([
    ...["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"],
    ...["-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"],
    ...["-keyout", keyFile, "-out", certFile],
  ]);
  if (!made.success) throw new Error(made.stderr.toString());
  return { key: readFileSync(keyFile, "utf8"), cert: readFileSync(certFile, "utf8"), certFile };
}

async function until(isTrue: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isTrue())) await Bun.sleep(5);
}
