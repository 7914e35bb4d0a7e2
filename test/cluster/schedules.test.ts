import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type App, openApp } from "../../src/app.ts";
import { systemClock } from "../../src/clock.ts";
import { readConfig } from "../../src/config/config.ts";
import type { Store } from "../../src/db/db.ts";
import type { ScheduleFields } from "../../src/schedules/schedules.ts";
import { createLog } from "../../src/telemetry/log.ts";
import { urlOf } from "../crawl/server.ts";
import { hasPostgres, testStores } from "../testing/stores.ts";
import { addScheduleAt, listFired, type Schedulers, startSchedulers } from "./schedules.ts";

const MINUTE_MS = 60_000;
const STEP_MS = 15 * MINUTE_MS;

const BERLIN = { timeZone: "Europe/Berlin" };
const RULES = {
  daily: { ...BERLIN, cron: "30 2 * * *" },
  midnight: { ...BERLIN, cron: "@daily" },
  halfHourly: { ...BERLIN, cron: "*/30 * * * *" },
  interval: { intervalSeconds: 3_600 },
  skipping: { ...BERLIN, cron: "*/30 * * * *", missed: "skip" },
} satisfies Record<string, ScheduleFields>;

type Name = keyof typeof RULES;

describe.skipIf(!hasPostgres)("schedules of three processes whose clocks differ by seconds", () => {
  let store: Store;
  let app: App;
  let schedulers: Schedulers;

  beforeAll(async () => {
    store = (await testStores[1]?.open()) as Store;
    const settings = { DATABASE_URL: urlOf(store), DATABASE_POOL_SIZE: "2" };
    app = await openApp(readConfig(settings), { log: createLog("error", systemClock, () => {}) });
    schedulers = await startSchedulers(settings, [0, -7_000, 7_000]);
  });

  afterAll(async () => {
    await schedulers.close();
    await app.close();
    await store.close();
  });

  /** The clocks go through each of these spans by steps, and from one span to the next at once. */
  async function fire(...spans: [from: string, to: string][]): Promise<Record<Name, string[]>> {
    const startsAt = new Date(spans[0]?.[0] ?? "");
    const names = Object.keys(RULES) as Name[];
    const ids = await Promise.all(names.map((name) => addScheduleAt(app, startsAt, RULES[name])));
    for (const [from, to] of spans)
      for (let at = Date.parse(from); at <= Date.parse(to); at += STEP_MS) await schedulers.set(new Date(at));
    const fired = await Promise.all(ids.map((id) => listFired(app, id)));
    expect(fired.flat().filter(({ state }) => state !== "completed")).toEqual([]);
    const times = fired.map((one) => one.map(({ dueAt }) => dueAt.slice(5, 16)));
    return Object.fromEntries(names.map((name, at) => [name, times[at] ?? []])) as Record<Name, string[]>;
  }

  test("fire once each where a zone's clocks are put forward", async () => {
    const fired = await fire(["2026-03-28T22:00:00Z", "2026-03-29T02:30:00Z"]);

    // There is no 02:30, which becomes 03:00; half hours go on.
    expect(fired.daily).toEqual(["03-29T01:00"]);
    expect(fired.midnight).toEqual(["03-28T23:00"]);
    expect(fired.interval).toEqual(["03-28T23:00", "03-29T00:00", "03-29T01:00", "03-29T02:00"]);
    expect(fired.halfHourly).toEqual(halfHours("2026-03-28T22:30:00Z", "2026-03-29T02:30:00Z"));
    expect(fired.skipping).toEqual(fired.halfHourly);
  });

  test("fire once each where a zone's clocks are put back", async () => {
    const fired = await fire(["2026-10-24T22:00:00Z", "2026-10-25T02:30:00Z"]);

    // 02:30 comes twice, and is due the first time alone; half hours go on through both.
    expect(fired.daily).toEqual(["10-25T00:30"]);
    expect(fired.midnight).toEqual([]);
    expect(fired.interval).toEqual(["10-24T23:00", "10-25T00:00", "10-25T01:00", "10-25T02:00"]);
    expect(fired.halfHourly).toEqual(halfHours("2026-10-24T22:30:00Z", "2026-10-25T02:30:00Z"));
    expect(fired.skipping).toEqual(fired.halfHourly);
  });

  test("fire no time twice when the machines' clocks are set back, and what was missed as they are told to", async () => {
    const fired = await fire(
      ["2026-06-01T10:00:00Z", "2026-06-01T11:00:00Z"],
      ["2026-06-01T10:15:00Z", "2026-06-01T11:30:00Z"],
      ["2026-06-01T15:10:00Z", "2026-06-01T15:40:00Z"],
    );

    const before = halfHours("2026-06-01T10:30:00Z", "2026-06-01T11:30:00Z");
    expect(fired.halfHourly).toEqual([...before, "06-01T12:00", "06-01T15:30"]);
    expect(fired.skipping).toEqual(before);
    expect(fired.interval).toEqual(["06-01T11:00", "06-01T12:00"]);
  });
});

function halfHours(from: string, to: string): string[] {
  const times: string[] = [];
  for (let at = Date.parse(from); at <= Date.parse(to); at += 30 * MINUTE_MS)
    times.push(new Date(at).toISOString().slice(5, 16));
  return times;
}
