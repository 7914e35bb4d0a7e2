import { type Static, Type } from "@sinclair/typebox";
import { Elysia } from "elysia";
import type { Component, ComponentName } from "../health/component.ts";
import { isReady, type Readiness } from "../health/readiness.ts";
import { OneOf } from "./fields.ts";
import { permissions } from "./permissions.ts";
import { Problem } from "./problems.ts";

const LivenessView = Type.Object(
  { status: Type.Literal("ok") },
  { $id: "Liveness", description: "The process answers" },
);

const ComponentView = Type.Object(
  {
    name: OneOf(["database", "migrations", "redis", "worker", "scheduler", "disk"], {
      description: "Part of the service",
      examples: ["database"],
    }),
    state: OneOf(["ok", "degraded", "failed", "skipped"], {
      description:
        "degraded: the service does its work without it, or soon may not; failed: it does not; skipped: there is none",
      examples: ["ok"],
    }),
    latency_ms: Type.Integer({ minimum: 0, description: "Milliseconds that looking at it took", examples: [2] }),
    message: Type.Optional(
      Type.String({
        description: "What is wrong and how to mend it; or how it does",
        examples: ["The database lacks 1 migration(s) of this version: run orbweaver migrate up"],
      }),
    ),
  },
  { $id: "Component", description: "How a part of the service is" },
);

const ReadinessView = Type.Object(
  {
    status: OneOf(["ok", "degraded", "failed", "stopping"], {
      description: "The worst of the components; stopping once the service was told to stop",
      examples: ["ok"],
    }),
    components: Type.Array(ComponentView, { description: "Every part; none when the service stops" }),
  },
  { $id: "Readiness", description: "Whether the service can do its work, part by part" },
);

/** Probes are not counted against any limit. */
const REFUSALS = { 400: Problem, 403: Problem, 500: Problem };

const READINESS = {
  permission: "public" as const,
  response: { 200: ReadinessView, 503: ReadinessView, ...REFUSALS },
  detail: {
    summary: "Can the service do its work?",
    description:
      "Looks at every part side by side, at most once a second however many ask. 200 while the service does its work, even if something is degraded; 503, with the same body, when a part has failed or the service was told to stop.",
  },
};

const componentOf = (what: string) => ({
  permission: "public" as const,
  response: { 200: ComponentView, 503: ComponentView, ...REFUSALS },
  detail: { summary: `Does ${what} answer?`, description: "200 when it does or none is configured, otherwise 503." },
});

/** Asked every few seconds by whatever watches the service: not counted, and of no interest but to it. */
export function isHealthProbe(path: string): boolean {
  return /^(?:\/api\/v1\/public)?\/health(?:\/|$)/.test(path);
}

type Settable = { status?: number | string };

/**
 * Whether the process lives, and whether it can do its work. Anybody may ask, so that nothing is told that is not for
 * strangers. A 503 has the body of a 200 and is no problem document: who reads one wants the parts.
 */
export const healthApi = ({ readiness }: { readiness: Readiness }) =>
  new Elysia({ name: "health", tags: ["Health"] })
    .use(permissions)
    .use(probes("/health", readiness))
    .use(probes("/api/v1/public/health", readiness))
    .get("/health/db", ({ set }) => answerComponent(readiness, "database", set), componentOf("the database"))
    .get("/health/redis", ({ set }) => answerComponent(readiness, "redis", set), componentOf("Redis"));

const probes = (path: string, readiness: Readiness) =>
  new Elysia({ tags: ["Health"] })
    .use(permissions)
    .get(path, () => ({ status: "ok" as const }), {
      permission: "public",
      response: { 200: LivenessView, ...REFUSALS },
      detail: {
        summary: "Is the process alive?",
        description: "Asks nobody and touches nothing: for the probe that restarts a process which hangs.",
      },
    })
    .get(`${path}/ready`, ({ set }) => answerReadiness(readiness, set), READINESS);

async function answerReadiness(readiness: Readiness, set: Settable): Promise<Static<typeof ReadinessView>> {
  const report = await readiness.read();
  if (!isReady(report)) set.status = 503;
  return { status: report.state, components: report.components.map(viewComponent) };
}

async function answerComponent(readiness: Readiness, name: ComponentName, set: Settable) {
  const component = await readiness.readComponent(name);
  if (component.state !== "ok" && component.state !== "skipped") set.status = 503;
  return viewComponent(component);
}

function viewComponent({ name, state, latencyMs, message }: Component): Static<typeof ComponentView> {
  return { name, state, latency_ms: latencyMs, ...(message === undefined ? {} : { message }) };
}
