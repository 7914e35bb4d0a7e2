import { existsSync, readFileSync } from "node:fs";
import type { TSchema } from "@sinclair/typebox";
import { Value } from "@sinclair/typebox/value";
import { AppError, type Fault } from "../errors.ts";
import { type Config, SETTINGS, type SettingName, Settings } from "./settings.ts";

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
