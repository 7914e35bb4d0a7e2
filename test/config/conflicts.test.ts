import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadSettings } from "../../src/config/config.ts";
import { AppError } from "../../src/errors.ts";

const folder = mkdtempSync(join(tmpdir(), "orbweaver-conflicts-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const ca = join(folder, "ca.pem");
writeFileSync(ca, "-----BEGIN CERTIFICATE-----\nMA==\n-----END CERTIFICATE-----\n");
const noCa = join(folder, "key.pem");
writeFileSync(noCa, "-----BEGIN PRIVATE KEY-----\n");

const db = { DATABASE_URL: "postgres://db/x" };

/** Names that faults are told of, and warnings. */
const examine = (environment: Record<string, string>) => {
  try {
    return { faults: [], warnings: loadSettings({ folder, environment }).warnings };
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return { faults: error.faults.map(({ at }) => at), warnings: [] };
  }
};

describe("settings that can't go together", () => {
  test.each<[string, Record<string, string>, string[]]>([
    ["a provider without its URL", { AUTH_PROVIDER: "supabase" }, ["AUTH_URL"]],
    ["an issuer without audience", { AUTH_PROVIDER: "oidc", AUTH_URL: "https://a.example" }, ["AUTH_AUDIENCE"]],
    ["neither of both", { AUTH_PROVIDER: "oidc" }, ["AUTH_URL", "AUTH_AUDIENCE"]],
    ["no secret", { AUTH_PROVIDER: "secret" }, ["AUTH_SECRET"]],
    ["less than all roles where one process holds the database", { ROLE: "api, scheduler" }, ["ROLE"]],
    ["a role that there is not", { ...db, ROLE: "api,cook" }, ["ROLE"]],
    [
      "schedules that can't be",
      { PURGE_SCHEDULE: "61 * * * *", HEALTH_CHECK_SCHEDULE: "@often" },
      ["PURGE_SCHEDULE", "HEALTH_CHECK_SCHEDULE"],
    ],
    ["no schedule", { PURGE_SCHEDULE: "off", HEALTH_CHECK_SCHEDULE: "*/30 * * * * *" }, []],
    ["a secret too short is told once", { AUTH_PROVIDER: "secret", AUTH_SECRET: "short" }, ["AUTH_SECRET"]],
    [
      "an authority that is not there",
      { ...db, DATABASE_TLS: "require", DATABASE_CA_FILE: "/no" },
      ["DATABASE_CA_FILE"],
    ],
    ["an authority that is none", { ...db, DATABASE_TLS: "require", DATABASE_CA_FILE: noCa }, ["DATABASE_CA_FILE"]],
    ["an authority without TLS", { ...db, DATABASE_CA_FILE: ca }, ["DATABASE_CA_FILE"]],
    ["an authority with TLS off", { ...db, DATABASE_TLS: "disable", DATABASE_CA_FILE: ca }, ["DATABASE_CA_FILE"]],
    [
      "an authority that nothing asks",
      { DATABASE_URL: "postgres://db/x?sslmode=prefer", DATABASE_CA_FILE: ca },
      ["DATABASE_CA_FILE"],
    ],
    [
      "a replica that is no PostgreSQL",
      { ...db, DATABASE_READ_URL: "postgres://a/x,http://b/x" },
      ["DATABASE_READ_URL"],
    ],
    ["two servers of Redis", { REDIS_URL: "redis://a", REDIS_HOST: "b" }, ["REDIS_HOST"]],
    ["an authority of Redis without TLS", { REDIS_HOST: "a", REDIS_CA_FILE: ca }, ["REDIS_CA_FILE"]],
    ["an authority of Redis by a plain URL", { REDIS_URL: "redis://a", REDIS_CA_FILE: ca }, ["REDIS_CA_FILE"]],
    ["a database of Redis by name", { REDIS_URL: "redis://a/cache" }, ["REDIS_URL"]],
    ["no URL of the web where people come", { PUBLIC_URL: "ftp://a.example" }, ["PUBLIC_URL"]],
    ["a password where people come", { PUBLIC_URL: "https://a:b@a.example" }, ["PUBLIC_URL"]],
    ["a query where people come", { PUBLIC_URL: "https://a.example/x?y" }, ["PUBLIC_URL"]],
    ["a fragment where people come", { PUBLIC_URL: "https://a.example/#x" }, ["PUBLIC_URL"]],
    ["markup where people come", { PUBLIC_URL: "https://a.example/'>|)" }, ["PUBLIC_URL"]],
    ["an endpoint of vectors without a model", { EMBEDDINGS_URL: "http://a/v1" }, ["EMBEDDINGS_MODEL"]],
    ["one port for two", { PORT: "8080", METRICS_PORT: "8080" }, ["METRICS_PORT"]],
    ["no time to stop", { SHUTDOWN_DELAY_MS: "5000", SHUTDOWN_TIMEOUT_MS: "5000" }, ["SHUTDOWN_DELAY_MS"]],
    ["no origin", { CORS_ORIGINS: "https://a.example,b.example" }, ["CORS_ORIGINS"]],
    ["an origin with a path", { CORS_ORIGINS: "https://a.example/app" }, ["CORS_ORIGINS"]],
    ["any subdomain", { CORS_ORIGINS: "https://*.a.example" }, ["CORS_ORIGINS"]],
    ["a proxy by name", { TRUSTED_PROXIES: "10.0.0.0/8,proxy" }, ["TRUSTED_PROXIES"]],
    ["a network too wide", { TRUSTED_PROXIES: "10.0.0.0/33" }, ["TRUSTED_PROXIES"]],
    ["a short address", { TRUSTED_PROXIES: "127.1" }, ["TRUSTED_PROXIES"]],
    ["a network that is a URL", { ALLOW_PRIVATE_NETWORKS: "http://intranet" }, ["ALLOW_PRIVATE_NETWORKS"]],
    [
      "all at once",
      { AUTH_PROVIDER: "clerk", PORT: "1", METRICS_PORT: "1", LOG_LEVEL: "loud" },
      ["LOG_LEVEL", "AUTH_URL", "METRICS_PORT"],
    ],
  ])("are faults: %s", (_, environment, names) => {
    expect(examine(environment).faults).toEqual(names);
  });

  test.each<[string, Record<string, string>]>([
    ["authority and TLS", { ...db, DATABASE_TLS: "verify-full", DATABASE_CA_FILE: ca }],
    ["authority and TLS by the URL", { DATABASE_URL: "postgres://db/x?sslmode=require", DATABASE_CA_FILE: ca }],
    ["the machine's own authorities", { ...db, DATABASE_TLS: "verify-full", DATABASE_CA_FILE: "system" }],
    ["several hosts of PostgreSQL", { DATABASE_URL: "postgresql://me:p@ss@a:1,b:2/x%20y" }],
    ["replicas", { ...db, DATABASE_READ_URL: "postgres://me:p,w@a/x, postgresql://b:1,c:2/x" }],
    ["Redis over TLS", { REDIS_URL: "rediss://a:6380/1", REDIS_CA_FILE: ca }],
    ["a socket of PostgreSQL", { DATABASE_URL: "postgres:///x?host=/run/postgresql" }],
    ["where people come", { PUBLIC_URL: "https://a.example:8443/some/prefix/" }],
    ["where people come by an address", { PUBLIC_URL: "http://[fd00::1]:3000" }],
    ["origins", { CORS_ORIGINS: "https://a.example, http://localhost:*, *" }],
    ["proxies", { TRUSTED_PROXIES: "10.0.0.0/8, 192.0.2.1,fd00::/8" }],
    ["networks", { ALLOW_PRIVATE_NETWORKS: "10.0.0.0/8,fd00::/8,::1,[::1]:80,10.1.2.3:80,*.a.example,host:8080" }],
    ["some roles with a server", { ...db, ROLE: "worker,scheduler" }],
    ["all roles by name without one", { ROLE: " scheduler,api , worker" }],
    ["all networks", { ALLOW_PRIVATE_NETWORKS: "true" }],
    [
      "an endpoint of vectors",
      { EMBEDDINGS_URL: "http://localhost:1/v1", EMBEDDINGS_MODEL: "m", EMBEDDINGS_BATCH: "8" },
    ],
  ])("are none: %s", (_, environment) => {
    expect(examine(environment)).toEqual({ faults: [], warnings: [] });
  });

  test("are warned about where one is only set for nothing", () => {
    const { warnings } = examine({
      ...{ AUTH_SECRET: "x".repeat(32), REDIS_PASSWORD: "p", OTEL_EXPORTER_OTLP_HEADERS: "a=b" },
      EMBEDDINGS_MODEL: "m",
    });

    expect(warnings).toEqual([
      "AUTH_SECRET has no effect without AUTH_PROVIDER",
      "REDIS_PASSWORD has no effect without REDIS_HOST",
      "OTEL_EXPORTER_OTLP_HEADERS has no effect without OTEL_EXPORTER_OTLP_ENDPOINT",
      "EMBEDDINGS_MODEL has no effect without EMBEDDINGS_URL",
    ]);
    expect(examine({ AUTH: "off", AUTH_PROVIDER: "clerk", AUTH_URL: "https://a.example" }).warnings).toEqual([
      "AUTH_PROVIDER has no effect with AUTH=off: everybody may come in",
    ]);
    expect(
      examine({ LOGFIRE_TOKEN: "pylf_v1_us_x", OTEL_EXPORTER_OTLP_ENDPOINT: "http://own.example:4318" }).warnings,
    ).toEqual(["LOGFIRE_TOKEN goes to own.example:4318, which OTEL_EXPORTER_OTLP_ENDPOINT names"]);
  });
});
