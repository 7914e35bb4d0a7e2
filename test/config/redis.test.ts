import { describe, expect, test } from "bun:test";
import { readConfig } from "../../src/config/config.ts";
import { type RedisServer, redisAt, redisOf } from "../../src/config/redis.ts";
import type { Config } from "../../src/config/settings.ts";

describe("Redis", () => {
  test.each<[string, Partial<Config>, RedisServer | undefined]>([
    ["nothing", {}, undefined],
    ["a URL", { REDIS_URL: "redis://cache" }, { host: "cache", port: 6379, db: 0 }],
    [
      "a URL with all there is",
      { REDIS_URL: "redis://ada:pass%2Fword%40@cache:6380/3" },
      { host: "cache", port: 6380, db: 3, username: "ada", password: "pass/word@" },
    ],
    [
      "a password alone, and not escaped",
      { REDIS_URL: "redis://:100%@cache" },
      { host: "cache", port: 6379, db: 0, password: "100%" },
    ],
    [
      "TLS by URL",
      { REDIS_URL: "rediss://cache.example", REDIS_CA_FILE: "/ca.pem" },
      { host: "cache.example", port: 6379, db: 0, tls: { servername: "cache.example", caFile: "/ca.pem" } },
    ],
    [
      "an address, which SNI has no place for",
      { REDIS_URL: "rediss://[::1]" },
      { host: "::1", port: 6379, db: 0, tls: {} },
    ],
    ["a host", { REDIS_HOST: "cache" }, { host: "cache", port: 6379, db: 0 }],
    [
      "all parts",
      {
        ...{ REDIS_HOST: "cache", REDIS_PORT: 6380, REDIS_DB: 2, REDIS_TLS: true },
        ...{ REDIS_USERNAME: "ada", REDIS_PASSWORD: "pass/word@" },
      },
      { host: "cache", port: 6380, db: 2, username: "ada", password: "pass/word@", tls: { servername: "cache" } },
    ],
  ])("is where the settings say: %s", (_, settings, expected) => {
    const ignoringFiles = { ...readConfig({}), ...settings };

    expect(redisOf(ignoringFiles)).toEqual(expected as RedisServer);
  });

  test("is at a URL", () => {
    expect(redisAt("redis://127.0.0.1:1/9")).toEqual({ host: "127.0.0.1", port: 1, db: 9 });
  });
});
