import { LOCAL_VIEWER } from "../access/viewer.ts";
import { readMoment } from "../api/moments.ts";
import { viewAnswer } from "../api/search-view.ts";
import type { App } from "../app.ts";
import { bringUpToDate } from "../indexing/bring-up-to-date.ts";
import { type SearchAnswer, type SearchMode, type SearchResult, type SnippetPart, search } from "../search/search.ts";
import { withDatabase } from "./access-database.ts";
import { readTimeFlag } from "./change-commands.ts";
import type { SettingFlags } from "./setting-flags.ts";
import { isPainted, isTerminal, listenForInterrupt, printable, writeError, writeOut } from "./terminal.ts";
import { findWebsite } from "./website-argument.ts";

export type SearchFlags = SettingFlags & {
  website?: string[];
  limit: number;
  mode?: SearchMode;
  at?: string;
  json?: true;
};

export async function searchCommand(query: string, flags: SearchFlags): Promise<number> {
  const interrupt = listenForInterrupt();
  const work = async (app: App) => {
    const { clock } = app;
    const at = readAt(app, flags.at);
    const websiteIds =
      flags.website && (await Promise.all(flags.website.map(async (each) => (await findWebsite(app, each)).id)));
    let told = 0;
    await bringUpToDate(app, websiteIds, interrupt.signal, ({ pages }) => {
      const now = clock.now().getTime();
      if (!isTerminal() || now - told < PROGRESS_MS) return;
      told = now;
      writeError(`${CLEAR_LINE}Indexing: ${pages} pages`);
    });
    if (told > 0) writeError(CLEAR_LINE);
    const { limit, mode } = flags;
    const answer = await search(app, LOCAL_VIEWER, { query, websiteIds, limit, mode, at }, interrupt.signal);
    await writeOut(flags.json ? `${JSON.stringify(viewAnswer(answer))}\n` : describeResults(answer));
    if (!flags.json) writeError(describeSearch(answer));
  };
  try {
    return await withDatabase(flags, work, "GET /api/v1/search");
  } catch (error) {
    const exitCode = interrupt.exitCode();
    if (exitCode === undefined) throw error;
    return exitCode;
  } finally {
    interrupt.dispose();
  }
}

const PROGRESS_MS = 200;
const CLEAR_LINE = "\r\x1b[2K";

function readAt({ clock }: App, text: string | undefined): Date | undefined {
  if (text === undefined) return undefined;
  const time = readTimeFlag(text);
  return "agoMs" in time ? new Date(clock.now().getTime() - time.agoMs) : readMoment(time.text, "--at");
}

const [BOLD, DIM, MARK, RESET] = ["\x1b[1m", "\x1b[2m", "\x1b[1;33m", "\x1b[0m"];

const paint = (text: string, colour: string) => (isPainted() && text !== "" ? `${colour}${text}${RESET}` : text);

const describeResults = ({ results }: SearchAnswer) => results.map(describeResult).join("\n");

function describeResult({ title, url, passages }: SearchResult): string {
  const [first] = passages;
  const lines = [
    paint(toLine(title ?? url), BOLD),
    paint(toLine(first?.url ?? url), DIM),
    ...passages.map(({ snippet }) => `  ${snippet.map(describePart).join("")}`),
  ];
  return `${lines.join("\n")}\n`;
}

const describePart = ({ text, isMatch }: SnippetPart) => {
  const line = toLine(text);
  return isMatch ? paint(line, MARK) : line;
};

const toLine = (text: string) => printable(text).replace(/[\n\t]/g, " ");

function describeSearch({ results, total, searched }: SearchAnswer): string {
  const { pages, websites, corrections, isLoose, notes } = searched;
  const found =
    results.length === 0
      ? "Nothing was found"
      : `${results.length} of ${total.isExact ? "" : "at least "}${total.pages}`;
  const where = `in ${counted(pages, "page")} of ${counted(websites, "website")}`;
  const lines = [
    `${found} ${where}`,
    ...corrections.map(({ from, to }) => `No page has "${from}": looked for ${to.join(", ")} as well`),
    ...(isLoose ? ["Pages that have some of the words alone were taken too"] : []),
    ...notes,
  ];
  return lines.map((line) => `${toLine(line)}\n`).join("");
}

const counted = (number: number, thing: string) => `${number} ${thing}${number === 1 ? "" : "s"}`;
