import { existsSync, readFileSync } from "node:fs";
import { type Static, type TSchema, Type } from "@sinclair/typebox";
import { Value } from "@sinclair/typebox/value";
import { AppError, type Fault } from "./errors.ts";

/** Every setting: name, meaning, default. The one place that knows the environment. */
const Settings = Type.Object({
  HOST: Type.String({ default: "127.0.0.1", minLength: 1, description: "Address the service listens on" }),
  PORT: Type.Integer({ default: 3000, minimum: 0, maximum: 65_535, description: "Port; 0 takes any free one" }),
  DATA_DIR: Type.String({ default: "./data", minLength: 1, description: "Folder of the embedded database" }),
  DATABASE_URL: Type.Optional(
    Type.String({
      pattern: "^postgres(ql)?://.+",
      description: "PostgreSQL server; the embedded database when unset",
      examples: ["postgres://user:password@localhost:5432/orbweaver"],
    }),
  ),
  DATABASE_POOL_SIZE: Type.Integer({ default: 10, minimum: 1, maximum: 500, description: "Connections to PostgreSQL" }),
  REDIS_URL: Type.Optional(
    Type.String({
      pattern: "^rediss?://.+",
      description: "Redis server; memory of the process when unset",
      examples: ["redis://localhost:6379/0"],
    }),
  ),
  REDIS_KEY_PREFIX: Type.String({ default: "orbweaver:", description: "Begins the name of every key in Redis" }),
  LOG_LEVEL: Type.Union([Type.Literal("debug"), Type.Literal("info"), Type.Literal("warn"), Type.Literal("error")], {
    default: "info",
    description: "debug, info, warn or error",
  }),
  CONTACT: Type.Optional(
    Type.String({
      pattern: "^[\\x21-\\x7e]+$",
      description: "URL or e-mail address in the user agent, for the people whose sites are crawled",
      examples: ["https://example.com/bot"],
    }),
  ),
  USER_AGENT: Type.Optional(
    Type.String({ pattern: "^[\\x20-\\x7e]+$", description: "Whole user agent, in place of Orbweaver/<version>" }),
  ),
  ALLOW_PRIVATE_NETWORKS: Type.String({
    default: "",
    description: "Addresses beyond the public internet that may be fetched: CIDRs and hosts, comma-separated, or true",
    examples: ["10.0.0.0/8,intranet.example.com"],
  }),
  MAX_BODY_BYTES: Type.Integer({
    default: 10_000_000,
    minimum: 1_000,
    maximum: 200_000_000,
    description: "Largest body that is fetched, on the wire and decoded",
  }),
  FETCH_TIMEOUT_MS: Type.Integer({
    default: 30_000,
    minimum: 100,
    maximum: 600_000,
    description: "Time for a whole request, redirects left out",
  }),
  PARSER_THREADS: Type.Integer({
    default: Math.max(1, navigator.hardwareConcurrency - 1),
    minimum: 1,
    maximum: 64,
    description: "Threads that turn pages into Markdown",
  }),
  MAX_RUNNING_CRAWLS: Type.Integer({
    default: 8,
    minimum: 1,
    maximum: 1_000,
    description: "Crawls that one process works at a time; others wait in line",
  }),
});

export type Config = Static<typeof Settings>;
export type SettingName = keyof Config;

export const SETTINGS: Record<SettingName, TSchema> = Settings.properties;

/**
 * Reads the settings, an environment variable before the same name in `.env`; empty means unset.
 * @throws AppError `invalid` with one fault per bad setting, all at once
 */
export function readConfig(environment: Record<string, string | undefined>, overrides: Partial<Config> = {}): Config {
  const given: Record<string, unknown> = {};
  for (const [name, schema] of Object.entries(SETTINGS)) {
    const text = environment[name];
    if (text === undefined || text === "") continue;
    given[name] = schema.type === "integer" && /^-?\d+$/.test(text.trim()) ? Number(text) : text;
  }
  const config = Value.Default(Settings, { ...given, ...overrides });
  const faults = [...Value.Errors(Settings, config)].map(({ path, value }) => describeFault(path.slice(1), value));
  const distinct = [...new Map(faults.map((fault) => [fault.at, fault])).values()];
  if (distinct.length > 0) {
    const lines = distinct.map(({ message }) => `  ${message}`).join("\n");
    throw new AppError("invalid", `These settings can't be used:\n${lines}`, { faults: distinct });
  }
  return config as Config;
}

/** The process's environment over the `.env` of the folder it was started in. */
export function readEnvironment(folder = process.cwd()): Record<string, string | undefined> {
  const file = `${folder}/.env`;
  return { ...(existsSync(file) ? parseEnvFile(readFileSync(file, "utf8")) : {}), ...process.env };
}

function parseEnvFile(text: string): Record<string, string> {
  const values: Record<string, string> = {};
  for (const line of text.split(/\r?\n/)) {
    const [, name, value] = /^\s*(?:export\s+)?([A-Z_][A-Z0-9_]*)\s*=(.*)$/.exec(line) ?? [];
    if (name === undefined || value === undefined) continue;
    const [, double, single] = /^\s*(?:"([^"]*)"|'([^']*)')/.exec(value) ?? [];
    values[name] = double ?? single ?? value.replace(/\s+#.*$/, "").trim();
  }
  return values;
}

const SECRETS = new Set(["DATABASE_URL", "REDIS_URL"]);

function describeFault(name: string, value: unknown): Fault {
  const schema = SETTINGS[name as SettingName];
  const shown = SECRETS.has(name) ? "its value" : JSON.stringify(value);
  return { at: name, message: `${name}: ${shown} is not ${describeAllowed(schema)}${describeExample(schema)}` };
}

function describeAllowed(schema: TSchema | undefined): string {
  if (schema?.type === "integer") return `a whole number from ${schema.minimum} to ${schema.maximum}`;
  if (schema?.anyOf) return `one of ${schema.anyOf.map((one: { const: string }) => one.const).join(", ")}`;
  if (schema?.pattern) return `of the form ${schema.pattern}`;
  return "a text that is not empty";
}

function describeExample(schema: TSchema | undefined): string {
  const example = schema?.examples?.[0] ?? schema?.default;
  return example === undefined ? "" : `; for example ${example}`;
}
