import { type Static, Type } from "@sinclair/typebox";
import { t } from "elysia";
import type { QueueCounts } from "../jobs/job-counts.ts";
import type { Job, JobDetail } from "../jobs/job-list.ts";
import { ENDED_STATES, JOB_STATES } from "../jobs/job-state.ts";
import { QUEUE_NAMES } from "../jobs/queues.ts";
import { exampleId, Id, Instant, Nullable, OneOf } from "./fields.ts";
import { PageOf, placeCursors } from "./paging.ts";

export const JobState = OneOf(JOB_STATES, {
  description:
    "Where it stands: waiting to be taken, delayed until it is due, active, retrying after a failed attempt; or ended. A failed job leaves a dead letter to be replayed",
  examples: ["active"],
});

export const EndedState = OneOf(ENDED_STATES, {
  description: "How they ended; dead are the letters that failed jobs left",
  examples: ["completed"],
});

export const Queue = OneOf(QUEUE_NAMES, { description: "The queue it is in", examples: ["crawl"] });

const Milliseconds = (description: string) => Nullable(Type.Integer({ minimum: 0, description, examples: [120] }));

const fields = {
  id: Id("The job's id"),
  queue: Type.String({ description: "Its queue; of a dead letter the one it failed in", examples: ["crawl"] }),
  kind: Type.String({ description: "What it does", examples: ["crawl-slice"] }),
  state: JobState,
  key: Nullable(Type.String({ description: "Of its kind there is one of a key", examples: ["docs.example.com"] })),
  priority: Type.Integer({ description: "Higher goes first", examples: [0] }),
  payload: Type.Unknown({ description: "What it was given", examples: [{ crawlId: exampleId }] }),
  attempts: Type.Object({
    made: Type.Integer({ minimum: 0, description: "Those that began", examples: [1] }),
    allowed: Type.Integer({ minimum: 1, description: "Of which the first is one", examples: [4] }),
  }),
  error: Nullable(
    Type.String({ description: "What the last attempt failed of", examples: ["docs.example.com has no address"] }),
  ),
  created_at: Instant("When it was made"),
  due_at: Instant("When it is to be run, or was"),
  started_at: Nullable(Instant("When its last attempt began")),
  ended_at: Nullable(Instant("When it ended")),
  alive_at: Nullable(Instant("The last sign of life of the process that runs it")),
  wait_ms: Milliseconds("Milliseconds that it waited when it was due, or has until now; for its last attempt"),
  run_ms: Milliseconds("Milliseconds that its last attempt took, or has until now"),
  origin: Nullable(
    Type.Object(
      { id: Id("The job that failed"), created_at: Nullable(Instant("When that was made")) },
      { description: "Of a dead letter: where it comes from", examples: [{ id: exampleId, created_at: null }] },
    ),
  ),
  links: Type.Object({ self: Type.String({ examples: [`/api/v1/jobs/${exampleId}`] }) }),
};

export const JobView = Type.Object(fields, { $id: "Job", description: "A piece of work, and where it stands" });

export const JobPage = PageOf(JobView, "Jobs, newest first");
export const jobCursors = placeCursors("jobs");

export const JobDetailView = Type.Object(
  {
    ...fields,
    progress: Nullable(
      Type.Record(Type.String(), Type.Unknown(), { description: "What it last said", examples: [{ pages: 12 }] }),
    ),
    result: Type.Unknown({ description: "What a completed one brought; null otherwise", examples: [{ pages: 40 }] }),
    failures: Type.Array(
      Type.Object({
        attempt: Type.Integer({ minimum: 1, description: "Which it was", examples: [1] }),
        message: Type.String({ description: "What went wrong", examples: ["docs.example.com has no address"] }),
        started_at: Nullable(Instant("When it began")),
        failed_at: Instant("When it failed"),
      }),
      { description: "Attempts that failed, the first one first" },
    ),
    dead_letter_id: Nullable(Id("The dead letter that a failed one left, until that is replayed or purged")),
    replay_id: Nullable(Id("The job that a failed one was replayed as")),
  },
  { $id: "JobDetail", description: "A piece of work with all that is known of it" },
);

export const QueueView = Type.Object(
  {
    queue: Queue,
    about: Type.String({ description: "What is in it", examples: ["Retention, purges, checks"] }),
    jobs: Type.Object(
      Object.fromEntries(JOB_STATES.map((state) => [state, Type.Integer({ minimum: 0, examples: [0] })])) as Record<
        (typeof JOB_STATES)[number],
        ReturnType<typeof Type.Integer>
      >,
      { description: "How many there are in each state" },
    ),
    oldest_due_at: Nullable(Instant("Since when the job has been due that waits longest")),
    oldest_due_age_s: Type.Number({
      minimum: 0,
      description: "Seconds since then; 0 when none waits",
      examples: [0.2],
    }),
    paused_at: Nullable(Instant("Since when nothing is taken of it; null when it is not paused")),
    links: Type.Object({ jobs: Type.String({ examples: ["/api/v1/jobs?queue=crawl"] }) }),
  },
  { $id: "Queue", description: "A queue and what is in it" },
);

export const QueueList = Type.Object({ items: Type.Array(QueueView) }, { description: "All queues" });

const HasMore = Type.Boolean({ description: "Whether there are more, beyond the limit: ask again", examples: [false] });

export const ReplayView = Type.Object(
  {
    replayed: Type.Integer({ minimum: 0, description: "Jobs that were made of dead letters", examples: [3] }),
    held: Type.Integer({
      minimum: 0,
      description: "Dead letters that stay, since another job that waits or runs has their key",
      examples: [0],
    }),
    has_more: HasMore,
  },
  { description: "What became of the dead letters" },
);

export const PurgeView = Type.Object(
  { purged: Type.Integer({ minimum: 0, description: "Jobs that were deleted", examples: [3] }), has_more: HasMore },
  { description: "What was deleted" },
);

export const Kind = t.String({
  minLength: 1,
  maxLength: 100,
  description: "Only jobs of this kind",
  examples: ["crawl-slice"],
});

export function viewJob(job: Job): Static<typeof JobView> {
  const { id, queue, kind, state, key, priority, payload, error, origin } = job;
  return {
    ...{ id, queue, kind, state, key, priority, payload },
    attempts: { made: job.attempts, allowed: job.maxAttempts },
    error,
    created_at: job.createdAt.toISOString(),
    due_at: job.dueAt.toISOString(),
    started_at: job.startedAt?.toISOString() ?? null,
    ended_at: job.endedAt?.toISOString() ?? null,
    alive_at: job.aliveAt?.toISOString() ?? null,
    wait_ms: job.waitMs,
    run_ms: job.runMs,
    origin: origin && { id: origin.id, created_at: origin.createdAt?.toISOString() ?? null },
    links: { self: `/api/v1/jobs/${id}` },
  };
}

export function viewJobDetail(job: JobDetail): Static<typeof JobDetailView> {
  const { progress, result, failures, deadLetterId, replayId } = job;
  return {
    ...viewJob(job),
    progress,
    result,
    failures: failures.map(({ attempt, message, startedAt, failedAt }) => ({
      ...{ attempt, message },
      started_at: startedAt?.toISOString() ?? null,
      failed_at: failedAt.toISOString(),
    })),
    dead_letter_id: deadLetterId,
    replay_id: replayId,
  };
}

export function viewQueue(counts: QueueCounts): Static<typeof QueueView> {
  const { queue, about, jobs, oldestDueAt, oldestDueMs, pausedAt } = counts;
  return {
    ...{ queue, about, jobs },
    oldest_due_at: oldestDueAt?.toISOString() ?? null,
    oldest_due_age_s: oldestDueMs / 1_000,
    paused_at: pausedAt?.toISOString() ?? null,
    links: { jobs: `/api/v1/jobs?queue=${queue}` },
  };
}
