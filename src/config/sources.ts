import { readFileSync } from "node:fs";
import { basename, extname } from "node:path";
import { parseEnv } from "node:util";
import { closest, distance } from "fastest-levenshtein";
import type { Fault } from "../errors.ts";
import { type Config, SETTINGS, type SettingName } from "./settings.ts";
import { readText, readTyped } from "./values.ts";

/** What one place says of a setting. */
export type Given = {
  value: unknown;
  /** The place: `flag`, `environment`, `.env`, or the name of a file. */
  origin: string;
  /** In the file, where it is known. */
  line?: number;
};

/** One place that settings come from. What stands in the way of reading it is a fault like any other. */
export type Source = { given: Map<SettingName, Given>; faults: Fault[]; warnings: string[] };

/** Comes before a name where the bare one belongs to another program as well, as HOST does. */
const PREFIX = "ORBWEAVER_";

/** Flags of the command line. One that is there and `undefined` unsets what other places say. */
export function readFlags(overrides: Partial<Config>): Source {
  const entries = Object.entries(overrides) as [SettingName, unknown][];
  return {
    given: new Map(entries.map(([name, value]) => [name, { value, origin: "flag" }])),
    faults: [],
    warnings: [],
  };
}

/** Variables, by their own names or after `ORBWEAVER_`, which wins. An empty one counts as none. */
export function readVariables(
  variables: Record<string, string | undefined>,
  origin: string,
  lineOf: (name: string) => number | undefined = () => undefined,
): Source {
  const given: Source["given"] = new Map();
  for (const [name, schema] of Object.entries(SETTINGS) as [SettingName, (typeof SETTINGS)[SettingName]][]) {
    const spelled = variables[PREFIX + name] ? PREFIX + name : name;
    const text = variables[spelled];
    if (text) given.set(name, { value: readText(schema, text), origin, line: lineOf(spelled) });
  }
  const warnings = Object.keys(variables)
    .filter((name) => name.startsWith(PREFIX) && !isSetting(name.slice(PREFIX.length)))
    .map((name) => describeUnknown(name, origin, PREFIX));
  return { given, faults: [], warnings };
}

/** A file of variables, as the shells and compose read it; nothing where there is none. */
export function readEnvFile(path: string): Source {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ENOENT" ? empty() : unreadable(path, error);
  }
  const lines = text.split("\n");
  const lineOf = (name: string) => numberOf(lines.findLastIndex((line) => isAssigned(line, name)));
  const source = readVariables(parseEnv(text), basename(path), lineOf);
  // Silently cutting a password would be found out by a log-in that fails.
  const cut = Object.keys(SETTINGS).filter((name) =>
    lines.some((line) => isAssigned(line, name) && /=\s*[^\s"'`#][^"'`#]*[^\s#]#/.test(line)),
  );
  for (const name of cut)
    source.warnings.push(`${name} in ${basename(path)} ends at its #: put quotes around a value that has one`);
  return source;
}

/**
 * A file of settings, TOML or JSON by its name. Keys are their names, in lower case too, and tables stand for what
 * names begin with: `url` in `[database]` is DATABASE_URL.
 */
export function readConfigFile(path: string): Source {
  const isJson = extname(path).toLowerCase() === ".json";
  if (!isJson && extname(path).toLowerCase() !== ".toml")
    return broken(path, `${path} must end in .toml or .json, by which its form is known`);
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    return unreadable(path, error);
  }
  let content: unknown;
  try {
    content = isJson ? JSON.parse(text) : Bun.TOML.parse(text);
  } catch (error) {
    const line = isJson ? undefined : findBrokenLine(text);
    return broken(path, `${path}${line ? `:${line}` : ""} can't be read: ${(error as Error).message}`);
  }
  if (typeof content !== "object" || content === null || Array.isArray(content))
    return broken(path, `${path} must hold settings by their names`);
  return readTable(path, text, content);
}

function readTable(path: string, text: string, content: object): Source {
  const source = empty();
  const lines = text.split("\n");
  for (const { key, value } of flatten(content)) {
    const name = key.join("_").toUpperCase();
    const line = numberOf(findOnly(lines, key.at(-1) ?? ""));
    if (!isSetting(name)) source.warnings.push(describeUnknown(key.join("."), at(path, line)));
    else if (source.given.has(name))
      source.faults.push({ at: name, message: `${name}: ${path} has it twice, in two spellings` });
    else if (value !== "" && value !== null)
      source.given.set(name, { value: readTyped(SETTINGS[name], value), origin: path, line });
  }
  return source;
}

function flatten(table: object, above: string[] = []): { key: string[]; value: unknown }[] {
  return Object.entries(table).flatMap(([name, value]) => {
    const key = [...above, name];
    const isTable = typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;
    return isTable ? flatten(value, key) : [{ key, value }];
  });
}

/** The line after the longest beginning that can be read: the parser does not say where it stopped. */
function findBrokenLine(text: string): number {
  const lines = text.split("\n");
  for (let count = lines.length - 1; count > 0; count--) {
    try {
      Bun.TOML.parse(lines.slice(0, count).join("\n"));
      return count + 1;
    } catch {}
  }
  return 1;
}

/** As `.env:3`. */
export function at(origin: string, line: number | undefined): string {
  return line === undefined ? origin : `${origin}:${line}`;
}

/** A name of no setting, and the one that was probably meant. */
function describeUnknown(name: string, where: string, prefix = ""): string {
  const bare = name.slice(prefix.length).replaceAll(".", "_").toUpperCase();
  const nearest = closest(bare, Object.keys(SETTINGS));
  const isNear = distance(bare, nearest) <= Math.max(2, bare.length / 2);
  return `${name} (${where}) is no setting and has no effect${isNear ? `; did you mean ${prefix}${nearest}?` : ""}`;
}

function isSetting(name: string): name is SettingName {
  return Object.hasOwn(SETTINGS, name);
}

function isAssigned(line: string, name: string): boolean {
  const [, assigned] = /^\s*(?:export\s+)?(\w+)\s*=/.exec(line) ?? [];
  return assigned === name;
}

/** The one line that a key begins; -1 when there are several, as when two tables have the same key. */
function findOnly(lines: readonly string[], key: string): number {
  const found = lines.flatMap((line, index) => {
    const [, begun] = /^[\s{,]*["']?([\w.]+)["']?\s*[=:]/.exec(line) ?? [];
    return begun === key ? [index] : [];
  });
  return found.length === 1 ? (found[0] ?? -1) : -1;
}

function numberOf(index: number): number | undefined {
  return index === -1 ? undefined : index + 1;
}

function empty(): Source {
  return { given: new Map(), faults: [], warnings: [] };
}

function broken(path: string, message: string): Source {
  return { ...empty(), faults: [{ at: path, message }] };
}

function unreadable(path: string, error: unknown): Source {
  const { code, message } = error as NodeJS.ErrnoException;
  const why = code === "ENOENT" ? "there is no such file" : message;
  return broken(path, `${path} can't be read: ${why}`);
}
