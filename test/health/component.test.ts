import { expect, test } from "bun:test";
import { type Check, type Finding, watchComponent } from "../../src/health/component.ts";
import { createLog } from "../../src/telemetry/log.ts";
import { createManualClock } from "../manual-clock.ts";

const OK: Finding = { state: "ok" };
const BROKEN: Finding = { state: "failed", message: "It is broken" };
const LATE: Finding = { state: "degraded", message: "It is late" };

function setUp(run: () => Promise<Finding>) {
  const clock = createManualClock();
  const lines: Record<string, unknown>[] = [];
  const log = createLog("info", clock, (line) => lines.push(JSON.parse(line)));
  let runs = 0;
  const counted = () => {
    runs++;
    return run();
  };
  const check: Check = { name: "database", run: counted, whenBroken: BROKEN, whenLate: LATE };
  return { clock, lines, read: watchComponent(check, { clock, log }), runs: () => runs };
}

test("a thousand probes at a time are one look, and so are those of the second after it", async () => {
  const { clock, read, runs } = setUp(async () => OK);

  const found = await Promise.all(Array.from({ length: 1_000 }, read));
  await clock.advance(999);
  await read();
  const before = runs();
  await clock.advance(1);
  await read();

  expect(found[999]).toMatchObject({ name: "database", state: "ok" });
  expect(found[0]?.latencyMs).toBeGreaterThanOrEqual(0);
  expect([before, runs()]).toEqual([1, 2]);
});

test("an error is told in the check's own words, and is in the log once, as is that it is over", async () => {
  let isBroken = true;
  const { clock, lines, read } = setUp(async () => {
    if (isBroken) throw new Error("connect ECONNREFUSED 10.0.0.7:5432");
    return OK;
  });

  const first = await read();
  await clock.advance(1_000);
  await read();
  isBroken = false;
  await clock.advance(1_000);
  const last = await read();

  expect(first).toMatchObject({ state: "failed", message: "It is broken" });
  expect(JSON.stringify(first)).not.toContain("10.0.0.7");
  expect(last.state).toBe("ok");
  expect(lines.map(({ level, event }) => `${level} ${event}`)).toEqual([
    "warn component failed",
    "info component recovered",
  ]);
  expect(JSON.stringify(lines[0])).toContain("ECONNREFUSED");
});

test("what does not answer is told of in time, and is not asked again and again", async () => {
  const answer = Promise.withResolvers<Finding>();
  const { clock, read, runs } = setUp(() => answer.promise);
  const readInTime = async () => {
    const reading = read();
    await clock.advance(2_000);
    return reading;
  };

  const first = await readInTime();
  await clock.advance(1_000);
  const second = await readInTime();
  const runsOfTwo = runs();
  answer.resolve(OK);
  await clock.advance(1_000);
  const third = await read();

  expect([first, second, third].map(({ state }) => state)).toEqual(["degraded", "degraded", "ok"]);
  expect(runsOfTwo).toBe(1);
});

test("a look that hangs for good keeps no later one from the truth", async () => {
  const answers = [new Promise<Finding>(() => {}), Promise.resolve(OK)];
  const { clock, read, runs } = setUp(() => answers.shift() as Promise<Finding>);
  const hanging = read();
  await clock.advance(2_000);

  expect((await hanging).state).toBe("degraded");
  await clock.advance(10_000);

  expect((await read()).state).toBe("ok");
  expect(runs()).toBe(2);
});

test("a skipped component is well, and nothing is logged of it", async () => {
  const { lines, read } = setUp(async () => ({ state: "skipped", message: "There is none" }));

  expect(await read()).toMatchObject({ state: "skipped", message: "There is none" });
  expect(lines).toEqual([]);
});
