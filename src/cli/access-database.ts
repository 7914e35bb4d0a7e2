import { type App, openApp } from "../app.ts";
import { loadConfig } from "../config/config.ts";
import { AppError } from "../errors.ts";
import { type SettingFlags, settingsOf } from "./setting-flags.ts";
import { writeOut } from "./terminal.ts";

export type AccessFlags = SettingFlags & { json?: true };

/** Opens the database that the settings and `--data` name, and lets go of it whatever happens. */
export async function withDatabase(
  flags: AccessFlags,
  work: (app: App) => Promise<unknown>,
  overRest: string,
): Promise<number> {
  const config = loadConfig(settingsOf(flags));
  const app = await openApp(config).catch((error: unknown) => {
    if (!(error instanceof AppError) || error.code !== "folder_in_use") throw error;
    const message = `${error.message}; or do it through the service that runs there: ${overRest}`;
    throw new AppError(error.reason, message, { code: error.code, cause: error });
  });
  try {
    await work(app);
    return 0;
  } finally {
    await app.close();
  }
}

const PAGE = 200;

/**
 * Prints a list of any length, page by page: a JSON object a line, or columns for people.
 * @param list gives the rows after the one with that id
 */
export async function printList<Row extends { id: string }>(
  list: (after: string | undefined, limit: number) => Promise<Row[]>,
  form: { json?: true; columns: Record<string, (row: Row) => string>; view: (row: Row) => object },
): Promise<void> {
  let after: string | undefined;
  const printed: Row[] = [];
  for (;;) {
    const rows = await list(after, PAGE);
    after = rows.at(-1)?.id;
    if (form.json) {
      const isRead = await writeOut(rows.map((row) => `${JSON.stringify(form.view(row))}\n`).join(""));
      if (!isRead) return;
    } else printed.push(...rows);
    if (rows.length < PAGE) break;
  }
  if (!form.json) await writeOut(toTable(printed, form.columns));
}

/** Rows in columns, for people. */
export function toTable<Row>(rows: Row[], columns: Record<string, (row: Row) => string>): string {
  const lines = [Object.keys(columns), ...rows.map((row) => Object.values(columns).map((cell) => toLine(cell(row))))];
  const widths = Object.keys(columns).map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  return lines
    .map(
      (line) =>
        `${line
          .map((cell, i) => cell.padEnd(widths[i] ?? 0))
          .join("  ")
          .trimEnd()}\n`,
    )
    .join("");
}

/** Names come from other people: nothing in them may steer the terminal. */
const toLine = (text: string) => text.replace(/\p{Cc}/gu, " ");

/** To the minute, or a dash. */
export function formatInstant(at: Date | null): string {
  return at === null ? "-" : `${at.toISOString().slice(0, 16).replace("T", " ")}Z`;
}
