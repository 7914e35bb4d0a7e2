import { LOCAL_VIEWER } from "../../src/access/viewer.ts";
import { openApp } from "../../src/app.ts";
import { systemClock } from "../../src/clock.ts";
import { readConfig } from "../../src/config/config.ts";
import { listCrawls } from "../../src/crawl/crawls.ts";
import { runCrawl } from "../../src/crawl/engine.ts";
import { createLog } from "../../src/telemetry/log.ts";
import { start } from "./runs.ts";

// Crawls a URL into a database, a folder's or a server's, from where a process before it was killed.
const [database = "", url = ""] = process.argv.slice(2);
const place = database.startsWith("postgres") ? { DATABASE_URL: database } : { DATA_DIR: database };
const config = readConfig({ ALLOW_PRIVATE_NETWORKS: "127.0.0.0/8" }, { ...place, PARSER_THREADS: 1 });
const app = await openApp(config, { log: createLog("error", systemClock, (line) => process.stderr.write(line)) });
const [left] = await listCrawls(app.db, { viewer: LOCAL_VIEWER, limit: 1 });
const crawl = left ?? (await start(app.db, url, { concurrency: 4, sitemaps: false }));
const { state } = await runCrawl(app, crawl.id, { signal: new AbortController().signal });
await app.close();
process.stdout.write(state);
