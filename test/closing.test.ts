import { expect, test } from "bun:test";
import { type Closer, closeInOrder } from "../src/closing.ts";
import { createLog } from "../src/telemetry/log.ts";
import { createManualClock } from "./manual-clock.ts";

function setUp() {
  const clock = createManualClock();
  const lines: Record<string, unknown>[] = [];
  const log = createLog("debug", clock, (line) => lines.push(JSON.parse(line)));
  return { clock, lines, close: (closers: Closer[]) => closeInOrder(closers, { log, clock, withinMs: 10_000 }) };
}

test("what was opened is closed one after another, and each is told of", async () => {
  const { clock, lines, close } = setUp();
  const order: string[] = [];
  const closer = (name: string): Closer => ({
    name,
    close: async () => {
      order.push(`${name} begins`);
      await clock.sleep(100);
      order.push(`${name} ends`);
    },
  });

  const closing = close([closer("requests"), closer("database")]);
  await clock.advance(200);

  expect(await closing).toEqual([]);
  expect(order).toEqual(["requests begins", "requests ends", "database begins", "database ends"]);
  expect(lines).toMatchObject([
    { event: "closed", part: "requests", durationMs: 100 },
    { event: "closed", part: "database", durationMs: 100 },
  ]);
});

test("one that hangs is cut, and those after it have their turn within the time there is", async () => {
  const { clock, lines, close } = setUp();
  const cuts: unknown[] = [];
  const startedAt = clock.now().getTime();
  const closing = close([
    { name: "requests", close: (cut) => new Promise(() => cut.addEventListener("abort", () => cuts.push(cut.reason))) },
    { name: "crawls", close: () => new Promise(() => {}) },
    { name: "database", close: () => clock.sleep(500) },
  ]);

  await clock.advance(10_000);

  expect(await closing).toEqual(["requests", "crawls"]);
  expect(cuts).toMatchObject([{ name: "TimeoutError" }]);
  expect(lines.map(({ event, part }) => `${event}: ${part}`)).toEqual([
    "did not close by itself: requests",
    "did not close by itself: crawls",
    "closed: database",
  ]);
  const last = new Date(String(lines.at(-1)?.time)).getTime() - startedAt;
  expect(last).toBeLessThanOrEqual(10_000);
});

test("one that fails, at once or later, does not keep the others open", async () => {
  const { lines, close } = setUp();
  const closed: string[] = [];

  const unclean = await close([
    {
      name: "a",
      close: () => {
        throw new Error("At once");
      },
    },
    { name: "b", close: () => Promise.reject(new Error("Later")) },
    { name: "c", close: () => closed.push("c") },
  ]);

  expect(unclean).toEqual(["a", "b"]);
  expect(closed).toEqual(["c"]);
  expect(lines[1]).toMatchObject({ level: "warn", part: "b", error: { message: "Later" } });
});
