import { LOCAL_VIEWER } from "../access/viewer.ts";
import { readKinds, readPath, viewChange } from "../api/change-view.ts";
import { CHANGE_EXPORT } from "../api/changes.ts";
import { type DiffFormat, readPoint, writeDiff } from "../api/diff-view.ts";
import { writeExport } from "../api/export-stream.ts";
import { readMoment } from "../api/moments.ts";
import type { App } from "../app.ts";
import { eachChange } from "../changes/change-search.ts";
import type { Change } from "../changes/changes.ts";
import { comparedTexts, getChangePair, getVersionPair, type VersionPoint } from "../changes/history.ts";
import type { Clock } from "../clock.ts";
import { canonicalizeUrl, hashUrl } from "../crawl/url.ts";
import { AppError } from "../errors.ts";
import { listPages } from "../pages/pages.ts";
import { formatInstant, toTable, withDatabase } from "./access-database.ts";
import { readTimeFlag, type TimeFlag } from "./change-commands.ts";
import type { SettingFlags } from "./setting-flags.ts";
import { isPainted, printable, writeError, writeOut } from "./terminal.ts";
import { findWebsite, isId } from "./website-argument.ts";

/** Changes that are printed for people unless they ask for more. */
const SHOWN = 100;

export type ChangesFlags = SettingFlags & {
  since?: TimeFlag;
  until?: TimeFlag;
  kind?: string;
  path?: string;
  limit?: number;
  diff?: true;
  json?: true;
  csv?: true;
  exitCode?: true;
};

export async function changesCommand(website: string, flags: ChangesFlags): Promise<number> {
  let found = 0;
  const work = async (app: App) => {
    const { id } = await findWebsite(app, website);
    const filter = {
      ...{ viewer: LOCAL_VIEWER, websiteId: id, kinds: readKinds(flags.kind, "--kind") },
      since: flags.since && readTime(app.clock, flags.since, "--since"),
      until: flags.until && readTime(app.clock, flags.until, "--until"),
      ...(flags.path === undefined ? {} : readPath(flags.path, "--path")),
    };
    const isWhole = flags.json || flags.csv;
    const limit = flags.limit ?? (isWhole ? Number.POSITIVE_INFINITY : SHOWN);
    const changes = counted(eachChange(app.db, filter, isWhole ? limit : limit + 1), (count) => {
      found += count;
    });
    if (isWhole) await printWhole(changes, flags.csv ? "csv" : "jsonl");
    else await printShown(app, (await Array.fromAsync(changes)).flat(), limit, flags);
  };
  await withDatabase(flags, work, "GET /api/v1/changes");
  return flags.exitCode && found > 0 ? 1 : 0;
}

export type DiffFlags = SettingFlags & {
  from?: string;
  to?: string;
  ignoreNoise?: true;
  format: DiffFormat;
  exitCode?: true;
};

/** @param page URL or id */
export async function diffCommand(page: string, flags: DiffFlags): Promise<number> {
  let differs = false;
  const work = async (app: App) => {
    const { db, parser, clock } = app;
    const ends = { from: readVersion(clock, flags.from, "--from"), to: readVersion(clock, flags.to, "--to") };
    const pair = await getVersionPair(db, LOCAL_VIEWER, await findPageId(app, page), ends);
    const ignoresNoise = flags.ignoreNoise === true;
    const texts = await comparedTexts({ db, parser }, pair, { ignoresNoise });
    differs = texts.before !== texts.after;
    const text = writeDiff(pair, texts, { format: flags.format, view: "inline", ignoresNoise });
    await writeOut(flags.format === "diff" ? paint(text) : withNewline(text));
  };
  await withDatabase(flags, work, "GET /api/v1/pages/{id}/diff");
  return flags.exitCode && differs ? 1 : 0;
}

async function* counted<Row>(batches: AsyncGenerator<Row[]>, count: (rows: number) => void): AsyncGenerator<Row[]> {
  for await (const rows of batches) {
    count(rows.length);
    yield rows;
  }
}

async function printWhole(changes: AsyncGenerator<Change[]>, format: "csv" | "jsonl"): Promise<void> {
  for await (const text of writeExport(changes, format, CHANGE_EXPORT)) if (!(await writeOut(text))) return;
}

async function printShown(app: App, changes: Change[], limit: number, { diff }: ChangesFlags): Promise<void> {
  const shown = changes.slice(0, limit);
  if (shown.length === 0) writeError("Nothing changed\n");
  else if (!diff) await writeOut(toTable(shown, columns));
  else for (const change of shown) if (!(await writeOut(await describeInFull(app, change)))) return;
  if (changes.length > limit) writeError(`There is more than these ${limit}: see --limit, --since and --json\n`);
}

const columns: Record<string, (change: Change) => string> = {
  FOUND: ({ detectedAt }) => formatInstant(detectedAt),
  KIND: ({ kind }) => kind,
  SHARE: ({ share }) => (share === null ? "-" : `${Math.max(1, Math.round(share * 100))} %`),
  URL: describePlace,
  TITLE: ({ title }) => title ?? "-",
};

function describePlace({ url, kind, toUrl }: Change): string {
  return kind === "moved" && toUrl ? `${url} -> ${toUrl}` : url;
}

async function describeInFull({ db, parser }: App, change: Change): Promise<string> {
  const heading = `${formatInstant(change.detectedAt)}  ${change.kind}  ${describePlace(change)}\n`;
  const { explanation } = viewChange(change);
  const said = explanation === null ? "" : `${explanation}\n`;
  try {
    const pair = await getChangePair(db, LOCAL_VIEWER, change.id);
    const texts = await comparedTexts({ db, parser }, pair, { ignoresNoise: false });
    const diff = writeDiff(pair, texts, { format: "diff", view: "inline", ignoresNoise: false });
    return `${bold(heading)}${printable(said)}${paint(diff)}\n`;
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== "version_removed") throw error;
    return `${bold(heading)}${printable(said)}${error.message}\n\n`;
  }
}

async function findPageId({ db }: App, text: string): Promise<string> {
  if (isId(text)) return text.toLowerCase();
  const url = canonicalizeUrl(text, undefined, { mode: "keep" });
  if (!url) throw new AppError("invalid", `${text} is neither a page's id nor an http or https URL`);
  const [first, ...others] = await listPages(db, { viewer: LOCAL_VIEWER, urlHash: hashUrl(url), limit: 10 });
  if (!first) throw new AppError("not_found", `There is no page ${url}; crawl its website first`);
  if (others.length === 0) return first.id;
  const all = [first, ...others].map(({ id, websiteId }) => `${id} (of website ${websiteId})`).join(", ");
  throw new AppError("invalid", `${url} is a page of several websites: name one of ${all}`);
}

function readTime(clock: Clock, time: TimeFlag, flag: string): Date {
  return "agoMs" in time ? new Date(clock.now().getTime() - time.agoMs) : readMoment(time.text, flag);
}

function readVersion(clock: Clock, text: string | undefined, flag: string): VersionPoint | undefined {
  if (text === undefined) return undefined;
  const time = readTimeFlag(text);
  return "agoMs" in time ? readTime(clock, time, flag) : readPoint(text, flag);
}

const COLOURS: Record<string, string> = { "+": "\x1b[32m", "-": "\x1b[31m", "@": "\x1b[36m" };
const RESET = "\x1b[0m";

/** A unified diff, in colours on a terminal. */
function paint(diff: string): string {
  const text = printable(diff);
  if (!isPainted()) return text;
  return text.replace(/^([+\-@]).*$/gm, (line, mark: string) => `${COLOURS[mark] ?? ""}${line}${RESET}`);
}

const bold = (text: string) => {
  const line = printable(text);
  return isPainted() ? `\x1b[1m${line.trimEnd()}${RESET}\n` : line;
};

const withNewline = (text: string) => (text === "" || text.endsWith("\n") ? text : `${text}\n`);
