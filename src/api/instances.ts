import { Elysia, t } from "elysia";
import type { App } from "../app.ts";
import { listInstances } from "../instances/instances.ts";
import { InstancePage, instanceCursors, viewInstance } from "./instance-view.ts";
import { pagingQuery, readPage } from "./paging.ts";
import { permissions } from "./permissions.ts";
import { problems } from "./problems.ts";

/** Which processes there are. For administrators alone, since it names machines. */
export const instancesApi = ({ db, clock, instances }: Pick<App, "db" | "clock" | "instances">) =>
  new Elysia({ prefix: "/instances", tags: ["Health"] }).use(permissions).get(
    "",
    async ({ query }) => {
      // Whoever has no others to tell writes it down only now.
      await instances.beat();
      return readPage(
        query,
        instanceCursors,
        (limit, after) => listInstances(db, { limit, after }),
        ({ id }) => id,
        (instance) => viewInstance(instance, clock.now()),
      );
    },
    {
      permission: "admin",
      query: t.Object(pagingQuery),
      response: { 200: InstancePage, ...problems(400, 500, 503) },
      detail: {
        summary: "Which processes are there?",
        description:
          "All that share the database: what each does, how much, and whether it is alive. One that ended by itself is off the list; one that was killed stays on it for a day, as gone.",
      },
    },
  );
