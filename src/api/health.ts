import { Type } from "@sinclair/typebox";
import { sql } from "drizzle-orm";
import { Elysia } from "elysia";
import type { App } from "../app.ts";
import { AppError } from "../errors.ts";
import { VERSION } from "../version.ts";
import { problems } from "./problems.ts";

const HealthView = Type.Object(
  {
    status: Type.Literal("ok"),
    version: Type.String({ description: "The program's version", examples: [VERSION] }),
    database: Type.Union([Type.Literal("embedded"), Type.Literal("postgres")], { description: "Where rows are kept" }),
    cache: Type.Union([Type.Literal("memory"), Type.Literal("redis")], { description: "Where short-lived values are" }),
  },
  { $id: "Health", description: "The service answers, and so does its database" },
);

const MAX_WAIT_MS = 3_000;

/** `/health` says that the process answers, and asks nobody; `/api/v1/health` that it can do its work. */
export const healthApi = ({ db, store, cache }: Pick<App, "db" | "store" | "cache">) =>
  new Elysia({ tags: ["Health"] })
    .get("/health", () => ({ status: "ok" as const }), {
      response: { 200: Type.Object({ status: Type.Literal("ok") }, { description: "The process answers" }) },
      detail: { operationId: "getLiveness", summary: "Is the process alive?", description: "Cheap; for probes." },
    })
    .get(
      "/api/v1/health",
      async () => {
        await askDatabase(db);
        return { status: "ok" as const, version: VERSION, database: store.kind, cache: cache.kind };
      },
      {
        response: { 200: HealthView, ...problems(503) },
        detail: { summary: "Can the service do its work?", description: "Asks the database." },
      },
    );

async function askDatabase(db: App["db"]): Promise<void> {
  const answered = db.execute(sql`select 1`).then(() => true);
  const late = Bun.sleep(MAX_WAIT_MS).then(() => false);
  let cause: unknown;
  const isThere = await Promise.race([answered, late]).catch((error) => {
    cause = error;
    return false;
  });
  if (!isThere) throw new AppError("unavailable", "The database does not answer; try again later", { cause });
}
