import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import type { InstanceRole } from "../../src/config/roles.ts";
import type { Db, Store } from "../../src/db/db.ts";
import { instances } from "../../src/db/schema/jobs.ts";
import { type Beat, countLiveInstances, listInstances, stateOfInstance } from "../../src/instances/instances.ts";
import { readLoad } from "../../src/instances/load.ts";
import { createInstances, type Self } from "../../src/instances/membership.ts";
import { watchInstances } from "../../src/instances/observed-instances.ts";
import { createLog } from "../../src/telemetry/log.ts";
import { createRecorder } from "../../src/telemetry/recorder.ts";
import { SILENT } from "../../src/telemetry/telemetry.ts";
import { createManualClock } from "../manual-clock.ts";
import { testStores } from "../testing/stores.ts";

const WORK = { runningJobs: () => ({ crawl: 2 }), busyParserThreads: () => 1 };
const roles = (...names: InstanceRole[]) => ({ ...WORK, roles: new Set(names) }) satisfies Self;

describe.each(testStores)("instances on the $name store", ({ open, name }) => {
  let store: Store;

  beforeAll(async () => {
    store = await open();
  });
  afterEach(async () => {
    await store.db.delete(instances);
  });
  afterAll(() => store.close());

  /** Processes that share a clock and a log, whatever the kind of the store. */
  function setUp() {
    const clock = createManualClock();
    const events: string[] = [];
    const log = createLog("info", clock, (line) => events.push(JSON.parse(line).event));
    const create = (id: string = Bun.randomUUIDv7()) => createInstances(id, { clock, log });
    return { clock, events, create, server: { ...store, kind: "postgres" as const } };
  }

  const list = () => listInstances(store.db, { limit: 10 });

  test("a process tells what it is and how much it does, and is gone from the list when it has left", async () => {
    const { clock, create, server, events } = setUp();
    const id = Bun.randomUUIDv7();
    const own = create(id);

    await own.beat();
    const before = await list();
    await own.join(server, { ...roles("api", "scheduler"), url: "http://host:3000" });
    const [instance] = await list();
    await own.leave();
    await own.leave();
    await own.beat();

    expect(before).toEqual([]);
    expect(instance).toMatchObject({ id, pid: process.pid, roles: ["api", "scheduler"], url: "http://host:3000" });
    expect(instance).toMatchObject({ startedAt: clock.now(), seenAt: clock.now(), stoppingAt: null });
    expect(readLoad(instance?.load)).toEqual({
      cpu: expect.any(Number),
      memoryBytes: expect.any(Number),
      eventLoopDelayMs: expect.any(Number),
      parserThreadsBusy: 1,
      jobs: { crawl: 2 },
    });
    expect(await list()).toEqual([]);
    expect(events).toEqual([]);
  });

  test("a process is alive as long as it beats, stopping once it said so, and gone after thirty seconds", async () => {
    const { clock, create, server } = setUp();
    const [silent, ending] = [create(), create()];
    await silent.join(server, roles("worker"));
    await ending.join(server, roles("worker"));
    const states = async () => (await list()).map((instance) => stateOfInstance(instance, clock.now()));

    await clock.advance(20_000);
    await ending.announceEnd();
    const quiet = await states();
    await clock.advance(10_000);
    const late = await states();
    await clock.advance(1);
    const gone = await states();
    await silent.beat();

    expect(quiet).toEqual(["stopping", "alive"]);
    expect(late).toEqual(["stopping", "alive"]);
    expect(gone).toEqual(["stopping", "gone"]);
    expect(await states()).toEqual(["stopping", "alive"]);
    await Promise.all([silent.leave(), ending.leave()]);
  });

  test("each remembers how many are alive of a role, and nobody before it has looked", async () => {
    const { clock, create, server } = setUp();
    const [first, second, third] = [create(), create(), create()];
    const unknown = [first.isKnown(), first.live("api")];

    await first.join(server, roles("api", "scheduler"));
    await second.join(server, roles("api"));
    await third.join(server, roles("worker"));
    const alone = first.live("api");
    await first.beat();
    const all = [first.live("api"), first.live("worker"), first.live("scheduler")];
    await third.announceEnd();
    await clock.advance(30_001);
    await first.beat();

    expect(unknown).toEqual([false, 0]);
    expect([first.isKnown(), alone]).toEqual([true, 1]);
    expect(all).toEqual([2, 1, 1]);
    expect([first.live("api"), first.live("worker")]).toEqual([1, 0]);
    expect(await countLiveInstances(store.db, clock.now())).toEqual({ api: 1, worker: 0, scheduler: 1 });
    await Promise.all([first, second, third].map((one) => one.leave()));
  });

  test("a process that was held up for so long that its row was taken away is back with its next beat", async () => {
    const { clock, create, server } = setUp();
    const frozen = create();
    await frozen.join(server, roles("worker"));
    await clock.advance(86_400_000);
    await store.db.delete(instances);

    await frozen.beat();

    expect((await list()).map((instance) => stateOfInstance(instance, clock.now()))).toEqual(["alive"]);
    await frozen.leave();
  });

  test("an outage is logged once, lived through with what was known, and told to be over", async () => {
    const { create, server, events } = setUp();
    const own = create();
    const away = new Proxy(store.db, {
      get: (db, name) => {
        if (isAway) throw new Error("connect ECONNREFUSED");
        return Reflect.get(db, name);
      },
    }) as Db;
    let isAway = false;
    await own.join({ ...server, db: away }, roles("api"));

    isAway = true;
    await own.beat();
    await own.beat();
    await own.announceEnd();
    const remembered = own.live("api");
    isAway = false;
    await own.beat();
    const recovered = [...events];
    isAway = true;
    await own.leave();

    expect(remembered).toBe(1);
    expect(recovered).toEqual(["heartbeat failed", "heartbeat recovered"]);
    expect(events.at(-1)).toBe("own instance not deleted");
    expect(await list()).toMatchObject([{ stoppingAt: expect.any(Date) }]);
  });

  test("pages of the list are by age, newest first", async () => {
    const { create, server } = setUp();
    const ids = Array.from({ length: 3 }, () => Bun.randomUUIDv7());
    const joined = ids.map((id) => create(id));
    await Promise.all(joined.map((one) => one.join(server, roles("api"))));

    const first = await listInstances(store.db, { limit: 2 });
    const rest = await listInstances(store.db, { limit: 2, after: first.at(-1)?.id });

    expect([first, rest].map((page) => page.map(({ id }) => id))).toEqual([[ids[2], ids[1]], [ids[0]]] as string[][]);
    await Promise.all(joined.map((one) => one.leave()));
  });

  if (name === "embedded")
    test("who holds the folder is alone: rows of others are of the dead, and it is written when somebody asks", async () => {
      const { clock, create } = setUp();
      const at = clock.now();
      const dead: Beat = {
        id: Bun.randomUUIDv7(),
        host: "here",
        pid: 1,
        version: "0",
        roles: [],
        startedAt: at,
        seenAt: at,
      };
      await store.db.insert(instances).values(dead);
      const own = create();

      await own.join(store, roles("api", "worker", "scheduler"));
      await clock.advance(60_000);
      const quiet = await list();
      await own.beat();

      expect(quiet.map(({ seenAt }) => seenAt)).toEqual([at]);
      expect((await list()).map(({ seenAt }) => seenAt)).toEqual([clock.now()]);
      await own.leave();
    });
});

test("whoever reads metrics hears how many processes are alive, by role", async () => {
  const recorder = createRecorder(0);
  const leave = watchInstances({ live: (role) => (role === "worker" ? 3 : 1) }, { ...SILENT, watch: recorder.watch });

  const read = async () => (await recorder.read()).find(({ name }) => name === "orbweaver.instances")?.series;
  const series = await read();
  leave();

  expect(series?.map(({ labels, value }) => [labels.role, value])).toEqual([
    ["api", 1],
    ["worker", 3],
    ["scheduler", 1],
  ]);
  expect(await read()).toEqual([]);
});

test("a load that another version wrote is not taken for one of ours", () => {
  expect(readLoad({})).toBeUndefined();
  expect(readLoad({ cpu: "half" })).toBeUndefined();
});

test("beats keep no process alive", async () => {
  const script = `
    import { createInstances } from "${import.meta.dir}/../../src/instances/membership.ts";
    import { systemClock } from "${import.meta.dir}/../../src/clock.ts";
    import { createLog } from "${import.meta.dir}/../../src/telemetry/log.ts";
    const log = createLog("error", systemClock, () => {});
    const work = { roles: new Set(["api"]), runningJobs: () => ({}), busyParserThreads: () => 0 };
    await createInstances("a", { clock: systemClock, log }).join({ db: {}, kind: "postgres" }, work);
    console.log("joined");
  `;
  const child = Bun.spawn([process.execPath, "-e", script], { stdout: "pipe", stderr: "inherit", timeout: 10_000 });

  expect(await child.stdout.text()).toBe("joined\n");
  expect(await child.exited).toBe(0);
});
