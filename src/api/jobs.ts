import { type Static, Type } from "@sinclair/typebox";
import { Elysia, t } from "elysia";
import type { App } from "../app.ts";
import { cancelJob, retryJob } from "../jobs/control.ts";
import { replayDeadLetters } from "../jobs/dead-letters.ts";
import { getJob, listJobs } from "../jobs/job-list.ts";
import { purgeJobs } from "../jobs/purge.ts";
import { byId, Instant, QueryInteger, readInstant } from "./fields.ts";
import {
  EndedState,
  JobDetailView,
  JobPage,
  JobState,
  jobCursors,
  Kind,
  PurgeView,
  Queue,
  ReplayView,
  viewJob,
  viewJobDetail,
} from "./job-view.ts";
import { pagingQuery, readPage } from "./paging.ts";
import { permissions } from "./permissions.ts";
import { problems } from "./problems.ts";

/** What one request changes at most, so that it is answered in time. */
const MAX_CHANGES = 10_000;

const filters = {
  state: t.Optional(JobState),
  kind: t.Optional(Kind),
  queue: t.Optional(Queue),
  key: t.Optional(t.String({ minLength: 1, maxLength: 300, description: "Only those of this key" })),
  created_after: t.Optional(Instant("Only those made then or later")),
  created_before: t.Optional(Instant("Only those made before")),
  due: t.Optional(t.Boolean({ description: "`true` for those to be run now that nobody has taken yet" })),
};

const ReplayBody = Type.Object(
  {
    kind: Type.Optional(Kind),
    queue: Type.Optional(Queue),
    created_before: Type.Optional(Instant("Only those that failed for good before")),
    limit: Type.Optional(
      Type.Integer({ minimum: 1, maximum: MAX_CHANGES, description: `At most; ${MAX_CHANGES} by default` }),
    ),
  },
  {
    additionalProperties: false,
    // Lest all of them are replayed by a slip.
    minProperties: 1,
    description: "Which dead letters; for all of them, at least a limit",
    examples: [{ kind: "crawl-slice" }],
  },
);

const purgeFilters = {
  state: t.Optional(EndedState),
  kind: t.Optional(Kind),
  queue: t.Optional(Queue),
  ended_before: t.Optional(Instant("Only those that ended before")),
  limit: QueryInteger("limit", {
    default: MAX_CHANGES,
    minimum: 1,
    maximum: MAX_CHANGES,
    description: "At most so many",
    examples: [1_000],
  }),
};

const steering = {
  permission: "admin" as const,
  params: byId("job"),
  response: { 200: JobDetailView, ...problems(400, 403, 404, 409, 500, 503) },
};

/** For administrators alone. */
export const jobsApi = ({ db, cache }: Pick<App, "db" | "cache">) =>
  new Elysia({ prefix: "/jobs", tags: ["Jobs"] })
    .use(permissions)
    .get(
      "",
      async ({ query }) => {
        const filter = readFilter(query);
        return readPage(
          query,
          jobCursors,
          (limit, before) => listJobs(db, { ...filter, limit, before }),
          ({ place }) => place,
          viewJob,
        );
      },
      {
        permission: "admin",
        query: t.Object({ ...pagingQuery, ...filters }),
        response: { 200: JobPage, ...problems(400, 500, 503) },
        detail: {
          summary: "List jobs",
          description: "All that is kept: what waits, what runs, and what has ended for as long as its kind says.",
        },
      },
    )
    .get("/:id", async ({ params }) => viewJobDetail(await getJob(db, params.id)), {
      permission: "admin",
      params: byId("job"),
      response: { 200: JobDetailView, ...problems(400, 404, 500, 503) },
      detail: { summary: "Read a job", description: "With its progress, its result and the errors of its attempts." },
    })
    .post("/:id/retry", async ({ params }) => viewJobDetail(await retryJob(db, params.id)), {
      ...steering,
      detail: {
        summary: "Run a job again, or now",
        description:
          "A failed or cancelled job is run again, one that waits for its time is run now. A dead letter becomes a job of another id, with all its attempts. Safe to repeat.",
      },
    })
    .post("/:id/cancel", async ({ params }) => viewJobDetail(await cancelJob({ db, cache }, params.id)), {
      ...steering,
      detail: {
        summary: "Cancel a job",
        description: "One that runs is told to stop, and what it brings no longer counts. Safe to repeat.",
      },
    })
    .post(
      "/replay",
      async ({ body }) => {
        const { kind, queue, created_before: before, limit = MAX_CHANGES } = body;
        const createdBefore = before === undefined ? undefined : readInstant(before, "/created_before");
        const { replayed, held, hasMore } = await replayDeadLetters(db, { kind, queue, createdBefore }, limit);
        return { replayed, held, has_more: hasMore };
      },
      {
        permission: "admin",
        body: ReplayBody,
        response: { 200: ReplayView, ...problems(400, 403, 413, 415, 500, 503) },
        detail: {
          summary: "Replay dead letters",
          description: "Makes jobs of them anew, with all their attempts, the oldest first. Safe to repeat.",
        },
      },
    )
    .delete(
      "",
      async ({ query }) => {
        const { state, kind, queue, ended_before: before, limit } = query;
        const endedBefore = before === undefined ? undefined : readInstant(before, "ended_before");
        const { purged, hasMore } = await purgeJobs(db, { state, kind, queue, endedBefore }, limit);
        return { purged, has_more: hasMore };
      },
      {
        permission: "admin",
        query: t.Object(purgeFilters),
        response: { 200: PurgeView, ...problems(400, 403, 500, 503) },
        detail: {
          summary: "Purge jobs",
          description:
            "Deletes jobs that have ended, the oldest first; at least one filter is needed. What waits or runs is cancelled instead. Safe to repeat.",
        },
      },
    );

type Query = {
  state?: Static<typeof JobState>;
  kind?: string;
  queue?: Static<typeof Queue>;
  key?: string;
  created_after?: string;
  created_before?: string;
  due?: boolean;
};

function readFilter({ state, kind, queue, key, created_after: after, created_before: before, due }: Query) {
  return {
    ...{ states: state && [state], kind, queue, key, isDue: due },
    createdAfter: after === undefined ? undefined : readInstant(after, "created_after"),
    createdBefore: before === undefined ? undefined : readInstant(before, "created_before"),
  };
}
