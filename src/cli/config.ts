import { type Loaded, loadSettings, standardOf } from "../config/config.ts";
import { describeSetting, renderExample } from "../config/example.ts";
import { SECTIONS, SETTINGS, type SettingName } from "../config/settings.ts";
import { showValue } from "../config/values.ts";
import { type SettingFlags, settingsOf } from "./setting-flags.ts";
import { writeError, writeOut } from "./terminal.ts";

export type ConfigFlags = SettingFlags & { json?: boolean; describe?: boolean; example?: boolean };

/**
 * Prints the settings that hold, where each came from and what it is by default; or the file to begin one's own with.
 * Changes nothing, and shows no secret.
 * @throws AppError `invalid`, code `settings`, with every fault
 */
export async function configCommand({ json, describe, example, ...flags }: ConfigFlags): Promise<number> {
  if (example) {
    await writeOut(renderExample());
    return 0;
  }
  const loaded = loadSettings(settingsOf(flags));
  for (const warning of loaded.warnings) writeError(`orbweaver: warning: ${warning}\n`);
  const shown = showSettings(loaded);
  if (json) await writeOut(`${JSON.stringify({ settings: shown, warnings: loaded.warnings }, null, 2)}\n`);
  else await writeOut(toText(shown, describe === true));
  return 0;
}

type Shown = {
  section: string;
  name: SettingName;
  /** Of its own type, but for what is hidden of a secret; `null` for one that is unset. */
  value: unknown;
  origin: string;
  default: unknown;
  is_secret: boolean;
  description: string;
};

function showSettings({ config, origins }: Loaded): Shown[] {
  return Object.entries(SECTIONS).flatMap(([section, settings]) =>
    (Object.keys(settings) as SettingName[]).map((name) => {
      const schema = SETTINGS[name];
      const value = config[name];
      return {
        section,
        name,
        value: typeof value === "string" ? showValue(schema, value) : (value ?? null),
        origin: origins[name],
        default: standardOf(name, config.ENVIRONMENT).value ?? null,
        is_secret: schema.secret === true,
        description: describeSetting(schema),
      };
    }),
  );
}

/** Widths beyond which a column would push the others off the screen. */
const MAX_VALUE_WIDTH = 48;
const MAX_ORIGIN_WIDTH = 32;

function toText(settings: readonly Shown[], withDescription: boolean): string {
  const rows = settings.map((one) => ({ ...one, value: toWord(one.value), standard: toWord(one.default) }));
  const width = (cells: string[], limit: number) => Math.min(limit, Math.max(...cells.map(({ length }) => length)));
  const nameWidth = Math.max(...rows.map(({ name }) => name.length));
  const valueWidth = width(rows.map(({ value }) => value).concat("VALUE"), MAX_VALUE_WIDTH);
  const originWidth = width(rows.map(({ origin }) => origin).concat("FROM"), MAX_ORIGIN_WIDTH);
  const toLine = (name: string, value: string, origin: string, standard: string) =>
    `  ${name.padEnd(nameWidth)}  ${value.padEnd(valueWidth)}  ${origin.padEnd(originWidth)}  ${standard}`.trimEnd();

  const lines: string[] = [toLine("SETTING", "VALUE", "FROM", "DEFAULT")];
  let section = "";
  for (const row of rows) {
    if (row.section !== section) lines.push("", row.section);
    section = row.section;
    lines.push(toLine(row.name, row.value, row.origin, row.origin.startsWith("default") ? "" : row.standard));
    if (withDescription) lines.push(`      ${row.description}`);
  }
  return `${lines.join("\n")}\n`;
}

/** Nothing in a value may steer the terminal or look like the end of the row. */
function toWord(value: unknown): string {
  return value === null || value === "" ? "-" : String(value).replace(/\p{Cc}/gu, " ");
}
