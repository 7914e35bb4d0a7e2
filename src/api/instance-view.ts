import { type Static, Type } from "@sinclair/typebox";
import { INSTANCE_ROLES, isInstanceRole } from "../config/roles.ts";
import { INSTANCE_STATES, type Instance, stateOfInstance } from "../instances/instances.ts";
import { readLoad } from "../instances/load.ts";
import { Id, Instant, Nullable, OneOf, Tally } from "./fields.ts";
import { idCursors, PageOf } from "./paging.ts";

const LoadView = Type.Object(
  {
    cpu: Type.Number({
      minimum: 0,
      description: "CPU time per time between the last two beats; 1 is a whole core, threads included",
      examples: [0.25],
    }),
    memory_bytes: Type.Integer({ minimum: 0, description: "Resident memory", examples: [80_000_000] }),
    event_loop_delay_ms: Type.Integer({
      minimum: 0,
      description: "Longest time that it was too busy to begin anything, between the last two beats",
      examples: [3],
    }),
    parser_threads_busy: Type.Integer({ minimum: 0, description: "Threads that turn pages into text", examples: [1] }),
    jobs: Tally("Jobs that run, by queue", { crawl: 12, control: 0, maintenance: 0, index: 0, notify: 0 }),
  },
  { description: "How much it has to do; null when it is of a version that tells something else" },
);

export const InstanceView = Type.Object(
  {
    id: Id("The process's id, another one after each start"),
    state: OneOf(INSTANCE_STATES, {
      description: "stopping: told to end; gone: not seen for 30 seconds, and kept on the list for a day",
      examples: ["alive"],
    }),
    roles: Type.Array(OneOf(INSTANCE_ROLES, {}), {
      description: "api answers requests, worker works jobs, scheduler begins what is due",
      examples: [["worker", "scheduler"]],
    }),
    host: Type.String({ description: "Name of its machine", examples: ["worker-1"] }),
    pid: Type.Integer({ description: "Its number there", examples: [4711] }),
    version: Type.String({ description: "Of the program", examples: ["0.1.0"] }),
    url: Nullable(
      Type.String({ description: "Where its API listens; null without one", examples: ["http://api-1:3000"] }),
    ),
    load: Nullable(LoadView),
    uptime_s: Type.Integer({
      minimum: 0,
      description: "Seconds since its start; of one that is gone, until it was last seen",
      examples: [60],
    }),
    started_at: Instant("When it started"),
    seen_at: Instant("When it was last seen; every 5 seconds while it is alive"),
    stopping_at: Nullable(Instant("When it was told to end")),
  },
  { $id: "Instance", description: "A process of the service" },
);

export const InstancePage = PageOf(InstanceView, "Processes, the one that started last first");
export const instanceCursors = idCursors("instances");

export function viewInstance(instance: Instance, now: Date): Static<typeof InstanceView> {
  const { id, roles, host, pid, version, url, startedAt, seenAt, stoppingAt } = instance;
  const state = stateOfInstance(instance, now);
  const upUntil = state === "gone" ? seenAt : now;
  return {
    ...{ id, state, roles: roles.filter(isInstanceRole), host, pid, version, url },
    load: viewLoad(instance.load),
    uptime_s: Math.max(0, Math.round((upUntil.getTime() - startedAt.getTime()) / 1_000)),
    started_at: startedAt.toISOString(),
    seen_at: seenAt.toISOString(),
    stopping_at: stoppingAt?.toISOString() ?? null,
  };
}

function viewLoad(stored: unknown): Static<typeof LoadView> | null {
  const load = readLoad(stored);
  if (!load) return null;
  const { cpu, memoryBytes, eventLoopDelayMs, parserThreadsBusy, jobs } = load;
  return {
    cpu,
    memory_bytes: memoryBytes,
    event_loop_delay_ms: eventLoopDelayMs,
    parser_threads_busy: parserThreadsBusy,
    jobs,
  };
}
