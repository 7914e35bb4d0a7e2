import { type Static, Type } from "@sinclair/typebox";
import { Elysia } from "elysia";
import type { App } from "../app.ts";
import { LOG_LEVELS, type LogLevel } from "../telemetry/log.ts";
import { permissions } from "./permissions.ts";
import { problems } from "./problems.ts";

const LogLevelView = Type.Object(
  {
    level: Type.Unsafe<LogLevel>(
      Type.Union(
        LOG_LEVELS.map((level) => Type.Literal(level)),
        { description: "Least level of events that are logged", examples: ["debug"] },
      ),
    ),
  },
  {
    $id: "LogLevel",
    additionalProperties: false,
    description: "How much the service logs",
    examples: [{ level: "debug" }],
  },
);

const view = ({ level }: App["log"]): Static<typeof LogLevelView> => ({ level });

/** The level of this process's log, for as long as it runs: a restart goes by the settings again. */
export const logLevelApi = ({ log }: Pick<App, "log">) =>
  new Elysia({ prefix: "/log-level", tags: ["Health"] })
    .use(permissions)
    .get("", () => view(log), {
      permission: "admin",
      response: { 200: LogLevelView },
      detail: {
        operationId: "getLogLevel",
        summary: "How much is logged?",
        description: "Of the process that answers, where there are several.",
      },
    })
    .put(
      "",
      ({ body }) => {
        // A warning, lest the very level hides it.
        log.warn("log level set", { from: log.level, to: body.level });
        log.level = body.level;
        return view(log);
      },
      {
        permission: "admin",
        body: LogLevelView,
        response: { 200: LogLevelView, ...problems(400, 415) },
        detail: {
          operationId: "setLogLevel",
          summary: "Log more, or less",
          description:
            "Takes effect at once, in the process that answers, until it ends: a restart goes by the setting LOG_LEVEL again.",
        },
      },
    );
