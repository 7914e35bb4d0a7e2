import { beforeEach, describe, expect, test } from "bun:test";
import {
  createHostQueue,
  type HostQueue,
  type HostQueueOptions,
  HostStoppedError,
  type Outcome,
  type Permit,
} from "../../src/crawl/politeness.ts";
import { createManualClock, type ManualClock } from "../manual-clock.ts";

let clock: ManualClock;

beforeEach(() => {
  clock = createManualClock(0);
});

/** Chance stands in the middle: delays are neither stretched nor cut. */
const createQueue = (options: Partial<HostQueueOptions> = {}) =>
  createHostQueue({ clock, random: () => 0.5, concurrency: 1, minDelayMs: 0, maxDelayMs: 60_000, ...options });

const ok = (latencyMs = 10): Outcome => ({ kind: "ok", latencyMs });
const failed = (kind: Outcome["kind"], extra: Partial<Outcome> = {}): Outcome => ({ kind, latencyMs: 10, ...extra });

/** Notes when each of `count` requests may begin; each takes `outcome.latencyMs`. */
function run(queue: HostQueue, count: number, outcome: (number: number) => Outcome = () => ok()): number[] {
  const begunAt: number[] = [];
  for (let number = 0; number < count; number++) {
    queue
      .acquire()
      .then(async (permit) => {
        begunAt.push(clock.now().getTime());
        const result = outcome(number);
        await clock.sleep(result.latencyMs);
        permit.release(result);
      })
      .catch(() => {});
  }
  return begunAt;
}

async function acquireNow(queue: HostQueue): Promise<Permit | undefined> {
  const abort = new AbortController();
  const waiting = queue.acquire(abort.signal).catch(() => undefined);
  await clock.settle();
  abort.abort();
  return waiting;
}

async function countFree(queue: HostQueue): Promise<number> {
  const permits: Permit[] = [];
  for (let permit = await acquireNow(queue); permit; permit = await acquireNow(queue)) permits.push(permit);
  // Given back as what says nothing about speed; at full concurrency it changes nothing.
  for (const permit of permits) permit.release(failed("client_error"));
  return permits.length;
}

describe("delays", () => {
  test("lie between the beginnings of requests, in the order of asking", async () => {
    const begunAt = run(createQueue({ minDelayMs: 1_000, concurrency: 4 }), 4);

    await clock.advance(10_000);

    expect(begunAt).toEqual([0, 1_000, 2_000, 3_000]);
  });

  test("count from when a request goes out, where that is later than it might", async () => {
    const queue = createQueue({ minDelayMs: 1_000 });

    const late = await queue.acquire();
    await clock.advance(5_000);
    late.begin();
    late.release(ok());
    const begunAt = run(queue, 1);
    await clock.advance(10_000);

    expect(begunAt).toEqual([6_000]);
  });

  test("are spread by a quarter, but never below what was asked for", async () => {
    const early = run(createQueue({ minDelayMs: 1_000, random: () => 0 }), 3);
    const late = run(createQueue({ minDelayMs: 1_000, random: () => 1 }), 3);

    await clock.advance(10_000);

    expect(early).toEqual([0, 1_000, 2_000]);
    expect(late).toEqual([0, 1_250, 2_500]);
  });

  test("of none let all through at once, up to the concurrency, without a timer", async () => {
    const queue = createQueue({ concurrency: 3 });
    const first = await queue.acquire();
    await queue.acquire();
    await queue.acquire();
    let isThrough = false;
    const fourth = queue.acquire().then(() => {
      isThrough = true;
    });
    await clock.settle();
    expect(isThrough).toBe(false);
    expect(clock.sleepers).toBe(0);

    first.release(ok());
    first.release(ok());
    await fourth;

    expect(clock.now().getTime()).toBe(0);
    expect(await acquireNow(queue)).toBeUndefined();
  });

  test("rise to the latency of a slow host at once, and fall by halves when it is quick again", async () => {
    const queue = createQueue({ concurrency: 2 });
    (await queue.acquire()).release(ok(4_000));
    expect(queue.snapshot().delayMs).toBe(2_000);

    const delays: number[] = [];
    for (let n = 0; n < 12; n++) {
      const permit = queue.acquire();
      await clock.advance(5_000);
      (await permit).release(ok(100));
      delays.push(queue.snapshot().delayMs);
    }

    expect(delays.slice(0, 3)).toEqual([1_000, 500, 250]);
    expect(delays.at(-1)).toBe(0);
  });

  test("stay within their bounds", async () => {
    const queue = createQueue({ minDelayMs: 500, maxDelayMs: 2_000 });
    (await queue.acquire()).release(ok(30_000));
    expect(queue.snapshot().delayMs).toBe(2_000);

    for (let n = 0; n < 5; n++) {
      const permit = queue.acquire();
      await clock.advance(3_000);
      (await permit).release(ok(1));
    }
    expect(queue.snapshot().delayMs).toBe(500);
  });

  test.each(["client_error", "server_error", "network_error", "throttled"] as const)(
    "are not shortened by a quick %s",
    async (kind) => {
      const queue = createQueue();
      (await queue.acquire()).release(ok(4_000));
      const permit = queue.acquire();
      await clock.advance(10_000);

      (await permit).release(failed(kind, { latencyMs: 1 }));

      expect(queue.snapshot().delayMs).toBeGreaterThanOrEqual(4_000);
    },
  );

  test("of robots.txt are obeyed one request at a time, up to a minute", async () => {
    const asked = run(createQueue({ crawlDelayMs: 10_000, concurrency: 8, maxDelayMs: 1_000 }), 3);
    const absurd = run(createQueue({ crawlDelayMs: 86_400_000 }), 3);
    const slow = run(createQueue({ crawlDelayMs: 1_000, concurrency: 8 }), 2, () => ok(5_000));

    await clock.advance(200_000);

    expect(asked).toEqual([0, 10_000, 20_000]);
    expect(absurd).toEqual([0, 60_000, 120_000]);
    expect(slow).toEqual([0, 5_000]);
  });
});

describe("throttling", () => {
  test("with Retry-After pauses the host for that long, and not longer than ten minutes", async () => {
    const short = createQueue();
    const long = createQueue();
    (await short.acquire()).release(failed("throttled", { retryAfterMs: 30_000 }));
    (await long.acquire()).release(failed("throttled", { retryAfterMs: 86_400_000 }));
    const begunShort = run(short, 1);
    const begunLong = run(long, 1);

    await clock.advance(700_000);

    expect(begunShort).toEqual([30_000]);
    expect(begunLong).toEqual([600_000]);
  });

  test("without it pauses for twice as long each time in a row, and success begins anew", async () => {
    const queue = createQueue();
    const pauses: number[] = [];
    for (const kind of ["throttled", "throttled", "throttled", "ok", "throttled"] as const) {
      const permit = queue.acquire();
      await clock.advance(60_000);
      (await permit).release(failed(kind));
      if (kind === "throttled") pauses.push(queue.snapshot().pausedUntil - clock.now().getTime());
    }

    expect(pauses).toEqual([1_000, 2_000, 4_000, 1_000]);
  });

  test("of all that is under way at once counts as one blow", async () => {
    const queue = createQueue({ concurrency: 32 });
    const permits = await Promise.all(Array.from({ length: 32 }, () => queue.acquire()));

    for (const permit of permits) permit.release(failed("throttled"));

    expect(queue.snapshot()).toMatchObject({ concurrency: 16, throttledInRow: 1, pausedUntil: 1_000 });
    expect(queue.stopReason).toBeUndefined();
  });

  test("pauses those who wait already, too", async () => {
    const queue = createQueue({ concurrency: 2, minDelayMs: 1_000 });
    const first = await queue.acquire();
    const begunAt = run(queue, 1);

    await clock.advance(500);
    first.release(failed("throttled", { retryAfterMs: 5_000 }));
    await clock.advance(10_000);

    expect(begunAt).toEqual([5_500]);
  });
});

describe("concurrency", () => {
  test.each(["throttled", "server_error", "network_error"] as const)("is halved by a %s", async (kind) => {
    const queue = createQueue({ concurrency: 8 });

    (await queue.acquire()).release(failed(kind));
    await clock.advance(5_000);

    expect(queue.snapshot().concurrency).toBe(4);
  });

  test("comes back one by one, and never exceeds what was asked for", async () => {
    const queue = createQueue({ concurrency: 4 });
    (await queue.acquire()).release(failed("server_error"));
    const seen = new Set<number>();
    for (let n = 0; n < 20; n++) {
      const permit = queue.acquire();
      await clock.advance(1_000);
      (await permit).release(ok());
      seen.add(Math.floor(queue.snapshot().concurrency));
    }

    expect([...seen]).toEqual([2, 3, 4]);
    expect(await countFree(queue)).toBe(4);
  });

  test("does not suffer from pages that are missing", async () => {
    const queue = createQueue({ concurrency: 8 });
    for (let n = 0; n < 200; n++) (await queue.acquire()).release(failed("client_error"));

    expect(queue.snapshot().concurrency).toBe(8);
    expect(queue.stopReason).toBeUndefined();
  });
});

describe("the error budget", () => {
  test("ends after 20 failures in a row, for those who wait and those who come", async () => {
    const queue = createQueue();
    const begunAt = run(queue, 25, () => failed("network_error", { latencyMs: 1 }));
    const waiting = queue.acquire().then(
      () => "through",
      (error) => error,
    );

    await clock.advance(60_000);

    const reason = "The host failed 20 times in a row; the last time it could not be reached";
    expect(begunAt).toHaveLength(20);
    expect(queue.stopReason).toBe(reason);
    expect(await waiting).toEqual(new HostStoppedError(reason));
    await expect(queue.acquire()).rejects.toThrow(HostStoppedError);
    expect(clock.sleepers).toBe(0);
  });

  test("is not touched by runs of 19 failures that stay within half", async () => {
    const queue = createQueue();
    const begunAt = run(queue, 300, (n) => (n % 50 < 19 ? failed("server_error") : ok()));

    await clock.advance(600_000);

    expect(begunAt).toHaveLength(300);
    expect(queue.stopReason).toBeUndefined();
  });

  test("ends when more than half of the last 100 failed", async () => {
    const queue = createQueue();
    run(queue, 200, (n) => (n % 5 < 3 ? failed("server_error") : ok()));

    await clock.advance(600_000);

    expect(queue.stopReason).toBe(
      "The host failed 60 of the last 100 times; the last time it answered with a server error",
    );
  });

  test("can be set", async () => {
    const queue = createQueue({ errorBudget: { maxInRow: 2 } });
    run(queue, 5, () => failed("throttled", { retryAfterMs: 1_000 }));

    await clock.advance(60_000);

    expect(queue.stopReason).toBe("The host failed 2 times in a row; the last time it told us to slow down");
  });
});

test("a clock that is set back by an hour lengthens neither delays nor pauses", async () => {
  await clock.advance(2 * 3_600_000);
  let backMs = 0;
  const skewed = { ...clock, now: () => new Date(clock.now().getTime() - backMs) };
  const queue = createQueue({ clock: skewed, minDelayMs: 1_000 });
  const pausing = createQueue({ clock: skewed });
  (await queue.acquire()).release(ok());
  (await pausing.acquire()).release(failed("throttled", { retryAfterMs: 30_000 }));

  backMs = 3_600_000;
  const [next, resumed] = [queue.acquire(), pausing.acquire()];
  const isGranted = (waiting: Promise<Permit>) =>
    Promise.race([waiting.then(() => true), clock.settle().then(() => false)]);
  await clock.advance(1_000);
  const early = [await isGranted(next), await isGranted(resumed)];
  await clock.advance(29_000);

  expect(early).toEqual([true, false]);
  expect(await isGranted(resumed)).toBe(true);
});

describe("a restart", () => {
  test("goes on with the delay, the pause and the failures of before", async () => {
    const before = createQueue({ concurrency: 8 });
    for (let n = 0; n < 19; n++) {
      const permit = before.acquire();
      await clock.advance(30_000);
      (await permit).release(failed("server_error"));
    }
    const begun = before.acquire();
    await clock.advance(30_000);
    const last = await begun;
    const snapshot = JSON.parse(JSON.stringify(before.snapshot()));

    const after = createQueue({ concurrency: 8, restore: snapshot });
    expect(after.snapshot()).toEqual(snapshot);
    expect(after.snapshot()).toMatchObject({ concurrency: 1, errors: { inRow: 19, recent: "1".repeat(19) } });

    last.release(ok());
    (await after.acquire()).release(failed("server_error"));
    expect(after.stopReason).toStartWith("The host failed 20 times in a row");
    expect(createQueue({ restore: after.snapshot() }).stopReason).toBe(after.stopReason as string);
  });

  test("keeps the last hundred outcomes at the most", async () => {
    const queue = createQueue({ concurrency: 4 });
    for (let n = 0; n < 250; n++) (await queue.acquire()).release(n === 200 ? failed("client_error") : ok());

    expect(queue.snapshot().errors).toEqual({ inRow: 0, recent: "0".repeat(100) });
  });
});

describe("a signal", () => {
  test("takes a waiter out of the line, and the last one's going ends the sleep", async () => {
    const queue = createQueue({ minDelayMs: 10_000 });
    (await queue.acquire()).release(ok());
    const abort = new AbortController();
    const waiting = queue.acquire(abort.signal);
    expect(clock.sleepers).toBe(1);

    abort.abort(new Error("stopped"));

    await expect(waiting).rejects.toThrow("stopped");
    expect(clock.sleepers).toBe(0);
    await expect(queue.acquire(abort.signal)).rejects.toThrow("stopped");
  });

  test("of one leaves the others in their order", async () => {
    const queue = createQueue({ concurrency: 1 });
    const held = await queue.acquire();
    const abort = new AbortController();
    const order: string[] = [];
    const leaving = queue.acquire(abort.signal).catch(() => order.push("left"));
    const staying = queue.acquire().then(() => order.push("stayed"));

    abort.abort();
    held.release(ok());
    await Promise.all([leaving, staying]);

    expect(order.sort()).toEqual(["left", "stayed"]);
  });
});

test("a host without delays costs nearly nothing: 10,000 requests in well under a second", async () => {
  const queue = createQueue({ concurrency: 32 });
  const startedAt = performance.now();

  await Promise.all(
    Array.from({ length: 64 }, async () => {
      for (let n = 0; n < 157; n++) (await queue.acquire()).release(ok());
    }),
  );

  expect(performance.now() - startedAt).toBeLessThan(500);
});
