import { Elysia, t } from "elysia";
import type { App } from "../app.ts";
import { countJobs, createJobCounts, watchJobCounts } from "../jobs/job-counts.ts";
import { pauseQueue, resumeQueue } from "../jobs/pausing.ts";
import { streamChanges, writeEvent } from "./events.ts";
import { QueueList, QueueView, viewQueue } from "./job-view.ts";
import { describeProblems } from "./openapi.ts";
import { permissions } from "./permissions.ts";
import { problems } from "./problems.ts";

/** `closing` ends the event streams. */
export type QueuesContext = Pick<App, "db" | "cache" | "clock" | "log"> & { closing: AbortSignal };

const steering = {
  permission: "admin" as const,
  params: t.Object({ queue: t.String({ maxLength: 100, description: "The queue's name", examples: ["crawl"] }) }),
  response: { 200: QueueView, ...problems(400, 403, 404, 500, 503) },
};

/** For administrators alone. */
export const queuesApi = (context: QueuesContext) => {
  const { db, clock } = context;
  /** All who watch share what is asked for them. */
  const counts = createJobCounts(db);
  return new Elysia({ tags: ["Jobs"] })
    .use(permissions)
    .get(
      "/jobs/events",
      ({ request }) =>
        streamChanges(
          context,
          request,
          (signal) => watchJobCounts({ counts, clock }, signal),
          (queues, number) => writeEvent("queues", String(number), { items: queues.map(viewQueue) }),
        ),
      {
        permission: "admin",
        detail: {
          summary: "Watch the queues",
          description:
            "Server-sent events: `queues` with what GET /queues gives, now and whenever it has changed, once a second at most. It goes on until the client leaves. A comment every 15 seconds keeps the connection open.",
          responses: {
            200: {
              description: "All queues, over and over",
              content: { "text/event-stream": { schema: { type: "string" }, example: EXAMPLE_EVENT } },
            },
            ...describeProblems(400, 500, 503),
          },
        },
      },
    )
    .get("/queues", async () => ({ items: (await countJobs(db)).map(viewQueue) }), {
      permission: "admin",
      response: { 200: QueueList, ...problems(400, 500, 503) },
      detail: { summary: "List queues", description: "With how many jobs are in each, by where they stand." },
    })
    .post("/queues/:queue/pause", async ({ params }) => viewQueue(await pauseQueue(context, params.queue)), {
      ...steering,
      detail: {
        summary: "Pause a queue",
        description: "Nothing more is taken of it, by any process; what runs goes on. Safe to repeat.",
      },
    })
    .post("/queues/:queue/resume", async ({ params }) => viewQueue(await resumeQueue(context, params.queue)), {
      ...steering,
      detail: { summary: "Resume a paused queue", description: "Safe to repeat." },
    });
};

const EXAMPLE_EVENT = 'event: queues\nid: 1\ndata: {"items":[{"queue":"crawl","jobs":{"waiting":12,…},…}]}\n\n';
