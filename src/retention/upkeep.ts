import type { Config } from "../config/settings.ts";
import { crawlSweep } from "../crawl/sweep-job.ts";
import { embedMissing } from "../embeddings/embed-website-job.ts";
import type { JobKind } from "../jobs/kind.ts";
import { notifyDue } from "../notify/notify-jobs.ts";
import { healthCheck, healthCheckSchedule } from "../schedules/health-check.ts";
import { type SystemSchedule, systemSchedule, withResultKept } from "../schedules/system-schedules.ts";
import { crawlLogRetention } from "./crawl-logs.ts";
import { eventRetention } from "./events.ts";
import { purgeJob } from "./purge.ts";
import { recordRetention } from "./records.ts";
import { versionRetention } from "./versions.ts";

/** Instances share a database: with this, what is due at the same hour is not begun in the same second. */
const JITTER_SECONDS = 600;

const sweeping = withResultKept(crawlSweep);
const telling = withResultKept(notifyDue);
const embedding = withResultKept(embedMissing);

/** The kinds of the jobs below. */
export const UPKEEP_KINDS: readonly JobKind[] = [
  purgeJob,
  crawlLogRetention,
  versionRetention,
  recordRetention,
  sweeping,
  telling,
  embedding,
  eventRetention,
  healthCheck,
];

type Settings = Pick<Config, "PURGE_SCHEDULE" | "HEALTH_CHECK_SCHEDULE" | "EMBEDDINGS_URL">;

/** All that the service does by itself at set times. */
export function systemSchedulesOf(config: Settings): SystemSchedule[] {
  const nothing = () => ({});
  const daily = { cron: config.PURGE_SCHEDULE, jitterSeconds: JITTER_SECONDS };
  return [
    systemSchedule(purgeJob, daily, nothing),
    systemSchedule(crawlLogRetention, daily, nothing),
    systemSchedule(versionRetention, daily, nothing),
    systemSchedule(eventRetention, daily, nothing),
    systemSchedule(recordRetention, { cron: "@hourly", jitterSeconds: JITTER_SECONDS }, nothing),
    systemSchedule(sweeping, { cron: "* * * * *" }, nothing),
    systemSchedule(telling, { cron: "* * * * *" }, nothing),
    systemSchedule(embedding, { cron: config.EMBEDDINGS_URL === undefined ? "off" : "* * * * *" }, nothing),
    healthCheckSchedule(config.HEALTH_CHECK_SCHEDULE),
  ];
}
