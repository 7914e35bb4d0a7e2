import { describe, expect, test } from "bun:test";
import {
  checkRule,
  findRuleFaults,
  listFirings,
  nextFiring,
  type Rule,
  toLocalTime,
} from "../../src/schedules/rule.ts";

const START = new Date("2026-01-01T00:00:00Z");

const ruleOf = (given: Partial<Rule>): Rule => ({
  ...{ cron: null, intervalSeconds: null, timeZone: "UTC", jitterSeconds: 0, startsAt: null, endsAt: null },
  ...{ key: "0195f3e0-5c1a-7000-8000-3f6c2b1d9e10", anchorAt: START },
  ...given,
});

/** The firings after an instant, in UTC to the minute. */
const firingsOf = (given: Partial<Rule>, from: string, count: number) =>
  listFirings(ruleOf(given), new Date(from), count).map((at) => at.toISOString().replace(":00.000Z", "Z"));

describe("a cron expression", () => {
  test.each([
    ["@daily", ["2026-01-02T00:00Z", "2026-01-03T00:00Z"]],
    ["@hourly", ["2026-01-01T01:00Z", "2026-01-01T02:00Z"]],
    ["@weekly", ["2026-01-04T00:00Z", "2026-01-11T00:00Z"]],
    ["@monthly", ["2026-02-01T00:00Z", "2026-03-01T00:00Z"]],
    ["@yearly", ["2027-01-01T00:00Z", "2028-01-01T00:00Z"]],
    ["*/15 9-10 * * MON-FRI", ["2026-01-01T09:00Z", "2026-01-01T09:15Z"]],
    ["30 6 L * *", ["2026-01-31T06:30Z", "2026-02-28T06:30Z"]],
    ["0 12 31 * *", ["2026-01-31T12:00Z", "2026-03-31T12:00Z"]],
    ["0 0 29 2 *", ["2028-02-29T00:00Z", "2032-02-29T00:00Z"]],
    ["0 0 1W * *", ["2026-02-02T00:00Z", "2026-03-02T00:00Z"]],
    ["0 8 * * FRI#1", ["2026-01-02T08:00Z", "2026-02-06T08:00Z"]],
    ["0 8 * * 5L", ["2026-01-30T08:00Z", "2026-02-27T08:00Z"]],
    // Either of both days, as cron always had it; + takes what is both.
    ["0 0 13 * FRI", ["2026-01-02T00:00Z", "2026-01-09T00:00Z"]],
    ["0 0 13 * +FRI", ["2026-02-13T00:00Z", "2026-03-13T00:00Z"]],
  ])("%s fires when it says", (cron, expected) => {
    expect(firingsOf({ cron }, "2026-01-01T00:00:00Z", 2)).toEqual(expected);
  });

  test("may have seconds", () => {
    const firings = listFirings(ruleOf({ cron: "*/20 * * * * *" }), new Date("2026-01-01T00:00:19.500Z"), 3);

    expect(firings.map((at) => at.toISOString())).toEqual([
      "2026-01-01T00:00:20.000Z",
      "2026-01-01T00:00:40.000Z",
      "2026-01-01T00:01:00.000Z",
    ]);
  });

  test("fires strictly after the instant asked for, and by a millisecond before it", () => {
    const rule = ruleOf({ cron: "@daily" });

    expect(nextFiring(rule, new Date("2026-01-02T00:00:00.000Z"))?.toISOString()).toBe("2026-01-03T00:00:00.000Z");
    expect(nextFiring(rule, new Date("2026-01-01T23:59:59.999Z"))?.toISOString()).toBe("2026-01-02T00:00:00.000Z");
  });

  test("goes by the clocks of zones whose offset is no whole hour", () => {
    const at = (timeZone: string) => firingsOf({ cron: "0 9 * * *", timeZone }, "2026-01-01T00:00:00Z", 1);

    expect(at("Asia/Kolkata")).toEqual(["2026-01-01T03:30Z"]);
    expect(at("Asia/Kathmandu")).toEqual(["2026-01-01T03:15Z"]);
    expect(at("Australia/Lord_Howe")).toEqual(["2026-01-01T22:00Z"]);
  });
});

describe("where clocks are put forward", () => {
  // On 29 March 2026 Berlin goes from 02:00 (UTC+1) to 03:00 (UTC+2).
  const timeZone = "Europe/Berlin";
  const from = "2026-03-28T12:00:00Z";

  test("a time of day that does not exist is due when they jump, once", () => {
    expect(firingsOf({ cron: "30 2 * * *", timeZone }, from, 2)).toEqual(["2026-03-29T01:00Z", "2026-03-30T00:30Z"]);
    expect(firingsOf({ cron: "30 2,14 * * *", timeZone }, from, 3)).toEqual([
      "2026-03-28T13:30Z",
      "2026-03-29T01:00Z",
      "2026-03-29T12:30Z",
    ]);
    expect(firingsOf({ cron: "0 2,3 * * *", timeZone }, from, 2)).toEqual(["2026-03-29T01:00Z", "2026-03-30T00:00Z"]);
  });

  test("what comes each so often leaves out what does not exist", () => {
    expect(firingsOf({ cron: "*/30 1-3 * * *", timeZone }, from, 5)).toEqual([
      "2026-03-29T00:00Z",
      "2026-03-29T00:30Z",
      "2026-03-29T01:00Z",
      "2026-03-29T01:30Z",
      "2026-03-29T23:00Z",
    ]);
  });

  test("an expression for a day keeps its local time, an interval its length", () => {
    expect(firingsOf({ cron: "0 9 * * *", timeZone }, from, 2)).toEqual(["2026-03-29T07:00Z", "2026-03-30T07:00Z"]);
    expect(
      firingsOf({ intervalSeconds: 86_400, timeZone, startsAt: new Date("2026-03-28T08:00:00Z") }, from, 2),
    ).toEqual(["2026-03-29T08:00Z", "2026-03-30T08:00Z"]);
  });

  test("half an hour, or midnight itself, may be what is missing", () => {
    // Lord Howe goes from 02:00 (UTC+10:30) to 02:30 (UTC+11) on 4 October 2026.
    const lordHowe = { cron: "15 2 * * *", timeZone: "Australia/Lord_Howe" };
    // Cairo goes from 00:00 (UTC+2) to 01:00 (UTC+3) on 24 April 2026.
    const cairo = { cron: "@daily", timeZone: "Africa/Cairo" };

    expect(firingsOf(lordHowe, "2026-10-03T12:00:00Z", 2)).toEqual(["2026-10-03T15:30Z", "2026-10-04T15:15Z"]);
    expect(firingsOf(cairo, "2026-04-23T12:00:00Z", 2)).toEqual(["2026-04-23T22:00Z", "2026-04-24T21:00Z"]);
  });
});

describe("where clocks are put back", () => {
  // On 25 October 2026 Berlin goes from 03:00 (UTC+2) to 02:00 (UTC+1).
  const timeZone = "Europe/Berlin";
  const from = "2026-10-24T12:00:00Z";

  test("a time of day that comes twice is due the first time alone", () => {
    expect(firingsOf({ cron: "30 2 * * *", timeZone }, from, 2)).toEqual(["2026-10-25T00:30Z", "2026-10-26T01:30Z"]);
  });

  test("asked between both, the second is not due either", () => {
    expect(firingsOf({ cron: "30 2 * * *", timeZone }, "2026-10-25T00:45:00Z", 1)).toEqual(["2026-10-26T01:30Z"]);
  });

  test("what comes each so often goes on through both", () => {
    expect(firingsOf({ cron: "*/30 2 * * *", timeZone }, from, 5)).toEqual([
      "2026-10-25T00:00Z",
      "2026-10-25T00:30Z",
      "2026-10-25T01:00Z",
      "2026-10-25T01:30Z",
      "2026-10-26T01:00Z",
    ]);
  });
});

describe("an interval", () => {
  test("is counted from the start, which is its first firing", () => {
    const rule = { intervalSeconds: 5_400, startsAt: new Date("2026-01-01T06:00:00Z") };

    expect(firingsOf(rule, "2025-12-01T00:00:00Z", 3)).toEqual([
      "2026-01-01T06:00Z",
      "2026-01-01T07:30Z",
      "2026-01-01T09:00Z",
    ]);
    expect(firingsOf(rule, "2026-01-01T07:30:00Z", 1)).toEqual(["2026-01-01T09:00Z"]);
  });

  test("without a start is counted from when it was made, one interval on", () => {
    expect(firingsOf({ intervalSeconds: 3_600 }, "2026-01-01T00:00:00Z", 2)).toEqual([
      "2026-01-01T01:00Z",
      "2026-01-01T02:00Z",
    ]);
  });

  test("keeps its times however late it is asked for them", () => {
    expect(firingsOf({ intervalSeconds: 3_600 }, "2031-07-09T10:11:12Z", 1)).toEqual(["2031-07-09T11:00Z"]);
  });
});

describe("bounds", () => {
  test("a firing at the start counts, one at the end does not", () => {
    const startsAt = new Date("2026-02-01T00:00:00Z");
    const endsAt = new Date("2026-02-03T00:00:00Z");

    expect(firingsOf({ cron: "@daily", startsAt, endsAt }, "2026-01-01T00:00:00Z", 9)).toEqual([
      "2026-02-01T00:00Z",
      "2026-02-02T00:00Z",
    ]);
  });
});

describe("jitter", () => {
  const jittered = (key: string) => ruleOf({ cron: "@hourly", jitterSeconds: 1_800, key });

  test("delays each firing by another time below it, the same whoever asks", () => {
    const firings = listFirings(jittered("one"), START, 50);
    const delays = firings.map((at) => at.getTime() % 3_600_000);

    expect(delays.every((delay) => delay >= 0 && delay < 1_800_000)).toBe(true);
    expect(new Set(delays).size).toBeGreaterThan(45);
    expect(listFirings(jittered("one"), START, 50)).toEqual(firings);
  });

  test("is another for another schedule", () => {
    expect(nextFiring(jittered("one"), START)).not.toEqual(nextFiring(jittered("two"), START));
  });

  test("neither loses nor doubles a firing, from wherever they are listed", () => {
    const all = listFirings(jittered("one"), START, 20);

    for (const [index, at] of all.slice(0, -1).entries()) {
      expect(nextFiring(jittered("one"), at)).toEqual(all[index + 1] as Date);
      expect(nextFiring(jittered("one"), new Date(at.getTime() - 1))).toEqual(at);
    }
  });
});

describe("a rule that can't be", () => {
  const faultsOf = (given: Partial<Rule>) => findRuleFaults(ruleOf(given), START);

  test.each([
    ["", "has 0 field(s); it takes 5"],
    ["* * * *", "has 4 field(s)"],
    ["* * * * * * 2026", "has 7 field(s)"],
    ["61 * * * *", "minute 61 is not 0–59"],
    ["0 24 * * *", "hour 24 is not 0–23"],
    ["70 0 0 * * *", "second 70 is not 0–59"],
    ["0 0 0 * *", "day of month 0 is not 1–31"],
    ["0 0 1 FOO *", 'month "FOO" is not 1–12 or JAN–DEC'],
    ["0 0 * * 8", "weekday 8 is not 0–7 or SUN–SAT"],
    ["0 0 * * MO", 'weekday "MO" is not 0–7'],
    ["0 9-5 * * *", "hour 9-5 runs backwards"],
    ["1-2-3 0 * * *", 'minute "1-2-3" is no range'],
    ["*/0 * * * *", 'minute "*/0" has a step that is not 1–59'],
    ["*/5/5 * * * *", "more than one step"],
    ["5/15 * * * *", "a step follows * or a range, as in 0-59/15"],
    ["1,,2 * * * *", "has an empty entry among those of the minute"],
    ["0 0 LW,1 * *", "can't be read"],
    ["@fortnightly", '"@fortnightly" is none of @yearly'],
    ["*/5 * * * * *", "fires again after 5 s; 10 s is the least"],
    ["0,55 * * * * *", "fires again after 5 s"],
    ["0 0 30 2 *", "never fires: there is no such date"],
    ["0 0 31 4,6,9,11 *", "never fires"],
  ])("cron %p", (cron, message) => {
    expect(faultsOf({ cron })).toEqual([{ at: "/cron", message: expect.stringContaining(message) }]);
  });

  test.each([
    [{}, "/cron", "is needed, or interval_seconds, and not both"],
    [{ cron: "@daily", intervalSeconds: 60 }, "/cron", "and not both"],
    [{ intervalSeconds: 9 }, "/interval_seconds", "10–31622400"],
    [{ intervalSeconds: 90.5 }, "/interval_seconds", "whole number"],
    [{ cron: "@daily", timeZone: "Mars/Phobos" }, "/time_zone", '"Mars/Phobos" is no time zone'],
    [{ cron: "@daily", jitterSeconds: -1 }, "/jitter_seconds", "0–86400"],
    [{ cron: "@hourly", jitterSeconds: 3_601 }, "/jitter_seconds", "must be 3600 at the most"],
    [{ cron: "@daily", endsAt: START }, "/ends_at", "is in the past"],
    [
      { cron: "@daily", startsAt: new Date("2027-01-01"), endsAt: new Date("2026-06-01") },
      "/ends_at",
      "after starts_at",
    ],
    [{ cron: "@yearly", endsAt: new Date("2026-06-01") }, "/ends_at", "leaves no firing before it"],
  ])("%p", (given, at, message) => {
    expect(faultsOf(given)).toEqual([{ at, message: expect.stringContaining(message) }]);
  });

  test("names all that is wrong at once", () => {
    const rule = ruleOf({ cron: "61 * * * *", timeZone: "Here", jitterSeconds: -1 });

    expect(() => checkRule(rule, START)).toThrow(
      expect.objectContaining({
        reason: "invalid",
        message: expect.stringContaining("/cron minute 61 is not 0–59; /time_zone"),
        faults: [
          expect.objectContaining({ at: "/cron" }),
          expect.objectContaining({ at: "/time_zone" }),
          expect.objectContaining({ at: "/jitter_seconds" }),
        ],
      }),
    );
  });

  test.each(["0 0 * * SUN-MON", "0 0 ? * 0-7", "0,10,59 0 * * * *", "0 0 * JAN,mar *", "0 0 L,15 * *"])(
    "%p is none",
    (cron) => {
      expect(faultsOf({ cron })).toEqual([]);
    },
  );
});

test("a local time is told with its offset", () => {
  const at = new Date("2026-10-25T01:30:00Z");

  expect(toLocalTime(at, "Europe/Berlin")).toBe("2026-10-25T02:30:00+01:00");
  expect(toLocalTime(new Date("2026-10-25T00:30:00Z"), "Europe/Berlin")).toBe("2026-10-25T02:30:00+02:00");
  expect(toLocalTime(at, "Asia/Kathmandu")).toBe("2026-10-25T07:15:00+05:45");
  expect(toLocalTime(at, "UTC")).toBe("2026-10-25T01:30:00+00:00");
});
