import { expect } from "bun:test";
import { LOCAL_VIEWER } from "../../src/access/viewer.ts";
import { type App, openApp } from "../../src/app.ts";
import { systemClock } from "../../src/clock.ts";
import { readConfig } from "../../src/config/config.ts";
import { listFirings } from "../../src/schedules/rule.ts";
import { getSchedule, ruleOf, type ScheduleFields } from "../../src/schedules/schedules.ts";
import { createLog } from "../../src/telemetry/log.ts";
import { startOwnPostgres } from "../cluster/own-servers.ts";
import { addScheduleAt, listFired, type Schedulers, startSchedulers } from "../cluster/schedules.ts";
import { until } from "../cluster/until.ts";
import type { Figures } from "./places.ts";

const MINUTE_MS = 60_000;
/** Each pair of them is a change of clocks in the zone. */
const CHANGES = [
  ["Europe/Berlin", "2026-03-29T01:00:00Z"],
  ["Europe/Berlin", "2026-10-25T01:00:00Z"],
  ["America/New_York", "2026-03-08T07:00:00Z"],
  ["America/New_York", "2026-11-01T06:00:00Z"],
  // Half an hour.
  ["Australia/Lord_Howe", "2026-04-04T15:00:00Z"],
  ["Australia/Lord_Howe", "2026-10-03T15:30:00Z"],
] as const;

const rulesIn = (timeZone: string): ScheduleFields[] => [
  { timeZone, cron: "30 1 * * *" },
  { timeZone, cron: "30 2 * * *" },
  { timeZone, cron: "@daily" },
  { timeZone, cron: "*/15 * * * *" },
  { timeZone, cron: "0 */2 * * *" },
  { intervalSeconds: 2_700 },
];

/** Clocks that go on by minutes through changes of time, are set back now and then, and schedulers that are killed. */
export async function soakSchedules(): Promise<Figures> {
  const database = await startOwnPostgres();
  const settings = { DATABASE_URL: database.url, DATABASE_POOL_SIZE: "2" };
  const app = await openApp(readConfig(settings), { log: createLog("error", systemClock, () => {}) });
  const schedulers = await startSchedulers(settings, [0, -4_000, 4_000, 9_000]);
  try {
    let firings = 0;
    for (const [timeZone, changesAt] of CHANGES) firings += await goThrough(app, schedulers, timeZone, changesAt);
    return {
      "changes of clocks gone through": CHANGES.length,
      "firings, each once": firings,
      "schedulers killed": kills,
    };
  } finally {
    await schedulers.close();
    await app.close();
    await database.stop();
  }
}

let kills = 0;

async function goThrough(app: App, schedulers: Schedulers, timeZone: string, changesAt: string): Promise<number> {
  const [from, to] = [-4 * 60, 4 * 60].map((minutes) => Date.parse(changesAt) + minutes * MINUTE_MS) as [
    number,
    number,
  ];
  const ids = await Promise.all(rulesIn(timeZone).map((fields) => addScheduleAt(app, new Date(from), fields)));
  let isSetBack = false;
  for (let at = from, step = 0; at <= to; at += MINUTE_MS, step++) {
    if (step % 90 === 15) {
      // At a time at which something is due.
      await schedulers.setAndKill(new Date(at));
      kills++;
      await untilOver(app, schedulers, ids, new Date(at));
    } else await schedulers.set(new Date(at));
    if (at === Date.parse(changesAt) + 20 * MINUTE_MS && !isSetBack) {
      isSetBack = true;
      at -= 70 * MINUTE_MS;
    }
  }
  let firings = 0;
  for (const id of ids) {
    const rule = ruleOf(await getSchedule(app.db, LOCAL_VIEWER, id));
    const due = listFirings(rule, new Date(from), 1_000).filter((dueAt) => dueAt.getTime() <= to);
    const fired = await listFired(app, id);
    expect(fired.map(({ dueAt }) => dueAt)).toEqual(due.map((dueAt) => dueAt.toISOString()));
    firings += fired.length;
  }
  return firings;
}

/** What the killed one had in its hands is done by others, once it is missed. */
function untilOver(app: App, schedulers: Schedulers, ids: readonly string[], now: Date) {
  return until("all firings are over", async () => {
    const fired = await Promise.all(ids.map((id) => listFired(app, id)));
    if (fired.flat().every(({ state }) => state === "completed")) return true;
    await schedulers.set(now);
    return false;
  });
}
