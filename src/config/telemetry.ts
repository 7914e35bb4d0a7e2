import { type Config, SETTINGS, type SettingName } from "./settings.ts";

/** An OpenTelemetry collector: OTLP over HTTP. */
export type Collector = {
  /** Base URL; signals are sent to `/v1/traces` and `/v1/metrics` below it. */
  endpoint: string;
  headers: Record<string, string>;
};

/** Where traces and metrics are sent to; `undefined` for nowhere. A token of Logfire names its region in its prefix. */
export function telemetryOf(
  config: Pick<Config, "OTEL_EXPORTER_OTLP_ENDPOINT" | "OTEL_EXPORTER_OTLP_HEADERS" | "LOGFIRE_TOKEN">,
): Collector | undefined {
  const { OTEL_EXPORTER_OTLP_ENDPOINT: given, OTEL_EXPORTER_OTLP_HEADERS, LOGFIRE_TOKEN: token } = config;
  const [, region = "us"] = /^pylf_v\d+_(us|eu)_/.exec(token ?? "") ?? [];
  const endpoint = given ?? (token === undefined ? undefined : `https://logfire-${region}.pydantic.dev`);
  if (endpoint === undefined) return undefined;
  const headers = readHeaders(OTEL_EXPORTER_OTLP_HEADERS ?? "");
  // Logfire takes the token as it is, without a scheme.
  return { endpoint: endpoint.replace(/\/+$/, ""), headers: token ? { authorization: token, ...headers } : headers };
}

/** The W3C Baggage form that OpenTelemetry gives to this setting: values are percent-encoded, properties left out. */
function readHeaders(text: string): Record<string, string> {
  const pairs = text.split(",").flatMap((pair) => {
    const at = pair.indexOf("=");
    const name = pair.slice(0, at).trim().toLowerCase();
    return at > 0 && name !== "" ? [[name, decode(pair.slice(at + 1).trim())]] : [];
  });
  return Object.fromEntries(pairs);
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** The values that must not be told by any door: those of secret settings, and the passwords within URLs. */
export function secretsOf(config: Config): string[] {
  const values = Object.entries(SETTINGS).flatMap(([name, schema]) => {
    const value = config[name as SettingName];
    return schema.secret === true && typeof value === "string" ? [value] : [];
  });
  const passwords = values.map((value) => URL.parse(value)?.password ?? "").filter((password) => password !== "");
  const headers = Object.values(readHeaders(config.OTEL_EXPORTER_OTLP_HEADERS ?? ""));
  return [...values, ...headers, ...passwords, ...passwords.map(decode)];
}
