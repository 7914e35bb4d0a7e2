import { expect, test } from "bun:test";
import { createManualClock } from "./manual-clock.ts";

test("sleepers wake in the order of their hours, each at its own time", async () => {
  const clock = createManualClock("2026-01-01T00:00:00Z");
  const woken: [string, string][] = [];
  const sleep = async (name: string, ms: number) => {
    await clock.sleep(ms);
    woken.push([name, clock.now().toISOString()]);
  };
  void sleep("late", 2_000);
  void sleep("early", 1_000);
  void sleep("later", 9_000);

  await clock.advance(5_000);

  expect(woken).toEqual([
    ["early", "2026-01-01T00:00:01.000Z"],
    ["late", "2026-01-01T00:00:02.000Z"],
  ]);
  expect(clock.now().toISOString()).toBe("2026-01-01T00:00:05.000Z");
  expect(clock.sleepers).toBe(1);
});

test("a loop that sleeps again inside the span wakes as often as it would for real", async () => {
  const clock = createManualClock();
  let wakes = 0;
  void (async () => {
    for (;;) {
      await clock.sleep(100);
      wakes += 1;
    }
  })();

  await clock.advance(1_000);

  expect(wakes).toBe(10);
});

test("a sleeper whose signal is aborted rejects with its reason and sleeps no more", async () => {
  const clock = createManualClock();
  const abort = new AbortController();
  const sleeping = clock.sleep(1_000, abort.signal);

  abort.abort(new Error("enough"));

  await expect(sleeping).rejects.toThrow("enough");
  expect(clock.sleepers).toBe(0);
  await expect(clock.sleep(1, abort.signal)).rejects.toThrow("enough");
});
