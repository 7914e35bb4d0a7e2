import { Elysia, t } from "elysia";
import type { App } from "../app.ts";
import { runSchedule } from "../schedules/firing.ts";
import { checkRule } from "../schedules/rule.ts";
import {
  addSchedule,
  changeSchedule,
  deleteSchedule,
  getSchedule,
  listSchedules,
  ruleOf,
  toRule,
} from "../schedules/schedules.ts";
import { byId, readInstant } from "./fields.ts";
import { idempotency } from "./idempotency.ts";
import { pagingQuery, readPage } from "./paging.ts";
import { permissions } from "./permissions.ts";
import { problems } from "./problems.ts";
import { viewerOf } from "./request-context.ts";
import {
  FiringsView,
  firingsQuery,
  JobStarted,
  NewSchedule,
  readFields,
  readTiming,
  ScheduleChange,
  SchedulePage,
  SchedulePreview,
  ScheduleView,
  scheduleCursors,
  scheduleFilters,
  viewFirings,
  viewSchedule,
} from "./schedule-view.ts";

const byScheduleId = byId("schedule");

export const schedulesApi = ({ db, clock, config }: Pick<App, "db" | "clock" | "config">) =>
  new Elysia({ prefix: "/schedules", tags: ["Schedules"] })
    .use(permissions)
    .use(idempotency({ db, clock, config }))
    .post(
      "",
      async ({ body, request, status, set }) => {
        const added = await addSchedule({ db, clock }, viewerOf(request), body.website_id, readFields(body));
        const schedule = viewSchedule(added);
        set.headers.location = schedule.links.self;
        return status(201, schedule);
      },
      {
        permission: "write",
        idempotent: true,
        body: NewSchedule,
        response: { 201: ScheduleView, ...problems(400, 403, 404, 409, 413, 415, 422, 500, 503) },
        detail: { summary: "Schedule crawls of a website", description: "A website may have any number of schedules." },
      },
    )
    .get(
      "",
      async ({ query, request }) => {
        const { website_id: websiteId, user_id: userId, enabled } = query;
        const isEnabled = enabled === undefined ? undefined : enabled === "true";
        const filter = { viewer: viewerOf(request), websiteId, userId, isEnabled };
        return readPage(
          query,
          scheduleCursors,
          (limit, after) => listSchedules(db, { ...filter, limit, after }),
          ({ id }) => id,
          viewSchedule,
        );
      },
      {
        permission: "read",
        query: t.Object({ ...pagingQuery, ...scheduleFilters }),
        response: { 200: SchedulePage, ...problems(400, 500, 503) },
        detail: { summary: "List schedules" },
      },
    )
    .post(
      "/preview",
      ({ body }) => {
        const now = clock.now();
        const rule = toRule(readTiming(body), now);
        checkRule(rule, now);
        return viewFirings(rule, body.from ? readInstant(body.from, "/from") : now, body.count ?? 10);
      },
      {
        permission: "read",
        body: SchedulePreview,
        response: { 200: FiringsView, ...problems(400, 413, 415, 500, 503) },
        detail: {
          summary: "Try a rule",
          description: "When it would fire; nothing is stored. The jitter of a schedule will be another one.",
        },
      },
    )
    .get("/:id", async ({ params, request }) => viewSchedule(await getSchedule(db, viewerOf(request), params.id)), {
      permission: "read",
      params: byScheduleId,
      response: { 200: ScheduleView, ...problems(400, 404, 500, 503) },
      detail: { summary: "Read a schedule" },
    })
    .patch(
      "/:id",
      async ({ params, body, request }) =>
        viewSchedule(await changeSchedule({ db, clock }, viewerOf(request), params.id, readFields(body))),
      {
        permission: "write",
        params: byScheduleId,
        body: ScheduleChange,
        response: { 200: ScheduleView, ...problems(400, 403, 404, 413, 415, 500, 503) },
        detail: {
          summary: "Change a schedule",
          description: "At once in all instances. A new rule counts from now; a crawl that was started goes on.",
        },
      },
    )
    .delete(
      "/:id",
      async ({ params, request, status }) => {
        await deleteSchedule(db, viewerOf(request), params.id);
        return status(204, undefined);
      },
      {
        permission: "write",
        params: byScheduleId,
        response: { 204: t.Void({ description: "It is gone" }), ...problems(400, 403, 404, 500, 503) },
        detail: { summary: "Delete a schedule", description: "The crawls that it started stay." },
      },
    )
    .post(
      "/:id/run",
      async ({ params, request, status }) =>
        status(202, { job_id: await runSchedule({ db, clock }, viewerOf(request), params.id) }),
      {
        permission: "write",
        idempotent: true,
        params: byScheduleId,
        response: { 202: JobStarted, ...problems(400, 403, 404, 409, 500, 503) },
        detail: {
          summary: "Run a schedule now",
          description:
            "Besides its times, and also when it is disabled; its overlap rule holds. A conflict while a firing of it waits.",
        },
      },
    )
    .get(
      "/:id/firings",
      async ({ params, query, request }) => {
        const schedule = await getSchedule(db, viewerOf(request), params.id);
        return viewFirings(ruleOf(schedule), clock.now(), query.count);
      },
      {
        permission: "read",
        params: byScheduleId,
        query: t.Object(firingsQuery),
        response: { 200: FiringsView, ...problems(400, 404, 500, 503) },
        detail: { summary: "List when a schedule is due", description: "As if it were enabled." },
      },
    );
