import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { sql } from "drizzle-orm";
import { hasIdlerPeer } from "../../src/crawl/peers.ts";
import type { Store } from "../../src/db/db.ts";
import { instances } from "../../src/db/schema/jobs.ts";
import { testStores } from "../testing/stores.ts";

const ME = Bun.randomUUIDv7();

describe.each(testStores)("on the $name store, a host is worth handing over", ({ open }) => {
  let store: Store;
  beforeAll(async () => {
    store = await open();
  });
  afterEach(async () => void (await store.db.delete(instances)));
  afterAll(() => store.close());

  async function addInstance(values: Partial<typeof instances.$inferInsert>, id = Bun.randomUUIDv7()): Promise<void> {
    const at = sql`clock_timestamp()` as unknown as Date;
    const common = { host: "machine", pid: 1, version: "0.0.0", roles: ["worker"], startedAt: at, seenAt: at };
    await store.db.insert(instances).values({ id, ...common, ...values });
  }
  const working = (crawl: number) => ({ load: { jobs: { crawl } } });

  test("when another worker has at least two fewer", async () => {
    await addInstance(working(3));

    expect(await hasIdlerPeer(store.db, ME, 4)).toBe(false);
    expect(await hasIdlerPeer(store.db, ME, 5)).toBe(true);
  });

  test("when another worker has not told of any", async () => {
    await addInstance({ load: {} });

    expect(await hasIdlerPeer(store.db, ME, 1)).toBe(false);
    expect(await hasIdlerPeer(store.db, ME, 2)).toBe(true);
  });

  test.each<[string, Partial<typeof instances.$inferInsert>]>([
    ["works nothing", { roles: ["api", "scheduler"] }],
    ["is about to end", { stoppingAt: sql`clock_timestamp()` as unknown as Date }],
    ["was last heard of a while ago", { seenAt: sql`clock_timestamp() - interval '20 seconds'` as unknown as Date }],
  ])("not to a process that %s", async (_, values) => {
    await addInstance({ ...working(0), ...values });

    expect(await hasIdlerPeer(store.db, ME, 9)).toBe(false);
  });

  test("not to itself", async () => {
    await addInstance(working(0), ME);

    expect(await hasIdlerPeer(store.db, ME, 9)).toBe(false);
  });
});
