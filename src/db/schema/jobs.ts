import { boolean, index, integer, jsonb, primaryKey, text, uuid } from "drizzle-orm/pg-core";
import { createdAt, id, instant, orbweaver, updatedAt } from "./columns.ts";

/** What the queue's own tables do not keep of a job: how far it is. */
export const jobProgress = orbweaver.table(
  "job_progress",
  {
    jobId: uuid().notNull(),
    progress: jsonb().$type<Record<string, unknown>>().notNull(),
    updatedAt: updatedAt(),
  },
  (table) => [primaryKey({ name: "job_progress_pkey", columns: [table.jobId] })],
);

/** Attempts that failed; the queue's own tables keep the last one's error only. */
export const jobFailures = orbweaver.table(
  "job_failures",
  {
    jobId: uuid().notNull(),
    /** From 1. */
    attempt: integer().notNull(),
    instanceId: uuid(),
    message: text().notNull(),
    startedAt: instant(),
    failedAt: instant().notNull(),
  },
  (table) => [
    primaryKey({ name: "job_failures_pkey", columns: [table.jobId, table.attempt] }),
    index("job_failures_failed_idx").on(table.failedAt),
  ],
);

/** Queues of which nothing is taken for now. */
export const pausedQueues = orbweaver.table("paused_queues", {
  queue: text().primaryKey(),
  pausedAt: instant().notNull(),
});

/** When the service's own jobs are due; what they are and their rules stand in the program and its settings. */
export const systemSchedules = orbweaver.table("system_schedules", {
  name: text().primaryKey(),
  /** The rule that `next_run_at` was computed by, so that a change of the setting is seen. */
  cron: text().notNull(),
  isEnabled: boolean().notNull().default(true),
  nextRunAt: instant(),
  lastRunAt: instant(),
  lastJobId: uuid(),
  /** When a job of it last succeeded, and what that brought. */
  lastSuccessAt: instant(),
  lastResult: jsonb().$type<Record<string, unknown>>(),
  updatedAt: updatedAt(),
});

/** Processes of the service; one that has not been seen for a while is gone. */
export const instances = orbweaver.table(
  "instances",
  {
    id: id(),
    /** Name of its machine. */
    host: text().notNull(),
    pid: integer().notNull(),
    version: text().notNull(),
    roles: text().array().notNull(),
    /** Where its API listens, if it has one. */
    url: text(),
    load: jsonb().$type<Record<string, unknown>>().notNull().default({}),
    startedAt: instant().notNull(),
    seenAt: instant().notNull(),
    /** It said that it is about to end. */
    stoppingAt: instant(),
    createdAt: createdAt(),
  },
  (table) => [index("instances_seen_idx").on(table.seenAt)],
);

/** What instances share where there is no Redis. Not logged: after a crash it is empty, which nothing depends on. */
export const cacheEntries = orbweaver.table(
  "cache_entries",
  {
    key: text().primaryKey(),
    value: text().notNull(),
    expiresAt: instant().notNull(),
  },
  (table) => [index("cache_entries_expires_idx").on(table.expiresAt)],
);
