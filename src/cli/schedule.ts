import { LOCAL_VIEWER } from "../access/viewer.ts";
import { readInstant } from "../api/fields.ts";
import { viewFirings, viewSchedule, viewSystemSchedule } from "../api/schedule-view.ts";
import type { App } from "../app.ts";
import { systemClock } from "../clock.ts";
import { AppError } from "../errors.ts";
import { systemSchedulesOf } from "../retention/upkeep.ts";
import { runSchedule } from "../schedules/firing.ts";
import { checkRule } from "../schedules/rule.ts";
import {
  addSchedule,
  changeSchedule,
  deleteSchedule,
  getSchedule,
  listSchedules,
  ruleOf,
  type Schedule,
  type ScheduleFields,
  toRule,
} from "../schedules/schedules.ts";
import { listSystemSchedules, runSystemSchedule, type SystemScheduleState } from "../schedules/system-schedules.ts";
import { type AccessFlags, formatInstant, printList, toTable, withDatabase } from "./access-database.ts";
import type { ScheduleAction } from "./schedule-commands.ts";
import { writeError, writeOut } from "./terminal.ts";
import { addWebsiteId, getWebsiteId } from "./website-argument.ts";

const OVER_REST = "/api/v1/schedules";

/** Firings that are shown of a schedule. */
const SHOWN = 5;

export type TimingFlags = AccessFlags & {
  cron?: string;
  /** Seconds. */
  every?: number;
  adaptive?: true;
  /** Seconds. */
  minInterval?: number;
  /** Seconds. */
  maxInterval?: number;
  budget?: number;
  timeZone?: string;
  /** Seconds. */
  jitter?: number;
  starts?: string;
  ends?: string;
};

export type ScheduleFlags = TimingFlags & {
  overlap?: Schedule["overlap"];
  missed?: Schedule["missed"];
  options?: string;
  disabled?: true;
};

export async function listSchedulesCommand(
  flags: AccessFlags & { website?: string; state?: "enabled" | "disabled"; system?: true },
): Promise<number> {
  const { json, website, state, system } = flags;
  const isEnabled = state === undefined ? undefined : state === "enabled";
  return withDatabase(
    flags,
    async (app) => {
      if (system) return printSystem(app, json);
      const websiteId = website === undefined ? undefined : await getWebsiteId(app, website);
      const list = (after: string | undefined, limit: number) =>
        listSchedules(app.db, { viewer: LOCAL_VIEWER, websiteId, isEnabled, after, limit });
      return printList(list, { json, columns, view: viewSchedule });
    },
    OVER_REST,
  );
}

export async function addScheduleCommand(website: string, flags: ScheduleFlags): Promise<number> {
  return change(flags, async (app, fields) => {
    const isEnabled = flags.disabled !== true;
    return addSchedule(app, LOCAL_VIEWER, await addWebsiteId(app, website), { ...fields, isEnabled });
  });
}

export async function updateScheduleCommand(id: string, flags: ScheduleFlags): Promise<number> {
  return change(flags, (app, fields) => changeSchedule(app, LOCAL_VIEWER, id, fields));
}

export async function showScheduleCommand(id: string, flags: AccessFlags): Promise<number> {
  return withDatabase(
    flags,
    async ({ db, clock }) => {
      const schedule = await getSchedule(db, LOCAL_VIEWER, id);
      const firings = viewFirings(ruleOf(schedule), clock.now(), SHOWN).items;
      if (flags.json) return writeOut(`${JSON.stringify({ ...viewSchedule(schedule), firings })}\n`);
      const due = schedule.isEnabled ? "Due next:" : "It is disabled; it would be due:";
      return writeOut(`${describe(schedule)}\n${due}\n${firings.map(({ local }) => `  ${local}\n`).join("")}`);
    },
    OVER_REST,
  );
}

export async function settleScheduleCommand(action: ScheduleAction, id: string, flags: AccessFlags): Promise<number> {
  return withDatabase(
    flags,
    async (app) => {
      if (action !== "remove")
        return tell(await changeSchedule(app, LOCAL_VIEWER, id, { isEnabled: action === "enable" }), flags);
      const schedule = await getSchedule(app.db, LOCAL_VIEWER, id);
      await deleteSchedule(app.db, LOCAL_VIEWER, id);
      return tell(schedule, flags, "removed");
    },
    OVER_REST,
  );
}

/** @param which id of a schedule, or the name of one of the service's own */
export async function runScheduleCommand(which: string, flags: AccessFlags): Promise<number> {
  return withDatabase(
    flags,
    async (app) => {
      const isOwn = !/^[0-9a-f]{8}-/i.test(which);
      const jobId = isOwn
        ? await runSystemSchedule(app, systemSchedulesOf(app.config), which)
        : await runSchedule(app, LOCAL_VIEWER, which.toLowerCase());
      await writeOut(flags.json ? `${JSON.stringify({ job_id: jobId })}\n` : `${jobId}\n`);
      writeError("It is in line: the service does it at once, or as soon as it runs\n");
    },
    OVER_REST,
  );
}

export async function previewScheduleCommand(flags: TimingFlags & { count: number; from?: string }): Promise<number> {
  const now = systemClock.now();
  const rule = namingFlags(() => {
    const named = toRule(readTiming(flags), now);
    checkRule(named, now);
    return named;
  });
  const from = flags.from === undefined ? now : readInstant(flags.from, "--from");
  const { items } = viewFirings(rule, from, flags.count);
  await writeOut(
    flags.json
      ? items.map((item) => `${JSON.stringify(item)}\n`).join("")
      : items.map(({ at, local }) => `${local}  ${at}\n`).join(""),
  );
  return 0;
}

async function change(flags: ScheduleFlags, write: (app: App, fields: ScheduleFields) => Promise<Schedule>) {
  const { overlap, missed } = flags;
  const fields = { ...readTiming(flags), overlap, missed, options: readOptions(flags.options) };
  const work = async (app: App) => tell(await write(app, fields).catch(nameFlag), flags);
  return withDatabase(flags, work, OVER_REST);
}

function readTiming({ cron, every, timeZone, jitter, starts, ends, ...flags }: TimingFlags): ScheduleFields {
  const read = (text: string | undefined, flag: string) =>
    text === undefined ? undefined : text === "none" ? null : readInstant(text, flag);
  const bounds = { startsAt: read(starts, "--starts"), endsAt: read(ends, "--ends") };
  return { cron, intervalSeconds: every, timeZone, jitterSeconds: jitter, ...bounds, adaptive: readAdaptive(flags) };
}

/** Each of its bounds asks for it. */
function readAdaptive({ adaptive, minInterval, maxInterval, budget }: TimingFlags): ScheduleFields["adaptive"] {
  if (!adaptive && minInterval === undefined && maxInterval === undefined && budget === undefined) return undefined;
  return { minSeconds: minInterval, maxSeconds: maxInterval, fetchesPerDay: budget };
}

function readOptions(text: string | undefined): Record<string, unknown> | undefined {
  if (text === undefined) return undefined;
  try {
    const options: unknown = JSON.parse(text);
    if (typeof options === "object" && options !== null && !Array.isArray(options)) return { ...options };
  } catch {
    // Told below, as anything else that is no object.
  }
  throw new AppError("invalid", `--options must be a JSON object such as {"max_pages":500}, not ${text}`);
}

const FLAGS: Record<string, string> = {
  "/cron": "--cron",
  "/interval_seconds": "--every",
  "/adaptive": "--adaptive",
  "/adaptive/min_interval_s": "--min-interval",
  "/adaptive/max_interval_s": "--max-interval",
  "/adaptive/fetches_per_day": "--budget",
  "/time_zone": "--time-zone",
  "/jitter_seconds": "--jitter",
  "/starts_at": "--starts",
  "/ends_at": "--ends",
};

function namingFlags<Checked>(check: () => Checked): Checked {
  try {
    return check();
  } catch (error) {
    return nameFlag(error);
  }
}

/** What a person typed in place of the API's fields. */
function nameFlag(error: unknown): never {
  if (!(error instanceof AppError) || error.faults.length === 0) throw error;
  const faults = error.faults.map(({ at, message }) => ({
    at: FLAGS[at] ?? at.replace(/^\/options\//, "--options "),
    message: message
      .replaceAll("interval_seconds", "--every")
      .replaceAll("starts_at", "--starts")
      .replaceAll("min_interval_s", "--min-interval"),
  }));
  const message = faults.map(({ at, message }) => `${at} ${message}`).join("; ");
  throw new AppError(error.reason, message, { faults, cause: error });
}

async function printSystem({ db, config }: App, json: true | undefined): Promise<void> {
  const states = await listSystemSchedules(db, systemSchedulesOf(config));
  if (json) await writeOut(states.map((state) => `${JSON.stringify(viewSystemSchedule(state))}\n`).join(""));
  else await writeOut(toTable(states, systemColumns));
}

async function tell(schedule: Schedule, { json }: AccessFlags, what?: string): Promise<void> {
  const line = what ? `${schedule.id}  ${what}` : describe(schedule);
  await writeOut(json ? `${JSON.stringify(viewSchedule(schedule))}\n` : `${line}\n`);
}

function describeRule({ cron, intervalSeconds, timeZone, adaptive }: Schedule): string {
  if (adaptive)
    return `adaptive, ${adaptive.minSeconds}–${adaptive.maxSeconds} s, ${adaptive.fetchesPerDay} fetches/day`;
  return cron === null ? `each ${intervalSeconds} s` : `${cron} (${timeZone})`;
}

function describe(schedule: Schedule): string {
  const { id, isEnabled, nextRunAt, lastRunAt, lastOutcome, lastMessage } = schedule;
  const next = isEnabled ? `next ${formatInstant(nextRunAt)}` : "disabled";
  const last = lastRunAt ? `  last ${formatInstant(lastRunAt)} ${lastOutcome}` : "";
  return `${id}  ${describeRule(schedule)}  ${next}${last}${lastMessage ? `: ${lastMessage}` : ""}`;
}

const columns: Record<string, (schedule: Schedule) => string> = {
  ID: ({ id }) => id,
  WEBSITE: ({ websiteId }) => websiteId,
  RULE: describeRule,
  OVERLAP: ({ overlap }) => overlap,
  NEXT: ({ isEnabled, nextRunAt }) => (isEnabled ? formatInstant(nextRunAt) : "disabled"),
  LAST: ({ lastRunAt }) => formatInstant(lastRunAt),
  OUTCOME: ({ lastOutcome }) => lastOutcome ?? "-",
};

const systemColumns: Record<string, (state: SystemScheduleState) => string> = {
  NAME: ({ name }) => name,
  CRON: ({ cron }) => cron,
  NEXT: ({ row }) => formatInstant(row?.nextRunAt ?? null),
  LAST: ({ row }) => formatInstant(row?.lastRunAt ?? null),
  SUCCEEDED: ({ row }) => formatInstant(row?.lastSuccessAt ?? null),
  ABOUT: ({ about }) => about,
};
