import { type Static, Type } from "@sinclair/typebox";
import { t } from "elysia";
import type { AdaptiveRule } from "../db/schema/crawls.ts";
import { DEFAULT_ADAPTIVE, MAX_FETCHES_PER_DAY, MAX_VISIT_SECONDS, MIN_VISIT_SECONDS } from "../schedules/adaptive.ts";
import {
  listFirings,
  MAX_INTERVAL_SECONDS,
  MAX_JITTER_SECONDS,
  MIN_GAP_SECONDS,
  type Rule,
  toLocalTime,
} from "../schedules/rule.ts";
import { MISSED, OUTCOMES, OVERLAPS, type Schedule, type ScheduleFields } from "../schedules/schedules.ts";
import type { SystemScheduleState } from "../schedules/system-schedules.ts";
import { exampleId, Id, Instant, Nullable, OneOf, OptionsBody, QueryInteger, readInstant } from "./fields.ts";
import { idCursors, PageOf } from "./paging.ts";

const Cron = Type.String({
  minLength: 1,
  maxLength: 200,
  description: `Cron expression: minute, hour, day of month, month, weekday, with the second before them if one likes; or @hourly, @daily, @weekly, @monthly, @yearly. At most every ${MIN_GAP_SECONDS} s`,
  examples: ["30 2 * * MON-FRI"],
});

const Interval = Type.Integer({
  minimum: MIN_GAP_SECONDS,
  maximum: MAX_INTERVAL_SECONDS,
  description:
    "Seconds from one firing to the next, counted from starts_at, or from when it was made; in place of cron",
  examples: [21_600],
});

const TimeZone = Type.String({
  minLength: 1,
  maxLength: 100,
  description:
    "Time zone (IANA) that the expression is told in. A time that does not exist is due when the clocks jump, one that comes twice the first time",
  examples: ["Europe/Berlin"],
});

const Jitter = Type.Integer({
  minimum: 0,
  maximum: MAX_JITTER_SECONDS,
  description: "Each firing comes up to so many seconds later, always the same for the same firing",
  examples: [0],
});

const Overlap = OneOf(OVERLAPS, {
  description:
    "While the website is being crawled already: skip leaves the firing out, queue has it wait for the end, replace cancels the other crawl",
  examples: ["skip"],
});

const Missed = OneOf(MISSED, {
  description: "Firings that were due while nothing ran: skip leaves them out, once does one for all of them",
  examples: ["once"],
});

const Enabled = Type.Boolean({ description: "Whether it fires", examples: [true] });
const StartsAt = Instant("Nothing is due before");
const EndsAt = Instant("Nothing is due then or later");

/** Their bounds are checked beyond the schema, which could not name the field at fault within what may be null. */
const adaptiveFields = {
  min_interval_s: Type.Integer({
    description: `No page is visited again sooner; ${MIN_VISIT_SECONDS} at the least, ${DEFAULT_ADAPTIVE.minSeconds} when left out`,
    examples: [3_600],
  }),
  max_interval_s: Type.Integer({
    description: `Each page is visited again by then, if the budget suffices; ${MAX_VISIT_SECONDS} at the most, ${DEFAULT_ADAPTIVE.maxSeconds} when left out`,
    examples: [2_592_000],
  }),
  fetches_per_day: Type.Integer({
    description: `Budget of the website, which goes where it keeps most pages current; new pages count too. ${MAX_FETCHES_PER_DAY} at the most, ${DEFAULT_ADAPTIVE.fetchesPerDay} when left out`,
    examples: [1_000],
  }),
};

const Adaptive = Type.Partial(Type.Object(adaptiveFields), {
  additionalProperties: false,
  description:
    "In place of cron and interval_seconds: each page is visited when its own history and its neighbours' say that it has probably changed",
  examples: [{ min_interval_s: 3_600, max_interval_s: 2_592_000, fetches_per_day: 1_000 }],
});

export const AdaptiveView = Type.Object(adaptiveFields, {
  description: "When it goes by the pages' own times; cron and interval are null then",
});

const timing = {
  adaptive: Type.Optional(Nullable(Adaptive)),
  cron: Type.Optional(Nullable(Cron)),
  interval_seconds: Type.Optional(Nullable(Interval)),
  time_zone: Type.Optional(TimeZone),
  jitter_seconds: Type.Optional(Jitter),
  starts_at: Type.Optional(Nullable(StartsAt)),
  ends_at: Type.Optional(Nullable(EndsAt)),
};

const fields = {
  ...timing,
  overlap: Type.Optional(Overlap),
  missed: Type.Optional(Missed),
  enabled: Type.Optional(Enabled),
  options: Type.Optional(OptionsBody),
};

export const NewSchedule = Type.Object(
  { website_id: Id("Website to crawl"), ...fields },
  {
    additionalProperties: false,
    description: "When to crawl a website: by cron, at an interval, or each page at its own time",
    examples: [
      { website_id: exampleId, cron: "30 2 * * MON-FRI", time_zone: "Europe/Berlin", overlap: "skip" },
      { website_id: exampleId, adaptive: { min_interval_s: 3_600, max_interval_s: 2_592_000, fetches_per_day: 1_000 } },
    ],
  },
);

export const ScheduleChange = Type.Object(fields, {
  additionalProperties: false,
  minProperties: 1,
  description: "What to change; naming one of cron, interval_seconds and adaptive leaves the others",
  examples: [{ cron: "@daily", enabled: true }],
});

export const SchedulePreview = Type.Object(
  {
    ...timing,
    from: Type.Optional(Instant("Firings after it; now when left out")),
    count: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 100, description: "How many; 10 when left out", examples: [10] }),
    ),
  },
  {
    additionalProperties: false,
    description: "A rule, as of a schedule",
    examples: [{ cron: "30 2 * * *", time_zone: "Europe/Berlin", count: 3 }],
  },
);

const Outcome = OneOf(OUTCOMES, {
  description: "What came of the last firing: queued while it waits, then started, skipped or failed",
  examples: ["started"],
});

export const ScheduleView = Type.Object(
  {
    id: Id("The schedule's id"),
    website_id: Id("Website that is crawled"),
    cron: Nullable(Cron),
    interval_seconds: Nullable(Interval),
    adaptive: Nullable(AdaptiveView),
    time_zone: TimeZone,
    jitter_seconds: Jitter,
    starts_at: Nullable(StartsAt),
    ends_at: Nullable(EndsAt),
    overlap: Overlap,
    missed: Missed,
    enabled: Enabled,
    options: Type.Record(Type.String(), Type.Unknown(), {
      description: "What its crawls do other than the website's",
      examples: [{ max_pages: 500 }],
    }),
    next_run_at: Nullable(Instant("When it is due next; null when it is disabled, or never fires again")),
    last_run_at: Nullable(Instant("When it was last due, or asked to run")),
    last_outcome: Nullable(Outcome),
    last_message: Nullable(
      Type.String({ description: "The outcome in words", examples: ["The website was being crawled by crawl …"] }),
    ),
    last_crawl_id: Nullable(Id("The crawl that it last started")),
    created_at: Instant("When it was made"),
    updated_at: Instant("When anything of it last changed"),
    links: Type.Object({
      self: Type.String({ examples: [`/api/v1/schedules/${exampleId}`] }),
      website: Type.String({ examples: [`/api/v1/websites/${exampleId}`] }),
      firings: Type.String({ examples: [`/api/v1/schedules/${exampleId}/firings`] }),
      last_crawl: Nullable(Type.String({ examples: [`/api/v1/crawls/${exampleId}`] })),
    }),
  },
  { $id: "Schedule", description: "When a website is crawled again" },
);

export const SchedulePage = PageOf(ScheduleView, "Schedules, newest first");
export const scheduleCursors = idCursors("schedules");

export const scheduleFilters = {
  website_id: t.Optional(Id("Only this website's")),
  user_id: t.Optional(Id("Only this user's; for administrators, as others see their own alone")),
  enabled: t.Optional(OneOf(["true", "false"], { description: "Only those that fire, or do not", examples: ["true"] })),
};

export const firingsQuery = {
  count: QueryInteger("count", { default: 10, minimum: 1, maximum: 100, description: "How many", examples: [10] }),
};

export const FiringsView = Type.Object(
  {
    items: Type.Array(
      Type.Object({
        at: Instant("In UTC"),
        local: Type.String({
          description: "As the clocks of the time zone show it",
          examples: ["2026-01-31T13:00:00+01:00"],
        }),
      }),
      { description: "Fewer than asked for when it ends before" },
    ),
  },
  { $id: "Firings", description: "When a schedule is due" },
);

export const JobStarted = Type.Object(
  { job_id: Id("The job that does it") },
  { $id: "JobStarted", description: "It was put in line" },
);

export const SystemScheduleView = Type.Object(
  {
    name: Type.String({ description: "Also the name of its kind of job", examples: ["purge"] }),
    about: Type.String({ examples: ["Deletes for good what can't be restored any more"] }),
    cron: Type.String({ description: "In UTC; off for never. From the service's settings", examples: ["17 3 * * *"] }),
    next_run_at: Nullable(Instant("When it is due next")),
    last_run_at: Nullable(Instant("When it was last due, or asked to run")),
    last_job_id: Nullable(Id("The job of that time")),
    last_success_at: Nullable(Instant("When a job of it last succeeded")),
    last_result: Nullable(
      Type.Record(Type.String(), Type.Unknown(), { description: "What that brought", examples: [{ websites: 1 }] }),
    ),
  },
  { $id: "SystemSchedule", description: "What the service does by itself" },
);

export const SystemScheduleList = Type.Object({ items: Type.Array(SystemScheduleView) });

type Body = Static<typeof ScheduleChange>;

/** @throws AppError `invalid` for an instant that is none */
export function readFields(body: Body): ScheduleFields {
  const { overlap, missed, options, enabled: isEnabled } = body;
  return { ...readTiming(body), overlap, missed, isEnabled, options };
}

/** @throws AppError `invalid` for an instant that is none */
export function readTiming(body: Pick<Body, keyof typeof timing>): ScheduleFields {
  const { cron, interval_seconds: intervalSeconds, time_zone: timeZone, jitter_seconds: jitterSeconds } = body;
  const read = (text: string | null | undefined, at: string) => (text ? readInstant(text, at) : (text as null));
  const bounds = { startsAt: read(body.starts_at, "/starts_at"), endsAt: read(body.ends_at, "/ends_at") };
  return { cron, intervalSeconds, timeZone, jitterSeconds, ...bounds, adaptive: readAdaptive(body.adaptive) };
}

function readAdaptive(adaptive: Static<typeof Adaptive> | null | undefined): ScheduleFields["adaptive"] {
  if (!adaptive) return adaptive;
  const { min_interval_s: minSeconds, max_interval_s: maxSeconds, fetches_per_day: fetchesPerDay } = adaptive;
  return { minSeconds, maxSeconds, fetchesPerDay };
}

export function viewAdaptive({ minSeconds, maxSeconds, fetchesPerDay }: AdaptiveRule) {
  return { min_interval_s: minSeconds, max_interval_s: maxSeconds, fetches_per_day: fetchesPerDay };
}

export function viewSchedule(schedule: Schedule): Static<typeof ScheduleView> {
  const { id, websiteId, cron, intervalSeconds, timeZone, jitterSeconds, overlap, missed, isEnabled, options } =
    schedule;
  const self = `/api/v1/schedules/${id}`;
  return {
    id,
    website_id: websiteId,
    cron,
    interval_seconds: schedule.adaptive ? null : intervalSeconds,
    adaptive: schedule.adaptive && viewAdaptive(schedule.adaptive),
    time_zone: timeZone,
    jitter_seconds: jitterSeconds,
    starts_at: toText(schedule.startsAt),
    ends_at: toText(schedule.endsAt),
    overlap,
    missed,
    enabled: isEnabled,
    options,
    next_run_at: toText(schedule.nextRunAt),
    last_run_at: toText(schedule.lastRunAt),
    last_outcome: schedule.lastOutcome,
    last_message: schedule.lastMessage,
    last_crawl_id: schedule.lastCrawlId,
    created_at: schedule.createdAt.toISOString(),
    updated_at: schedule.updatedAt.toISOString(),
    links: {
      self,
      website: `/api/v1/websites/${websiteId}`,
      firings: `${self}/firings`,
      last_crawl: schedule.lastCrawlId && `/api/v1/crawls/${schedule.lastCrawlId}`,
    },
  };
}

export function viewFirings(rule: Rule, from: Date, count: number): Static<typeof FiringsView> {
  const view = (at: Date) => ({ at: at.toISOString(), local: toLocalTime(at, rule.timeZone) });
  return { items: listFirings(rule, from, count).map(view) };
}

export function viewSystemSchedule({ name, about, cron, row }: SystemScheduleState): Static<typeof SystemScheduleView> {
  return {
    ...{ name, about, cron },
    next_run_at: toText(row?.nextRunAt),
    last_run_at: toText(row?.lastRunAt),
    last_job_id: row?.lastJobId ?? null,
    last_success_at: toText(row?.lastSuccessAt),
    last_result: row?.lastResult ?? null,
  };
}

const toText = (at: Date | null | undefined) => at?.toISOString() ?? null;
