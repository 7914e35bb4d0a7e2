import { Elysia, t } from "elysia";
import type { App } from "../app.ts";
import { systemSchedulesOf } from "../retention/upkeep.ts";
import { listSystemSchedules, runSystemSchedule } from "../schedules/system-schedules.ts";
import { idempotency } from "./idempotency.ts";
import { permissions } from "./permissions.ts";
import { problems } from "./problems.ts";
import { JobStarted, SystemScheduleList, viewSystemSchedule } from "./schedule-view.ts";

const byName = t.Object({
  name: t.String({ minLength: 1, maxLength: 100, description: "The schedule's name", examples: ["purge"] }),
});

export const systemSchedulesApi = ({ db, clock, config }: Pick<App, "db" | "clock" | "config">) => {
  const schedules = systemSchedulesOf(config);
  return new Elysia({ prefix: "/system-schedules", tags: ["Schedules"] })
    .use(permissions)
    .use(idempotency({ db, clock, config }))
    .get("", async () => ({ items: (await listSystemSchedules(db, schedules)).map(viewSystemSchedule) }), {
      permission: "admin",
      response: { 200: SystemScheduleList, ...problems(403, 500, 503) },
      detail: {
        summary: "List the service's own schedules",
        description: "What they do and when; settings say the latter.",
      },
    })
    .post(
      "/:name/run",
      async ({ params, status }) =>
        status(202, { job_id: await runSystemSchedule({ db, clock }, schedules, params.name) }),
      {
        permission: "admin",
        idempotent: true,
        params: byName,
        response: { 202: JobStarted, ...problems(400, 403, 404, 409, 500, 503) },
        detail: { summary: "Run one of the service's own schedules now", description: "Besides its times." },
      },
    );
};
