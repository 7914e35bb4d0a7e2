import { afterAll, afterEach, beforeAll, expect, mock, spyOn, test } from "bun:test";
import { systemClock } from "../../src/clock.ts";
import { freeHost, type HostClaim, renewHosts, takeHost } from "../../src/crawl/host-leases.ts";
import { openHostQueue } from "../../src/crawl/host-politeness.ts";
import { createHostQueue } from "../../src/crawl/politeness.ts";
import type { Store } from "../../src/db/db.ts";
import { testStores } from "../testing/stores.ts";

const HOUR_MS = 3_600_000;
const PAUSE_MS = 90_000;
const settings = { concurrency: 1, minDelayMs: 50 };

let store: Store;

beforeAll(async () => {
  store = (await testStores[0]?.open()) as Store;
});
afterAll(() => store.close());
afterEach(() => void mock.restore());

test.each([
  ["as its own", 0],
  ["an hour behind", -HOUR_MS],
  ["an hour ahead", HOUR_MS],
])("a host's pause is kept by a process whose clock is %s", async (_how, skewMs) => {
  const claim = await claimHost();
  const queue = createHostQueue({ clock: systemClock, maxDelayMs: 60_000, ...settings });
  (await queue.acquire()).release({ kind: "throttled", latencyMs: 1, retryAfterMs: PAUSE_MS });
  const at = systemClock.now().getTime();
  const politeness = { crawlId: claim.crawlId, settings, snapshot: queue.snapshot(), at };
  await renewHosts(store.db, [{ ...claim, politeness }]);
  await freeHost(store.db, claim, politeness);

  const taken = await takeHost(store.db, { ...claim, token: Bun.randomUUIDv7() });
  const now = at + skewMs;
  spyOn(systemClock, "now").mockReturnValue(new Date(now));
  const restored = openHostQueue(systemClock, settings, claim.crawlId, taken?.politeness ?? null).snapshot();

  const leftMs = restored.pausedUntil - now;
  expect(leftMs).toBeLessThanOrEqual(PAUSE_MS);
  // What the database took in between.
  expect(leftMs).toBeGreaterThan(PAUSE_MS - 10_000);
  expect(restored.nextAt - now).toBeLessThanOrEqual(restored.delayMs * 1.25);
});

test("a host that was never worked has nothing to be kept", async () => {
  const claim = await claimHost();

  await freeHost(store.db, claim, undefined);

  expect(await takeHost(store.db, claim)).toEqual({ politeness: null });
});

async function claimHost(): Promise<HostClaim> {
  const ids = { token: Bun.randomUUIDv7(), crawlId: Bun.randomUUIDv7(), sliceId: Bun.randomUUIDv7() };
  const claim = { host: `${Bun.randomUUIDv7()}.example`, ...ids };
  await takeHost(store.db, claim);
  return claim;
}
