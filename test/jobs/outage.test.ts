import { expect, test } from "bun:test";
import { systemClock } from "../../src/clock.ts";
import { createOutage } from "../../src/jobs/outage.ts";
import { createLog } from "../../src/telemetry/log.ts";

test("what fails over and over is told of once, and once when it works again", () => {
  const lines: string[] = [];
  const log = createLog("debug", systemClock, (line) => lines.push(line));
  const outage = createOutage(log, { failed: "it failed", works: "it works again" }, { what: "it" });

  outage.works();
  for (let tries = 0; tries < 3; tries++) outage.failed(new Error("away"));
  for (let tries = 0; tries < 2; tries++) outage.works();
  outage.failed(new Error("away"));

  const told = lines.map((line) => JSON.parse(line));
  expect(told).toMatchObject([
    { event: "it failed", what: "it", error: { message: "away" } },
    { event: "it works again", what: "it", failures: 3 },
    { event: "it failed" },
  ]);
});
