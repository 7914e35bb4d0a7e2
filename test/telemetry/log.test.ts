import { expect, test } from "bun:test";
import { createLog } from "../../src/telemetry/log.ts";
import { createManualClock } from "../manual-clock.ts";

function capture(level: "debug" | "warn") {
  const lines: string[] = [];
  const log = createLog(level, createManualClock("2026-01-01T00:00:00Z"), (line) => lines.push(line));
  return { log, lines, events: () => lines.map((line) => JSON.parse(line)) };
}

test("an event is one line of JSON with its time, level and fields", () => {
  const { log, lines, events } = capture("debug");

  log.info("page stored", { pageId: "p1", simhash: 5n });

  expect(lines[0]?.endsWith("\n")).toBe(true);
  expect(events()).toEqual([
    { time: "2026-01-01T00:00:00.000Z", level: "info", event: "page stored", pageId: "p1", simhash: "5" },
  ]);
});

test("events below the level are not written", () => {
  const { log, events } = capture("warn");

  log.debug("a");
  log.info("b");
  log.warn("c");
  log.error("d");

  expect(events().map(({ event }) => event)).toEqual(["c", "d"]);
});

test("secrets are left out, wherever they stand", () => {
  const { log, lines } = capture("debug");

  log.info("connected", {
    password: "hunter2",
    headers: { Authorization: "Bearer hunter2", cookie: "sid=hunter2", api_key: "hunter2" },
    url: "postgres://someone:hunter2@db/orbweaver",
  });

  expect(lines.join("")).not.toContain("hunter2");
});

test("an error keeps its message, stack and cause", () => {
  const { log, events } = capture("debug");

  log.error("crawl broke off", { error: new Error("outer", { cause: new TypeError("inner") }) });

  expect(events()[0].error).toMatchObject({
    name: "Error",
    message: "outer",
    cause: { name: "TypeError", message: "inner" },
  });
  expect(events()[0].error.stack).toContain("log.test.ts");
});
