import { join } from "node:path";
import { SQL } from "bun";
import type { CpuShare } from "./cpu-share.ts";
import { cpuSecondsOf, createBenchDatabase } from "./postgres.ts";
import { type ServerProcess, startServer } from "./server-process.ts";

export type ScaleSetup = {
  /** Orbweaver, before its arguments. */
  program: readonly string[];
  folder: string;
  redisUrl?: string;
  site: ScaleSite;
  workers: number;
  settings: Record<string, string>;
  /** What each worker may have of a core; all that there is when absent. */
  share?: CpuShare;
};

export type ScaleRun = {
  pages: number;
  /** From the first crawl's start to the last one's end. */
  seconds: number;
  /** Of each worker. */
  workerCpuSeconds: number[];
  serverCpuSeconds: number;
  siteCpuSeconds: number;
};

const LOOK_MS = 50;
const TIMEOUT_MS = 600_000;

/**
 * Crawls one website on each host, all at once, by so many workers over a fresh database; an API that works nothing
 * starts the crawls.
 * @throws Error when a crawl did not complete with all its pages
 */
export async function runCrawls(setup: ScaleSetup): Promise<ScaleRun> {
  const { program, folder, redisUrl, site, workers, settings, share } = setup;
  const database = await createBenchDatabase("_scale");
  if (!database) throw new Error("No Postgres answers on localhost:5432 and TEST_DATABASE_URL is not set.");
  const env = {
    ENVIRONMENT: "production",
    LOG_LEVEL: "warn",
    ALLOW_PRIVATE_NETWORKS: "127.0.0.0/8",
    DATABASE_URL: database.url,
    REDIS_URL: redisUrl,
    // Nothing of a run before is met in Redis.
    REDIS_KEY_PREFIX: `scale-${Bun.randomUUIDv7()}:`,
    ...settings,
  };
  const processes: ServerProcess[] = [];
  const start = async (role: string) => {
    const process = await startServer({ command: [...program, "serve", "--role", role], env, folder });
    processes.push(process);
    return process;
  };
  try {
    const api = await start("api");
    const workings: ServerProcess[] = [];
    for (let n = 0; n < workers; n++) workings.push(await start("worker,scheduler"));
    // Code that has not run yet is slow, which is the same for each worker and not what is asked here.
    await Promise.all(site.warmUp.map((origin) => startCrawl(api.url, origin)));
    await untilNoneIsOpen(database.url);
    const pagesBefore = await countPages(database.url);
    for (const { pid } of workings) share?.hold(pid);
    const read = () => ({
      workerCpuSeconds: workings.map(({ pid }) => cpuSecondsOf(pid) ?? Number.NaN),
      serverCpuSeconds: database.serverCpuSeconds() ?? Number.NaN,
      siteCpuSeconds: cpuSecondsOf(site.pid) ?? Number.NaN,
    });
    const before = read();
    const startedAt = performance.now();
    await Promise.all(site.origins.map((origin) => startCrawl(api.url, origin)));
    await untilNoneIsOpen(database.url);
    const seconds = (performance.now() - startedAt) / 1_000;
    const after = read();
    const pages = (await countPages(database.url)) - pagesBefore;
    if (pages !== site.pages) throw new Error(`${pages} pages were stored, not ${site.pages}`);
    return {
      ...{ pages, seconds },
      workerCpuSeconds: after.workerCpuSeconds.map((used, n) => used - (before.workerCpuSeconds[n] ?? Number.NaN)),
      serverCpuSeconds: after.serverCpuSeconds - before.serverCpuSeconds,
      siteCpuSeconds: after.siteCpuSeconds - before.siteCpuSeconds,
    };
  } finally {
    await Promise.all(processes.map((process) => process[Symbol.asyncDispose]()));
    await database.drop();
  }
}

export type ScaleSite = AsyncDisposable & {
  pid: number;
  /** A website on each host. */
  origins: readonly string[];
  /** Of all of them together. */
  pages: number;
  /** As many more, smaller ones. */
  warmUp: readonly string[];
};

/** Websites of so many pages each, of so many bytes (`min-max`), on hosts of their own in another process. */
export async function startSite(hosts: number, pages: number, bytes: string): Promise<ScaleSite> {
  const { promise, resolve, reject } = Promise.withResolvers<string[]>();
  const sizes = Array.from({ length: hosts * 2 }, (_, n) => (n < hosts ? pages : Math.ceil(pages / 3)));
  const shape = [...bytes.split("-"), ...sizes].map(String);
  const server = Bun.spawn([process.execPath, join(import.meta.dir, "scale-site.ts"), ...shape], {
    stdio: ["ignore", "ignore", "inherit"],
    ipc: ({ origins }: { origins: string[] }) => resolve(origins),
    onExit: (_child, code) => reject(new Error(`The websites' process ended with ${code}.`)),
  });
  const stop = async () => {
    server.kill();
    await server.exited;
  };
  const origins = await promise;
  return {
    pid: server.pid,
    origins: origins.slice(0, hosts),
    pages: hosts * pages,
    warmUp: origins.slice(hosts),
    [Symbol.asyncDispose]: stop,
  };
}

async function startCrawl(api: string, origin: string): Promise<void> {
  const options = { concurrency: 8, delay_ms: 0, sitemaps: false };
  const answer = await fetch(`${api}/api/v1/crawls`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ url: `${origin}/`, options }),
  });
  if (!answer.ok) throw new Error(`The crawl of ${origin} was refused: ${answer.status} ${await answer.text()}`);
}

async function untilNoneIsOpen(databaseUrl: string): Promise<void> {
  await using sql = new SQL(databaseUrl, { max: 1 });
  const startedAt = performance.now();
  for (;;) {
    const [{ open }] = await sql.unsafe(`
      select count(*)::int as open from orbweaver.crawl_jobs where state in ('queued', 'running', 'paused')`);
    if (open === 0) return;
    if (performance.now() - startedAt > TIMEOUT_MS) throw new Error(`${open} crawls have not ended`);
    await Bun.sleep(LOOK_MS);
  }
}

async function countPages(databaseUrl: string): Promise<number> {
  await using sql = new SQL(databaseUrl, { max: 1 });
  const [{ pages }] = await sql.unsafe("select count(*)::int as pages from orbweaver.pages");
  return pages;
}
