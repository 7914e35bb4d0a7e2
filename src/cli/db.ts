import { basename, resolve } from "node:path";
import { LOCAL_VIEWER } from "../access/viewer.ts";
import { openApp, openStore, postgresOptionsOf } from "../app.ts";
import { systemClock } from "../clock.ts";
import { loadConfig } from "../config/config.ts";
import type { Config } from "../config/settings.ts";
import { listCrawls, startCrawl } from "../crawl/crawls.ts";
import { runCrawl } from "../crawl/engine.ts";
import type { Store } from "../db/db.ts";
import { createExtensions } from "../db/extensions.ts";
import { migrateUp, removeTables } from "../db/migrate.ts";
import { readQueueVersion, removeQueueTables } from "../db/queue-tables.ts";
import { AppError } from "../errors.ts";
import { openJobs } from "../jobs/jobs.ts";
import { createLog } from "../telemetry/log.ts";
import { findOrAddWebsite } from "../websites/websites.ts";
import { describeLack, tellWait, toText } from "./migrate.ts";
import { openSampleSite, SAMPLE_URL } from "./sample-site.ts";
import { type SettingFlags, settingsOf } from "./setting-flags.ts";
import { listenForInterrupt, writeError, writeOut } from "./terminal.ts";

export type DbFlags = SettingFlags & { yes?: true; yesReally?: string };

/**
 * Makes all that the service needs of its database: the database itself, the namespace and the tables. Safe to repeat.
 * @throws AppError `forbidden` with the SQL for an administrator when the database's user may not
 */
export async function initCommand(flags: DbFlags): Promise<number> {
  const config = readDbConfig(flags);
  const lines: string[] = [];
  if (config.DATABASE_URL) {
    const { createDatabase } = await import("../db/create-database.ts");
    if (await createDatabase(config.DATABASE_URL, { ...postgresOptionsOf(config), onWait: tellWait }))
      lines.push("database created");
  }
  const store = await openStore(config, tellWait);
  try {
    lines.push(...(await migrateUp(store.db)).map((tag) => `${tag} applied`));
    if (await makeQueueTables(store)) lines.push("job queue made");
    const extensions = await createExtensions(store.db);
    const lacks = store.kind === "postgres" ? extensions.flatMap(describeLack) : [];
    await writeOut(toText(store.location, [...(lines.length > 0 ? lines : ["ready"]), ...lacks]));
    return 0;
  } finally {
    await store.close();
  }
}

/** Crawls a small website that the program carries, so that there is something to look at. Safe to repeat. */
export async function seedCommand(flags: DbFlags): Promise<number> {
  const config = readDbConfig(flags);
  const interrupt = listenForInterrupt();
  const site = await openSampleSite();
  const log = createLog("warn", systemClock, writeError);
  const app = await openApp(
    { ...config, REDIS_URL: undefined, REDIS_HOST: undefined },
    { fetch: site.fetch, log },
  ).catch(async (error) => {
    await site.dispose();
    throw error;
  });
  try {
    const { id: websiteId } = await findOrAddWebsite(app.db, LOCAL_VIEWER.userId, SAMPLE_URL);
    const [last] = await listCrawls(app.db, { viewer: LOCAL_VIEWER, websiteId, runner: "command", limit: 1 });
    if (last?.state === "completed") {
      await writeOut(toText(app.store.location, [`sample data is there: ${SAMPLE_URL}`]));
      return 0;
    }
    const isOpen = last !== undefined && ["queued", "running"].includes(last.state);
    const options = { concurrency: 8, delay_ms: 0 };
    const crawl = isOpen
      ? last
      : await startCrawl(app.db, { viewer: LOCAL_VIEWER, websiteId, options, runner: "command" });
    const ended = await runCrawl(app, crawl.id, { signal: interrupt.signal });
    await writeOut(toText(app.store.location, [`${ended.done} pages of ${SAMPLE_URL} stored`]));
    return ended.state === "completed" ? 0 : (interrupt.exitCode() ?? 1);
  } finally {
    interrupt.dispose();
    await app.close();
    await site.dispose();
  }
}

/**
 * Drops all tables with what is in them, and makes them anew, empty.
 * @throws AppError `conflict` when nobody agreed to that: in production by the database's name
 */
export async function resetCommand(flags: DbFlags): Promise<number> {
  const config = readDbConfig(flags);
  const name = await nameOf(config);
  agreeToReset(config, name, flags);
  const store = await openStore(config, tellWait);
  try {
    await removeTables(store.db);
    await removeQueueTables(store.db);
    const tags = await migrateUp(store.db);
    await makeQueueTables(store);
    await writeOut(toText(store.location, ["all tables and jobs dropped", ...tags.map((tag) => `${tag} applied`)]));
    return 0;
  } finally {
    await store.close();
  }
}

/** The queue makes and updates them when it is opened. @returns whether there were none */
async function makeQueueTables(store: Store): Promise<boolean> {
  const before = await readQueueVersion(store.db);
  const jobs = await openJobs(store, { clock: systemClock, log: createLog("warn", systemClock, writeError) });
  await jobs.close();
  return before === undefined;
}

function agreeToReset({ ENVIRONMENT }: Config, name: string, { yes, yesReally }: DbFlags): void {
  if (yesReally !== undefined && yesReally !== name) {
    throw new AppError("conflict", `This database is ${name} and not ${yesReally}; nothing was done`);
  }
  if (yesReally === name) return;
  const loss = `Everything in the database ${name} would be lost`;
  if (ENVIRONMENT === "production") {
    throw new AppError("conflict", `${loss}, and this is production: say --yes-really ${name} if that is meant`);
  }
  if (yes) return;
  if (!process.stdin.isTTY) throw new AppError("conflict", `${loss}; say --yes if that is meant`);
  if (!confirm(`${loss}. Go on?`)) throw new AppError("conflict", "Nothing was done");
}

/** The database's own name; of the embedded one its folder's. */
async function nameOf({ DATABASE_URL, DATA_DIR }: Config): Promise<string> {
  if (!DATABASE_URL) return basename(resolve(DATA_DIR));
  const { parseConnectionUrl } = await import("../db/connection-url.ts");
  return parseConnectionUrl(DATABASE_URL).database;
}

function readDbConfig(flags: DbFlags): Config {
  return loadConfig(settingsOf(flags));
}
