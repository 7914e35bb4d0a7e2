import { expect, test } from "bun:test";
import { readConfig } from "../../src/config/config.ts";
import { secretsOf, telemetryOf } from "../../src/config/telemetry.ts";

const of = (environment: Record<string, string>) => telemetryOf(readConfig(environment));

test("nothing is sent anywhere unless it is set", () => {
  expect(of({})).toBeUndefined();
  expect(of({ OTEL_EXPORTER_OTLP_HEADERS: "a=b" })).toBeUndefined();
});

test("a collector has an endpoint and headers", () => {
  const given = {
    OTEL_EXPORTER_OTLP_ENDPOINT: "http://localhost:4318/",
    OTEL_EXPORTER_OTLP_HEADERS: "X-Key=a%20b, y=c=d,z,=e",
  };

  expect(of(given)).toEqual({ endpoint: "http://localhost:4318", headers: { "x-key": "a b", y: "c=d" } });
});

test("a token of Logfire says all there is to say, by its region", () => {
  for (const [token, region] of [
    ["pylf_v1_eu_abc", "eu"],
    ["pylf_v1_us_abc", "us"],
    ["older", "us"],
  ] as const)
    expect(of({ LOGFIRE_TOKEN: token })).toEqual({
      endpoint: `https://logfire-${region}.pydantic.dev`,
      headers: { authorization: token },
    });
});

test("an endpoint that is set goes before that of the token", () => {
  const given = { LOGFIRE_TOKEN: "pylf_v1_eu_abc", OTEL_EXPORTER_OTLP_ENDPOINT: "https://logfire.example.com" };

  expect(of(given)).toEqual({ endpoint: "https://logfire.example.com", headers: { authorization: "pylf_v1_eu_abc" } });
});

test("a header that is no percent-encoding is taken as it is", () => {
  expect(of({ OTEL_EXPORTER_OTLP_ENDPOINT: "http://a", OTEL_EXPORTER_OTLP_HEADERS: "a=100%" })?.headers).toEqual({
    a: "100%",
  });
});

test("the secrets of the settings are their values and the passwords in them", () => {
  const config = readConfig({
    DATABASE_URL: "postgres://someone:p%40ssword@db/x",
    OTEL_EXPORTER_OTLP_HEADERS: "x-api-key=for-the-collector",
    HOST: "127.0.0.1",
  });

  expect(secretsOf(config)).toEqual(
    expect.arrayContaining(["postgres://someone:p%40ssword@db/x", "p%40ssword", "p@ssword", "for-the-collector"]),
  );
  expect(secretsOf(config)).not.toContain("127.0.0.1");
});
