import { expect, test } from "bun:test";
import { createHostQueues } from "../../src/crawl/host-queues.ts";
import { createManualClock } from "../manual-clock.ts";

const SETTINGS = { concurrency: 2, minDelayMs: 0 };

async function isGranted(promise: Promise<unknown>): Promise<boolean> {
  return Promise.race([promise.then(() => true), new Promise<boolean>((resolve) => setImmediate(resolve, false))]);
}

function setUp() {
  const clock = createManualClock();
  return { clock, hosts: createHostQueues(clock, () => 0.5) };
}

test("crawls that meet on a host share its queue", () => {
  const { hosts } = setUp();

  const first = hosts.take("a.example", SETTINGS);
  const second = hosts.take("a.example", { concurrency: 9, minDelayMs: 5 });

  expect(second.queue).toBe(first.queue);
  expect(hosts.take("b.example", SETTINGS).queue).not.toBe(first.queue);
});

test("a host that asked for a pause is left alone also by who comes later", async () => {
  const { clock, hosts } = setUp();
  const first = hosts.take("a.example", SETTINGS);
  (await first.queue.acquire()).release({ kind: "throttled", latencyMs: 1, retryAfterMs: 120_000 });
  first.release();
  first.release();

  const again = hosts.take("a.example", SETTINGS).queue.acquire();
  const other = hosts.take("b.example", SETTINGS).queue.acquire();

  expect(await isGranted(other)).toBe(true);
  expect(await isGranted(again)).toBe(false);
  await clock.advance(120_000);
  expect(await isGranted(again)).toBe(true);
});

test("a crawl with another pace obeys the pause, and keeps its own pace", async () => {
  const { clock, hosts } = setUp();
  const slow = hosts.take("a.example", { concurrency: 1, minDelayMs: 10_000 });
  (await slow.queue.acquire()).release({ kind: "throttled", latencyMs: 1, retryAfterMs: 60_000 });
  slow.release();

  const { queue } = hosts.take("a.example", SETTINGS);
  const first = queue.acquire();
  expect(await isGranted(first)).toBe(false);
  await clock.advance(60_000);

  expect(await isGranted(first)).toBe(true);
  expect(await isGranted(queue.acquire())).toBe(true);
});

test("a delay between requests is kept from one slice to the next", async () => {
  const { clock, hosts } = setUp();
  const settings = { ...SETTINGS, crawlDelayMs: 30_000 };
  const first = hosts.take("a.example", settings);
  (await first.queue.acquire()).release({ kind: "ok", latencyMs: 1 });
  first.release();

  const again = hosts.take("a.example", settings).queue.acquire();

  expect(await isGranted(again)).toBe(false);
  await clock.advance(30_000);
  expect(await isGranted(again)).toBe(true);
});

test("a host is forgotten after ten minutes, when it was given up, and when a thousand others came after it", async () => {
  const { clock, hosts } = setUp();
  const old = hosts.take("old.example", SETTINGS);
  const crowded = hosts.take("crowded.example", SETTINGS);
  const stopped = hosts.take("stopped.example", SETTINGS);
  for (let n = 0; n < 20; n++) {
    (await stopped.queue.acquire()).release({ kind: "network_error", latencyMs: 1 });
    await clock.advance(60_000);
  }
  expect(stopped.queue.stopReason).toBeDefined();

  stopped.release();
  expect(hosts.take("stopped.example", SETTINGS).queue).not.toBe(stopped.queue);
  old.release();
  await clock.advance(600_001);
  expect(hosts.take("old.example", SETTINGS).queue).not.toBe(old.queue);
  crowded.release();
  for (let n = 0; n < 1_000; n++) hosts.take(`${n}.example`, SETTINGS).release();
  expect(hosts.take("crowded.example", SETTINGS).queue).not.toBe(crowded.queue);
});
