import type { App } from "./app.ts";
import { INSTANCE_ROLES, type InstanceRole } from "./config/roles.ts";
import { crawlClosing } from "./crawl/closing-job.ts";
import { watchQueues } from "./crawl/observed-crawl.ts";
import { crawlSeeding } from "./crawl/seeding-job.ts";
import { crawlSlice } from "./crawl/slice-job.ts";
import { embedWebsiteJob } from "./embeddings/embed-website-job.ts";
import { indexWebsiteJob } from "./indexing/index-website-job.ts";
import { watchJobs } from "./jobs/job-counts.ts";
import type { JobKind } from "./jobs/kind.ts";
import type { QueueName } from "./jobs/queues.ts";
import { startWorker } from "./jobs/worker.ts";
import { notifyDeliver, notifyDispatch } from "./notify/notify-jobs.ts";
import { watchDeliveries } from "./notify/observed-deliveries.ts";
import type { Pulse } from "./pulse.ts";
import { systemSchedulesOf, UPKEEP_KINDS } from "./retention/upkeep.ts";
import { planVisits } from "./revisits/planning-job.ts";
import { recrawl } from "./schedules/recrawl-job.ts";
import { startScheduler } from "./schedules/scheduler.ts";

/** All work that is done without a request. */
export const JOB_KINDS: readonly JobKind[] = [
  crawlSlice,
  crawlSeeding,
  crawlClosing,
  recrawl,
  planVisits,
  indexWebsiteJob,
  embedWebsiteJob,
  notifyDispatch,
  notifyDeliver,
  ...UPKEEP_KINDS,
];

export type Background = {
  /** Beats whenever work has been looked for; not there in a process that works nothing. */
  worker?: Pulse;
  /** Beats when what is due has been fired; not there in a process that fires nothing. */
  scheduler?: Pulse;
  /** Jobs that run now, by queue. */
  running(): Record<QueueName, number>;
  /** Hands back all work; resolves when nothing runs any more. */
  stop(): Promise<void>;
};

/** More would not be done sooner: what indexing waits for is the one processor, or the one endpoint. */
const MAX_INDEXING = 2;

/** Of the time that a process has to end, what jobs may take of it. */
const STOP_SHARE = 2 / 3;

/** Does what the process's roles are: a worker runs jobs, a scheduler makes those that are due. */
export function startBackground(app: App, roles: ReadonlySet<InstanceRole> = new Set(INSTANCE_ROLES)): Background {
  const { config, db, telemetry, jobs } = app;
  const leaveQueues = [watchQueues(db, telemetry), watchJobs(db, telemetry), watchDeliveries(db, app.clock, telemetry)];
  const others = config.WORKER_JOBS;
  const concurrency = {
    crawl: config.WORKER_SLICES,
    control: others,
    maintenance: others,
    index: Math.min(MAX_INDEXING, others),
    notify: others,
  };
  // First, as it may refuse a setting.
  const scheduler = roles.has("scheduler") ? startScheduler(app, systemSchedulesOf(config)) : undefined;
  const worker = roles.has("worker") ? startWorker(app, JOB_KINDS, concurrency) : undefined;
  // Whoever fires what is due sees to it that it is done, even if all workers are gone for the moment.
  if (worker || scheduler) jobs.supervise();
  return {
    worker: worker?.pulse,
    scheduler: scheduler?.pulse,
    running: () => worker?.running() ?? { crawl: 0, control: 0, maintenance: 0, index: 0, notify: 0 },
    stop: async () => {
      await Promise.all([scheduler?.stop(), worker?.stop(config.SHUTDOWN_TIMEOUT_MS * STOP_SHARE)]);
      for (const leave of leaveQueues) leave();
    },
  };
}
