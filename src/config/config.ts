import { join } from "node:path";
import { AppError, type Fault } from "../errors.ts";
import { findConflicts } from "./conflicts.ts";
import { type Config, ENVIRONMENTS, type Environment, SETTINGS, type SettingName } from "./settings.ts";
import { at, type Given, readConfigFile, readEnvFile, readFlags, readVariables, type Source } from "./sources.ts";
import { describeAllowed, exampleOf, isAllowed, showValue } from "./values.ts";

export type LoadOptions = {
  /** A file of settings (`--config`), TOML or JSON. */
  file?: string | undefined;
  /** What the command line says. A name that is there and `undefined` unsets what other places say. */
  overrides?: Partial<Config>;
  /** Where `.env` is looked for; the working folder when absent. */
  folder?: string;
  /** The process's own when absent. */
  environment?: Record<string, string | undefined>;
};

export type Loaded = {
  config: Config;
  /** Where each value came from: `flag`, `environment`, `.env:3`, `settings.toml:7`, `default for production`, … */
  origins: Record<SettingName, string>;
  /** Names that nothing reads, and settings that others make pointless. */
  warnings: string[];
};

/**
 * Reads all settings: flags, before the environment, before `.env`, before a file, before defaults, which may depend
 * on ENVIRONMENT.
 * @throws AppError `invalid`, code `settings`, with every fault there is, all at once
 */
export function loadSettings(options: LoadOptions = {}): Loaded {
  const { file, overrides = {}, folder = process.cwd(), environment = process.env } = options;
  return combine([
    readFlags(overrides),
    readVariables(environment, "environment"),
    readEnvFile(join(folder, ".env")),
    ...(file === undefined ? [] : [readConfigFile(file)]),
  ]);
}

/**
 * The settings of a command; warnings go to standard error.
 * @throws AppError `invalid`, code `settings`
 */
export function loadConfig(options: LoadOptions = {}): Config {
  const { config, warnings } = loadSettings(options);
  for (const warning of warnings) process.stderr.write(`orbweaver: warning: ${warning}\n`);
  return config;
}

/**
 * Settings of these variables alone, whatever the process's own environment says.
 * @throws AppError `invalid`, code `settings`
 */
export function readConfig(environment: Record<string, string | undefined>, overrides: Partial<Config> = {}): Config {
  return combine([readFlags(overrides), readVariables(environment, "environment")]).config;
}

/** What a setting is when nobody sets it; `undefined` for one that then is not there. */
export function standardOf(name: SettingName, environment: Environment): { value: unknown; origin: string } {
  const schema = SETTINGS[name];
  const own = schema.byEnvironment?.[environment];
  if (own !== undefined) return { value: own, origin: `default for ${environment}` };
  return { value: schema.default, origin: "default" };
}

function combine(sources: readonly Source[]): Loaded {
  const given = new Map<SettingName, Given>();
  for (const source of sources) for (const [name, one] of source.given) if (!given.has(name)) given.set(name, one);

  const environment = ENVIRONMENTS.find((one) => one === given.get("ENVIRONMENT")?.value) ?? "development";
  const values: Record<string, unknown> = {};
  const origins: Record<string, string> = {};
  const faults: Fault[] = sources.flatMap((source) => source.faults);
  const bad = new Set(faults.map((fault) => fault.at));
  for (const name of Object.keys(SETTINGS) as SettingName[]) {
    const one = given.get(name);
    const fallback = standardOf(name, environment);
    origins[name] = one ? at(one.origin, one.line) : fallback.origin;
    // What is bad takes its default for now, so that conflicts between the others are found too.
    const fault = one && one.value !== undefined ? findFault(name, one) : undefined;
    if (fault) {
      faults.push(fault);
      bad.add(name);
    }
    const value = one && !fault ? (one.value ?? SETTINGS[name].default) : fallback.value;
    if (value !== undefined) values[name] = value;
  }
  const config = values as Config;
  const conflicts = findConflicts(config, (name) => isGiven(given, name));
  faults.push(...conflicts.faults.filter(({ names }) => !names.some((name) => bad.has(name))).map(toFault(origins)));
  if (faults.length > 0) throw toError(faults);
  const warnings = [...sources.flatMap((source) => source.warnings), ...conflicts.warnings];
  return { config, origins: origins as Loaded["origins"], warnings };
}

const isGiven = (given: Map<SettingName, Given>, name: SettingName) => given.get(name)?.value !== undefined;

function findFault(name: SettingName, { value, origin, line }: Given): Fault | undefined {
  const schema = SETTINGS[name];
  if (isAllowed(schema, value)) return undefined;
  const example = exampleOf(schema);
  const what = `${JSON.stringify(showValue(schema, value))} (${at(origin, line)}) is not ${describeAllowed(schema)}`;
  return { at: name, message: `${name}: ${what}${example === undefined ? "" : `; for example ${example}`}` };
}

function toFault(origins: Record<string, string>) {
  return ({ names: [name], message }: { names: readonly [SettingName, ...SettingName[]]; message: string }): Fault => ({
    at: name,
    message: `${name} (${origins[name]}): ${message}`,
  });
}

function toError(faults: Fault[]): AppError {
  const lines = faults.map(({ message }) => `  ${message}`).join("\n");
  return new AppError("invalid", `These settings can't be used:\n${lines}`, { faults, code: "settings" });
}
