import { expect, test } from "bun:test";
import { systemClock } from "../../src/clock.ts";
import type { Check, ComponentName, ComponentState } from "../../src/health/component.ts";
import { isReady, watchAll } from "../../src/health/readiness.ts";
import { createLog } from "../../src/telemetry/log.ts";

const log = createLog("error", systemClock, () => {});

function readinessOf(states: Partial<Record<ComponentName, ComponentState>>, stopping = new AbortController()) {
  const checks = Object.entries(states).map(([name, state]): Check => {
    const finding = { state };
    return { name: name as ComponentName, run: async () => finding, whenBroken: finding, whenLate: finding };
  });
  return watchAll(checks, { clock: systemClock, log }, stopping.signal);
}

test("the service is as its worst part, and ready unless one has failed", async () => {
  const well = await readinessOf({ database: "ok", redis: "skipped" }).read();
  const degraded = await readinessOf({ database: "ok", redis: "degraded" }).read();
  const failed = await readinessOf({ database: "failed", redis: "degraded" }).read();

  expect([well.state, degraded.state, failed.state]).toEqual(["ok", "degraded", "failed"]);
  expect([well, degraded, failed].map(isReady)).toEqual([true, true, false]);
  expect(failed.components.map(({ name }) => name)).toEqual(["database", "redis"]);
});

test("a service that was told to stop is not ready at once, and looks at nothing", async () => {
  const stopping = new AbortController();
  const readiness = readinessOf({ database: "ok" }, stopping);
  const before = await readiness.read();

  stopping.abort();
  const after = await readiness.read();

  expect([isReady(before), isReady(after)]).toEqual([true, false]);
  expect(after).toEqual({ state: "stopping", components: [] });
});

test("a part can be asked for alone, and one that there is not is a mistake", async () => {
  const readiness = readinessOf({ redis: "degraded" });

  expect(await readiness.readComponent("redis")).toMatchObject({ name: "redis", state: "degraded" });
  await expect(readiness.readComponent("disk")).rejects.toThrow("There is no component disk");
});
