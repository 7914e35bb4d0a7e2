import { integer, jsonb, pgSchema, text, timestamp, uuid } from "drizzle-orm/pg-core";
import type { Db } from "../db/db.ts";
import { jobsOf } from "./jobs.ts";

/** Where pg-boss has a job. Its order is its own: below `active` are those that wait. */
export type BossState = "created" | "retry" | "active" | "completed" | "cancelled" | "failed";

export type JobTable = ReturnType<typeof declareJobTable>;

const tables = new Map<string, JobTable>();

/** The queue's own table of jobs, to be read; it is written through pg-boss, which has rules about it. */
export function jobTableOf(db: Db): JobTable {
  const { namespace } = jobsOf(db);
  const table = tables.get(namespace) ?? declareJobTable(namespace);
  tables.set(namespace, table);
  return table;
}

/** Those of its columns that are shown or asked for. */
function declareJobTable(namespace: string) {
  return pgSchema(namespace).table("job", {
    id: uuid("id").notNull(),
    name: text("name").notNull(),
    priority: integer("priority").notNull(),
    data: jsonb("data").$type<{ kind?: unknown; payload?: unknown }>(),
    state: text("state").$type<BossState>().notNull(),
    retryLimit: integer("retry_limit").notNull(),
    retryCount: integer("retry_count").notNull(),
    singletonKey: text("singleton_key"),
    startAfter: instant("start_after").notNull(),
    createdOn: instant("created_on").notNull(),
    startedOn: instant("started_on"),
    completedOn: instant("completed_on"),
    heartbeatOn: instant("heartbeat_on"),
    output: jsonb("output").$type<unknown>(),
    sourceName: text("source_name"),
    sourceId: uuid("source_id"),
    sourceCreatedOn: instant("source_created_on"),
    sourceRetryCount: integer("source_retry_count"),
    sourceOutput: jsonb("source_output").$type<unknown>(),
    sourceRootId: uuid("source_root_id"),
  });
}

function instant(name: string) {
  return timestamp(name, { withTimezone: true, mode: "date" });
}
