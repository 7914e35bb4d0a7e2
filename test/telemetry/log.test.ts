import { describe, expect, test } from "bun:test";
import { createLog } from "../../src/telemetry/log.ts";
import { createTextFormat } from "../../src/telemetry/log-format.ts";
import { withLogFields, withSpan } from "../../src/telemetry/scope.ts";
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

test("the level can be set while the program runs", () => {
  const { log, events } = capture("warn");

  log.info("before");
  log.level = "debug";
  log.debug("after");

  expect(events().map(({ event }) => event)).toEqual(["after"]);
});

test("what is done within a scope carries its fields and its span, and what runs beside it does not", async () => {
  const { log, events } = capture("debug");
  const span = { traceId: "0af7651916cd43dd8448eb211c80319c", spanId: "b7ad6b7169203331", isSampled: true };

  let userId: string | undefined;
  const known = {
    requestId: "r1",
    get userId() {
      return userId;
    },
  };

  await Promise.all([
    withLogFields(known, async () => {
      await Bun.sleep(0);
      userId = "u1";
      await withSpan(span, async () => withLogFields({ crawlId: "c1" }, async () => log.info("inner")));
      log.info("outer");
    }),
    withLogFields({ requestId: "r2" }, async () => log.info("other")),
  ]);

  const [other, inner, outer] = events();
  expect(inner).toMatchObject({
    requestId: "r1",
    userId: "u1",
    crawlId: "c1",
    trace_id: span.traceId,
    span_id: span.spanId,
  });
  expect(outer).toMatchObject({ requestId: "r1", userId: "u1" });
  expect([outer.crawlId, outer.trace_id, other.userId, other.requestId]).toEqual([
    undefined,
    undefined,
    undefined,
    "r2",
  ]);
});

test("whatever is handed over becomes a line of bounded length", () => {
  const { log, lines, events } = capture("debug");
  const loop: Record<string, unknown> = { name: "loop" };
  loop.self = loop;
  const hostile = {
    loop,
    big: 12n,
    map: new Map<unknown, unknown>([[1, { a: new Set([1]) }]]),
    never: undefined,
    nothing: null,
    run: () => {},
    bytes: new Uint8Array(1e6),
    text: "x".repeat(1e7),
    many: Array.from({ length: 1e5 }, (_, n) => ({ n })),
    wrong: new Date(Number.NaN),
    infinite: Number.POSITIVE_INFINITY,
    symbol: Symbol("s"),
    get trap(): string {
      throw new Error("a getter that throws");
    },
  };

  log.info("odd", { hostile });
  log.info("odder", { ...loop, deep: JSON.parse('{"a":'.repeat(99) + 1 + "}".repeat(99)) });
  log.info("reserved", { level: "error", event: "forged", time: "never" });
  log.info("values", { big: 12n, map: hostile.map, bytes: hostile.bytes, run: hostile.run, wrong: hostile.wrong });

  expect(lines.every((line) => line.length < 40_000)).toBe(true);
  expect(events()[0].hostile).toBe("[unreadable]");
  expect(events()[1]).toMatchObject({ name: "loop", self: { self: "[circular]" } });
  expect(events()[2]).toMatchObject({ level: "info", event: "reserved", time: "2026-01-01T00:00:00.000Z" });
  expect(events()[3]).toMatchObject({
    big: "12",
    map: { 1: { a: [1] } },
    bytes: "[1000000 bytes]",
    wrong: "[invalid date]",
  });
});

test("an error's code and the causes of its causes are told, its other fields are not", () => {
  const { log, events } = capture("debug");
  const refused = Object.assign(new Error("refused"), { code: "ECONNREFUSED", parameters: ["a@example.com"] });

  log.error("failed", { error: new AggregateError([refused], "all", { cause: "nothing answered" }) });

  const { error } = events()[0];
  expect(error.errors[0]).toMatchObject({ code: "ECONNREFUSED", message: "refused" });
  expect([error.cause, error.errors[0].parameters]).toEqual(["nothing answered", undefined]);
});

describe("on a terminal", () => {
  const write = (isColoured: boolean) => {
    const lines: string[] = [];
    const clock = createManualClock("2026-01-01T00:00:00Z");
    const log = createLog("debug", clock, (line) => lines.push(line), { format: createTextFormat(isColoured) });
    return { log, lines };
  };

  test("events are aligned, with their fields and the stack of an error below", () => {
    const { log, lines } = write(false);

    log.info("page stored", { pageId: "p1", title: "Two words" });
    log.warn("quiet");
    log.error("broke", { error: Object.assign(new Error("no room", { cause: new Error("disk") }), { code: "full" }) });

    expect(lines[0]).toMatch(/^\d\d:\d\d:00\.000 INFO {2}page stored {18}pageId=p1 title="Two words"\n$/);
    expect(lines[1]).toMatch(/^\S+ WARN {2}quiet\n$/);
    expect(lines[2]).toMatch(
      /^\S+ ERROR broke +error="no room" \(full\) because "disk" \(Error\)\n {4}Error: no room\n/,
    );
  });

  test("only colours steer it, never what is logged", () => {
    const { log, lines } = write(true);

    log.error("a\u001b[2Jb", { url: "x\u009b31m\u0007", "\u001b]0;": 1 });

    expect(lines[0]).toContain("\u001b[31mERROR");
    expect(Bun.stripANSI(lines[0] ?? "")).not.toMatch(/(?!\n)\p{Cc}/u);
  });
});
