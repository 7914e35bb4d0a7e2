import { readFileSync } from "node:fs";
import ipaddr from "ipaddr.js";
import { findCronTextFault } from "./cron-text.ts";
import { replicasOf } from "./replicas.ts";
import { INSTANCE_ROLES, rolesOf } from "./roles.ts";
import { type Config, SETTINGS, type SettingName } from "./settings.ts";
import { describeAllowed, hideCredentials, isAllowed } from "./values.ts";

/** Settings that don't go together, the one to mend first. */
export type Conflict = { names: readonly [SettingName, ...SettingName[]]; message: string };

type IsGiven = (name: SettingName) => boolean;

/** What each setting by itself allows and all together can't mean; and what is set for nothing. */
export function findConflicts(config: Config, isGiven: IsGiven): { faults: Conflict[]; warnings: string[] } {
  const faults = [
    ...findProviderFaults(config),
    ...findDatabaseFaults(config),
    ...findRedisFaults(config, isGiven),
    ...findServiceFaults(config),
    ...findRoleFaults(config, isGiven),
    ...findListFaults(config),
    ...findScheduleFaults(config),
    ...findReplicaFaults(config),
    ...findMessageFaults(config),
    ...findEmbeddingFaults(config),
  ];
  return { faults, warnings: findPointless(config, isGiven) };
}

/** What each identity provider can't be asked without. */
export const PROVIDER_NEEDS = {
  supabase: ["AUTH_URL"],
  clerk: ["AUTH_URL"],
  // A public issuer signs for everybody: without an audience, tokens for any application would open this one.
  oidc: ["AUTH_URL", "AUTH_AUDIENCE"],
  secret: ["AUTH_SECRET"],
} as const satisfies Record<NonNullable<Config["AUTH_PROVIDER"]>, readonly SettingName[]>;

function findProviderFaults(config: Config): Conflict[] {
  const { AUTH_PROVIDER: kind } = config;
  if (kind === undefined) return [];
  const missing = PROVIDER_NEEDS[kind].filter((name) => config[name] === undefined);
  return missing.map((name) => ({
    names: [name, "AUTH_PROVIDER"],
    message: `must be set for AUTH_PROVIDER=${kind}`,
  }));
}

/** Modes in which any server is believed, and an authority asked nothing. */
const UNCHECKED = new Set(["disable", "false", "allow", "prefer"]);

function findDatabaseFaults({ DATABASE_URL, DATABASE_TLS, DATABASE_CA_FILE: caFile }: Config): Conflict[] {
  if (caFile === undefined) return [];
  // `system`, as in libpq, is no file but the machine's own authorities.
  const faults = caFile === "system" ? [] : findFileFaults("DATABASE_CA_FILE", caFile);
  const query = new URLSearchParams(DATABASE_URL?.split("?")[1]);
  const mode = DATABASE_TLS ?? query.get("sslmode") ?? query.get("ssl") ?? "prefer";
  if (DATABASE_URL !== undefined && UNCHECKED.has(mode))
    faults.push({
      names: ["DATABASE_CA_FILE", "DATABASE_TLS", "DATABASE_URL"],
      message: `nothing is checked by it with TLS at ${mode}: set DATABASE_TLS=verify-full`,
    });
  return faults;
}

function findReplicaFaults(config: Config): Conflict[] {
  const wrong = replicasOf(config).filter((url) => !isAllowed(SETTINGS.DATABASE_URL, url));
  return wrong.map((url) => ({
    names: ["DATABASE_READ_URL"],
    message: `${JSON.stringify(hideCredentials(url))} is not ${describeAllowed(SETTINGS.DATABASE_URL)}`,
  }));
}

function findMessageFaults({ SMTP_URL, SMTP_FROM, SMTP_CA_FILE, EXPLAIN_URL, EXPLAIN_MODEL }: Config): Conflict[] {
  const faults = SMTP_CA_FILE === undefined ? [] : findFileFaults("SMTP_CA_FILE", SMTP_CA_FILE);
  if (SMTP_URL !== undefined && SMTP_FROM === undefined)
    faults.push({ names: ["SMTP_FROM", "SMTP_URL"], message: "must be set with SMTP_URL: e-mail needs a sender" });
  if (EXPLAIN_URL !== undefined && EXPLAIN_MODEL === undefined)
    faults.push({ names: ["EXPLAIN_MODEL", "EXPLAIN_URL"], message: "must be set with EXPLAIN_URL" });
  return faults;
}

function findEmbeddingFaults({ EMBEDDINGS_URL, EMBEDDINGS_MODEL }: Config): Conflict[] {
  if (EMBEDDINGS_URL === undefined || EMBEDDINGS_MODEL !== undefined) return [];
  return [{ names: ["EMBEDDINGS_MODEL", "EMBEDDINGS_URL"], message: "must be set with EMBEDDINGS_URL" }];
}

function findFileFaults(name: SettingName, path: string): Conflict[] {
  try {
    if (readFileSync(path, "utf8").includes("-----BEGIN CERTIFICATE-----")) return [];
    return [{ names: [name], message: `${path} holds no certificate in PEM (-----BEGIN CERTIFICATE-----)` }];
  } catch (error) {
    return [{ names: [name], message: `${path} can't be read: ${(error as Error).message}` }];
  }
}

function findRedisFaults(config: Config, isGiven: IsGiven): Conflict[] {
  const faults: Conflict[] =
    config.REDIS_CA_FILE === undefined ? [] : findFileFaults("REDIS_CA_FILE", config.REDIS_CA_FILE);
  if (isGiven("REDIS_URL") && isGiven("REDIS_HOST"))
    faults.push({
      names: ["REDIS_HOST", "REDIS_URL"],
      message: "leave either it or REDIS_URL out: both name a server",
    });
  const isPlain = config.REDIS_URL ? !config.REDIS_URL.startsWith("rediss:") : config.REDIS_HOST && !config.REDIS_TLS;
  if (config.REDIS_CA_FILE !== undefined && isPlain)
    faults.push({
      names: ["REDIS_CA_FILE", "REDIS_URL", "REDIS_TLS"],
      message: "nothing is checked by it without TLS: begin REDIS_URL with rediss:// or set REDIS_TLS=true",
    });
  const { pathname } = URL.parse(config.REDIS_URL ?? "") ?? { pathname: "" };
  if (!/^\/?\d*$/.test(pathname))
    faults.push({ names: ["REDIS_URL"], message: `${pathname} is no number of a database; for example /0` });
  return faults;
}

function findServiceFaults(config: Config): Conflict[] {
  const faults: Conflict[] = [];
  if (config.METRICS_PORT !== undefined && config.METRICS_PORT === config.PORT)
    faults.push({ names: ["METRICS_PORT", "PORT"], message: `${config.PORT} is PORT already: take another` });
  if (config.SHUTDOWN_DELAY_MS >= config.SHUTDOWN_TIMEOUT_MS)
    faults.push({
      names: ["SHUTDOWN_DELAY_MS", "SHUTDOWN_TIMEOUT_MS"],
      message: `${config.SHUTDOWN_DELAY_MS} leaves no time for what is under way: it must be less than SHUTDOWN_TIMEOUT_MS, which is ${config.SHUTDOWN_TIMEOUT_MS}`,
    });
  return faults;
}

/** One process holds the embedded database: what it does not do, nobody does. */
function findRoleFaults(config: Config, isGiven: IsGiven): Conflict[] {
  const roles = rolesOf(config);
  const missing = INSTANCE_ROLES.filter((role) => !roles.has(role));
  if (missing.length === 0 || isGiven("DATABASE_URL")) return [];
  return [
    {
      names: ["ROLE", "DATABASE_URL"],
      message: `nobody else could be ${missing.join(" or ")}, since one process alone can use the embedded database: leave it out, or set DATABASE_URL`,
    },
  ];
}

function findListFaults(config: Config): Conflict[] {
  const rules: [SettingName, (entry: string) => boolean, string][] = [
    ["CORS_ORIGINS", isOrigin, "an origin as in https://app.example.com, http://localhost:* or *"],
    ["TRUSTED_PROXIES", isNetwork, "an address or a CIDR as in 10.0.0.0/8"],
    ["ALLOW_PRIVATE_NETWORKS", isPlace, "a CIDR, an address or a host as in 10.0.0.0/8 or intranet.example.com:8080"],
  ];
  return rules.flatMap(([name, isRight, allowed]) => {
    const entries = String(config[name]).split(",");
    const wrong = entries.map((entry) => entry.trim()).filter((entry) => entry !== "" && !isRight(entry));
    return wrong.map((entry): Conflict => {
      const shown = JSON.stringify(hideCredentials(entry));
      return { names: [name], message: `${shown} is not ${allowed}` };
    });
  });
}

function findScheduleFaults(config: Config): Conflict[] {
  return (["PURGE_SCHEDULE", "HEALTH_CHECK_SCHEDULE"] as const).flatMap((name) => {
    const fault = config[name] === "off" ? undefined : findCronTextFault(config[name]);
    return fault ? [{ names: [name], message: `${JSON.stringify(config[name])}: ${fault}` } satisfies Conflict] : [];
  });
}

function isOrigin(entry: string): boolean {
  if (entry === "*") return true;
  const url = URL.parse(entry.replace(/:\*$/, ":1"));
  const isWeb = url?.protocol === "http:" || url?.protocol === "https:";
  return isWeb && !entry.replace(/:\*$/, "").includes("*") && url.pathname === "/" && url.search + url.hash === "";
}

function isNetwork(entry: string): boolean {
  return entry.includes("/") ? ipaddr.isValidCIDR(entry) : isAddress(entry);
}

/** The parser takes short spellings such as "127.1" too, which are slips here. */
function isAddress(text: string): boolean {
  return ipaddr.IPv4.isValidFourPartDecimal(text) || ipaddr.IPv6.isValid(text);
}

/** What follows the address policy's own reading, as far as it can be told from a slip without it. */
function isPlace(entry: string): boolean {
  if (entry === "true" || entry === "false") return true;
  if (entry.includes("/") || isAddress(entry)) return isNetwork(entry);
  return /^(?:\*\.)?[^\s*@/?#\\:[\]]+(?::\d{1,5})?$/.test(entry) || /^\[[\da-f:.]+\](?::\d{1,5})?$/i.test(entry);
}

const ONLY_WITH: readonly [SettingName, SettingName][] = [
  ["AUTH_URL", "AUTH_PROVIDER"],
  ["AUTH_AUDIENCE", "AUTH_PROVIDER"],
  ["AUTH_JWKS_URL", "AUTH_PROVIDER"],
  ["AUTH_SECRET", "AUTH_PROVIDER"],
  ["DATABASE_TLS", "DATABASE_URL"],
  ["DATABASE_CA_FILE", "DATABASE_URL"],
  ["DATABASE_READ_URL", "DATABASE_URL"],
  ["DATABASE_READ_MAX_LAG_MS", "DATABASE_READ_URL"],
  ["REDIS_PORT", "REDIS_HOST"],
  ["REDIS_DB", "REDIS_HOST"],
  ["REDIS_USERNAME", "REDIS_HOST"],
  ["REDIS_PASSWORD", "REDIS_HOST"],
  ["REDIS_TLS", "REDIS_HOST"],
  ["OTEL_EXPORTER_OTLP_HEADERS", "OTEL_EXPORTER_OTLP_ENDPOINT"],
  ["SMTP_FROM", "SMTP_URL"],
  ["SMTP_TLS", "SMTP_URL"],
  ["SMTP_CA_FILE", "SMTP_URL"],
  ["MCP_KEY", "MCP_URL"],
  ["EXPLAIN_KEY", "EXPLAIN_URL"],
  ["EMBEDDINGS_MODEL", "EMBEDDINGS_URL"],
  ["EMBEDDINGS_KEY", "EMBEDDINGS_URL"],
  ["EMBEDDINGS_BATCH", "EMBEDDINGS_URL"],
  ["EMBEDDINGS_PER_MINUTE", "EMBEDDINGS_URL"],
  ["EMBEDDINGS_TIMEOUT_MS", "EMBEDDINGS_URL"],
  ["EMBEDDINGS_QUERY_TIMEOUT_MS", "EMBEDDINGS_URL"],
];

/** Names such as AUTH_SECRET are other programs' too, and a shared environment is no fault. */
function findPointless(config: Config, isGiven: IsGiven): string[] {
  const pointless = ONLY_WITH.filter(([name, other]) => isGiven(name) && !isGiven(other));
  const warnings = pointless
    // What unsets a database by a flag need not hear about the rest of it.
    .filter(([, other]) => other !== "DATABASE_URL")
    .map(([name, other]) => `${name} has no effect without ${other}`);
  if (config.AUTH === "off" && config.AUTH_PROVIDER)
    warnings.push("AUTH_PROVIDER has no effect with AUTH=off: everybody may come in");
  if (isGiven("EXPLAIN_URL") && isGiven("ANTHROPIC_API_KEY"))
    warnings.push("ANTHROPIC_API_KEY has no effect with EXPLAIN_URL, which is asked in its place");
  if (isGiven("EXPLAIN_MODEL") && !isGiven("EXPLAIN_URL") && !isGiven("ANTHROPIC_API_KEY"))
    warnings.push("EXPLAIN_MODEL has no effect without ANTHROPIC_API_KEY or EXPLAIN_URL");
  const collector = URL.parse(config.OTEL_EXPORTER_OTLP_ENDPOINT ?? "");
  if (config.LOGFIRE_TOKEN && collector && !/(?:^|\.)pydantic\.dev$/.test(collector.hostname))
    warnings.push(`LOGFIRE_TOKEN goes to ${collector.host}, which OTEL_EXPORTER_OTLP_ENDPOINT names`);
  return warnings;
}
