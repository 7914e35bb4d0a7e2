import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import type { Crawl } from "../../src/crawl/crawls.ts";
import { urlOf } from "../crawl/server.ts";
import { canReach, REDIS } from "../testing/servers.ts";
import { hasPostgres, testStores } from "../testing/stores.ts";
import { type Cluster, openCluster } from "./cluster.ts";
import { crawlThroughFreeze, type FrozenCrawl } from "./freeze.ts";
import { type HostsShape, type ServedHosts, serveHosts } from "./hosts.ts";
import { auditJobs } from "./job-audit.ts";
import { type WorkedJobs, workJobs } from "./jobs.ts";
import { crawlThroughKills, type KilledCrawl } from "./kills.ts";
import { crawlThroughOutages, type OutlivedCrawl } from "./outages.ts";
import { expectAllOnce, listFetchers } from "./outcomes.ts";
import { canStartServers, startOwnPostgres, startOwnRedis } from "./own-servers.ts";
import { studyTreatment } from "./politeness.ts";
import { createTraces, poison, probe } from "./probe-kinds.ts";
import { FROM_SOURCE, type RunningProcess } from "./processes.ts";
import { until } from "./until.ts";

// The long forms are in test/soak. All that is long here is waiting for what dead processes held, so that all waits at
// the same time.

const JOBS = 200;
const POISONOUS = 10;
const SITES = 5;
const PAGES = 160;
const DELAY_MS = 50;
const HOUR_MS = 3_600_000;

const hasServers = hasPostgres && (await canReach(REDIS));
const closers: (() => Promise<unknown>)[] = [];

type Crawled<T> = T & { cluster: Cluster; web: ServedHosts };
type Shared = Crawled<{ worked: WorkedJobs; crawls: Crawl[]; frozen: Crawled<FrozenCrawl> }>;
type Own = { killed: Crawled<KilledCrawl>; outlived: Crawled<OutlivedCrawl>; workers: RunningProcess[] };

let onShared: Promise<Shared>;
let onOwn: Promise<Own>;

beforeAll(() => {
  if (hasServers) onShared = workOnSharedServers();
  if (canStartServers) onOwn = workOnOwnServers();
  // Whichever test asks first is told.
  for (const work of [onShared, onOwn]) work?.catch(() => {});
});

afterAll(async () => {
  await Promise.allSettled([onShared, onOwn]);
  for (const close of closers.reverse()) await close();
});

function serve(shape: HostsShape): ServedHosts {
  const web = serveHosts(shape);
  closers.push(web.stop);
  return web;
}

async function open(databaseUrl: string, redisUrl: string, worker: readonly string[]): Promise<Cluster> {
  const cluster = await openCluster({ databaseUrl, redisUrl, worker });
  closers.push(cluster.close);
  return cluster;
}

/** First jobs and crawls, and then a crawl of whose workers one stands still. */
async function workOnSharedServers(): Promise<Shared> {
  const store = await testStores[1]?.open();
  if (!store) throw new Error("There is no PostgreSQL");
  closers.push(store.close);
  const worker = [process.execPath, join(import.meta.dir, "worker.ts")];
  const cluster = await open(urlOf(store), REDIS.url.href, worker);
  await createTraces(cluster.app.db);
  await auditJobs(cluster.app.db);
  // Their clocks are two hours apart, and change places in mid-work.
  const workers = await Promise.all([cluster.addWorker(`${HOUR_MS}`), cluster.addWorker(`${-HOUR_MS}`)]);
  const web = serve({ sites: SITES, pages: 24, hosts: 4 });
  const crawling = Promise.all(Array.from({ length: SITES }, (_, site) => cluster.crawl(web.start(site))));
  await until("some of it is crawled", () => web.visited > 15);
  for (const worker of workers) worker.stepClock();
  const worked = await workJobs(cluster, { count: JOBS, poisonous: POISONOUS });
  const crawls = await Promise.all((await crawling).map((crawl) => cluster.untilEnded(crawl)));
  const still = serve({ hosts: 4, pages: 120, latencyMs: 100 });
  const frozen = { ...(await crawlThroughFreeze(cluster, still)), cluster, web: still };
  return { cluster, web, worked, crawls, frozen };
}

/** First a crawl whose database and Redis go away, and then one whose workers are killed. */
async function workOnOwnServers(): Promise<Own> {
  const [database, redis] = await Promise.all([startOwnPostgres(), startOwnRedis()]);
  closers.push(database.stop, redis.stop);
  const cluster = await open(database.url, redis.url, [...FROM_SOURCE, "worker"]);
  const workers = await Promise.all([cluster.addWorker(), cluster.addWorker()]);
  const shaky = serve({ pages: PAGES, latencyMs: 5 });
  const outages = { pages: PAGES, withoutRedisMs: 500 };
  const outlived = await crawlThroughOutages(cluster, shaky, { database, redis }, outages);
  const workersLeft = workers.filter(({ isRunning }) => isRunning);
  const web = serve({ pages: PAGES, latencyMs: 5 });
  const killed = await crawlThroughKills(cluster, web, inMidCrawl(web, 3));
  return { workers: workersLeft, outlived: { ...outlived, cluster, web: shaky }, killed: { ...killed, cluster, web } };
}

/** Close together, so that what all of them held is waited for at the same time. */
async function* inMidCrawl(web: ServedHosts, count: number) {
  await until("some of it is crawled", () => web.visited > PAGES * 0.3);
  for (let n = 0; n < count; n++) {
    yield;
    await Bun.sleep(300);
  }
}

/** No host saw two slices at once, and each had its pauses. */
function expectPoliteness({ hosts }: ServedHosts): void {
  const { mostOpen, trespasses, shareBelow, smallestHandoverMs } = studyTreatment(hosts);

  expect({ mostOpen, trespasses }).toEqual({ mostOpen: 1, trespasses: 0 });
  // A request that is late on its way to the host leaves the next one a shorter gap; that is chance, and rare.
  expect(shareBelow(DELAY_MS * 0.8)).toBeLessThan(0.1);
  expect(smallestHandoverMs).toBeGreaterThan(DELAY_MS * 0.5);
}

describe.skipIf(!hasServers)("two workers whose clocks differ", () => {
  test("run jobs once each, none twice and none never", async () => {
    const { worked } = await onShared;
    const own = worked.jobs.filter(({ kind }) => kind === probe.name);

    expect(own).toHaveLength(JOBS);
    expect(own.filter(({ state, taken, ended }) => state !== "completed" || taken !== 1 || ended !== 1)).toEqual([]);
    expect(worked.traces.map(({ n }) => n)).toEqual(Array.from({ length: JOBS }, (_, n) => n));
    expect(new Set(worked.traces.map(({ jobId }) => jobId))).toEqual(new Set(own.map(({ id }) => id)));
  });

  test("let jobs that can never be done keep no others waiting, and make them dead letters that say why", async () => {
    const { worked } = await onShared;
    const bad = worked.jobs.filter(({ kind }) => kind === poison.name);

    expect(bad.map(({ state }) => state)).toEqual(Array.from({ length: POISONOUS }, () => "failed"));
    // All its attempts, or one where no other would do better.
    expect(bad.map(({ taken }) => taken).sort()).toEqual([1, 1, 1, 1, 1, 2, 2, 2, 2, 2]);
    expect(worked.deadLetters.map(({ message }) => message)).toEqual([
      ...Array.from({ length: POISONOUS / 2 }, () => "this can never work"),
      ...Array.from({ length: POISONOUS / 2 }, () => "this did not work"),
    ]);
  });

  test("bring several crawls of the same hosts to their ends, each page once, politely", async () => {
    const { cluster, web, crawls } = await onShared;

    for (const [site, crawl] of crawls.entries()) await expectAllOnce(cluster.app.db, crawl, web.urls(site));
    expect(web.requests).toBe(web.visited);
    expectPoliteness(web);
  });

  test("are refused what they bring after they stood still for longer than their leases", async () => {
    const { cluster, web, crawl, frozen, overtaken } = (await onShared).frozen;
    const fetchers = await listFetchers(cluster.app.db, crawl);

    expect(overtaken).not.toBeEmpty();
    for (const url of overtaken) expect(fetchers.get(url)).not.toBe(frozen.name);
    await expectAllOnce(cluster.app.db, crawl, web.urls());
    expect(frozen.isRunning).toBe(true);
    expectPoliteness(web);
  });
});

describe.skipIf(!canStartServers)("two workers of the program", () => {
  test("go on by themselves after the database was restarted and Redis was away", async () => {
    const { workers, outlived } = await onOwn;

    await expectAllOnce(outlived.cluster.app.db, outlived.crawl, outlived.web.urls());
    expectPoliteness(outlived.web);
    expect(workers).toHaveLength(2);
  });

  test("lose nothing when they are killed: the crawl ends by itself, each page once, politely", async () => {
    const { cluster, web, crawl, recoveryMs } = (await onOwn).killed;

    await expectAllOnce(cluster.app.db, crawl, web.urls());
    expectPoliteness(web);
    expect(Math.max(...recoveryMs)).toBeLessThan(30_000);
  });
});
