import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { systemClock } from "../../src/clock.ts";
import { rowsOf, type Store } from "../../src/db/db.ts";
import { openPostgresStore } from "../../src/db/postgres.ts";
import { enqueueMany } from "../../src/jobs/enqueue.ts";
import { openJobs } from "../../src/jobs/jobs.ts";
import { QUEUE_NAMES } from "../../src/jobs/queues.ts";
import { startWorker } from "../../src/jobs/worker.ts";
import { createLog } from "../../src/telemetry/log.ts";
import { openRedisDoor } from "../redis-door.ts";
import { POSTGRES } from "../testing/servers.ts";
import { hasPostgres, testStores } from "../testing/stores.ts";
import { type JobApp, openJobApp, places, readJobs, type TestKind, testKind, until } from "./job-app.ts";

const log = createLog("error", systemClock, () => {});

describe.if(hasPostgres)("several processes over one database", () => {
  let store: Store;
  let url: URL;
  const others: (() => Promise<void>)[] = [];

  beforeAll(async () => {
    store = await (testStores.find(({ name }) => name === "postgres") as (typeof testStores)[number]).open();
    const [row] = rowsOf<{ name: string }>(await store.db.execute("select current_database() as name"));
    url = new URL(POSTGRES.url);
    url.pathname = row?.name ?? "";
  });
  afterAll(async () => {
    for (const close of others) await close();
    await store?.close();
  });

  /** Another process's view: connections, queue and cache of its own. */
  const openAnother = async ({ namespace, port }: { namespace?: string; port?: number } = {}): Promise<JobApp> => {
    const at = new URL(url);
    if (port) at.port = String(port);
    const another = await openPostgresStore(at.href, { poolSize: 4, namespace });
    const jobs = await openJobs(another, { clock: systemClock, log });
    others.push(async () => {
      await jobs.close();
      await another.close();
    });
    return openJobApp(another);
  };

  test("make the queue's tables together, whoever comes first", async () => {
    const apps = await Promise.all([1, 2, 3, 4].map(() => openAnother({ namespace: "elsewhere" })));

    expect(apps.map(({ jobs }) => jobs.namespace)).toEqual(Array(4).fill("elsewhere_jobs"));
    const queues = await apps[0]?.jobs.boss.getQueues();
    expect(queues?.filter(({ policy }) => policy === "exclusive")).toHaveLength(QUEUE_NAMES.length);
  });

  test("run each of many jobs once", async () => {
    const runs = new Map<number, number>();
    const kind = testKind(async (_app, { n }) => {
      runs.set(n, (runs.get(n) ?? 0) + 1);
      if (n % 10 === 0) await Bun.sleep(1);
    });
    const apps = [openJobApp(store), await openAnother()];
    const workers = apps.map((app) => startWorker(app, [kind], places(7)));

    await enqueueMany(
      store.db,
      kind,
      Array.from({ length: 200 }, (_, n) => ({ payload: { n } })),
    );
    // Only the one whose process made them is told; the other finds them by looking.
    await until(async () => (await readJobs(store)).every(({ state }) => state === "completed"));
    await Promise.all(workers.map((worker) => worker.stop(0)));

    expect(runs.size).toBe(200);
    expect([...runs.values()].every((count) => count === 1)).toBe(true);
  });

  test("share a burst of jobs that take long, whoever hears of it first", async () => {
    const runs = [0, 0];
    const kinds = runs.map((_, who) =>
      testKind(
        async (_app, _payload, { signal }) => {
          runs[who] = (runs[who] ?? 0) + 1;
          await systemClock.sleep(60_000, signal).catch(() => {});
        },
        { queue: "crawl", name: "test-slow" },
      ),
    );
    const apps = [openJobApp(store), await openAnother()];
    const workers = apps.map((app, who) => startWorker(app, kinds.slice(who, who + 1), places(64)));
    await until(() => workers.every(({ pulse }) => pulse.ageMs() < 2_000));

    const ids = await enqueueMany(store.db, kinds[0] as TestKind, Array(30).fill({ payload: { n: 1 } }));
    for (const { jobs } of apps) jobs.announce("crawl");
    await until(() => runs.every((count) => count > 0) && runs.reduce((sum, count) => sum + count) === ids.length);
    await Promise.all(apps.map(({ jobs }) => jobs.boss.cancel("crawl", ids)));
    await Promise.all(workers.map((worker) => worker.stop(0)));

    expect(Math.max(...runs)).toBeLessThanOrEqual(20);
  });

  test("lose no job when the database goes away and comes back while they run", async () => {
    const door = await openRedisDoor(POSTGRES.url);
    const app = await openAnother({ port: door.port });
    let going = 0;
    let mayEnd: (() => void) | undefined;
    const end = new Promise<void>((resolve) => {
      mayEnd = resolve;
    });
    const kind = testKind(async (_app, { n }, job) => {
      job.progress({ n });
      going++;
      await end;
      if (n % 3 === 0) throw new Error("of its own");
      return n % 3 === 1 ? { n } : undefined;
    });
    const ids = await enqueueMany(
      app.db,
      kind,
      Array.from({ length: 12 }, (_, n) => ({ payload: { n } })),
    );
    const worker = startWorker(app, [kind], places(8));
    await until(() => going === 8);

    await door.shut();
    mayEnd?.();
    await Bun.sleep(300);
    await door.reopen();

    const hasEnded = ({ state }: { state: string }) => state === "completed" || state === "failed";
    await until(async () => (await readJobs(store, ids)).filter(hasEnded).length === 12);
    await worker.stop(0);
    const states = (await readJobs(store, ids)).map(({ state, retryCount }) => `${state} ${retryCount}`);
    expect(states.toSorted()).toEqual([...Array(8).fill("completed 0"), ...Array(4).fill("failed 0")]);
  });

  test("notice within seconds that one of them is dead", async () => {
    const app = openJobApp(store);
    const ran: string[] = [];
    const kind = testKind(async (_app, { n }, { attempt }) => void ran.push(`${n} ${attempt}`));
    const ids = await enqueueMany(app.db, kind, [{ payload: { n: 1 } }]);
    // The dead one took it, and was last heard of so long ago.
    await app.jobs.boss.fetch("control");
    await store.query(
      "update orbweaver_jobs.job set heartbeat_on = now() - interval '9 seconds' where state = 'active'",
    );

    const survivor = await openAnother();
    survivor.jobs.supervise();
    const worker = startWorker(survivor, [kind], places(1));

    await until(async () => (await readJobs(app, ids)).every(({ state }) => state === "completed"));
    await worker.stop(0);
    expect(ran).toEqual(["1 2"]);
  });
});
