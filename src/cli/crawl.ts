import { LOCAL_VIEWER } from "../access/viewer.ts";
import { type App, openApp } from "../app.ts";
import { systemClock } from "../clock.ts";
import { loadSettings } from "../config/config.ts";
import type { Config } from "../config/settings.ts";
import { type Crawl, cancelCrawl, listCrawls, resumeCrawl, startCrawl } from "../crawl/crawls.ts";
import { createDiscovery } from "../crawl/discover.ts";
import { runCrawl } from "../crawl/engine.ts";
import { addUrls, toNewUrl } from "../crawl/frontier.ts";
import { type CrawlOptions, readCrawlOptions } from "../crawl/options.ts";
import { AppError } from "../errors.ts";
import { type WrittenList, writeLlmsFiles } from "../export/llms-files.ts";
import { exportMarkdownFolder, type MarkdownFolderResult } from "../export/markdown-folder.ts";
import { openOutputFolder } from "../export/output-folder.ts";
import { buildWebsiteIndexes } from "../llms/build-indexes.ts";
import { type IndexingProgress, indexWebsite } from "../passages/index-website.ts";
import { createLog, type Log } from "../telemetry/log.ts";
import { openLog } from "../telemetry/open.ts";
import { findOrAddWebsite } from "../websites/websites.ts";
import { type CrawlFlags, toCrawlOptions } from "./crawl-flags.ts";
import { type CrawlSource, readSource } from "./crawl-source.ts";
import { describeFailure, describeSummary, summarize } from "./crawl-summary.ts";
import { createProgress, type Progress, type ProgressForm } from "./progress.ts";
import { formatDuration } from "./quantity.ts";
import { settingsOf } from "./setting-flags.ts";
import { type Interrupt, isTerminal, listenForInterrupt, writeError, writeOut } from "./terminal.ts";

/** A folder has no server to be polite to. */
const FOLDER_PACE = { concurrency: 32, delay_ms: 0 };

/** URLs of a folder that are added at a time. */
const BATCH = 1_000;

/**
 * Crawls a website, or a folder, and writes its pages as Markdown files.
 * @returns the exit code: 1 when nothing could be fetched, 128 and the signal's number when one stopped it
 * @throws AppError `invalid` for what the command line got wrong
 */
export async function crawlCommand(target: string, flags: CrawlFlags, args: readonly string[]): Promise<number> {
  const source = await readSource(target, flags.baseUrl);
  const options = { ...(source.folder ? { ...FOLDER_PACE, ...belowBase(source.url) } : {}), ...toCrawlOptions(flags) };
  const { config, origins, warnings } = loadSettings(settingsOf(flags));
  const writes = { files: flags.files, lists: flags.llms ?? false };
  const folder = flags.out ?? new URL(source.url).host.replaceAll(":", "_");
  const out = writes.files || writes.lists ? folder : undefined;
  // Before the crawl, which may take hours: what stands in the way of its result is better known now.
  if (out !== undefined) await openOutputFolder(out);

  const reporter = createReporter(flags);
  for (const warning of warnings) reporter.tell(`warning: ${warning}`);
  const interrupt = listenForInterrupt(() => reporter.tell("Stopping; press Ctrl-C again to stop at once"));
  const log = createCommandLog(config, !origins.LOG_LEVEL.startsWith("default"), reporter.progress);
  const app = await openApp(config, { log, fetch: source.folder?.fetch, allow: [new URL(source.url).host] });
  try {
    const { crawl, isResumed } = await prepareCrawl(app, source, options, flags);
    if (isResumed)
      reporter.tell(
        `Going on with the crawl of ${source.url} that was left: ${crawl.done.toLocaleString("en")} done, ${crawl.pending.toLocaleString("en")} queued`,
      );
    reporter.event({ type: "started", crawl_id: crawl.id, url: source.url, is_resumed: isResumed });
    return await finishCrawl({ app, crawl, source, out, writes, interrupt, reporter, args });
  } finally {
    reporter.progress.stop();
    interrupt.dispose();
    await app.close();
    await reporter.flush();
  }
}

type Work = {
  app: App;
  crawl: Crawl;
  source: CrawlSource;
  /** Where the files go; `undefined` for none. */
  out: string | undefined;
  writes: { files: boolean; lists: boolean };
  interrupt: Interrupt;
  reporter: Reporter;
  args: readonly string[];
};

async function finishCrawl({ app, crawl, source, out, writes, interrupt, reporter, args }: Work): Promise<number> {
  const startedAt = performance.now();
  const { progress } = reporter;
  const { signal } = interrupt;
  const ended = await runCrawl(app, crawl.id, { signal, onProgress: progress.update });
  const files = out === undefined || !writes.files ? undefined : await writeFiles(app, ended, out, progress);
  // Whoever stopped the crawl does not wait for an index of a part of it.
  const mayList = out !== undefined && writes.lists && ended.state === "completed";
  const lists = mayList ? await writeLists(app, ended, out, progress, signal) : undefined;
  progress.stop();
  const summary = await summarize(app.db, ended, {
    url: source.url,
    output: out === undefined ? undefined : { folder: out, files, lists },
    elapsedMs: performance.now() - startedAt,
    doneBefore: crawl.done,
  });
  reporter.event({ type: "summary", ...summary });
  reporter.summarize(describeSummary(summary));
  // The result stands above what there is to say about it.
  await reporter.flush();
  if (files) tellDisplaced(reporter, files);
  if (ended.state === "completed") return 0;
  if (ended.state === "failed") {
    throw new AppError("external", await describeFailure(app.db, ended, source.url));
  }
  if (ended.state === "cancelled") throw new AppError("conflict", `Crawl ${ended.id} was cancelled from elsewhere`);
  reporter.tell(
    `Stopped. The same command goes on where it was left:\n  orbweaver ${args
      .filter((arg) => arg !== "--restart")
      .map(quoteArgument)
      .join(" ")}`,
  );
  return interrupt.exitCode() ?? 1;
}

function writeFiles({ db }: App, crawl: Crawl, folder: string, progress: Progress): Promise<MarkdownFolderResult> {
  return exportMarkdownFolder(db, {
    websiteId: crawl.websiteId,
    crawlId: crawl.id,
    folder,
    withHost: (crawl.options as CrawlOptions).scope !== "host",
    onProgress: ({ done, total }) =>
      progress.say(`Writing files: ${done.toLocaleString("en")} of ${total.toLocaleString("en")}`),
  });
}

/** What is listed is what is indexed. */
async function writeLists(
  { db, clock, parser }: App,
  { websiteId }: Crawl,
  folder: string,
  progress: Progress,
  signal: AbortSignal,
): Promise<WrittenList[]> {
  progress.say("Indexing pages");
  const onProgress = ({ pages }: IndexingProgress) => progress.say(`Indexing pages: ${pages.toLocaleString("en")}`);
  await indexWebsite({ db, clock }, websiteId, { signal, onProgress });
  const built = await buildWebsiteIndexes({ db, clock, parser }, websiteId, signal);
  // A website without a page that has text has nothing to list.
  return built.length === 0 ? [] : writeLlmsFiles(db, LOCAL_VIEWER, { websiteId, folder, signal });
}

/** A folder holds nothing of what its host has beside its base. */
function belowBase(baseUrl: string): { include?: string[] } {
  const { pathname } = new URL(baseUrl);
  return pathname === "/" ? {} : { include: [`${pathname}**`] };
}

/** The crawl to work: the one that the same command left unfinished, or a new one. */
async function prepareCrawl(
  app: App,
  source: CrawlSource,
  given: Record<string, unknown>,
  flags: CrawlFlags,
): Promise<{ crawl: Crawl; isResumed: boolean }> {
  const { db } = app;
  const website = await findOrAddWebsite(db, LOCAL_VIEWER.userId, source.url);
  const [last] = await listCrawls(db, { viewer: LOCAL_VIEWER, websiteId: website.id, runner: "command", limit: 1 });
  const isUnfinished = last !== undefined && ["queued", "running", "paused"].includes(last.state);
  if (isUnfinished && !flags.restart) {
    refuseOtherOptions(last, readCrawlOptions(website.options, given));
    const crawl = last.state === "paused" ? await resumeCrawl(app, LOCAL_VIEWER, last.id) : last;
    await untilLeaseEnds(app, crawl);
    await addFolderPages(app, crawl, source);
    return { crawl, isResumed: true };
  }
  if (isUnfinished) await cancelCrawl(app, LOCAL_VIEWER, last.id);
  const seeds = source.folder ? [await readFirstSeed(source.folder)] : undefined;
  const crawl = await startCrawl(db, {
    viewer: LOCAL_VIEWER,
    websiteId: website.id,
    options: given,
    seeds,
    runner: "command",
  });
  await addFolderPages(app, crawl, source);
  return { crawl, isResumed: false };
}

/** A process that was killed holds its crawl for some seconds more; one that lives goes on holding it. */
async function untilLeaseEnds({ clock, log }: App, { leasedUntil, leaseOwner }: Crawl): Promise<void> {
  const waitMs = leaseOwner && leasedUntil ? leasedUntil.getTime() - clock.now().getTime() : 0;
  if (waitMs <= 0) return;
  log.warn(`another process has the crawl; if it died, the crawl is free in ${formatDuration(waitMs)}`);
  await clock.sleep(waitMs);
}

function refuseOtherOptions(crawl: Crawl, wanted: CrawlOptions): void {
  const stored = readCrawlOptions(crawl.options);
  const names = (Object.keys(wanted) as (keyof CrawlOptions)[]).filter(
    (name) => !Bun.deepEquals(wanted[name], stored[name]),
  );
  if (names.length === 0) return;
  throw new AppError(
    "invalid",
    `The last crawl of this website is unfinished and had another ${names.join(", ")}: give the same options to go on with it, or --restart to begin anew`,
  );
}

async function readFirstSeed(folder: NonNullable<CrawlSource["folder"]>): Promise<string> {
  for await (const url of folder.seeds()) return url;
  throw new AppError("invalid", `There is no HTML file in ${folder.path}`);
}

/** All pages of a folder, linked or not, as far as the options want them. Safe to repeat. */
async function addFolderPages({ db, clock }: App, crawl: Crawl, { folder }: CrawlSource): Promise<void> {
  if (!folder) return;
  const options = crawl.options as CrawlOptions;
  const discovery = createDiscovery(options, { seeds: crawl.seeds, hosts: crawl.hosts }, clock.now);
  let batch: string[] = [];
  const add = async () => {
    const urls = batch.map((url) => toNewUrl(url, { depth: 1, source: "sitemap" }));
    await db.transaction((tx) => addUrls(tx, crawl, urls));
    batch = [];
  };
  for await (const url of folder.seeds()) {
    const weighed = discovery.weigh(url, 1);
    if ("url" in weighed) batch.push(weighed.url);
    if (batch.length >= BATCH) await add();
  }
  if (batch.length > 0) await add();
}

function tellDisplaced({ tell }: Reporter, { displaced }: MarkdownFolderResult): void {
  const [first] = displaced;
  if (!first) return;
  tell(
    `${displaced.length} pages had to take another file name, since a file that is not theirs is in their place; for example ${first.url} is in ${first.path}`,
  );
}

type Reporter = {
  progress: Progress;
  /** A line for people, on standard error. */
  tell(line: string): void;
  /** An object for programs, on standard output. */
  event(event: Record<string, unknown>): void;
  /** The result for people, on standard output. */
  summarize(text: string): void;
  flush(): Promise<void>;
};

function createReporter({ json = false, quiet = false }: CrawlFlags): Reporter {
  let written: Promise<unknown> = Promise.resolve();
  const write = (text: string) => {
    written = written.then(() => writeOut(text));
    // Told when it is waited for.
    written.catch(() => {});
  };
  const form: ProgressForm = quiet ? "none" : json ? "json" : isTerminal() ? "line" : "lines";
  const progress = createProgress(form, {
    write: json ? write : writeError,
    columns: () => process.stderr.columns ?? 80,
  });
  return {
    progress,
    tell: (line) => {
      if (quiet) return;
      if (json) writeError(`${line}\n`);
      else progress.note(line);
    },
    event: (event) => {
      const isWanted = json && (!quiet || event.type === "summary");
      if (isWanted) write(`${JSON.stringify(event)}\n`);
    },
    summarize: (text) => {
      if (!json && !quiet) write(`${text}\n`);
    },
    flush: async () => void (await written),
  };
}

/** Warnings in words, above the progress; the log's own lines when a level was asked for. */
function createCommandLog(config: Config, isAskedFor: boolean, progress: Progress): Log {
  if (isAskedFor) return openLog(config, systemClock);
  return createLog("warn", systemClock, (line) => {
    const { level, event, reason, error, host, url } = JSON.parse(line) as Record<string, unknown>;
    const about = [host, url, reason, typeof error === "string" ? error : undefined].filter(Boolean).join(", ");
    progress.note(`${level === "error" ? "error" : "warning"}: ${event}${about ? ` (${about})` : ""}`);
  });
}

/** As a POSIX shell takes it. */
function quoteArgument(argument: string): string {
  return /^[\w@%+=:,./-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", `'\\''`)}'`;
}
